"""Read the JSON-LD blocks of a page once, tolerantly and in linear time.

The extraction library searches broken blocks with regular expressions whose cost is quadratic (74 KB burns six
seconds), so it never sees them: the blocks are read here and taken out of the tree.
"""

import json
import re
from collections.abc import Iterator
from typing import Any, NamedTuple

from lxml.html import HtmlElement

ARTICLE_TYPES = {
    "article", "newsarticle", "analysisnewsarticle", "askpublicnewsarticle", "backgroundnewsarticle",
    "opinionnewsarticle", "reportagenewsarticle", "reviewnewsarticle", "satiricalarticle", "report", "blogposting",
    "liveblogposting", "scholarlyarticle", "techarticle", "socialmediaposting",
}  # fmt: skip
MAX_NODES = 20_000
# What is not the path of a URL.
PATH = re.compile(r"^(?:https?:)?//[^/?#]*|[?#].*", re.S)
WRAPPER_START = re.compile(r"\s*(?:<!--|(?://|/\*)?\s*<!\[CDATA\[\s*(?:\*/)?)")
WRAPPER_END = re.compile(r"(?:-->|(?://|/\*)?\s*\]\]>\s*(?:\*/)?|;)\s*$")
TRAILING_COMMA = re.compile(r",(?=\s*[}\]])")
BAD_ESCAPE = re.compile(r"\\(?![\"\\/bfnrtu])")
# What is worth having even from a block that no repair makes readable: short values without quotes in them.
LOOSE_FIELD = re.compile(r'"(datePublished|dateModified|isAccessibleForFree)"\s{0,9}:\s{0,9}"?([^",{}\[\]<>]{1,40})')

Node = dict[str, Any]


class JsonLd(NamedTuple):
    """article: the node that describes the page's article, {} where none; nodes: every typed node, in order.

    broken counts the blocks that could not be read; loose has the few values picked out of them.
    """

    article: Node
    nodes: tuple[Node, ...]
    by_id: dict[str, Node]
    broken: int
    loose: Node

    def resolve(self, value: Any) -> Any:
        """A reference ({"@id": …} alone) becomes the node it names."""
        if isinstance(value, dict) and set(value) == {"@id"}:
            return self.by_id.get(str(value["@id"]), value)
        return value


def take_json_ld(tree: HtmlElement, url: str) -> JsonLd:
    """Read every JSON-LD block and remove it from the tree.

    url: the page's own; related articles may be listed beside the one that has it.
    """
    nodes: list[Node] = []
    loose: Node = {}
    broken = 0
    for script in tree.xpath('.//script[contains(@type, "ld+json") or @type="application/settings+json"]'):
        block = script.text or ""
        parent = script.getparent()
        if parent is not None:
            script.drop_tree()
        if not block.strip():
            continue
        try:
            nodes.extend(_typed_nodes(_parse(block)))
        except (ValueError, RecursionError):
            broken += 1
            for name, value in LOOSE_FIELD.findall(block):
                loose.setdefault(name, value.strip())
    by_id: dict[str, Node] = {}
    for node in nodes:
        # The fullest node of an id wins: other blocks often repeat only its type and id.
        if isinstance(known := node.get("@id"), str) and len(node) > len(by_id.get(known, ())):
            by_id[known] = node
    articles = [node for node in nodes if types_of(node) & ARTICLE_TYPES]
    # The page's own article has its URL, else the most fields, and comes first among equals.
    article = max(articles, key=lambda node: (_is_at(url, node), len(node)), default={})
    return JsonLd(article, tuple(nodes), by_id, broken, loose)


def _is_at(url: str, node: Node) -> bool:
    """Whether the node says that it is about this URL; scheme, host and query may differ."""
    path = PATH.sub("", url).strip("/")
    said = [node.get("url"), node.get("@id"), node.get("mainEntityOfPage")]
    said += [value.get("@id") for value in said if isinstance(value, dict)]
    return bool(path) and any(isinstance(value, str) and PATH.sub("", value).strip("/") == path for value in said)


def types_of(node: Node) -> set[str]:
    return {str(name).rpartition("/")[2].lower() for name in as_list(node.get("@type"))}


def as_list(value: Any) -> list[Any]:
    if value is None:
        return []
    return value if isinstance(value, list) else [value]


def _parse(block: str) -> Any:
    if start := WRAPPER_START.match(block):
        block = block[start.end() :]
    if end := WRAPPER_END.search(block[-40:]):
        block = block[: len(block) - len(end[0])]
    try:
        return json.loads(block, strict=False)
    except ValueError:
        return json.loads(BAD_ESCAPE.sub(r"\\\\", TRAILING_COMMA.sub("", block)), strict=False)


def _typed_nodes(value: Any) -> Iterator[Node]:
    """Every dict with an @type, in document order; bounded, and without recursion."""
    waiting = [value]
    for _ in range(MAX_NODES):
        if not waiting:
            return
        item = waiting.pop()
        if isinstance(item, list):
            waiting.extend(reversed(item))
        elif isinstance(item, dict):
            if "@type" in item:
                yield item
            waiting.extend(part for part in reversed(item.values()) if isinstance(part, dict | list))
