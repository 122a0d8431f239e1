"""reprocess: what is stored of one day through today's extractor and today's rules. No publisher is asked.

    extract_again   (from: raw) raw batches without a clean copy by today's extractor → one, which counts from then on
    match_again     the day's articles × the rules → backfills/<label>/matches/dt=…/<rules>.jsonl.zst
    tell_again      these → the backfill's summary, see backfill.py

Quiet: nobody is alerted, and nothing is written to matches/ or delivery/. Any of them may be run again at any time.
"""

import logging
from collections.abc import Collection, Iterable, Mapping
from datetime import date
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from include.wirewatch import archive
from include.wirewatch.archive import BatchKey
from include.wirewatch.errors import PermanentError, WirewatchError
from include.wirewatch.extract import EXTRACTOR
from include.wirewatch.match import RuleSet, compile_rules, load_rules
from include.wirewatch.models import Batch
from include.wirewatch.runs import Run
from include.wirewatch.stages.backfill import begin, tell
from include.wirewatch.stages.extract import extract_all, write_clean
from include.wirewatch.stages.judge import document_of, quiet_row
from include.wirewatch.stages.report import last_words
from include.wirewatch.stages.services import Services, Summary, summary_line

log = logging.getLogger(__name__)
Names = Annotated[frozenset[str], Field(strict=False)]


class ReprocessError(WirewatchError):
    """Some batches could not be extracted again; the others are, and the day's matches wait for all of them."""


class Choice(BaseModel):
    """What a run is to do. origin: written `from`. rules, sources: names; empty: all of them."""

    model_config = ConfigDict(frozen=True, strict=True)

    origin: Literal["raw", "clean"] = Field("clean", alias="from")
    rules: Names = frozenset()
    sources: Names = frozenset()


def extract_again(services: Services, run: Run, params: Mapping[str, Any], *, is_asked: bool = True) -> Summary:
    """Extract again what of the day has no clean copy by today's extractor; of `sources`, if any are named.

    A batch that holds one of them is extracted whole, for its new copy takes the place of the old one.
    is_asked: False for a run that only the timetable has made; it does nothing, and {} says so.

    Raises:
        PermanentError: the conf or a parameter is not what it may be.
        ReprocessError: after all others, naming the batches that failed.
    """
    if not is_asked:
        log.info("reprocess.skipped: nobody asked for this run; start a backfill of this DAG, or trigger it")
        return {}
    run, choice = quiet_run(run), choice_of(services, params)
    begin(services, run)
    raw = _committed(services, run.dt)
    copies = archive.newest_copies(services.store.list(f"clean/dt={run.dt}/"))
    summary: Summary = {"from": choice.origin, "batches": len(raw)}
    if choice.origin == "raw":
        due = [key for key in raw if copies.get(key) != key.clean(EXTRACTOR)]
        summary |= _extract_raw(services, choice, due)
    else:
        summary |= _not_extracted(key for key in raw if key not in copies)
    log.info(summary_line("reprocess.extracted", summary))
    return summary


def match_again(services: Services, run: Run, params: Mapping[str, Any]) -> Summary:
    """Match the day's current articles, those of `sources` if any are named, with the rules, or those that are named.

    Raises:
        PermanentError: as above.
        ConfigError: rules.yaml is wrong.
    """
    run, choice = quiet_run(run), choice_of(services, params)
    rules = _rules_of(services, choice.rules)
    day = archive.clean_day(services.store, date.fromisoformat(run.dt))
    articles, rows = 0, []
    for article in archive.read_day(services.store, day):
        if not choice.sources or article.source in choice.sources:
            articles += 1
            if found := rules.match(document_of(article)):
                rows.append(quiet_row(article, found))
    key = f"backfills/{run.label}/matches/dt={run.dt}/{rules.id}.jsonl.zst"
    archive.write_matches(services.store, key, rows)
    summary: Summary = {"matches": key, "articles": articles, "matched": len(rows)}
    log.info(summary_line("reprocess.matched", summary))
    return summary


def tell_again(services: Services, run: Run, matches_key: str) -> Summary:
    """The day is done: every receiver's summary says so, and what was found."""
    return tell(services, quiet_run(run), archive.read_matches(services.store, matches_key))


def quiet_run(run: Run) -> Run:
    """The run as a quiet one, whatever started it. Pure.

    Raises:
        PermanentError: its conf asks for what this DAG never does.
    """
    if run.asked.alert:
        raise PermanentError(
            "the run's conf: backfill.alert: reprocess_archive alerts nobody, for what it reads was judged when it "
            "came; leave it out and read the summary"
        )
    if run.asked.refetch:
        raise PermanentError("the run's conf: backfill.refetch: reprocess_archive asks no publisher; leave it out")
    return run._replace(quiet=True)


def choice_of(services: Services, params: Mapping[str, Any]) -> Choice:
    """The DAG's parameters, checked. Raises PermanentError that lists what is known."""
    try:
        choice = Choice.model_validate({name: params[name] for name in ("from", "rules", "sources") if name in params})
    except ValidationError as error:
        problems = [f"{'.'.join(map(str, one['loc']))}: {one['msg']}, got {one['input']!r}" for one in error.errors()]
        raise PermanentError(f"the run's parameters: {'; '.join(problems)}") from None
    if choice.rules:
        _require("rules", choice.rules, [rule.name for rule in services.config.rules().value.rules if rule.enabled])
    if choice.sources:
        _require("sources", choice.sources, [source.name for source in services.config.sources().value.sources])
    return choice


def _require(what: str, asked: Collection[str], known: Iterable[str]) -> None:
    names = sorted(known)
    if unknown := sorted(set(asked) - set(names)):
        raise PermanentError(
            f"the run's parameters: {what}: unknown {', '.join(unknown)}; known are {', '.join(names)}"
        )


def _rules_of(services: Services, names: Collection[str]) -> RuleSet:
    """All rules of rules.yaml must be right, though only some are asked for."""
    loaded = services.config.rules()
    rules = load_rules(loaded)
    if not names:
        return rules
    chosen = tuple(rule for rule in loaded.value.rules if rule.name in names)
    return compile_rules(loaded.value.model_copy(update={"rules": chosen}))


def _committed(services: Services, dt: str) -> list[BatchKey]:
    return [BatchKey.parse(item.key) for item in services.store.list(f"raw/dt={dt}/") if item.key.endswith(".json")]


def _extract_raw(services: Services, choice: Choice, keys: Iterable[BatchKey]) -> Summary:
    """Extract the batches of these keys that hold any of the sources."""
    due = (archive.read_batch(services.store, key) for key in keys)
    wanted = (batch for batch in due if not choice.sources or not choice.sources.isdisjoint(_sources_of(batch)))
    done = 0
    failed: dict[str, str] = {}
    for extracted in extract_all(services, wanted):
        try:
            if extracted.error is not None:
                raise extracted.error
            write_clean(services, extracted)
            done += 1
        except Exception as error:
            record = BatchKey(extracted.batch.dt, extracted.batch.batch).record
            log.exception("reprocess.failed batch=%s", record)
            failed[record] = last_words(error)
    if failed:
        raise ReprocessError(
            "could not extract again " + "; ".join(f"{record}: {why}" for record, why in failed.items())
        )
    return {"extracted": done}


def _sources_of(batch: Batch) -> set[str]:
    return {item.entry.source for item in batch.items}


def _not_extracted(keys: Iterable[BatchKey]) -> Summary:
    """Batches that no run has extracted yet: not read here, but said."""
    names = sorted(key.batch for key in keys)
    for name in names:
        log.warning("reprocess.not_extracted batch=%s: it has no clean copy yet; from: raw makes one", name)
    return {"not_extracted": len(names)}
