"""What differs from what the newsroom's own articles declare: one sentence for each thing, none when all is well."""

from typing import Any
from urllib.parse import urlsplit

from tests.airflow_home import TaskRun
from tests.newsroom import Newsroom

# As in receivers.yaml.
NEWS, SANCTIONS, EDITORS = "C0WIREDEMO", "C0SANCTIONS", "C0EDITORS"
STORM_STORIES = 2

Message = dict[str, Any]


def wrong_alerts(newsroom: Newsroom, messages: list[Message]) -> list[str]:
    """Of the news desk: every article once with its rules, copies in one thread."""
    wanted = {alert.slug: alert for alert in newsroom.expected.alerts}
    seen = [_slug(message) for message in messages]
    problems = _wrong_slugs(seen, set(wanted), "news desk")
    for slug, message in zip(seen, messages, strict=True):
        if slug in wanted and (missing := [rule for rule in wanted[slug].rules if f"{rule} (" not in message["text"]]):
            problems.append(f"the alert for {slug} does not name {', '.join(missing)}")
    by_slug = dict(zip(seen, messages, strict=True))
    for copies in newsroom.expected.syndicated:
        told = [by_slug[slug] for slug in copies if slug in by_slug]
        if len({message["thread_ts"] or message["ts"] for message in told}) != 1:
            problems.append(f"the copies {', '.join(sorted(copies))} are not one thread")
    return problems


def wrong_storm(newsroom: Newsroom, messages: list[Message]) -> list[str]:
    """Of the sanctions desk: two stories by themselves, the others in the thread of one rollup, which counts them."""
    wanted = _slugs_with(newsroom, "sanctions")
    rollups = [message for message in messages if not _slug(message)]
    if len(rollups) != 1:
        return [f"{len(rollups)} rollups on the sanctions desk, expected 1"]
    problems = _wrong_slugs([slug for message in messages if (slug := _slug(message))], wanted, "sanctions desk")
    alone = [message for message in messages if not message["thread_ts"] and message not in rollups]
    if len(alone) != STORM_STORIES:
        problems.append(f"{len(alone)} stories of the storm stand by themselves, expected {STORM_STORIES}")
    copies = sum(len(group & wanted) - 1 for group in newsroom.expected.syndicated if group & wanted)
    counted = f"In this thread: {len(wanted) - copies - STORM_STORIES} stories"
    if counted not in str(rollups[0]["blocks"]):
        problems.append(f"the rollup does not say {counted!r}")
    threads = {message["ts"] for message in (*alone, *rollups)}
    return problems + [
        f"{_slug(message)} is in no thread" for message in messages if message["thread_ts"] not in {"", *threads}
    ]


def wrong_editors(newsroom: Newsroom, messages: list[Message]) -> list[str]:
    """Of the editors, at once: only what is severe."""
    return _wrong_slugs([_slug(message) for message in messages], _slugs_with(newsroom, "ultimatum"), "editors")


def wrong_digest(newsroom: Newsroom, digests: list[Message]) -> list[str]:
    """Of the editors, once a day: one message that was composed twice, and everything that waited for it."""
    if len(digests) != 1:
        return [f"{len(digests)} digests, expected 1"]
    (digest,) = digests
    severe, all_of_it = _slugs_with(newsroom, "ultimatum"), _slugs_with(newsroom, "sanctions", "ultimatum")
    shown = str(digest["blocks"])
    problems = [] if digest["edits"] == 1 else [f"the digest was edited {digest['edits']} times, expected once"]
    if f"in {len(all_of_it)} articles" not in digest["text"]:
        problems.append(f"the digest does not count {len(all_of_it)} articles")
    for rule in ("sanctions", "ultimatum"):
        if f"{rule} █" not in shown:
            problems.append(f"the digest has no bar for {rule}")
    missing = {slug for slug in all_of_it - severe if newsroom.url(slug) not in shown}
    copies = [missing & group for group in newsroom.expected.syndicated]
    if missing - frozenset().union(*copies) or any(len(group) > 1 for group in copies):
        problems.append(f"the digest leaves out {', '.join(sorted(missing))}")
    return problems


def wrong_counts(newsroom: Newsroom, runs: list[TaskRun]) -> list[str]:
    """Counts of the stages that differ from what the newsroom published."""
    counts = {run.task_id.rpartition(".")[2]: run.result or {} for run in runs}
    expected = newsroom.expected
    sanctions, ultimatum = _slugs_with(newsroom, "sanctions"), _slugs_with(newsroom, "ultimatum")
    wanted = {
        ("fetch", "entries"): expected.entries,
        ("fetch", "fetched"): expected.entries - len(expected.unreachable) - 2,  # robots.txt and the size cap
        ("match", "stale"): len(expected.stale),
        ("deliver", "posted"): len(expected.alerts) + len(sanctions) + 1 + len(ultimatum),  # 1: the rollup
    }
    return [
        f"{stage} counted {counts.get(stage, {}).get(name)} {name}, expected {number}"
        for (stage, name), number in wanted.items()
        if counts.get(stage, {}).get(name) != number
    ]


def _wrong_slugs(seen: list[str], wanted: set[str], where: str) -> list[str]:
    problems = [f"no alert for {slug} on the {where}" for slug in sorted(wanted - set(seen))]
    too_many = [slug for slug in sorted(set(seen)) if slug not in wanted or seen.count(slug) > 1]
    return problems + [f"an alert too many for {slug} on the {where}" for slug in too_many]


def _slugs_with(newsroom: Newsroom, *rules: str) -> set[str]:
    return {alert.slug for alert in newsroom.expected.alerts if alert.rules & set(rules)}


def _slug(message: Message) -> str:
    """Which article it is about; "" for one about none."""
    title = message["blocks"][0]["elements"][0]["elements"][0]
    return urlsplit(title.get("url", "")).path.strip("/").removesuffix(".html")
