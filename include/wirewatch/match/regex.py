"""Regular expressions of queries: RE2's, with \\w, \\d and \\s for every script, bounded in size.

In: what stands between the slashes. Out: a compiled pattern, linear in the text. RE2's \\w, \\d, \\s and \\b are ASCII.
The first three are written out as Unicode classes; \\b cannot be, for RE2 never looks back, so it is refused beside
letters that it would take for none.
"""

import re
from functools import lru_cache, partial
from typing import Any

import re2  # google-re2: linear time whatever the pattern

# What a pattern of instructions costs on a text of 24 KB that was made for it: 0.6 s for 8,000, 2 s for 27,000.
MOST_INSTRUCTIONS = 20_000
# For RE2's learning while it searches: with half of it, \w{1,10} took 80 times as long on Russian text.
_MEMORY = 2 << 20
_CLASSES = {"w": r"\pL\pM\pN_", "d": r"\p{Nd}", "s": r"\t\n\v\f\r\x{85}\pZ"}
_LITERAL = re.compile(r"\\Q.*?(?:\\E|\Z)", re.DOTALL)
_BRACKETS = re.compile(r"\[\^?\]?(?:\[:\^?\w+:\]|\\.|[^\]\\])*\]?", re.DOTALL)
_ESCAPE = re.compile(r"\\(.)", re.DOTALL)
_TOKEN = re.compile(rf"{_LITERAL.pattern}|{_BRACKETS.pattern}|\\.|[^\\\[]+|.", re.DOTALL)


class RegexError(ValueError):
    """It is not taken. offset: code points from its beginning, -1: the whole; hint: what to write instead."""

    def __init__(self, offset: int, message: str, hint: str = "") -> None:
        self.offset, self.hint = offset, hint
        super().__init__(message)


@lru_cache(maxsize=256)  # RE2 learns while it searches: a pattern of an article before is ten times as fast
def compile_regex(source: str) -> Any:
    """Case-insensitive unless it says (?-i). Raises RegexError."""
    options = re2.Options()
    options.case_sensitive = False
    options.log_errors = False
    options.max_mem = _MEMORY
    try:
        pattern = re2.compile(for_every_script(source), options)
    except (re2.error, UnicodeEncodeError) as error:
        reason = error.args[0].decode() if isinstance(error.args[0], bytes) else str(error)
        raise RegexError(-1, f"not a regular expression of RE2: {reason}") from None
    if pattern.programsize > MOST_INSTRUCTIONS:
        raise RegexError(-1, "not a regular expression of RE2: pattern too large", "smaller numbers in { }, or a term")
    return pattern


def for_every_script(source: str) -> str:
    """The expression with Unicode classes in place of those that are ASCII in RE2. Raises RegexError."""
    parts = []
    for token in _TOKEN.finditer(source):
        text = token[0]
        if text.startswith("["):
            text = _ESCAPE.sub(partial(_in_brackets, token.start()), text)
        elif text[:1] == "\\" and len(text) == 2:
            if text[1] in "bB" and not source.isascii():
                hint = r"write (?:^|\W) before a word, (?:\W|$) behind it, or a term such as санкци*"
                raise RegexError(token.start(), f"{text} knows ASCII letters only", hint)
            text = _alone(text)
        parts.append(text)
    return "".join(parts)


def _alone(escape: str) -> str:
    members = _CLASSES.get(escape[1].lower())
    if members is None:
        return escape
    return f"[{'^' if escape[1].isupper() else ''}{members}]"


def _in_brackets(at: int, escape: re.Match[str]) -> str:
    name = escape[1]
    if name == "D":
        return r"\P{Nd}"
    if name in "WS":
        hint = rf"write \{name} outside of the brackets, or [^\{name.lower()}…]"
        raise RegexError(at + escape.start(), rf"\{name} inside of brackets", hint)
    return _CLASSES.get(name, escape[0])
