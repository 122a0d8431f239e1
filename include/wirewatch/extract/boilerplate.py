"""Drop the lines that extraction lets through although they are not the article's own.

Two kinds of evidence, and a line goes only for one of them:
- the page: the whole line is a link, or nearly so, as teasers are ("Read more: Ministers meet again in Harbour City");
- the words: the line opens or reads as a teaser, a call to subscribe or follow, a byline's contact, a cookie or rights
  notice does in some forty languages. Such rules apply to short lines only; a sentence of the article is longer.
A line that ends in a full stop is never dropped for being a link: publishers link whole sentences.
"""

import re
from typing import NamedTuple

from lxml.html import HtmlElement

from include.wirewatch.extract.phrases import CALLS, LABELS, NOTICE_HINTS, NOTICES, TEASERS

LINK_MIN, LINK_MAX = 20, 220
LINK_SHARE = 0.75
HEADLINE_WORDS = 4
PART_SHARE = 0.15
LINKS_IN_A_TAIL = 3
TEASERS_IN_A_BLOCK = 8
TEASER_LINE_MAX = 160
INLINE = {"a", "b", "strong", "em", "i", "u", "span", "small", "font", "mark", "cite", "q"}
STOPS = (".", "。", "।", "۔", '."', ".”", ".»", ".’")
END = r"(?:\s*[:：|>»→…]|\s+[-–—])"

TEASER = re.compile(rf"(?:{'|'.join(TEASERS)})(?:(?P<alone>[\s:：.…]*$)|{END})", re.I)
LABEL = re.compile(rf"(?:{'|'.join(LABELS)})\s*[:：]", re.I)
CALL = re.compile(rf"(?:{'|'.join(CALLS)})", re.I)
NOTICE = re.compile("|".join(NOTICES), re.I)
TEASER_MAX, CALL_MAX, LABEL_MAX, NOTICE_MAX = 200, 200, 150, 420
DECORATION = re.compile(r"^[\s\-–—•·*|>»▶►→[(#_]+")
HOST = re.compile(r"(?:https?:)?//(?:[^/?#@]*@)?([^/?#:]+)", re.I)
NOT_WORD = re.compile(r"\W+")


class Boilerplate(NamedTuple):
    """link_lines: the letters of every text on the page that is a link as a whole, or nearly so.

    partly_linked: the same of texts that have a link in them.
    """

    link_lines: frozenset[str]
    partly_linked: frozenset[str]

    @classmethod
    def of(cls, tree: HtmlElement, url: str) -> "Boilerplate":
        """url: the page's own. Only links within its site count: lists of sources and products link elsewhere."""
        site = _site(url)
        linked: dict[HtmlElement, int] = {}
        for link in tree.iter("a"):
            if _site(link.get("href") or "") not in (site, ""):
                continue
            length = len(_letters(link.text_content()))
            block = link
            while block.tag in INLINE and (parent := block.getparent()) is not None:
                linked[block] = linked.get(block, 0) + length
                block = parent
            linked[block] = linked.get(block, 0) + length
        lines, partly = set(), set()
        for block, length in linked.items():
            if length >= LINK_MIN and block.tag not in ("body", "html"):
                text = block.text_content()
                letters = _letters(text)
                if len(letters) <= LINK_MAX:
                    if length >= LINK_SHARE * len(letters) and _is_headline(text):
                        lines.add(letters)
                    if length >= PART_SHARE * len(letters):
                        partly.add(letters)
        return cls(frozenset(lines), frozenset(partly))

    def strip(self, text: str) -> str:
        """The text without them."""
        kept: list[str] = []
        in_teasers = 0
        for line in text.split("\n"):
            bare = DECORATION.sub("", line.strip()).rstrip("| ")
            if _opens_teasers(bare):
                in_teasers = TEASERS_IN_A_BLOCK
            elif in_teasers and _could_be_teaser(bare):
                in_teasers -= 1
            else:
                in_teasers = 0
                if not self.is_link(bare) and not reads_as_boilerplate(bare):
                    kept.append(line)
        return "\n".join(_without_tail(kept, self.partly_linked))

    def is_link(self, line: str) -> bool:
        return len(line) <= LINK_MAX + 40 and not line.endswith(STOPS) and _letters(line) in self.link_lines


def reads_as_boilerplate(line: str) -> bool:
    """By its words alone. line is without bullets and surrounding space."""
    size = len(line)
    if size > NOTICE_MAX:
        return False
    return (
        (size <= TEASER_MAX and TEASER.match(line) is not None)
        or (size <= CALL_MAX and CALL.match(line) is not None)
        or (size <= LABEL_MAX and LABEL.match(line) is not None)
        or (any(hint in line.lower() for hint in NOTICE_HINTS) and NOTICE.search(line) is not None)
    )


def _opens_teasers(line: str) -> bool:
    """A heading such as "Related articles": what follows in short lines without a full stop are teasers."""
    found = TEASER.match(line) if len(line) <= 60 else None
    return found is not None and found["alone"] is not None


def _could_be_teaser(line: str) -> bool:
    return len(line) <= TEASER_LINE_MAX and not line.endswith(STOPS)


def _without_tail(lines: list[str], partly_linked: frozenset[str]) -> list[str]:
    """Cut the list of links that ends the article."""
    end = len(lines)
    while end and lines[end - 1].startswith("- ") and _letters(lines[end - 1]) in partly_linked:
        end -= 1
    return lines[:end] if len(lines) - end >= LINKS_IN_A_TAIL else lines


def _is_headline(text: str) -> bool:
    """Long enough for a teaser's headline; a name or a product is shorter. Scripts without spaces count by letters."""
    return len(text.split()) >= HEADLINE_WORDS or (
        not text.isascii() and len(text.split()) <= 2 and len(text) >= LINK_MIN
    )


def _site(url: str) -> str:
    """The last two labels of the host, "" for a relative URL. Coarse on purpose: co.uk is one site."""
    host = HOST.match(url)
    return ".".join(host[1].lower().split(".")[-2:]) if host else ""


def _letters(text: str) -> str:
    return NOT_WORD.sub("", text).lower()
