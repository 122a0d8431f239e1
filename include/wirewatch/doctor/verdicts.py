"""What was seen → ok, or what to do. Pure."""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

# A lost post is searched for from 90 s before it was begun, by the local clock: one further ahead would miss it.
MAX_SKEW_S = 30.0

# The scopes of deploy/slack-manifest.yaml, and what goes without each.
SCOPES = {
    "chat:write": "post alerts",
    "channels:history": "look for a lost post in a public channel",
    "groups:history": "look for a lost post in a private channel",
    "reactions:read": "see how people marked an alert",
}
_TOKEN = "put a valid bot token (xoxb-…) into the connection slack_api_default"  # noqa: S105  # a sentence
_INSTALL = "give the app the scopes of deploy/slack-manifest.yaml and install it again"
_SLACK_SAYS = {
    "invalid_auth": _TOKEN,
    "not_authed": _TOKEN,
    "account_inactive": _TOKEN,
    "token_expired": _TOKEN,
    "token_revoked": _TOKEN,
    "not_allowed_token_type": _TOKEN,
    "missing_scope": _INSTALL,
    "channel_not_found": "correct the channel in receivers.yaml, or invite the bot if the channel is private",
    "not_in_channel": "invite the bot: /invite @wirewatch in that channel",
    "is_archived": "the channel is archived; choose another in receivers.yaml",
    "ratelimited": "Slack asks to wait; run this again in a minute",
}


class Verdict(NamedTuple):
    """says: what was seen; where it is not ok, what to do."""

    ok: bool
    says: str


class Finding(NamedTuple):
    """One line of the report."""

    check: str
    ok: bool
    says: str

    @property
    def line(self) -> str:
        """`FAIL  s3 list:  …`."""
        return f"{'ok  ' if self.ok else 'FAIL'}  {self.check + ':':24} {self.says}"


def judge_race(condition: str, winners: Sequence[Sequence[int]], kept: Sequence[int | None]) -> Verdict:
    """winners: per round, the writers who were told that they had won. kept: per round, whose bytes are there.

    A race with one winner each time is no proof that two are impossible; one with two is proof that they are not.
    """
    doubled = sum(len(won) > 1 for won in winners)
    unwon = sum(not won for won in winners)
    changed = sum(len(won) == 1 and won[0] != there for won, there in zip(winners, kept, strict=True))
    rounds = len(winners)
    if doubled:
        worst = max(len(won) for won in winners)
        says = f"{worst} writers won the same {condition} write ({doubled} of {rounds} races): alerts would be doubled"
        return Verdict(False, f"{says}. Do not use this bucket; take a server whose conditional writes are atomic")
    if unwon:
        return Verdict(
            False, f"nobody won {unwon} of {rounds} races with {condition}: nothing could be delivered there"
        )
    if changed:
        says = f"in {changed} of {rounds} races with {condition} the bytes that stayed are not the winner's"
        return Verdict(False, f"{says}. Do not use this bucket; take a server whose conditional writes are atomic")
    return Verdict(True, f"exactly one winner in each of {rounds} races with {condition}")


def judge_conditions(*, created: bool, swapped: bool, stale: bool, overwritten: bool) -> Verdict:
    """What one writer alone was allowed to do, in this order."""
    if overwritten:
        return Verdict(False, "If-None-Match: * is ignored: what exists is overwritten. Use another S3 server")
    if stale:
        return Verdict(False, "If-Match is ignored: an old etag may write. Use another S3 server")
    if not created:
        return Verdict(False, "If-None-Match: * refuses a key that does not exist. Use another S3 server")
    if not swapped:
        return Verdict(False, "If-Match refuses the etag that the server itself gave. Use another S3 server")
    return Verdict(True, "If-None-Match and If-Match allow and refuse what they should")


def judge_clock(whose: str, before: datetime, theirs: datetime, after: datetime) -> Verdict:
    """theirs: the Date header, cut to the second, of an answer that came between before and after."""
    ahead_s = max((before - theirs).total_seconds() - 1, 0) or min((after - theirs).total_seconds(), 0)
    if abs(ahead_s) > MAX_SKEW_S:
        side = "ahead of" if ahead_s > 0 else "behind"
        return Verdict(False, f"this machine's clock is {abs(ahead_s):.0f} s {side} {whose}'s; synchronise it (NTP)")
    return Verdict(True, f"this machine's clock and {whose}'s agree to {max(abs(ahead_s), 1):.0f} s")


def judge_scopes(header: str | None) -> Verdict:
    """header: x-oauth-scopes of auth.test; None: Slack did not say."""
    if header is None:
        return Verdict(False, f"the answer names no scopes, as Slack's does; a proxy or a stand-in? Else: {_INSTALL}")
    given = {scope.strip() for scope in header.split(",")}
    missing = [f"{scope} ({purpose})" for scope, purpose in SCOPES.items() if scope not in given]
    if missing:
        return Verdict(False, f"missing: {', '.join(missing)}; {_INSTALL}")
    return Verdict(True, ", ".join(SCOPES))


def judge_slack_error(code: str) -> Verdict:
    """code: Slack's error code."""
    return Verdict(False, f"{code}: {_SLACK_SAYS.get(code, 'see this code in the reference of the Slack Web API')}")
