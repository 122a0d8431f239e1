"""S3 on loopback: moto's server, with a lock that makes its conditional writes atomic.

moto checks a condition and stores in two steps, so two writers can both win a race. One lock for the process, for
moto's buckets are the process's too: every server of this module serves the same ones.
"""

import json
from collections.abc import Callable
from io import BytesIO
from threading import Lock, Thread
from typing import Any, Literal

import boto3
from botocore.config import Config
from moto.moto_server.werkzeug_app import create_backend_app
from werkzeug.serving import BaseWSGIServer, WSGIRequestHandler, make_server

REGION = "us-east-1"
ACCESS_KEY = "wirewatch-demo"
SECRET_KEY = "wirewatch-demo-secret"

# "before": answer 500 and do nothing; "after": do it, then answer 500.
Fault = Literal["before", "after"]
Faults = Callable[[str, str], Fault | None]

_lock = Lock()


class _QuietHandler(WSGIRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True  # else the end of an answer to PUT waits 10 ms, for the connection to be closed

    def log(self, type: str, message: str, *args: object) -> None:
        pass


class LockedS3:
    """A server for the length of a `with` block.

    faults: asked with (method, "/bucket/key") before each request; None lets it through.
    """

    def __init__(self, faults: Faults | None = None) -> None:
        self.faults = faults
        # Not moto's dispatcher to all its services, which reads its own folder for each request: a fifth of the time.
        self._moto = create_backend_app("s3")
        self._server: BaseWSGIServer | None = None
        self._thread: Thread | None = None

    def __enter__(self) -> "LockedS3":
        self._server = make_server("127.0.0.1", 0, self._answer, threaded=True, request_handler=_QuietHandler)
        self._server.daemon_threads = True  # type: ignore[attr-defined]  # a kept-alive connection never ends
        self._server.block_on_close = False  # type: ignore[attr-defined]
        self._thread = Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *error: object) -> None:
        if self._server and self._thread:
            self._server.shutdown()
            self._thread.join(5)
            self._server.server_close()

    @property
    def endpoint_url(self) -> str:
        assert self._server is not None, "the server runs inside its with block"
        return f"http://127.0.0.1:{self._server.server_port}"

    def client(self, **config: Any) -> Any:
        """A boto3 client of this server, one for each thread pool; `config` goes to botocore's Config."""
        options = {"s3": {"addressing_style": "path"}, "max_pool_connections": 20, **config}
        return boto3.session.Session().client(
            "s3",
            endpoint_url=self.endpoint_url,
            region_name=REGION,
            aws_access_key_id=ACCESS_KEY,
            aws_secret_access_key=SECRET_KEY,
            config=Config(**options),
        )

    def create_bucket(self, name: str) -> None:
        """Does nothing where the bucket exists."""
        self.client().create_bucket(Bucket=name)

    def airflow_connection(self) -> str:
        """The value of AIRFLOW_CONN_AWS_DEFAULT."""
        config = {
            "retries": {"mode": "standard", "total_max_attempts": 5},
            "connect_timeout": 5,
            "read_timeout": 20,
            "s3": {"addressing_style": "path"},
        }
        extra = {"region_name": REGION, "endpoint_url": self.endpoint_url, "config_kwargs": config}
        return json.dumps({"conn_type": "aws", "login": ACCESS_KEY, "password": SECRET_KEY, "extra": extra})

    def _answer(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Any:
        # Read outside the lock: a writer that dies in mid-body must not hold up the others.
        if length := environ.get("CONTENT_LENGTH"):
            environ["wsgi.input"] = BytesIO(environ["wsgi.input"].read(int(length)))
        fault = self.faults(environ["REQUEST_METHOD"], environ["PATH_INFO"]) if self.faults else None
        if fault == "before":
            return _internal_error(start_response)
        with _lock:
            kept: list[Any] = []
            body = self._moto(environ, lambda *answer: kept.append(answer))
        if fault == "after":
            return _internal_error(start_response)
        start_response(*kept[0])
        return body


def _internal_error(start_response: Callable[..., Any]) -> list[bytes]:
    body = b"<Error><Code>InternalError</Code><Message>scripted fault</Message></Error>"
    start_response(
        "500 Internal Server Error", [("Content-Type", "application/xml"), ("Content-Length", str(len(body)))]
    )
    return [body]
