"""The rules of a deployment, matched against documents: the one entry point of pipeline, command line and tests."""

import hashlib
import json
from collections.abc import Iterable, Sequence
from functools import lru_cache

from include.wirewatch.config.rules import Rule, RulesFile
from include.wirewatch.config.yaml_file import Loaded
from include.wirewatch.errors import ConfigError
from include.wirewatch.gc_pause import gc_paused
from include.wirewatch.match.compile import CompiledRule, Lists, Problem, RuleErrors, compile_all, text_of
from include.wirewatch.match.evaluate import find
from include.wirewatch.match.presearch import Presearch
from include.wirewatch.match.score import score
from include.wirewatch.match.text import Document, Span, Text
from include.wirewatch.models import Hit, RuleMatch

ENGINE = 3  # another number when equal rules may answer differently: it is part of RuleSet.id


class RuleSet:
    """Compiled rules.

    id: 12 hexadecimal digits; equal for equal rules, different as soon as one could answer differently.
    """

    def __init__(self, rules: Sequence[CompiledRule]) -> None:
        self.rules = tuple(rules)
        self.id = _identity(self.rules)
        self._presearch = Presearch([compiled.tree for compiled in self.rules])

    def match(self, document: Document, keys: Iterable[str] | None = None) -> tuple[RuleMatch, ...]:
        """Every rule that the document satisfies, in the order of the file.

        keys: where an index knows them, those of the queries' words that the document has; the answer is the same.
        """
        text = Text(document, self._presearch.vocabulary)
        candidates = self._presearch.candidates(text) if keys is None else self._presearch.called_for(keys)
        found = []
        for number in candidates:
            rule, tree = self.rules[number]
            if rule.languages and not speaks(rule, document.lang):
                continue
            spans = find(tree, text)
            if spans is not None:
                found.append(rule_match(rule, text, spans))
        return tuple(found)


def compile_rules(file: RulesFile) -> RuleSet:
    """Raises RuleErrors with every mistake of the file."""
    with gc_paused():
        return RuleSet(compile_all(file))


@lru_cache(maxsize=2)
def load_rules(loaded: Loaded[RulesFile]) -> RuleSet:
    """The same for a file that was read, compiled once. Raises ConfigError with FILE:LINE:COL of every mistake."""
    try:
        return compile_rules(loaded.value)
    except RuleErrors as error:
        raise ConfigError([located(loaded, problem) for problem in error.problems]) from None


def located(loaded: Loaded[RulesFile], problem: Problem) -> str:
    """FILE:LINE:COL: message."""
    path, offset, message = problem
    if offset is None:
        return loaded.places.problem(path, message)
    return loaded.places.text_problem(path, offset, message, text_of(loaded.value, path))


def speaks(rule: Rule, lang: str) -> bool:
    """May the rule match in this language? An article whose language is not known is not held back."""
    own = lang.replace("_", "-").split("-")[0].lower()
    return not rule.languages or not own or own in {item.split("-")[0].lower() for item in rule.languages}


def query_rules(query: str, file: RulesFile | None = None) -> RuleSet:
    """A set of one rule, named "query", that may use the lists of file. Raises QueryError."""
    tree = Lists(file or RulesFile.model_validate({"rules": ()})).tree_of(query)
    return RuleSet([CompiledRule(Rule.model_validate({"name": "query", "query": query}), tree)])


def rule_match(rule: Rule, text: Text, spans: list[Span]) -> RuleMatch:
    parts = score(text, spans)
    return RuleMatch.made(
        {
            "rule": rule.name,
            "severity": rule.severity,
            "tags": rule.tags,
            "score": sum(parts.values()),
            "score_parts": parts,
            "hits": tuple(_hits(text, spans)),
        }
    )


def _hits(text: Text, spans: list[Span]) -> list[Hit]:
    """The spans as hits in text order, title first. Overlapping ones are one, with the term of the first."""
    places = []
    for span in spans:
        start, end = text.offsets(span)
        places.append((start, -end, span[2].label))
    places.sort()
    hits: list[Hit] = []
    at = 0
    while at < len(places):
        start, minus_end, label = places[at]
        end = -minus_end
        at += 1
        while at < len(places) and places[at][0] < end:
            end = max(end, -places[at][1])
            at += 1
        field, first = text.field_of(start)
        last = first + end - start
        hit = {"field": field.name, "start": first, "end": last, "text": field.text[first:last], "term": label}
        hits.append(Hit.made(hit))
    return hits


def _identity(rules: Sequence[CompiledRule]) -> str:
    """What can change an answer: not owner, note or examples.

    A tree follows from its query; only where lists, their labels or dictionaries take part is it written out.
    """
    parts = [
        (
            rule.name,
            rule.query,
            repr(tree) if "@" in rule.query or rule.exclude or rule.lemma else "",
            rule.severity,
            rule.tags,
            rule.languages,
        )
        for rule, tree in rules
    ]
    return hashlib.sha256(json.dumps([ENGINE, parts]).encode()).hexdigest()[:12]
