"""A webhook's receiver, its key, and what its other side does with both, for tests."""

import base64
import json
import re
from datetime import UTC, datetime
from pathlib import Path

from include.wirewatch.config.receivers import WebhookReceiver
from include.wirewatch.deliver.webhook import WebhookChannel

PAGE = (Path(__file__).parents[2] / "docs" / "webhook.md").read_text()
KEY = "whsec_" + base64.b64encode(b"a key for tests, 32 bytes of it.").decode()
OTHER_KEY = "whsec_" + base64.b64encode(b"the key that is on its way out..").decode()
SECRETS = (KEY, KEY.removeprefix("whsec_"), "t0ken", "s3cret")


def verify_of_the_page():
    (source,) = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
    names: dict[str, object] = {}
    exec(source, names)
    return names["verify"]


verify = verify_of_the_page()


def receiver_of(server, **changes):
    facts = {"name": "cases", "kind": "webhook", "url": server.url, "secret": "case_key", "allow_hosts": (server.host,)}
    return WebhookReceiver.model_validate({**facts, **changes})


def channel_of(server, password=KEY, *, now=lambda: datetime.now(UTC), resolver=None, **changes):
    return WebhookChannel(receiver_of(server, **changes), password, now=now, resolver=resolver)


def events_in(server):
    return [json.loads(request.body) for request in server.received]


def ids_in(server):
    return [request.headers["webhook-id"] for request in server.received]
