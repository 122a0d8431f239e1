"""The articles of a day that rules match, each once, as archive.read_day has them and as the live run would match them.

Which articles of a compacted file may match, its words say (archive/words.py, match/pushdown.py), and DuckDB reads no
others of it; the batches that are not compacted yet are read whole. RuleSet.match decides on each. A file whose words
were folded in another way than today is read whole, too.
"""

import sqlite3
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date
from functools import cached_property
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from include.wirewatch import archive
from include.wirewatch.archive import CleanDay, article_of_row
from include.wirewatch.archive.days import NEVER, Rank
from include.wirewatch.archive.parquet import FETCH_ROWS, FORMAT, Row, connect, signature_of_row
from include.wirewatch.archive.words import rows_with, words_in
from include.wirewatch.errors import StoreError
from include.wirewatch.match import RuleSet
from include.wirewatch.match.pushdown import Pushdown, needed, needed_by_one
from include.wirewatch.models import Article, RuleMatch
from include.wirewatch.retro.files import ArchiveFiles
from include.wirewatch.stages.judge import document_of

if TYPE_CHECKING:
    import duckdb

READERS = 8
_OF_THESE = "file_row_number IN (SELECT unnest(?))"
Verdicts = tuple[tuple[RuleMatch, ...], ...]  # of each rule set, in their order


class Matched(NamedTuple):
    """An article that a rule of one of the rule sets matches. signature: None where the archive has none yet."""

    day: date
    article: Article
    verdicts: Verdicts
    signature: str | None = None


class Scan:
    """Rule sets over days of the archive. articles, judged: how many there were so far, and how many were read."""

    def __init__(self, files: ArchiveFiles, rule_sets: Sequence[RuleSet], *, push_down: bool = True) -> None:
        self._files = files
        self._match = _matcher(rule_sets)
        trees = [rule.tree for rules in rule_sets for rule in rules.rules]
        condition = needed_by_one(trees) if push_down else None
        self._pushdown = Pushdown(condition) if condition else None
        self.articles = self.judged = 0

    def of_day(self, day: date) -> Iterator[Matched]:
        """Raises StoreError where a file of the archive cannot be read."""
        found = archive.clean_day(self._files.store, day)
        latest: dict[str, Rank] = {}
        matched: list[tuple[Row, Verdicts]] = []  # of the batches: few, and their latest versions are not known yet
        for row in self._of_batches(found.batches):
            name = row.article.article_id
            latest[name] = max(latest.get(name, Rank.of(row)), Rank.of(row))
            if any(verdicts := self._match(row.article, None)):
                matched.append((row, verdicts))
        self.judged += len(latest)
        if found.parquet:
            yield from self._of_parquet(found, latest)
        self.articles += len(latest)
        for row, verdicts in matched:
            if latest.get(row.article.article_id) == Rank.of(row):
                del latest[row.article.article_id]
                yield Matched(day, row.article, verdicts)

    def _of_parquet(self, found: CleanDay, latest: dict[str, Rank]) -> Iterator[Matched]:
        """Enters in `latest` what the file has later than the batches."""
        import duckdb  # here: not for who reads batches alone

        path = self._files.path_of(found.parquet)
        words = self._files.path_of(found.words) if self._pushdown and found.is_indexed else None
        try:
            file = _Compacted(self._database.cursor(), path, found)
            in_both = file.ranks(list(latest))
            self.articles += file.size() - len(in_both)
            for name, rank in in_both:
                latest[name] = max(latest[name], rank)
            for row, keys in file.rows(self._candidates(words) if words else None):
                self.judged += 1
                rank = Rank.of(row)
                if latest.get(row.article.article_id, rank) == rank and any(verdicts := self._match(row.article, keys)):
                    yield Matched(found.day, row.article, verdicts, row.signature)
        except duckdb.Error as error:
            raise _damaged(path, str(error).partition("\n")[0]) from error

    def _candidates(self, words: Path) -> dict[int, set[str]]:
        """The rows of a compacted file that may match, with the keys of the words that each has."""
        assert self._pushdown
        try:
            asked = self._pushdown.asked_for(words_in(words))
            return self._pushdown.candidates(zip(asked.values(), rows_with(words, asked), strict=True))
        except sqlite3.Error as error:
            raise _damaged(words, str(error)) from error

    @cached_property
    def _database(self) -> "duckdb.DuckDBPyConnection":
        return connect()  # once: it takes 20 ms

    def _of_batches(self, keys: Sequence[str]) -> Iterator[Row]:
        waiting = iter(keys)
        pool = ThreadPoolExecutor(READERS)
        try:
            while chunk := list(islice(waiting, READERS)):
                read = pool.map(lambda key: archive.read_articles(self._files.store, key), chunk)
                for key, articles in zip(chunk, read, strict=True):
                    yield from (Row(key, article) for article in articles)
        finally:
            pool.shutdown(wait=False, cancel_futures=True)  # who interrupts does not wait for S3


def _damaged(path: Path, reason: str) -> StoreError:
    return StoreError(f"{path}: {reason}; if the file is damaged, delete it and fetch it again")


def read_whole(rules: RuleSet) -> list[str]:
    """The rules for whose sake every article is read: there is no word without which they cannot match."""
    return [rule.name for rule, tree in rules.rules if needed(tree) is None]


def _matcher(rule_sets: Sequence[RuleSet]) -> Callable[[Article, set[str] | None], Verdicts]:
    """Equal rule sets are asked once."""
    different = {rules.id: rules for rules in rule_sets}

    def match(article: Article, keys: set[str] | None) -> Verdicts:
        document = document_of(article)
        found = {name: rules.match(document, keys) for name, rules in different.items()}
        return tuple(found[rules.id] for rules in rule_sets)

    return match


class _Compacted(NamedTuple):
    """A day's compacted file, less the rows that do not count."""

    connection: "duckdb.DuckDBPyConnection"
    path: Path
    found: CleanDay

    def size(self) -> int:
        if self.found.is_indexed and not self.found.superseded:
            return self.found.articles
        (row,) = self._ask("SELECT count(*)", "true", []).fetchall()
        return int(row[0])

    def ranks(self, names: Sequence[str]) -> list[tuple[str, Rank]]:
        """Of those articles that the file has."""
        if not names:
            return []
        columns = "SELECT article_id, fetched_at, clean_key, entry_url"
        rows = self._ask(columns, "article_id IN (SELECT unnest(?))", [list(names)]).fetchall()
        return [(name, Rank(at.replace(tzinfo=UTC) if at else NEVER, *rest)) for name, at, *rest in rows]

    def rows(self, candidates: dict[int, set[str]] | None) -> Iterator[tuple[Row, set[str] | None]]:
        """The rows of these numbers, with what is known of each; or all."""
        wanted, numbers = ("true", []) if candidates is None else (_OF_THESE, [sorted(candidates)])
        answer = self._ask("SELECT * EXCLUDE (forms)", wanted, numbers)
        names = [column[0] for column in answer.description or ()]
        is_todays = self.found.format == FORMAT
        while chunk := answer.fetchmany(FETCH_ROWS):
            for fields in chunk:
                row = dict(zip(names, fields, strict=True))
                found = Row(row["clean_key"], article_of_row(row), signature_of_row(row) if is_todays else None)
                yield found, candidates[row["file_row_number"]] if candidates else None

    def _ask(self, select: str, condition: str, values: list[Any]) -> "duckdb.DuckDBPyConnection":
        counts = "clean_key NOT IN (SELECT unnest(?)) AND " if self.found.superseded else ""
        gone = [sorted(self.found.superseded)] if self.found.superseded else []
        sql = f"{select} FROM read_parquet(?, file_row_number = true) WHERE {counts}{condition}"
        return self.connection.execute(sql, [str(self.path), *gone, *values])
