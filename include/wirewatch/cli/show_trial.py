"""What `wirewatch try` prints: the verdict and the message first, then why, step by step."""

import re
from collections.abc import Iterator
from datetime import UTC, timedelta
from zoneinfo import ZoneInfo

from rich.console import Console
from rich.table import Table
from rich.text import Text

from include.wirewatch.cli.show_message import panel_of
from include.wirewatch.cli.sources import UNLISTED
from include.wirewatch.cli.trial import NOWHERE, Told, Trial
from include.wirewatch.config.receivers import Route
from include.wirewatch.deliver.render import pieces, render_message, score_line
from include.wirewatch.deliver.safe_text import clean
from include.wirewatch.match import Explanation
from include.wirewatch.models import Alert, Article, Excerpt, Reason
from include.wirewatch.urls import redact

# Beyond it, rules that did not match are only counted: --rules names those of which one wants to know.
UNMATCHED_SHOWN = 15
SENTENCES_SHOWN = 3
CLAUSE_CHARS = 60


def show(console: Console, trial: Trial, routes: tuple[Route, ...]) -> None:
    """For people. Whatever came from the page is shown as text, never as markup."""
    console.print(headline(trial), soft_wrap=True)
    for names, alert in _messages(trial):
        as_if = "" if trial.decision in {"alert", "digest"} else "as it would look: "
        blocks = [block.to_dict() for block in render_message(alert).blocks]
        console.print(panel_of(f"{as_if}{', '.join(names)}", blocks))
    steps = Table.grid(padding=(0, 2))
    for label, line in _lines(trial, routes):
        steps.add_row(Text(label, style="bold"), line)
    console.print(steps)


def headline(trial: Trial) -> Text:
    """The verdict in one line."""
    going = [_where(one) for one in trial.told if one.alert]
    rules = ", ".join(f"{rule.rule} {rule.match.score}" for rule in trial.matched if rule.match)
    match trial.decision:
        case "alert":
            return Text("ALERT  ", style="bold green").append(f"{'; '.join(going)} ({rules})", style="not bold")
        case "digest":
            return Text("DIGEST  ", style="bold green").append(f"{'; '.join(going)} ({rules})", style="not bold")
        case "no_page":
            return _no("NO PAGE", trial.page.outcome.label)
        case "no_match":
            return _no("NO MATCH", f"none of {_counted(len(trial.rules), 'rule')}")
        case "stale":
            return _no("NO ALERT", f"too old: {_freshness(trial)} ({rules})")
        case "silenced":
            return _no("NO ALERT", f"silenced ({rules})")
        case _:
            return _no("NO ALERT", f"no route leads anywhere ({rules})")


def _messages(trial: Trial) -> list[tuple[list[str], Alert]]:
    """Each different message, and the receivers that get it."""
    found: dict[tuple[str, ...], tuple[list[str], Alert]] = {}
    for told in trial.told:
        if told.alert and not (told.waits and trial.decision in {"alert", "digest"}):
            rules = tuple(match.rule for match in told.alert.matches)
            found.setdefault(rules, ([], told.alert))[0].append(told.receiver.name)
    return list(found.values())


def _no(word: str, why: str) -> Text:
    return Text(f"{word}  ", style="bold yellow").append(clean(why, 500), style="not bold")


def _lines(trial: Trial, routes: tuple[Route, ...]) -> Iterator[tuple[str, Text]]:
    """Label and line of each step; a further line of one step has no label."""
    yield from _labelled("rules", _rules(trial))
    yield from _labelled("goes to", [_route(one, routes) for one in trial.told])
    yield from _labelled("silenced", [Text(line) for one in trial.told for line in _silences(one)])
    if trial.article:
        yield "age", Text(_freshness(trial))
        yield from _labelled("article", _article(trial, trial.article))
    yield "page", Text(_page(trial))


def _labelled(label: str, lines: list[Text]) -> Iterator[tuple[str, Text]]:
    for number, line in enumerate(lines):
        yield "" if number else label, line


def _rules(trial: Trial) -> list[Text]:
    lines = [Text(f"{len(trial.matched)} of {len(trial.rules)} match")] if trial.rules else []
    for rule in trial.matched:
        lines += _match(rule)
    unmatched = [rule for rule in trial.rules if not rule.match]
    for rule in unmatched[:UNMATCHED_SHOWN]:
        why = f"  {clean(rule.failed, CLAUSE_CHARS)}: {clean(rule.reason, 200)}"
        lines.append(Text("✗ ", style="red").append(rule.rule, style="default").append(why, style="default dim"))
    if (more := len(unmatched) - UNMATCHED_SHOWN) > 0:
        lines.append(Text(f"  and {more} more that do not match; --rules NAME says why", style="dim"))
    return lines


def _match(rule: Explanation) -> list[Text]:
    if rule.match is None:
        return []
    how = score_line((rule.match,)) or f"score {rule.match.score} of 100"
    found = f"  ×{len(rule.match.hits)}, {rule.match.severity}: {how}"
    lines = [Text("✓ ", style="green").append(rule.rule, style="default bold").append(found, style="default")]
    for sentence in rule.sentences[:SENTENCES_SHOWN]:
        lines.append(Text(f"  {sentence.field}: ", style="dim").append_text(marked(sentence)))
    more = len(rule.sentences) - SENTENCES_SHOWN
    return [*lines, Text(f"  and {more} more sentences", style="dim")] if more > 0 else lines


def marked(sentence: Excerpt) -> Text:
    """The sentence on one line, its hits in bold on a terminal."""
    shown = Text()
    for text, marked in pieces(sentence):
        shown.append(re.sub(r"\s", " ", text), style="default bold" if marked else "default")
    return shown


def _route(told: Told, routes: tuple[Route, ...]) -> Text:
    by = "; ".join(f"route {number} ({conditions_of(routes[number - 1])})" for number in told.routes)
    where = _where(told) if told.alert else f"{told.receiver.name}, silenced"
    gathered = f"; in the thread of its {told.receiver.group_by}" if told.receiver.group_by else ""
    return Text(f"{where}: {by}{gathered}")


def _where(told: Told) -> str:
    """`news-desk now`, or when its quiet hours end, or its digest."""
    if told.waits:
        at = f" at {told.receiver.digest.at:%H:%M} {told.receiver.timezone}" if told.receiver.digest else ""
        return f"{told.receiver.name} in its digest{at}"
    if told.held_until is None:
        return f"{told.receiver.name} now"
    zone = ZoneInfo(told.receiver.timezone)
    return f"{told.receiver.name} at {told.held_until.astimezone(zone):%a %H:%M} {told.receiver.timezone} (quiet hours)"


def conditions_of(route: Route) -> str:
    """A route's conditions in words."""
    named = {"rules": route.rules, "tags": route.tags, "languages": route.languages, "publishers": route.publishers}
    parts = [f"{name}: {', '.join(values)}" for name, values in named.items() if values]
    if route.min_severity != "low":
        parts.append(f"{route.min_severity} or more severe")
    return "; ".join(parts) or "every match"


def _silences(told: Told) -> list[str]:
    return [
        f"{match.rule} at {told.receiver.name} until {silence.until.astimezone(UTC):%Y-%m-%d %H:%M} UTC: "
        f"{clean(silence.reason, 200)}"
        for match, silence in told.silenced
    ]


def _freshness(trial: Trial) -> str:
    """The age of the article, and up to which age it would alert."""
    assert trial.article is not None, "a page that was read"
    assert trial.source is not None, "the source that it was taken for"
    limit = f"{trial.source.name} alerts up to {_span(trial.source.alert_max_age)}"
    if trial.source.name == UNLISTED:
        limit = f"a source alerts up to {_span(trial.source.alert_max_age)}, unless it says otherwise"
    if trial.article.published is None:
        return f"no date: it counts from now, and on a source's first poll it would alert nobody; {limit}"
    age = trial.now - trial.article.published
    return f"published {f'{_span(age)} ago' if age > timedelta(0) else 'in the future'}; {limit}"


def _span(length: timedelta) -> str:
    minutes = int(length.total_seconds()) // 60
    if minutes < 120:
        return f"{minutes} min"
    return f"{minutes // 60} h" if minutes < 72 * 60 else f"{minutes // 1440} days"


def _article(trial: Trial, article: Article) -> list[Text]:
    published = f"{article.published:%Y-%m-%d %H:%M} UTC [{article.published_from}]" if article.published else "no date"
    method = f"{article.method} ({clean(article.method_detail, 120)})" if article.method_detail else article.method
    publisher = clean(article.publisher, 80)
    source = trial.source.name if trial.source else ""
    if source == UNLISTED:
        publisher = f"{publisher} (no source: --source NAME takes one's publisher, language, tags and age limit)"
    facts = [published, f"{article.word_count} words", article.language or "no language", f"method {method}"]
    lines = [clean(article.title, 200) or "(no title)", " · ".join(facts), publisher]
    if article.url == NOWHERE:
        lines.append("its address is not known: --url says it, for rules on site: and url:")
    return [Text(line) for line in lines]


def _page(trial: Trial) -> str:
    page = trial.page
    if page.capture is None:
        return _page_trouble(trial)
    size = f"{len(page.capture.body):,} bytes"
    if not page.robots:
        return f"a file of {size}"
    parts = ["robots.txt allows it", f"HTTP {page.outcome.status}", size, f"{page.seconds:.1f} s"]
    if page.capture.final_url != page.capture.url:
        parts.append(f"redirected to {redact(page.capture.final_url)}")
    return " · ".join(parts)


def _page_trouble(trial: Trial) -> str:
    outcome = trial.page.outcome
    robots = {"allows": "robots.txt allows it", "not known": "robots.txt could not be had"}.get(trial.page.robots, "")
    would = "if it stays so, the rules are asked of the source's own title and summary, which are not known here"
    if outcome.reason is Reason.REFUSED_ADDRESS:
        would = "--allow-private, or the source's allow_hosts, lets it be a host of the private network"
    return "; ".join(filter(None, [f"{outcome.label}: {clean(outcome.detail, 300)}", robots, would]))


def _counted(number: int, what: str) -> str:
    return f"{number} {what}" if number == 1 else f"{number} {what}s"
