"""What of the week differs from what the newsroom's own articles declare: one sentence each, none when all is well."""

from collections import Counter
from collections.abc import Sequence
from datetime import date
from typing import Any
from urllib.parse import urlsplit

from include.wirewatch import archive
from include.wirewatch.store import Store
from tests.newsroom import Newsroom

# Added to the shipped rules. It matches two articles of the week: the dockers' and the captains'.
RULE = "port-labour"
NEW_RULE = f"""\
  - name: {RULE}
    query: dockers OR captains
    match: ["The dockers walked out."]
    no_match: ["The captain of the team was late."]
"""
FOUND_BY_IT = {"archive/port-authority-letter", "politics/captains-letter"}

Message = dict[str, Any]


def wrong_archive(newsroom: Newsroom, store: Store, days: Sequence[date]) -> list[str]:
    """Every article of a day lies under that day, once; and nobody was alerted."""
    problems = []
    for day in days:
        keys = [item.key for item in store.list(f"clean/dt={day}/")]
        clean = [article for key in keys for article in archive.read_articles(store, key)]
        found, wanted = sorted(_slug(article.url) for article in clean), sorted(newsroom.expected.history[day])
        if found != wanted:
            problems.append(f"{day}: archived {found}, expected {wanted}")
    left = [item.key for prefix in ("outbox/", "delivery/", "frontier/") for item in store.list(prefix)]
    return problems + ([f"a quiet run wrote {', '.join(left)}"] if left else [])


def wrong_messages(newsroom: Newsroom, messages: Sequence[Message], days: Sequence[date]) -> list[str]:
    """One message, edited each day that was done, with the week's figures; a reply for each day that has a match."""
    heads = [message for message in messages if not message["thread_ts"]]
    if len(heads) != 1:
        return [f"{len(heads)} messages in the channel, expected 1"]
    (head,) = heads
    matching = {day: {slug for slug, rules in newsroom.expected.history[day].items() if rules} for day in days}
    count = sum(map(len, matching.values()))
    title = f"Backfill last-week: done, {len(days)} days, {count} articles, {count} new, 0 alerted before"
    problems = [] if head["text"].startswith(title) else [f"the message says {head['text']!r}, expected {title!r}"]
    if head["edits"] < len(days):
        problems.append(f"it was edited {head['edits']} times, expected {len(days)}")
    bars, wanted_bars = _bars(head), _by_rule(newsroom, days)
    if bars != wanted_bars:
        problems.append(f"its bars say {bars}, expected {wanted_bars}")
    replies = [message for message in messages if message["thread_ts"] == head["ts"]]
    told = {reply["text"].partition(":")[0]: _slugs(reply) for reply in replies}
    wanted = {f"{day:%A} {day.day} {day:%B %Y}": slugs for day, slugs in matching.items() if slugs}
    if told != wanted or not len(replies) == len(wanted) == len(messages) - 1:
        problems.append(f"the replies tell {told} in {len(messages) - 1} messages, expected {wanted}, one each")
    return problems


def wrong_backtest(newsroom: Newsroom, found: dict[str, Any], days: Sequence[date]) -> list[str]:
    """The old rules find what the backfill found; the new one gains its two articles and loses none."""
    before = {one["rule"]: one["articles"] for one in found["against"]["rules"] if one["articles"]}
    wanted = _by_rule(newsroom, days)
    problems = [] if before == wanted else [f"the old rules matched {before}, expected {wanted}"]
    gained = {one["rule"]: {_slug(example["url"]) for example in one["gained_examples"]} for one in found["changes"]}
    if gained.get(RULE) != FOUND_BY_IT:
        problems.append(f"the new rule gains {gained.get(RULE)}, expected {FOUND_BY_IT}")
    if lost := [one for one in found["changes"] if one["lost"]]:
        problems.append(f"a rule more loses {lost}")
    return problems


def _by_rule(newsroom: Newsroom, days: Sequence[date]) -> dict[str, int]:
    return dict(Counter(rule for day in days for rules in newsroom.expected.history[day].values() for rule in rules))


def _bars(message: Message) -> dict[str, int]:
    """Rule → the number at the end of its bar."""
    elements = [one for block in message["blocks"] for one in block.get("elements", [])]
    texts = [part["text"] for one in elements if one["type"] == "rich_text_preformatted" for part in one["elements"]]
    rows = [row.split() for text in texts for row in text.splitlines()]
    return {row[0]: int(row[2]) for row in rows if len(row) == 3}


def _slugs(message: Message) -> set[str]:
    """The articles that it links to."""
    lists = [one for block in message["blocks"] for one in block.get("elements", []) if one["type"] == "rich_text_list"]
    parts = [part for one in lists for row in one["elements"] for part in row["elements"]]
    return {_slug(part["url"]) for part in parts if part["type"] == "link"}


def _slug(url: str) -> str:
    return urlsplit(url).path.strip("/")
