"""The Slack receiver: one channel, through the real slack-sdk client.

The client must be built with retry_handlers=[]: the default one posts again after a dropped connection, which is
how messages get doubled. Only an explicit refusal means "not accepted"; a lost answer is an UnknownOutcomeError, and
the message is then looked for in the channel's history by the alert_id in its metadata.
"""

import uuid
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from http.client import HTTPException
from typing import Any, NamedTuple

from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError, SlackClientError

from include.wirewatch.deliver.decide import SETTLE
from include.wirewatch.deliver.receiver import (
    BusyError,
    DuplicateError,
    GoneError,
    MessageFaultError,
    Posted,
    ReceiverFaultError,
    StrangeRefusalError,
    ThreadGoneError,
    UnknownOutcomeError,
    wait_s,
)
from include.wirewatch.deliver.render import render_message, render_plain
from include.wirewatch.deliver.thread import BY_ITSELF, Place
from include.wirewatch.models import Alert, Bulletin

EVENT_TYPE = "wirewatch_alert"
HISTORY_PAGE = 200
HISTORY_PAGES = 20
# Messages to look for are mostly minutes old: one reading from so much earlier until now serves all of them.
FURTHER_BACK = timedelta(hours=1)
# Where that is too much to read: so much later than it can have arrived, for clocks that differ.
FURTHER_ON = timedelta(minutes=15)

_TOKEN = "put a valid bot token into the Airflow connection 'slack_api_default'"  # noqa: S105  # a sentence
RECEIVER_FAULTS = {
    "invalid_auth": _TOKEN,
    "not_authed": _TOKEN,
    "account_inactive": _TOKEN,
    "token_expired": _TOKEN,
    "token_revoked": _TOKEN,
    "missing_scope": "give the app the scopes of deploy/slack-manifest.yaml and install it again",
    "channel_not_found": "correct the channel in receivers.yaml, or invite the bot if it is private",
    "not_in_channel": "invite the bot to the channel",
    "is_archived": "the channel is archived; choose another in receivers.yaml",
    "restricted_action": "a workspace setting forbids the bot to post there",
    "restricted_action_read_only_channel": "the channel is read-only; let the bot post there, or choose another",
    "restricted_action_thread_only_channel": "the channel takes replies alone; choose another in receivers.yaml",
    "team_access_not_granted": "the app is not granted access to this workspace",
    "ekm_access_denied": "the workspace's administrators suspended posting",
}
MESSAGE_FAULTS = {
    "invalid_blocks",
    "invalid_blocks_format",
    "msg_too_long",
    "msg_blocks_too_long",
    "no_text",
    "metadata_too_large",
    "invalid_metadata_format",
}
# Of an edit: somebody deleted the message, or the workspace forbids edits that late.
GONE = {"message_not_found", "cant_update_message", "edit_window_closed", "is_inactive"}
# Slack's own trouble: whether the message was accepted is not known.
ITS_OWN_TROUBLE = {"internal_error", "fatal_error", "service_unavailable", "request_timeout", "update_failed"}
# Somebody deleted or locked what it replies to, or the channel takes no replies: it is posted by itself.
THREAD_FAULTS = {
    "thread_not_found",
    "invalid_thread_ts",
    "cannot_reply_to_message",
    "restricted_action_thread_locked",
    "restricted_action_non_threadable_channel",
}


class _Scan(NamedTuple):
    """What a channel or thread held from one moment to another: alert_id → ts of the latest."""

    since: datetime
    until: datetime
    found: dict[str, str]


class _CrowdedError(UnknownOutcomeError):
    """There are more messages than HISTORY_PAGES hold."""


class SlackChannel:
    """One channel, by its id (a name can be given to another channel), for one drain. Timeouts are the client's."""

    via = "slack"

    def __init__(
        self, client: WebClient, channel: str, now: Callable[[], datetime] = lambda: datetime.now(UTC)
    ) -> None:
        self.channel = channel
        self._client = client
        self._now = now
        self._scans: dict[str, _Scan] = {}
        self._crowded: set[str] = set()

    def post(self, outgoing: Alert | Bulletin, place: Place = BY_ITSELF, *, plain: bool = False) -> Posted:
        message = render_message(outgoing, place)
        thread = {"thread_ts": place.thread_ts, "reply_broadcast": place.broadcast} if place.thread_ts else {}
        answer = self._call(
            self._client.chat_postMessage,
            channel=self.channel,
            text=render_plain(outgoing) if plain else message.text,
            blocks=[] if plain else [block.to_dict() for block in message.blocks],
            metadata=_metadata(outgoing),
            client_msg_id=_client_id(outgoing),
            unfurl_links=False,
            unfurl_media=False,
            **thread,
        )
        return Posted(str(answer["channel"]), str(answer["ts"]))

    def update(
        self,
        outgoing: Alert | Bulletin,
        place: Place,
        posted: Posted,
        copies: tuple[str, ...] = (),
        *,
        plain: bool = False,
    ) -> None:
        message = render_message(outgoing, place, copies)
        self._call(
            self._client.chat_update,
            channel=posted.channel,
            ts=posted.ts,
            text=render_plain(outgoing) if plain else message.text,
            blocks=[] if plain else [block.to_dict() for block in message.blocks],
            metadata=_metadata(outgoing),
        )

    def find(self, outgoing: Alert | Bulletin, place: Place, last_try: datetime) -> Posted | None:
        """Look in the channel or the thread, which is read once for all messages whose post can have arrived by then.

        Raises UnknownOutcomeError where it cannot be read to its end.
        """
        since, until = last_try - SETTLE, last_try + SETTLE
        scan = self._scans.get(place.thread_ts)
        if scan is None or since < scan.since or scan.until < until:
            scan = self._scans[place.thread_ts] = self._read(place.thread_ts, since, until)
        ts = scan.found.get(outgoing.alert_id)
        return Posted(self.channel, ts) if ts else None

    def _read(self, thread_ts: str, since: datetime, until: datetime) -> _Scan:
        """From earlier until now; where that is too much to read, while it can have arrived and a little longer."""
        if thread_ts not in self._crowded:
            with suppress(_CrowdedError):
                return self._scan(thread_ts, since - FURTHER_BACK)
            self._crowded.add(thread_ts)
        return self._scan(thread_ts, since, until + FURTHER_ON)

    def _scan(self, thread_ts: str, since: datetime, until: datetime | None = None) -> _Scan:
        read: Callable[..., Any] = self._client.conversations_history
        thread: dict[str, str] = {}
        if thread_ts:
            read, thread = self._client.conversations_replies, {"ts": thread_ts}
        # Slack's clock may be ahead of ours: what is read until now is read without an end.
        latest = {"latest": f"{until.timestamp():.6f}"} if until else {}
        scan = _Scan(since, until or self._now(), {})
        cursor = ""
        for _ in range(HISTORY_PAGES):
            try:
                page = self._call(
                    read,
                    channel=self.channel,
                    oldest=f"{since.timestamp():.6f}",
                    **latest,
                    limit=HISTORY_PAGE,
                    include_all_metadata=True,
                    cursor=cursor,
                    **thread,
                )
            except ThreadGoneError:
                return scan
            except (ReceiverFaultError, StrangeRefusalError) as error:
                raise UnknownOutcomeError(str(error)) from None
            for message in page["messages"]:
                payload = (message.get("metadata") or {}).get("event_payload") or {}
                known = str(payload.get("alert_id"))
                # The latest: what could not be edited any more was posted anew.
                scan.found[known] = max(str(message["ts"]), scan.found.get(known, ""))
            cursor = (page.get("response_metadata") or {}).get("next_cursor") or ""
            if not cursor:
                return scan
        raise _CrowdedError(f"more than {HISTORY_PAGES * HISTORY_PAGE} messages since {since:%H:%M} UTC")

    def _call(self, method: Callable[..., Any], **arguments: Any) -> Any:
        try:
            return method(**arguments)
        except SlackApiError as error:
            raise self._meaning(error) from None
        except (SlackClientError, HTTPException, OSError) as error:
            raise UnknownOutcomeError(f"Slack channel {self.channel}: no answer ({type(error).__name__})") from None

    def _meaning(self, error: SlackApiError) -> Exception:
        status, headers = error.response.status_code, error.response.headers
        code = error.response.get("error", "") if isinstance(error.response.data, dict) else ""
        if status == 429 or code in {"ratelimited", "rate_limited"}:
            sent = next((value for name, value in headers.items() if name.lower() == "retry-after"), "")
            return BusyError(wait_s(sent, self._now()))
        if code in RECEIVER_FAULTS:
            return ReceiverFaultError(f"Slack channel {self.channel}: {code}: {RECEIVER_FAULTS[code]}")
        if code in THREAD_FAULTS:
            return ThreadGoneError(code)
        if code in GONE:
            return GoneError(f"Slack channel {self.channel}: {code}")
        if code in MESSAGE_FAULTS:
            return MessageFaultError(f"Slack channel {self.channel}: {code}")
        if code == "duplicate_message":
            return DuplicateError(f"Slack channel {self.channel}: {code}: it has this message already")
        if status == 200 and code and code not in ITS_OWN_TROUBLE:
            # An explicit refusal that we have no words for: nothing was posted, and somebody must look.
            says = f"Slack channel {self.channel}: {code}: see Slack's documentation of this error"
            return StrangeRefusalError(code, says)
        return UnknownOutcomeError(f"Slack channel {self.channel}: HTTP {status} {code}".strip())


def _metadata(outgoing: Alert | Bulletin) -> dict[str, object]:
    return {"event_type": EVENT_TYPE, "event_payload": {"alert_id": outgoing.alert_id}}


def _client_id(outgoing: Alert | Bulletin) -> str:
    """Equal for each try of one message; of an edition that is posted anew, another than its predecessor's."""
    edition = outgoing.edition if isinstance(outgoing, Bulletin) else 0
    return str(uuid.uuid5(uuid.NAMESPACE_URL, f"{outgoing.alert_id}-{edition}" if edition else outgoing.alert_id))
