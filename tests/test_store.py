import boto3
import pytest
from botocore.config import Config

from include.wirewatch.errors import StoreError, StoreRefusedError
from include.wirewatch.settings import S3Place
from include.wirewatch.store import Store


def test_what_is_written_is_read_and_listed_under_the_prefix(store):
    store.put("raw/a.json", b"one")
    store.put("raw/b.json", b"three")
    assert store.get("raw/a.json").body == b"one"
    assert [(item.key, item.size) for item in store.list("raw/")] == [("raw/a.json", 3), ("raw/b.json", 5)]
    assert store.url("raw/a.json") == f"s3://{store.place.bucket}/{store.place.prefix}/raw/a.json"


def test_a_listing_goes_over_more_than_one_page(store, s3):
    client = s3.client()
    client.meta.events.register("before-parameter-build.s3.ListObjectsV2", lambda params, **_: params.update(MaxKeys=2))
    for number in range(5):
        store.put(f"many/{number}", b"")
    keys = [item.key for item in Store(client, store.place).list("many/")]
    assert keys == [f"many/{number}" for number in range(5)]


def test_a_missing_key_is_none(store):
    assert store.get("nothing/here") is None


def test_what_exists_is_known_without_reading_it(store, s3, monkeypatch):
    store.put("there", b"body")
    methods = []
    monkeypatch.setattr(s3, "faults", lambda method, path: methods.append(method))
    assert (store.exists("there"), store.exists("not there")) == (True, False)
    assert methods == ["HEAD", "HEAD"]


def test_put_new_keeps_what_is_there(store):
    assert store.put_new("k", b"first")
    assert not store.put_new("k", b"second")
    assert store.get("k").body == b"first"


def test_our_own_repeated_write_counts_as_ours(store):
    # botocore re-sends a PUT whose reply was lost, and the repeat answers 412.
    assert store.put_new("k", b"mine")
    assert store.put_new("k", b"mine")


def test_swap_succeeds_once_for_each_etag(store):
    first = store.swap("k", b"1", None)
    assert first is not None
    second = store.swap("k", b"2", first)
    assert second is not None
    assert store.swap("k", b"3", first) is None, "the race is lost"
    assert store.swap("k", b"3", None) is None
    assert store.get("k").body == b"2"
    assert store.get("k").etag == second


def test_swap_on_a_key_that_has_gone_is_a_lost_race(store):
    etag = store.swap("k", b"1", None)
    store.delete("k")
    assert store.swap("k", b"2", etag) is None
    assert store.get("k") is None


def test_a_range_is_read_exactly_or_not_at_all(store):
    store.put("k", b"0123456789")
    assert store.get_range("k", 3, 4) == b"3456"
    with pytest.raises(StoreError, match="expected 20 bytes at 3, got 7"):
        store.get_range("k", 3, 20)
    with pytest.raises(StoreError, match="expected 1 bytes"):
        store.get_range("missing", 0, 1)


def test_a_missing_bucket_is_one_sentence_that_says_what_to_do(s3):
    store = Store(s3.client(), S3Place("no-such-bucket", "news"))
    for act in (
        lambda: store.put("k", b""),
        lambda: store.get("k"),
        lambda: store.swap("k", b"", None),
        lambda: list(store.list("")),
    ):
        with pytest.raises(
            StoreRefusedError,
            match=r"'no-such-bucket' \(Airflow connection 'aws_default'\).*the bucket does not exist; create it or",
        ):
            act()


@pytest.mark.parametrize(
    ("code", "status"),
    [("InvalidAccessKeyId", 403), ("SignatureDoesNotMatch", 403), ("AccessDenied", 403), ("ExpiredToken", 400)],
)
def test_a_refused_credential_names_the_connection(store, s3, code, status):
    with pytest.raises(StoreRefusedError, match="'aws_default'"):
        answering(code, status, store, s3).put("k", b"")


@pytest.mark.parametrize(
    ("code", "status"), [("NoSuchUpload", 404), ("OperationAborted", 409), ("PreconditionFailed", 412)]
)
def test_an_answer_that_only_conditional_calls_expect_is_an_error_of_every_other_call(store, s3, code, status):
    failing = answering(code, status, store, s3)
    for act in (lambda: failing.put("k", b""), lambda: list(failing.list(""))):
        with pytest.raises(StoreError, match=f"'aws_default'.*{code}"):
            act()


def answering(code, status, store, s3):
    """The same place behind a server that gives every request this answer."""
    client = s3.client()

    def answer(request, **_):
        from botocore.awsrequest import AWSResponse

        response = AWSResponse(request.url, status, {}, None)
        response._content = f"<Error><Code>{code}</Code><Message>no</Message></Error>".encode()
        return response

    client.meta.events.register("before-send.s3", answer)
    return Store(client, store.place)


def test_no_credentials_at_all_names_the_connection(store, s3, monkeypatch):
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", "/nonexistent")
    client = boto3.session.Session().client("s3", endpoint_url=s3.endpoint_url, region_name="us-east-1")
    with pytest.raises(StoreRefusedError, match="'aws_default'"):
        Store(client, store.place).put("k", b"")


def test_a_server_that_is_not_there_may_come_back():
    config = Config(retries={"total_max_attempts": 1}, connect_timeout=1)
    client = boto3.client(
        "s3", endpoint_url="http://127.0.0.1:9", region_name="us-east-1", aws_access_key_id="x",
        aws_secret_access_key="x", config=config,
    )  # fmt: skip
    with pytest.raises(StoreError, match="cannot write k"):
        Store(client, S3Place("b", "")).put("k", b"")


@pytest.mark.parametrize("url", ["s3://", "wirewatch", "https://bucket/x", "s3://bucket?x=1"])
def test_a_place_that_is_no_s3_url_is_refused(url):
    with pytest.raises(ValueError, match="expected s3://bucket/prefix"):
        S3Place.parse(url)


def test_places_are_read_with_and_without_a_prefix():
    assert S3Place.parse("s3://bucket") == ("bucket", "")
    assert S3Place.parse("s3://bucket/a/b/") == ("bucket", "a/b")
