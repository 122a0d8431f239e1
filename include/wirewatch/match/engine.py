"""The rules of a deployment, matched against documents: the one entry point of pipeline, command line and tests."""

import hashlib
import json
from collections.abc import Sequence
from typing import Any

from pydantic import TypeAdapter

from include.wirewatch.config.rules import Rule, RulesFile
from include.wirewatch.config.yaml_file import Loaded
from include.wirewatch.errors import ConfigError
from include.wirewatch.match.compile import CompiledRule, Lists, Problem, RuleErrors, check_tree, compile_all
from include.wirewatch.match.evaluate import Finder, Span
from include.wirewatch.match.evaluate import finder as make_finder
from include.wirewatch.match.nodes import Term
from include.wirewatch.match.parse import parse
from include.wirewatch.match.presearch import Presearch
from include.wirewatch.match.score import score
from include.wirewatch.match.text import Document, Text
from include.wirewatch.models import RuleMatch

_MATCHES = TypeAdapter(tuple[RuleMatch, ...])
ENGINE = 1  # another number when equal rules may answer differently: it is part of RuleSet.id


class RuleSet:
    """Compiled rules.

    id: 12 hexadecimal digits; equal for equal rules, different as soon as one could answer differently.
    """

    def __init__(self, rules: Sequence[CompiledRule]) -> None:
        self.rules = tuple(rules)
        self.id = _identity(self.rules)
        self._presearch = Presearch([compiled.tree for compiled in self.rules])
        self._finders: dict[int, Finder] = {}  # made when first asked for: most rules of many never are

    def match(self, document: Document) -> tuple[RuleMatch, ...]:
        """Every rule that the document satisfies, in the order of the file."""
        text = Text(document)
        found = []
        for number in self._presearch.candidates(text.forms):
            rule, tree = self.rules[number]
            if rule.languages and not speaks(rule, document.lang):
                continue
            finder = self._finders.get(number)
            if finder is None:
                finder = self._finders[number] = make_finder(tree)
            spans = finder(text)
            if spans is not None:
                found.append(_match(rule, text, spans))
        # one call for all, not one through Python for each match and each hit
        return _MATCHES.validate_python(found) if found else ()


def compile_rules(file: RulesFile) -> RuleSet:
    """Raises RuleErrors with every mistake of the file."""
    return RuleSet(compile_all(file))


def load_rules(loaded: Loaded[RulesFile]) -> RuleSet:
    """The same for a file that was read. Raises ConfigError with FILE:LINE:COL of every mistake."""
    try:
        return compile_rules(loaded.value)
    except RuleErrors as error:
        raise ConfigError([located(loaded, problem) for problem in error.problems]) from None


def located(loaded: Loaded[RulesFile], problem: Problem) -> str:
    """FILE:LINE:COL: message."""
    path, offset, message = problem
    if offset is None:
        return loaded.places.problem(path, message)
    return loaded.places.text_problem(path, offset, message)


def speaks(rule: Rule, lang: str) -> bool:
    """May the rule match in this language? An article whose language is not known is not held back."""
    own = lang.replace("_", "-").split("-")[0].lower()
    return not rule.languages or not own or own in {item.split("-")[0].lower() for item in rule.languages}


def query_rules(query: str, file: RulesFile | None = None) -> RuleSet:
    """A set of one rule, named "query", that may use the lists of file. Raises QueryError."""
    tree = Lists(file or RulesFile.model_validate({"rules": ()})).resolve(parse(query), ())
    check_tree(tree)
    return RuleSet([CompiledRule(Rule.model_validate({"name": "query", "query": query}), tree)])


def rule_match(rule: Rule, text: Text, spans: list[Span]) -> RuleMatch:
    return RuleMatch.model_validate(_match(rule, text, spans))


def _match(rule: Rule, text: Text, spans: list[Span]) -> dict[str, Any]:
    """What a RuleMatch is made of."""
    parts = score(text, spans)
    return {
        "rule": rule.name,
        "severity": rule.severity,
        "tags": rule.tags,
        "score": sum(parts.values()),
        "score_parts": parts,
        "hits": merged(text, spans),
    }


def merged(text: Text, spans: list[Span]) -> list[dict[str, Any]]:
    """The spans as hits in text order, title first. Overlapping ones are one, with the term of the first."""
    fields = text.fields
    places: list[tuple[int, int, int, str]] = []
    for number, start, end, leaf in spans:
        if isinstance(leaf, Term):
            start, end = fields[number].offsets(leaf, start, end)
        places.append((number, start, -end, leaf.label))
    places.sort()
    hits: list[dict[str, Any]] = []
    last, last_end = -1, 0
    for number, start, minus_end, label in places:
        if number == last and start < last_end:
            last_end = max(last_end, -minus_end)
            hits[-1]["end"] = last_end
            hits[-1]["text"] = fields[number].text[hits[-1]["start"] : last_end]
        else:
            last, last_end = number, -minus_end
            field = fields[number]
            found = field.text[start:last_end]
            hits.append({"field": field.name, "start": start, "end": last_end, "text": found, "term": label})
    return hits


def _identity(rules: Sequence[CompiledRule]) -> str:
    """What can change an answer: not owner, note or examples. The tree holds the lists, as text and in its labels."""
    parts = [(rule.name, rule.query, repr(tree), rule.severity, rule.tags, rule.languages) for rule, tree in rules]
    return hashlib.sha256(json.dumps([ENGINE, parts]).encode()).hexdigest()[:12]
