"""Queries into tokens, left to right. Terms, fields and regular expressions leave here as nodes.

Raises QueryError at the character that is wrong; an unclosed thing at its opening.
"""

import re
from collections.abc import Iterator
from typing import Any

from lark import Token

from include.wirewatch.match.fold import UNSPACED, WORD, fold, fold_text, keep_case
from include.wirewatch.match.nodes import META_FIELDS, TEXT_FIELDS, ListRef, Node, QueryError, Regex, Term, Word
from include.wirewatch.match.regex import RegexError, compile_regex

MAX_QUERY = 50_000  # code points
MAX_DEPTH = 100  # parentheses
MAX_DISTANCE = 1000  # words
MAX_LOOSE = 100  # words of a phrase with ~n: each costs one look at all its places
QUOTES = '"\u201c\u201d\u201e\u201f\u00ab\u00bb\uff02'
_BARE = re.compile(rf"[^\s(){{}}:,~@{QUOTES}][^\s(){{}}:,~{QUOTES}]*")
_FIELD = re.compile(r"([^\W\d]\w*):")
_VALUE = re.compile(rf"[^\s(){QUOTES}]+")
_LIST = re.compile(r"@([a-z0-9][a-z0-9_-]*)?")
_SLOP = re.compile(r"~(\d*)")
_REGEX = re.compile(r"/((?:[^/\\\n]|\\.)*)/")
_OPERATOR = re.compile(r"(AND|OR|NOT)$|(NEAR|ONEAR|ATLEAST|SAME)(?:/(.*))?$", re.IGNORECASE)
# Signs as Chinese and Japanese keyboards write them: x NOT （a AND b） would else be read as x AND NOT a AND b.
FULLWIDTH = str.maketrans("（）：，｛｝", "():,{}")
_NO_SIGN = {"[": "write ( )", "]": "write ( )", "|": "write OR"}
_FOREIGN = {"&&": "AND", "&": "AND", "||": "OR", "|": "OR", "!": "NOT", "-": "NOT", "+": "AND"}


class Lexeme(Token):
    """A lark token with the node that it stands for, if it stands for one."""

    node: Any = None
    number: int = 0
    end: int = 0


class Lexer:
    """One query. Iterate once; unclosed holds the offsets of parentheses that are open."""

    def __init__(self, query: str) -> None:
        self.query = query.translate(FULLWIDTH)  # of equal length
        self._as_written = query
        self.unclosed: list[int] = []
        self._raw_groups: list[bool] = []  # True where the parentheses hold a metadata field's values
        self._wants_value = False
        self._field_name = ""  # the metadata field whose values are read
        if len(query) > MAX_QUERY:
            raise QueryError(MAX_QUERY, f"the query has {len(query)} characters, the limit is {MAX_QUERY}")

    def __iter__(self) -> Iterator[Lexeme]:
        at, query = 0, self.query
        while at < len(query):
            if query[at].isspace():
                at += 1
                continue
            token = self._next(at)
            yield token
            at = token.end

    def _next(self, at: int) -> Lexeme:
        char = self.query[at]
        if char in "()":
            return self._parenthesis(at, char)
        if self._wants_value or (self._raw_groups and self._raw_groups[-1]):
            return self._value(at)
        if char in QUOTES:
            return self._phrase(at)
        if char == "{":
            return self._exact(at)
        if char == "/":
            return self._regex(at)
        if char == "@":
            return self._list(at)
        if char == ",":
            return _lexeme("COMMA", ",", at)
        if found := _FIELD.match(self.query, at):
            return self._field(at, found)
        if char in "}~:":
            hint = {
                "~": 'it follows a phrase: "a b"~3',
                "}": "braces enclose exact case: {UN}",
                ":": "expected field:term",
            }
            raise QueryError(at, f"stray {char}", hint[char])
        return self._bare(at)

    def _parenthesis(self, at: int, char: str) -> Lexeme:
        if char == "(":
            self.unclosed.append(at)
            self._raw_groups.append(self._wants_value)
            self._wants_value = False
            if len(self.unclosed) > MAX_DEPTH:
                raise QueryError(at, f"more than {MAX_DEPTH} parentheses inside one another")
            return _lexeme("LPAR", char, at)
        if not self.unclosed:
            raise QueryError(at, ") without (")
        self.unclosed.pop()
        self._raw_groups.pop()
        self._wants_value = False
        return _lexeme("RPAR", char, at)

    def _quoted(self, at: int) -> tuple[str, int]:
        """What stands between the quotes, and the offset behind the closing one."""
        end = next((i for i in range(at + 1, len(self.query)) if self.query[i] in QUOTES), -1)
        if end < 0:
            raise QueryError(at, "unclosed quote", 'expected a closing " after the phrase')
        return self.query[at + 1 : end], end + 1

    def _phrase(self, at: int) -> Lexeme:
        text, end = self._quoted(at)
        if not text.strip():
            raise QueryError(at, "empty phrase", "expected words between the quotes")
        words = term_words(text, at + 1)
        slop = 0
        if found := _SLOP.match(self.query, end):
            slop, end = self._slop(found), found.end()
            if len(words) > MAX_LOOSE:
                raise QueryError(at, f"a phrase with ~ has at most {MAX_LOOSE} words, got {len(words)}")
        return _lexeme("TERM", self.query[at:end], at, Term(words, slop, at, self.query[at:end]))

    def _slop(self, found: re.Match[str]) -> int:
        if not found[1]:
            raise QueryError(found.start(), "~ needs a number of words", 'e.g. "a b"~3')
        return _bounded(found[1], found.start() + 1, "~")

    def _exact(self, at: int) -> Lexeme:
        end = self.query.find("}", at)
        if end < 0:
            raise QueryError(at, "unclosed {", "expected } after the word, e.g. {UN}")
        text = self.query[at + 1 : end]
        for offset, char in enumerate(text):
            if char in "*?":
                raise QueryError(at + 1 + offset, f"no {char} inside {{ }}", "braces mean exactly this spelling")
        words = [keep_case(word) for word in WORD.findall(text)]
        if not words:
            raise QueryError(at, "empty { }", "expected a word, e.g. {UN}")
        node = Term(tuple(Word(fold(word), word) for word in words), 0, at, self.query[at : end + 1])
        return _lexeme("TERM", self.query[at : end + 1], at, node)

    def _regex(self, at: int) -> Lexeme:
        found = _REGEX.match(self._as_written, at)
        if not found:
            raise QueryError(at, "unclosed /", "a regular expression ends with /; write \\/ for a slash in it")
        if not found[1]:
            raise QueryError(at, "empty regular expression")
        try:
            pattern = compile_regex(found[1])
        except RegexError as error:
            raise QueryError(at + 1 + error.offset, str(error), error.hint) from None
        if pattern.search("") is not None:
            raise QueryError(at, "the regular expression matches the empty text", "use + where it has *")
        return _lexeme("REGEX", found[0], at, Regex(found[1], at, found[0]))

    def _list(self, at: int) -> Lexeme:
        found = _LIST.match(self.query, at)
        assert found is not None
        if not found[1]:
            raise QueryError(at, "@ needs the name of a list", "lists are defined under `lists:` in rules.yaml")
        return _lexeme("LIST", found[0], at, ListRef(found[1], at))

    def _field(self, at: int, found: re.Match[str]) -> Lexeme:
        name = found[1]
        if name in META_FIELDS:
            self._wants_value, self._field_name = True, name
            return _lexeme("META", found[0], at)
        if name in TEXT_FIELDS:
            return _lexeme("FIELD", found[0], at)
        known = " ".join(f"{field}:" for field in (*TEXT_FIELDS, *META_FIELDS))
        near = f"did you mean {name.lower()}:?" if name.lower() in (*TEXT_FIELDS, *META_FIELDS) else f"known: {known}"
        raise QueryError(at, f"unknown field {name}:", f"{near}; a colon in a text needs quotes")

    def _value(self, at: int) -> Lexeme:
        self._wants_value = False
        if self.query[at] in QUOTES:
            value, end = self._quoted(at)
        else:
            found = _VALUE.match(self.query, at)
            assert found is not None
            value, end = found[0], found.end()
            if value in ("AND", "OR", "NOT"):
                return _lexeme(value, value, at)
            self._refuse_signs(value, at)
        if not fold_text(value):
            raise QueryError(at, "empty value", "expected a text between the quotes")
        return _lexeme("VALUE", self.query[at:end], at, fold_text(value))

    def _refuse_signs(self, value: str, at: int) -> None:
        """What looks like a wildcard or a list; an address may have commas."""
        for sign in "*" if self._field_name == "url" else "*,":
            if sign in value:
                name = self._field_name
                hint = {
                    "*": f"a value is compared {'as it stands' if name == 'url' else 'whole'}; in quotes it is a sign",
                    ",": f"several values are {name}:(a OR b); in quotes it is a sign",
                }
                raise QueryError(at + value.index(sign), f"{sign} in a value of {name}:", hint[sign])

    def _bare(self, at: int) -> Lexeme:
        found = _BARE.match(self.query, at)
        assert found is not None
        text = found[0]
        if operator := _OPERATOR.match(text):
            token = self._operator(at, text, operator)
            if token is not None:
                return token
        if text in _FOREIGN:
            raise QueryError(at, f"{text} is no operator here", f"write {_FOREIGN[text]}")
        if text[0] in "-+!" and WORD.search(text):
            raise QueryError(at, f"{text[0]} before a word means nothing here", f"write {_FOREIGN[text[0]]} {text[1:]}")
        for offset, char in enumerate(text):
            if char in _NO_SIGN:
                raise QueryError(
                    at + offset, f"{char} means nothing in a term", f"{_NO_SIGN[char]}, or quotes around it"
                )
        return _lexeme("TERM", text, at, Term(term_words(text, at), 0, at, text))

    def _operator(self, at: int, text: str, found: re.Match[str]) -> Lexeme | None:
        if found[1]:
            return _lexeme(text, text, at) if text.isupper() else None
        name, argument = found[2], found[3]
        if not name.isupper():
            if argument is None:
                return None
            raise QueryError(at, f"{name} is written in upper case", f"write {name.upper()}/{argument}")
        if name == "SAME":
            if argument != "sentence":
                raise QueryError(at, "SAME knows sentences only", "write SAME/sentence(a, b)")
            return _lexeme("SAME", text, at)
        if not argument:
            what = "a count, e.g. ATLEAST/3(a)" if name == "ATLEAST" else f"a distance, e.g. {name}/5"
            raise QueryError(at, f"{name} needs {what}", f'in quotes it is a word: "{name}"')
        token = _lexeme("ATLEAST" if name == "ATLEAST" else "NEAR", text, at)
        token.number = _bounded(argument, at + len(name) + 1, name)
        if name == "ATLEAST" and not token.number:
            raise QueryError(at, "ATLEAST/0 holds always", "write ATLEAST/1 or more")
        return token


def _lexeme(kind: str, text: str, at: int, node: Node | str | None = None) -> Lexeme:
    token = Lexeme(kind, text, start_pos=at)
    token.node, token.end = node, at + len(text)
    return token


def _bounded(digits: str, at: int, name: str) -> int:
    if not (digits.isascii() and digits.isdigit()):
        raise QueryError(at, f"{name} needs a number, got {digits!r}")
    if len(digits) > 6 or int(digits) > MAX_DISTANCE:
        raise QueryError(
            at, f"{name}: {digits[:20]} is more than {MAX_DISTANCE}", "write AND for anywhere in the article"
        )
    return int(digits)


# Wildcards are kept within the word that they touch; a word of an unspaced script cannot touch one.
_WILD = re.compile(rf"(?:{WORD.pattern}|[*?])+")


def term_words(text: str, at: int) -> tuple[Word, ...]:
    """The words of a term or phrase that starts at offset at, wildcards checked. Raises QueryError."""
    words: list[Word] = []
    for run in _WILD.finditer(text):
        words += _run_words(run[0], at + run.start())
    if not words:
        raise QueryError(at, f"nothing to look for in {text!r}", "expected letters or digits")
    return tuple(words)


def _run_words(run: str, at: int) -> list[Word]:
    """One run of word characters and wildcards: a word, or several where the script has no spaces."""
    if run.isascii() and run.isalnum():
        return [Word(run.lower())]  # as nearly all are: no wildcard, one word
    star = run.find("*")
    if star == 0:
        raise QueryError(at, "* cannot begin a word", "it stands at the end: sanction*")
    if 0 < star < len(run) - 1:
        raise QueryError(at + star, "* inside a word", "it stands at the end: sanction*; ? stands for one letter")
    plain = run.replace("*", "").replace("?", "")
    if not plain:
        raise QueryError(at, "? needs letters beside it", "e.g. organi?ation")
    if UNSPACED.search(run):
        if "?" in run:
            raise QueryError(at + run.index("?"), "? does not work in this script", "each character is a word there")
        *before, last = WORD.findall(plain)
        ends_in_letters = star > 0 and not UNSPACED.match(last)  # 停covid*
        own = _run_words(f"{last}*", at + star - len(last)) if ends_in_letters else [Word(fold(last))]
        return [*(Word(fold(word)) for word in before), *own]
    letters = len(fold(plain))
    if star > 0 and letters < 3:
        raise QueryError(at, f"* needs at least 3 letters before it, got {letters}")
    if "?" in run and letters < 2:
        raise QueryError(at, f"? needs at least 2 letters beside it, got {letters}")
    return [Word("".join(part if part in "*?" else fold(part) for part in re.split(r"([*?])", run)))]
