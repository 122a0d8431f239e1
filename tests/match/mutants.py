"""`make mutants`: the rule engine broken on purpose, one small way at a time, and which test notices first.

Each mutant is one change of one text in a copy of the tree; the tests of the language run on the copy until one fails.
`python -m tests.match.mutants "case counts"` seeds that one alone. Exit 1 where a mutant lives, or where the copy fails
without any.
"""

import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import NamedTuple

PROJECT = Path(__file__).parents[2]
ENGINE = Path("include/wirewatch/match")
# the properties first: what they catch needs no example that somebody thought of
TESTS = [f"tests/match/test_{name}.py" for name in ("properties", "pushdown", "plain", "unicode", "language")]


class Mutant(NamedTuple):
    """What is broken; and in which module what is replaced by what."""

    what: str
    module: str
    text: str
    by: str


MUTANTS = [
    Mutant("the presearch drops an OR's later words", "presearch.py", "either += words", "either = either or [*words]"),
    Mutant("the presearch drops rules without a word", "presearch.py", "set(self.always)", "set()"),
    Mutant(
        "the archive is asked for all of an OR",
        "pushdown.py",
        "return frozenset().union(",
        "return frozenset.intersection(",
    ),
    Mutant("the archive is asked for one key of a word", "pushdown.py", "for key in keys:", "for key in keys[:1]:"),
    Mutant("NEAR reaches one word too far", "evaluate.py", "span[1] + 1 + distance", "span[1] + 2 + distance"),
    Mutant("ONEAR takes either order", "evaluate.py", "after=not node.ordered", "after=True"),
    Mutant(
        "a phrase reaches from title into body", "text.py", "len(document.title) + APART", "len(document.title.split())"
    ),
    Mutant(
        "a phrase with ~n takes one word more", "text.py", "(term.words) + term.slop", "(term.words) + term.slop + 1"
    ),
    Mutant("ATLEAST counts what overlaps", "evaluate.py", "if first > end:", "if first >= end:"),
    Mutant("SAME looks at all sentences", "evaluate.py", "set.intersection(", "set.union("),
    Mutant("? stands for any letters", "nodes.py", '"?": _LETTER,', '"?": ".*",'),
    Mutant("* stands for at least one letter", "vocabulary.py", "len(form) >= length", "len(form) > length"),
    Mutant("a word within an apostrophe is lost", "forms.py", 'form.split("\'")', "()"),
    Mutant("hits begin a letter late", "field.py", "+ chunk if chunk else 0", "+ chunk + 1 if chunk else 0"),
    Mutant("hits that overlap stay apart", "engine.py", "places[at][0] < end:", "places[at][0] < start:"),
    Mutant("case counts", "vocabulary.py", "bare.lower()", "bare"),
    Mutant("vowel points count", "fold.py", '_DROP_POINTS.sub("", word)', "word"),
    Mutant("full-width letters are other letters", "fold.py", 'normalize("NFKC", _DROP', 'normalize("NFC", _DROP'),
    Mutant("the lead is a word longer", "text.py", "LEAD_WORDS = 60", "LEAD_WORDS = 61"),
    Mutant("NOT is read as nothing", "plain.py", "Not(node, self.negated_at)", "node"),
    Mutant("a tree prints without parentheses", "nodes.py", "isinstance(node, And | Or) else", "False else"),
]


def main(only: list[str]) -> int:
    survivors = 0
    with tempfile.TemporaryDirectory() as place:
        copy = Path(place)
        for part in ("include", "tests"):
            shutil.copytree(PROJECT / part, copy / part, ignore=shutil.ignore_patterns("__pycache__"))
        shutil.copy(PROJECT / "pyproject.toml", copy)
        if noticed := first_failure(copy):
            print(f"without any mutant, {noticed} fails")
            return 1
        for mutant in (mutant for mutant in MUTANTS if not only or mutant.what in only):
            path = copy / ENGINE / mutant.module
            source = path.read_text()
            path.write_text(source.replace(mutant.text, mutant.by))
            noticed = first_failure(copy)
            path.write_text(source)
            survivors += not noticed
            print(f"{mutant.what:42} {noticed or 'LIVES'}", flush=True)
    return 1 if survivors else 0


def first_failure(copy: Path) -> str:
    """The name of the first test that fails; "" where all pass."""
    command = [sys.executable, "-m", "pytest", "-x", "-q", "--no-header", "-p", "no:cacheprovider", *TESTS]
    done = subprocess.run(command, cwd=copy, capture_output=True, text=True, check=False)
    if done.returncode == 0:
        return ""
    found = re.search(r"^(?:FAILED|ERROR) tests/match/(\S+)", done.stdout, re.MULTILINE)
    return found[1] if found else f"pytest itself: {done.stdout[-300:]}"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
