"""S3 objects through boto3: read, list, write, and the two conditional writes that everything rests on.

Keys are relative to the place (s3://bucket/prefix). Conditional writes go through the plain client: If-None-Match
for put_new, If-Match for swap. botocore re-sends a PUT whose reply was lost, so a refusal may be our own success:
after 412 the object is read back and compared. Never relies on a conditional delete (some servers ignore it).
"""

import time
from collections.abc import Callable, Iterator
from datetime import datetime
from email.utils import parsedate_to_datetime
from io import BytesIO
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

from botocore.exceptions import BotoCoreError, ClientError, NoCredentialsError, ParamValidationError

from include.wirewatch.errors import StoreError, StoreRefusedError
from include.wirewatch.s3_stream import S3Stream
from include.wirewatch.settings import S3Place

Result = TypeVar("Result")

REFUSED = {
    "NoSuchBucket": "the bucket does not exist; create it or correct WIREWATCH_STORE",
    "InvalidAccessKeyId": "the access key is unknown; correct the connection",
    "SignatureDoesNotMatch": "the secret key is wrong; correct the connection",
    "ExpiredToken": "the session token has expired; renew the connection",
    "InvalidToken": "the session token is not valid; renew the connection",
    "AccessDenied": "access is denied; give the connection the rights of deploy/iam-policy.json",
    "403": "access is denied; give the connection the rights of deploy/iam-policy.json",
    "PermanentRedirect": "the bucket is in another region; set region_name in the connection",
}
CONFLICT_TRIES = 8


class Stored(NamedTuple):
    """An object as read: its bytes, and the etag that swap() wants back."""

    body: bytes
    etag: str


class Listed(NamedTuple):
    """An object as listed; size in bytes."""

    key: str
    size: int
    modified: datetime


class Store:
    """One place in S3. client is a boto3 S3 client; it is the caller's to configure. connection: as errors name it."""

    def __init__(self, client: Any, place: S3Place, connection: str = "aws_default") -> None:
        self._client = client
        self._connection = connection
        self.place = place

    def url(self, key: str) -> str:
        """The s3:// URL of a key, for people and for DuckDB."""
        return f"s3://{self.place.bucket}/{self._full(key)}"

    def get(self, key: str) -> Stored | None:
        """The object, or None where there is none."""

        def read() -> Stored:
            answer = self._client.get_object(Bucket=self.place.bucket, Key=self._full(key))
            return Stored(answer["Body"].read(), answer["ETag"])

        return self._unless_missing(f"read {key}", read)

    def exists(self, key: str) -> bool:
        """Whether the object is there; its bytes stay where they are."""
        where = {"Bucket": self.place.bucket, "Key": self._full(key)}
        return self._unless_missing(f"read {key}", lambda: self._client.head_object(**where)) is not None

    def get_range(self, key: str, offset: int, length: int) -> bytes:
        """`length` bytes from `offset`. Raises StoreError where the object is missing or shorter."""

        def read() -> bytes:
            span = f"bytes={offset}-{offset + length - 1}"
            answer = self._client.get_object(Bucket=self.place.bucket, Key=self._full(key), Range=span)
            body: bytes = answer["Body"].read()
            return body

        body = self._unless_missing(f"read {key}", read)
        if body is None or len(body) != length:
            raise StoreError(f"{self.url(key)}: expected {length} bytes at {offset}, got {len(body or b'')}")
        return body

    def open(self, key: str, offset: int = 0) -> S3Stream:
        """The object from `offset` on, to be read forwards. It is asked for with the first read."""

        def get(start: int) -> Any:
            where = {"Bucket": self.place.bucket, "Key": self._full(key), "Range": f"bytes={start}-"}
            try:
                body = self._unless_missing(f"read {key}", lambda: self._client.get_object(**where)["Body"])
            except _BehindEndError:
                return BytesIO()
            if body is None:
                raise FileNotFoundError(f"{self.url(key)} is not there")
            return body

        return S3Stream(self.url(key), get, offset)

    def put(self, key: str, body: bytes) -> None:
        """Write, over whatever is there."""
        self._call(f"write {key}", lambda: self._put(key, body))

    def put_file(self, key: str, path: Path) -> None:
        """The same for a file of up to 5 GB, which is not read into memory."""
        where = {"Bucket": self.place.bucket, "Key": self._full(key)}
        with path.open("rb") as body:
            self._call(f"write {key}", lambda: self._client.put_object(**where, Body=body))

    def put_new(self, key: str, body: bytes) -> bool:
        """Write unless the key exists. True when the object is there with this very body, whoever wrote it."""
        return self.swap(key, body, None) is not None

    def swap(self, key: str, body: bytes, etag: str | None) -> str | None:
        """Write if the object is still the one that was read (etag None: if there still is none).

        Returns the new etag; None: the race is lost.
        """
        return self._conditional(key, body, {"IfNoneMatch": "*"} if etag is None else {"IfMatch": etag})

    def delete(self, key: str) -> None:
        """Delete; a missing key is fine."""
        where = {"Bucket": self.place.bucket, "Key": self._full(key)}
        self._unless_missing(f"delete {key}", lambda: self._client.delete_object(**where))

    def list(self, prefix: str) -> Iterator[Listed]:
        """Every object whose key starts with prefix, in key order."""
        start = len(self._full(""))
        pages = self._client.get_paginator("list_objects_v2").paginate(
            Bucket=self.place.bucket, Prefix=self._full(prefix)
        )
        iterator = iter(pages)
        while (page := self._call(f"list {prefix}", lambda: next(iterator, None))) is not None:
            for item in page.get("Contents", ()):
                yield Listed(item["Key"][start:], item["Size"], item["LastModified"])

    def server_time(self) -> datetime:
        """The server's clock, cut to the second: the Date header of an answer."""
        ask = {"Bucket": self.place.bucket, "Prefix": self._full("outbox/"), "MaxKeys": 1}
        answer = self._call("list outbox/", lambda: self._client.list_objects_v2(**ask))
        return parsedate_to_datetime(answer["ResponseMetadata"]["HTTPHeaders"]["date"])

    def _where(self) -> str:
        return f"S3 bucket {self.place.bucket!r} (Airflow connection {self._connection!r})"

    def _full(self, key: str) -> str:
        return f"{self.place.prefix}/{key}" if self.place.prefix else key

    def _put(self, key: str, body: bytes, **condition: str) -> str:
        answer = self._client.put_object(Bucket=self.place.bucket, Key=self._full(key), Body=body, **condition)
        return str(answer["ETag"])

    def _conditional(self, key: str, body: bytes, condition: dict[str, str]) -> str | None:
        for attempt in range(CONFLICT_TRIES):
            try:
                return self._call(f"write {key}", lambda: self._put(key, body, **condition))
            except _Conflict as conflict:
                if conflict.is_final:
                    # 412, or 404 for If-Match on a key that has gone: ours from a retried PUT, or somebody else's.
                    there = self.get(key)
                    return there.etag if there is not None and there.body == body else None
                time.sleep(0.05 * 2**attempt)  # 409: another conditional write is under way
        raise StoreError(f"{self.url(key)}: still in conflict with another writer after {CONFLICT_TRIES} tries")

    def _unless_missing(self, what: str, act: Callable[[], Result]) -> Result | None:
        try:
            return self._call(what, act)
        except _Missing:
            return None

    def _call(self, what: str, act: Callable[[], Result]) -> Result:
        try:
            return act()
        except ClientError as error:
            raise self._meaning(what, error) from None
        except (NoCredentialsError, ParamValidationError) as error:
            raise StoreRefusedError(f"{self._where()}: cannot {what}: {error}; correct the connection") from None
        except BotoCoreError as error:
            raise StoreError(f"{self._where()}: cannot {what}: {error}") from error

    def _meaning(self, what: str, error: ClientError) -> Exception:
        code = str(error.response.get("Error", {}).get("Code", ""))
        status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode")
        if code in REFUSED:
            return StoreRefusedError(f"{self._where()}: cannot {what}: {REFUSED[code]}")
        sentence = f"{self._where()}: cannot {what}: {code or status}"
        if status == 412 or (status == 404 and what.startswith("write")):
            return _Conflict(sentence, is_final=True)
        if status == 409:
            return _Conflict(sentence, is_final=False)
        if status == 416:
            return _BehindEndError(sentence)
        return _Missing(sentence) if status == 404 else StoreError(sentence)


class _Missing(StoreError):
    """There is no such key; an error where that was not to be expected."""


class _BehindEndError(StoreError):
    """A range that begins behind the last byte."""


class _Conflict(StoreError):
    """A conditional write was refused (is_final), or should be tried again; an error of any other call."""

    def __init__(self, sentence: str, *, is_final: bool) -> None:
        self.is_final = is_final
        super().__init__(sentence)
