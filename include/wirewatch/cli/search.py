"""wirewatch search: what of the archive a query finds."""

import json
from collections.abc import Iterator
from datetime import date
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.text import Text

from include.wirewatch.cli.options import Config, From, Json, To, days_of
from include.wirewatch.cli.past import (
    Archive,
    Cache,
    in_plain_words,
    is_anything_there,
    open_files,
    warn_of_whole_reading,
    with_progress,
)
from include.wirewatch.cli.query import rules_of_query
from include.wirewatch.cli.show_trial import marked
from include.wirewatch.deliver.safe_text import clean
from include.wirewatch.deliver.wording import number
from include.wirewatch.models import Excerpt
from include.wirewatch.retro.scan import Matched, Scan
from include.wirewatch.retro.search import Found, newest


def search(
    query: Annotated[str, typer.Argument(metavar="QUERY", help="The query, e.g. 'ceasefire AND talks'.")],
    first: From,
    last: To,
    limit: Annotated[int, typer.Option(min=1, help="Articles shown: the newest.")] = 20,
    archive: Archive = None,
    cache: Cache = None,
    config: Config = "",
    as_json: Json = False,
) -> None:
    """Look for a query in the archive; the newest articles come first. Exit 0: found. 1: not found. 2: it is wrong.

    An article that changed is shown once, as it was last when it matched. --json: one object a line.
    """
    rules = rules_of_query(query, config)
    with in_plain_words():
        days = days_of(first, last)
        scan = Scan(open_files(archive, cache), [rules])
        warn_of_whole_reading(rules)
        without: list[date] = []
        articles, count = newest(_matched(scan, days, without), limit)
        if not is_anything_there(scan, days, without):
            raise typer.Exit(1)
        if as_json:
            for article in articles:
                print(json.dumps(_as_json(article), ensure_ascii=False))
        else:
            _show(
                articles, f"{number(count, 'article', 'articles')} of {scan.articles:,}, {days[0]} to {days[-1]}", count
            )
    raise typer.Exit(0 if articles else 1)


def _matched(scan: Scan, days: list[date], without: list[date]) -> Iterator[Matched]:
    """From the last day to the first. Notes in `without` the days that hold no article."""
    for day in with_progress(days[::-1], "searching"):
        before = scan.articles
        yield from scan.of_day(day)
        if scan.articles == before:
            without.append(day)


def _show(articles: list[Found], headline: str, count: int) -> None:
    """For people. What came from the pages is shown as text, never as markup."""
    console = Console()
    for article in articles:
        when = f"{article.published:%Y-%m-%d %H:%M}" if article.published else f"{article.day} (no date)"
        console.print(Text(clean(article.title, 200) or "(no title)", style="bold"), soft_wrap=True)
        facts = f"  {when} · {clean(article.publisher, 80)} · score {article.score}"
        console.print(Text(facts, style="dim"), soft_wrap=True)
        if article.sentence:
            console.print(Text("  ").append_text(marked(article.sentence)), soft_wrap=True)
        console.print(Text(f"  {clean(article.url, 2_000)}"), soft_wrap=True)
    more = f"; the newest {len(articles)} are shown, --limit says how many" if count > len(articles) else ""
    console.print(Text(f"{headline}{more}"), soft_wrap=True)


def _as_json(article: Found) -> dict[str, Any]:
    return {
        "article_id": article.article_id,
        "day": str(article.day),
        "title": article.title,
        "publisher": article.publisher,
        "published": article.published.isoformat() if article.published else None,
        "language": article.language,
        "url": article.url,
        "score": article.score,
        "words": article.words,
        "sentence": sentence_json(article.sentence),
    }


def sentence_json(sentence: Excerpt | None) -> dict[str, Any] | None:
    return sentence.model_dump() if sentence else None
