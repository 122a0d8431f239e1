"""Rollups: messages that gather stories in their thread and count them, so that a channel stays readable. Pure.

A group: with `group_by`, a receiver has one rollup for each rule, publisher, language or tag and each window, counted
from its first story; every story goes into its group's thread. What has no key (an article without a language, a rule
without tags) is in no group.
A storm: a rule has led to `storm_stories` stories within `storm_window`. A further story in no group, all of whose
rules are in that state, goes into the thread of the storm's rollup. The storm is over when a whole window had none.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Literal, NamedTuple

from include.wirewatch.config.receivers import GroupBy
from include.wirewatch.deliver.outbox import alert_id
from include.wirewatch.deliver.route import best_first
from include.wirewatch.models import Alert, Record, UtcDatetime


class Gathering(NamedTuple):
    """When a receiver's stories are gathered. group_by None: only in a storm."""

    storm_stories: int = 30
    storm_window: timedelta = timedelta(hours=1)
    group_by: GroupBy | None = None
    group_window: timedelta = timedelta(hours=24)


STORMS_ONLY = Gathering()


class Rollup(Record):
    """One rollup and what it counts. until: the moment from which a further story would open another one.

    publishers: how many stories each has; kept here because stories are forgotten earlier than their rollup.
    """

    alert_id: str
    by: Literal["storm"] | GroupBy
    key: str
    until: UtcDatetime
    publishers: dict[str, int]


def rollup_for(
    rollups: Iterable[Rollup], told: Mapping[str, int], alert: Alert, now: datetime, gathering: Gathering
) -> Rollup | None:
    """The rollup that a new story belongs to, with the story counted; None: it stands by itself.

    told: to how many stories each rule has led within the storm's window.
    """
    by: Literal["storm"] | GroupBy = gathering.group_by or "storm"
    key = _key_of(alert, by)
    if not key:
        in_storm = alert.matches and all(told[match.rule] >= gathering.storm_stories for match in alert.matches)
        if not in_storm:
            return None
        by, key = "storm", best_first(alert.matches)[0].rule
    under_way = (rollup for rollup in rollups if (rollup.by, rollup.key) == (by, key) and now < rollup.until)
    own_id = alert_id(by, alert.receiver, f"{key}\n{alert.alert_id}")
    opened = Rollup(alert_id=own_id, by=by, key=key, until=now + gathering.group_window, publishers={})
    rollup = next(under_way, opened)
    publishers = {**rollup.publishers, alert.publisher: rollup.publishers.get(alert.publisher, 0) + 1}
    until = now + gathering.storm_window if by == "storm" else rollup.until
    return rollup.model_copy(update={"publishers": publishers, "until": until})


def rollup_alert(rollup: Rollup, alert: Alert, gathering: Gathering) -> Alert:
    """The message itself, made from one of its stories: as severe as that story, or as the rule that it is about."""
    about = [match for match in alert.matches if rollup.by not in ("storm", "rule") or match.rule == rollup.key]
    changes = {
        "kind": "rollup",
        "alert_id": rollup.alert_id,
        "article_id": "",
        "title": _title(rollup, gathering),
        "url": "",
        "publisher": "",
        "authors": (),
        "published": None,
        "method": "rollup",
        "method_detail": "",
        "matches": tuple(match.model_copy(update={"hits": ()}) for match in about),
        "excerpts": (),
        "signature": "",
        "clean_key": "",
        "clean_url": "",
    }
    return alert.model_copy(update=changes)


def _title(rollup: Rollup, gathering: Gathering) -> str:
    minutes = int(gathering.storm_window.total_seconds()) // 60
    titles = {
        "storm": f"More than {gathering.storm_stories} stories within {minutes} minutes match {rollup.key}",
        "rule": f"Stories that match {rollup.key}",
        "publisher": f"Stories at {rollup.key}",
        "language": f"Stories in the language {rollup.key}",
        "tag": f"Stories tagged {rollup.key}",
    }
    return titles[rollup.by]


def _key_of(alert: Alert, by: Literal["storm"] | GroupBy) -> str:
    """What puts a story into a group; "" where it has none. Of several rules the best one's, of several tags the first.

    A storm's key depends on more than the story: "".
    """
    match by:
        case "rule":
            return next((match.rule for match in best_first(alert.matches)), "")
        case "tag":
            return next((tag for match in best_first(alert.matches) for tag in match.tags), "")
        case "publisher":
            return alert.publisher
        case "language":
            return alert.language
        case "storm":
            return ""
