"""Lines that extraction lets through although they are not the article's own."""

from typing import NamedTuple

from lxml.html import HtmlElement

MIN_LINK = 20


class Boilerplate(NamedTuple):
    """link_lines: every text that is the whole of a link somewhere on the page."""

    link_lines: frozenset[str]

    @classmethod
    def of(cls, tree: HtmlElement) -> "Boilerplate":
        texts = (_squeeze(link.text_content()) for link in tree.iter("a"))
        return cls(frozenset(text for text in texts if len(text) >= MIN_LINK))

    def strip(self, text: str) -> str:
        return "\n".join(line for line in text.split("\n") if _squeeze(line) not in self.link_lines)


def _squeeze(text: str) -> str:
    return " ".join(text.split()).lstrip("- ")
