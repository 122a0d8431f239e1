"""S3 on loopback: moto's application, served by uvicorn, with a lock that makes its conditional writes atomic.

moto checks a condition and stores in two steps, so two writers can both win a race. One lock for the process, for
moto's buckets are the process's too: every server of this module serves the same ones.

uvicorn, for half of what the suite costs are requests to S3: moto's own server makes a connection and a thread for each
of them, a fifth of the CPU of client and server.
"""

import asyncio
import json
import socket
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from io import BytesIO
from threading import Lock, Thread
from typing import Any, Literal

import boto3
import uvicorn
from a2wsgi.wsgi import build_environ
from botocore.config import Config
from moto.moto_server.werkzeug_app import create_backend_app

REGION = "us-east-1"
ACCESS_KEY = "wirewatch-demo"
SECRET_KEY = "wirewatch-demo-secret"

# "before": answer 500 and do nothing; "after": do it, then answer 500.
Fault = Literal["before", "after"]
Faults = Callable[[str, str], Fault | None]

_lock = Lock()


class LockedS3:
    """A server for the length of a `with` block.

    faults: asked with (method, "/bucket/key") before each request; None lets it through.
    """

    # True of a subclass whose answers wait: each has a thread, or it would hold up all others. So has one with faults.
    may_wait = False

    def __init__(self, faults: Faults | None = None) -> None:
        self.faults = faults
        # Not moto's dispatcher to all its services, which reads its own folder for each request: a fifth of the time.
        self._moto = create_backend_app("s3")
        self._threads = ThreadPoolExecutor(64, "s3")
        self._socket = socket.socket()

    def __enter__(self) -> "LockedS3":
        self._socket.bind(("127.0.0.1", 0))
        self._socket.listen(100)  # from here on nobody is refused, and who comes too early waits
        quiet = {"lifespan": "off", "proxy_headers": False, "log_config": None, "log_level": "critical"}
        self._server = uvicorn.Server(uvicorn.Config(self._serve, interface="asgi3", **quiet))
        self._thread = Thread(target=self._server.run, args=([self._socket],), daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._server.should_exit = self._server.force_exit = True
        self._thread.join(5)
        self._threads.shutdown(wait=False)
        self._socket.close()

    @property
    def endpoint_url(self) -> str:
        return f"http://127.0.0.1:{self._socket.getsockname()[1]}"

    def client(self, **config: Any) -> Any:
        """A boto3 client of this server, one for each thread pool; `config` goes to botocore's Config."""
        options = {"s3": {"addressing_style": "path"}, "max_pool_connections": 20, "user_agent": "tests", **config}
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

    async def _serve(self, scope: Any, receive: Callable[..., Any], send: Callable[..., Any]) -> None:
        """ASGI around _answer."""
        body, more = bytearray(), True
        while more:
            message = await receive()
            if message["type"] == "http.disconnect":
                return  # a writer that died in mid-body has written nothing
            body += message.get("body", b"")
            more = message.get("more_body", False)
        environ = build_environ(scope, BytesIO(bytes(body)))  # type: ignore[arg-type]
        environ["RAW_URI"] = scope["raw_path"].decode("latin-1")
        if self.may_wait or self.faults:
            status, headers, content = await asyncio.get_running_loop().run_in_executor(
                self._threads, self._whole_answer, environ
            )
        else:
            status, headers, content = self._whole_answer(environ)
        fields = [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in headers]
        await send({"type": "http.response.start", "status": int(status[:3]), "headers": fields})
        await send({"type": "http.response.body", "body": content})

    def _whole_answer(self, environ: Any) -> tuple[str, list[tuple[str, str]], bytes]:
        kept: list[Any] = []
        content = b"".join(self._answer(environ, lambda *answer: kept.append(answer)))
        status, headers = kept[-1][:2]
        return status, headers, content

    def _answer(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Any:
        """WSGI, with the whole body in memory."""
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
