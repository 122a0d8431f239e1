"""The rules of a deployment, matched against documents: the one entry point of pipeline, command line and tests."""

import hashlib
import json
from collections.abc import Sequence

from include.wirewatch.config.rules import Rule, RulesFile
from include.wirewatch.config.yaml_file import Loaded
from include.wirewatch.errors import ConfigError
from include.wirewatch.match.compile import CompiledRule, Lists, Problem, RuleErrors, check_tree, compile_all
from include.wirewatch.match.evaluate import Span, find
from include.wirewatch.match.nodes import Term
from include.wirewatch.match.parse import parse
from include.wirewatch.match.presearch import Presearch
from include.wirewatch.match.score import score
from include.wirewatch.match.text import Document, Text
from include.wirewatch.models import Hit, RuleMatch

ENGINE = 1  # another number when equal rules may answer differently: it is part of RuleSet.id


class RuleSet:
    """Compiled rules.

    id: 12 hexadecimal digits; equal for equal rules, different as soon as one could answer differently.
    """

    def __init__(self, rules: Sequence[CompiledRule]) -> None:
        self.rules = tuple(rules)
        self.id = _identity(self.rules)
        self._presearch = Presearch([compiled.tree for compiled in self.rules])

    def match(self, document: Document) -> tuple[RuleMatch, ...]:
        """Every rule that the document satisfies, in the order of the file."""
        text = Text(document)
        found = []
        for number in self._presearch.candidates(text.forms):
            rule, tree = self.rules[number]
            if speaks(rule, document.lang) and (spans := find(tree, text)) is not None:
                found.append(rule_match(rule, text, spans))
        return tuple(found)


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
    parts = score(text, spans)
    return RuleMatch(
        rule=rule.name,
        severity=rule.severity,
        tags=rule.tags,
        score=sum(parts.values()),
        score_parts=parts,
        hits=merged(text, spans),
    )


def merged(text: Text, spans: list[Span]) -> tuple[Hit, ...]:
    """The spans as hits in text order, title first. Overlapping ones are one, with the term of the first."""
    places: list[tuple[int, int, int, str]] = []
    for span in spans:
        start, end = span.first, span.last
        if isinstance(span.leaf, Term):
            start, end = text.fields[span.field].offsets(span.leaf, span.first, span.last)
        places.append((span.field, start, -end, span.leaf.label))
    hits: list[tuple[int, int, int, str]] = []
    for number, start, minus_end, label in sorted(places):
        if hits and hits[-1][0] == number and start < hits[-1][2]:
            hits[-1] = (number, hits[-1][1], max(hits[-1][2], -minus_end), hits[-1][3])
        else:
            hits.append((number, start, -minus_end, label))
    fields = text.fields
    return tuple(
        Hit(field=fields[n].name, start=start, end=end, text=fields[n].text[start:end], term=label)
        for n, start, end, label in hits
    )


def _identity(rules: Sequence[CompiledRule]) -> str:
    """What can change an answer: not owner, note or examples. The tree holds the lists, as text and in its labels."""
    parts = [(rule.name, rule.query, repr(tree), rule.severity, rule.tags, rule.languages) for rule, tree in rules]
    return hashlib.sha256(json.dumps([ENGINE, parts]).encode()).hexdigest()[:12]
