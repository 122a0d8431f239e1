"""What Slack must allow: the token, its scopes, each channel's membership and history. Posts nothing."""

from collections.abc import Callable, Iterator
from datetime import datetime
from email.utils import parsedate_to_datetime
from http.client import HTTPException
from typing import TYPE_CHECKING, Any

from include.wirewatch.config.receivers import ReceiversFile, SlackReceiver
from include.wirewatch.doctor.verdicts import Finding, Verdict, judge_clock, judge_scopes, judge_slack_error

if TYPE_CHECKING:
    from slack_sdk import WebClient


def examine(client: "WebClient | None", receivers: ReceiversFile, *, now: Callable[[], datetime]) -> Iterator[Finding]:
    """Token, scopes and clock, then each Slack receiver. A token that is refused is the last finding."""
    targets = [receiver for receiver in receivers.receivers if isinstance(receiver, SlackReceiver)]
    if client is None:
        names = ", ".join(target.name for target in targets)
        waits = f"there is no connection slack_api_default: what is for {names} waits in the outbox; add it"
        yield Finding("slack token", not targets, waits if targets else "not needed: no receiver is a Slack channel")
        return
    before = now()
    answer = _ask(client, "auth.test")
    if isinstance(answer, Verdict):
        yield Finding("slack token", *answer)
        return
    headers = {name.lower(): value for name, value in answer.headers.items()}
    yield Finding("slack token", True, f"{answer.get('user')} in {answer.get('team')}")
    yield Finding("slack scopes", *judge_scopes(headers.get("x-oauth-scopes")))
    yield Finding("slack clock", *_clock(headers.get("date", ""), before, now()))
    for target in targets:
        yield Finding(f"slack receiver {target.name}", *channel(client, target.channel))


def _clock(date: str, before: datetime, after: datetime) -> Verdict:
    """date: the Date header of an answer that came between the two."""
    try:
        theirs = parsedate_to_datetime(date)
    except ValueError:
        return Verdict(False, "the answer has no readable Date header, as Slack's has; a proxy or a stand-in?")
    return judge_clock("Slack", before, theirs, after)


def channel(client: "WebClient", channel_id: str) -> Verdict:
    """A bot reads the history only of channels that it is a member of, so one read proves both."""
    answer = _ask(client, "conversations.history", channel=channel_id, limit=1)
    return answer if isinstance(answer, Verdict) else Verdict(True, f"member of {channel_id}, its history is readable")


def _ask(client: "WebClient", method: str, **arguments: object) -> Any:
    """Slack's answer, or the verdict on its refusal."""
    from slack_sdk.errors import SlackApiError, SlackClientError

    try:
        return client.api_call(method, params=arguments)
    except SlackApiError as error:
        answer = error.response
        code = answer.get("error") if isinstance(answer.data, dict) else None
        return judge_slack_error(
            "ratelimited" if answer.status_code == 429 else str(code or f"HTTP {answer.status_code}")
        )
    except (SlackClientError, HTTPException, OSError) as error:
        return Verdict(
            False, f"no answer ({type(error).__name__}); check the way out to Slack, and the proxy's settings"
        )
