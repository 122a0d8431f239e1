"""Match articles against analysts' rules.

In: rules.yaml and a document. Out: which rules it satisfies, every hit with its place in the text, and a score.
parse → lists resolved → words found once per article → presearch → evaluate → score → excerpts.
The language is described in docs/rules.md. No I/O: equal rules and texts give equal answers.
"""

from include.wirewatch.match.compile import Problem, RuleErrors, text_of, warnings
from include.wirewatch.match.engine import RuleSet, compile_rules, load_rules, located, query_rules
from include.wirewatch.match.examples import check_examples
from include.wirewatch.match.excerpts import excerpts
from include.wirewatch.match.explain import Explanation, explain
from include.wirewatch.match.nodes import QueryError
from include.wirewatch.match.parse import parse
from include.wirewatch.match.text import Document
from include.wirewatch.match.wide import wide_wildcards

__all__ = [
    "Document",
    "Explanation",
    "Problem",
    "QueryError",
    "RuleErrors",
    "RuleSet",
    "check_examples",
    "compile_rules",
    "excerpts",
    "explain",
    "load_rules",
    "located",
    "parse",
    "query_rules",
    "text_of",
    "warnings",
    "wide_wildcards",
]
