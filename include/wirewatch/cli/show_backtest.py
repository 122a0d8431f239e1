"""What `wirewatch backtest` prints: matches a day as bars, rules, alerts by receiver, words to look at, changes."""

from collections import Counter
from collections.abc import Iterator
from datetime import date

from rich.console import Console
from rich.table import Table
from rich.text import Text

from include.wirewatch.cli.show_trial import marked
from include.wirewatch.deliver.safe_text import clean
from include.wirewatch.deliver.wording import number
from include.wirewatch.retro.backtest import Backtest, Change, Side
from include.wirewatch.retro.forecast import Counted
from include.wirewatch.retro.scan import Scan
from include.wirewatch.retro.tally import ByWords, Example

BAR_CHARS = 40
COUNTS = (
    "As live: routes, instant_from and alert_max_age hold; silences do not. Copies of a story, and what further rules "
    "find in an article, are replies."
)
WORDS = "What articles matched by alone, in most of them, the lowest scores first; each with its weakest sentence:"


def show(console: Console, result: Backtest, scan: Scan, days: list[date]) -> None:
    """For people. What came from the pages is shown as text, never as markup."""
    tally = result.rules.tally
    console.print(Text(f"{number(tally.articles, 'article', 'articles')} of {scan.articles:,} match", style="bold"))
    console.print(Text(f"{days[0]} to {days[-1]}; {scan.judged:,} could have matched and were read"))
    _heading(console, "Matches a day")
    console.print(_bars({f"{day:%a} {day}": tally.days[day] for day in days}))
    _heading(console, "Rules")
    console.print(_rules(result.rules, result.against))
    _heading(console, "Alerts a day")
    console.print(_receivers(result.rules, result.against, len(days)))
    console.print(Text(COUNTS, style="dim"))
    if too_old := result.rules.forecast.stale.total():
        console.print(Text(f"{number(too_old, 'article was', 'articles were')} too old to alert when found."))
    if words := tally.to_look_at():
        _heading(console, "Words to look at")
        console.print(Text(WORDS, style="dim"))
        for one in words:
            _print_words(console, one)
    if result.against:
        _heading(console, "Gained and lost")
        changes = result.changes()
        for change in changes:
            _print_change(console, change)
        if not changes:
            console.print(Text("nothing: both files match the same articles"))


def _heading(console: Console, text: str) -> None:
    console.print()
    console.print(Text(text, style="bold"))


def _bars(figures: dict[str, int]) -> Table:
    most = max(figures.values(), default=0)
    table = Table.grid(padding=(0, 2))
    for label, count in figures.items():
        bar = "█" * -(-count * BAR_CHARS // max(most, 1))
        table.add_row(Text(label), Text(bar, style="cyan").append(f"{' ' * bool(bar)}{count}", style="default"))
    return table


def _rules(side: Side, against: Side | None) -> Table:
    table = Table.grid(padding=(0, 2))
    for rule, counts in side.tally.rules.items():
        score = f"mean score {side.tally.score_sums[rule] / counts.total():.0f}" if counts else ""
        table.add_row(Text(rule), *_count(counts, against and against.tally.rules.get(rule, Counter())), Text(score))
    return table


def _count(counts: Counter[date], before: Counter[date] | None) -> Iterator[Text]:
    yield Text(number(counts.total(), "article", "articles"))
    if before is not None:
        yield Text(f"was {before.total()}")


def _receivers(side: Side, against: Side | None, days: int) -> Table:
    table = Table.grid(padding=(0, 2))
    for name, counted in side.forecast.receivers.items():
        row = [name, f"{counted.alerts.total() / days:.1f} a day"]
        if against:
            row.append(f"was {against.forecast.receivers[name].alerts.total() / days:.1f}")
        table.add_row(*map(Text, [*row, "; ".join(_details(counted))]))
    return table


def _details(counted: Counted) -> Iterator[str]:
    if counted.alerts:
        day, most = counted.alerts.most_common(1)[0]
        yield f"{number(counted.alerts.total(), 'alert', 'alerts')}, at most {most} on {day}"
    if counted.replies.total():
        yield number(counted.replies.total(), "reply", "replies")
    if counted.digest.total():
        yield f"{number(counted.digest.total(), 'article waits', 'articles wait')} for the digest"


def _print_words(console: Console, one: ByWords) -> None:
    words = clean(", ".join(one.words), 200)
    facts = f"{number(one.articles, 'article', 'articles')}, mean score {one.mean_score:.0f}"
    console.print(Text(f"{one.rule}: ").append(words, style="bold").append(f"  {facts}", style="not bold"))
    _print_sentence(console, one.weakest)


def _print_change(console: Console, change: Change) -> None:
    said = {"new": " (new rule)", "removed": " (removed)", "changed": ""}[change.kind]
    console.print(Text(change.rule, style="bold").append(f"{said}: +{change.gained} −{change.lost}", style="not bold"))
    for sign, style, examples in (
        ("+", "green", change.gained_examples),
        ("−", "red", change.lost_examples),
    ):
        for one in examples:
            title = f"{clean(one.title, 120)} · {clean(one.publisher, 60)} · {one.day}"
            console.print(Text(f"  {sign} ", style=style).append(title, style="default"), soft_wrap=True)
            _print_sentence(console, one)


def _print_sentence(console: Console, one: Example) -> None:
    if one.sentence:
        console.print(Text("    ").append_text(marked(one.sentence)), soft_wrap=True)
