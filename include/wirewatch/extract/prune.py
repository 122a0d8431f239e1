"""Prepare a parsed page for the extraction library: take out what no reader sees, join what the page has split.

Also saves the library's time: it copies the tree five times over.
"""

import re
from collections import Counter, defaultdict
from itertools import islice, takewhile

from lxml.etree import XPath, iterwalk
from lxml.html import HtmlElement

UNSEEN = (
    "script", "style", "noscript", "template", "svg", "iframe", "link", "object", "embed", "canvas", "input", "select",
    "img", "picture", "source", "video", "audio", "map", "button", "textarea", "dialog", "nav", "aside", "footer",
)  # fmt: skip
HIDDEN = XPath(".//*[@hidden or @style]")
NOT_DISPLAYED = re.compile(r"display\s*:\s*none", re.I)
# The outermost ones only: their text must not count twice.
NESTED_TEASER = XPath(
    ".//article[.//*[self::h1 or self::h2 or self::h3 or self::h4][.//a or parent::a]][count(ancestor::article) = 1]"
)
BODY_CLASS = re.compile(r"(?:article|story|post|entry)(?:-|_|__)?(?:body|content|text)", re.I)
# Copying an element costs the square of its attributes: 40,000 of them burn two seconds a copy.
CROWDED = XPath(".//*[count(@*) > 50]")
READ_ATTRIBUTES = {"id", "class", "href", "role", "style", "hidden", "itemprop", "rel", "dir", "aria-hidden"}
HIDDEN_SHARE = 0.4
NESTED_SHARE = 0.6
LOOSE_MIN = 140
INLINE = {
    "a", "b", "strong", "em", "i", "u", "span", "small", "font", "mark", "cite", "q", "sup", "sub", "abbr",
}  # fmt: skip
POPUP_LINKS = 3
POPUP_DEPTH, POPUP_DEPTH_OF_LINK = 8, 4
POPUP_LINK_SHARE = 0.6
POPUP_MIN = 100
POPUP_REST = 60


def prune(tree: HtmlElement) -> None:
    """Change the tree in place."""
    for element in list(tree.iter(*UNSEEN)):
        element.drop_tree()
    for element in CROWDED(tree):
        kept = {name: element.get(name, "") for name in READ_ATTRIBUTES & set(element.attrib.keys())}
        element.attrib.clear()
        element.attrib.update(kept)
    _drop_hidden(tree)
    _drop_popups(tree)
    _drop_nested_articles(tree)
    _join_body_parts(tree)
    _wrap_loose_text(tree)


def flatten(tree: HtmlElement) -> int:
    """Unwrap the boxes that hold nothing but one other box. Returns the depth that remains."""
    for box in list(tree.iter("div", "section", "span")):
        if len(box) == 1 and box[0].tag == box.tag and not (box.text or "").strip() and not (box[0].tail or "").strip():
            box.drop_tag()
    depth, deepest = 0, 0
    for event, _ in iterwalk(tree, events=("start", "end")):
        depth += 1 if event == "start" else -1
        deepest = max(deepest, depth)
    return deepest


def _drop_hidden(tree: HtmlElement) -> None:
    hidden = [
        element
        for element in HIDDEN(tree)
        if "hidden" in element.attrib or NOT_DISPLAYED.search(element.get("style", ""))
    ]
    if not hidden:
        return
    sizes = [len(element.text_content()) for element in hidden]
    # Some pages hide the article itself, or paragraph by paragraph, until a script has run.
    if sum(sizes) < HIDDEN_SHARE * len(tree.text_content()):
        for element in hidden:
            if element.getparent() is not None:
                element.drop_tree()


def _drop_popups(tree: HtmlElement) -> None:
    """Take out boxes of links that open over a word of a paragraph; the word itself stays."""
    for popup in _link_boxes(tree):
        text, links = popup.text_content(), [link.text_content() for link in popup.iter("a")]
        if sum(map(len, links)) < POPUP_LINK_SHARE * len(text) or len(text) < POPUP_MIN:
            continue
        box = popup
        # The box around it goes too, up to what holds text or a link of its own: there the word is.
        while (parent := box.getparent()) is not None and parent.tag == "span" and not _has_more(parent, box):
            box = parent
        if box.getparent() is not None:
            box.drop_tree()


def _link_boxes(tree: HtmlElement) -> list[HtmlElement]:
    """The innermost spans of paragraphs that hold several links."""
    links_in: Counter[HtmlElement] = Counter()
    for link in tree.iter("a"):
        around = list(islice(link.iterancestors(), POPUP_DEPTH))
        if any(element.tag == "p" for element in around):
            links_in.update(element for element in around[:POPUP_DEPTH_OF_LINK] if element.tag == "span")
    boxes = [span for span, count in links_in.items() if count >= POPUP_LINKS]
    outer = {above for box in boxes for above in islice(box.iterancestors(), POPUP_DEPTH)}
    return [box for box in boxes if box not in outer]


def _has_more(parent: HtmlElement, box: HtmlElement) -> bool:
    rest = len(parent.text_content()) - len(box.text_content())
    return rest > POPUP_REST or any(True for child in parent if child is not box and child.tag == "a")


def _drop_nested_articles(tree: HtmlElement) -> None:
    """Articles inside an article whose headline is a link are others, related or next; an article's own is none.

    Unless they are most of it: the entries of a live blog have such headlines, too.
    """
    for outer in tree.xpath(".//article[not(ancestor::article)]"):
        nested = NESTED_TEASER(outer)
        if nested and sum(len(each.text_content()) for each in nested) < NESTED_SHARE * len(outer.text_content()):
            for article in nested:
                article.drop_tree()


def _join_body_parts(tree: HtmlElement) -> None:
    """Move the later parts of a split article body into its first: the library reads only one."""
    groups: dict[tuple[HtmlElement, str], list[HtmlElement]] = defaultdict(list)
    for part in tree.iter("div"):
        if not BODY_CLASS.search(part.get("class", "")) and part.get("itemprop") != "articleBody":
            continue
        article = next(part.iterancestors("article"), None)
        home = article if article is not None else part.getparent()
        if home is not None:
            groups[home, part.get("class") or ""].append(part)
    for (_, _), parts in groups.items():
        first = parts[0]
        for part in parts[1:]:
            if first not in part.iterancestors() and part not in first.iterancestors():
                first.extend(list(part))


def _wrap_loose_text(tree: HtmlElement) -> None:
    """Make paragraphs of text that stands in a box by itself, parted by line breaks: the library loses its start."""
    for box in list(tree.iter("div", "td", "section", "article", "main")):
        loose = [box.text, *(child.tail for child in box)]
        if box.find("br") is None or sum(len((text or "").strip()) for text in loose) < LOOSE_MIN:
            continue
        children, paragraph = list(box), tree.makeelement("p")
        paragraph.text, box.text = box.text, None
        parts = [paragraph]
        for child in children:
            tail, child.tail = child.tail, None
            if child.tag in INLINE:
                paragraph.append(child)
                child.tail = tail
            else:
                # A line break or a block of its own ends the paragraph.
                parts += [] if child.tag == "br" else [child]
                paragraph = tree.makeelement("p")
                paragraph.text = tail
                parts.append(paragraph)
        for part in parts:
            if part.tag != "p" or len(part) or (part.text or "").strip():
                box.append(part)
        for child in children:
            if child.tag == "br":
                box.remove(child)
        if box.tag == "td":  # a table for layout: the library would make one line of it
            for frame in (box, *takewhile(lambda above: above.tag in ("tr", "tbody", "table"), box.iterancestors())):
                frame.tag = "div"
