"""What a page says about its article: title, authors, dates, language and so on, each with its origin.

Read from JSON-LD, meta tags and a few elements, in that order of trust. Origins are named like "json-ld:headline",
"meta:og:title", "h1", "entry".
"""

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from lxml.html import HtmlElement

from include.wirewatch.extract.clean import one_line, web_url
from include.wirewatch.extract.dates import Dated, parse_date
from include.wirewatch.extract.jsonld import JsonLd, as_list, types_of

PUBLISHED_META = (
    "article:published_time", "og:article:published_time", "datepublished", "article:published", "og:pubdate",
    "parsely-pub-date", "sailthru.date", "pubdate", "publishdate", "publish-date", "publish_date",
    "publication_date", "date.published", "dc.date.issued", "dcterms.issued", "dcterms.created",
    "dc.date.created", "dc.date", "dcterms.date", "rnews:datepublished", "citation_publication_date",
    "originalpublicationdate", "article_date_original", "displaydate", "article.published",
    "cxenseparse:recs:publishtime", "bt:pubdate", "date",
)  # fmt: skip
MODIFIED_META = (
    "article:modified_time", "og:article:modified_time", "og:updated_time", "datemodified", "article:modified",
    "lastmod", "last-modified", "dcterms.modified", "dc.date.modified", "revision_date", "article.updated",
)  # fmt: skip
TITLE_META = ("og:title", "twitter:title", "parsely-title", "sailthru.title", "dc.title", "headline")
AUTHOR_META = ("author", "article:author", "parsely-author", "sailthru.author", "byl", "dc.creator", "dcterms.creator",
               "article.author", "cxenseparse:author")  # fmt: skip
SITE_META = ("og:site_name", "application-name", "article:publisher", "dc.publisher", "publisher")
SECTION_META = ("article:section", "og:article:section", "parsely-section", "article.section", "dc.subject")
TAG_META = ("article:tag", "news_keywords", "parsely-tags", "sailthru.tags", "keywords")
IMAGE_META = ("og:image", "og:image:secure_url", "og:image:url", "twitter:image", "twitter:image:src", "image")
DESCRIPTION_META = ("og:description", "description", "twitter:description", "dc.description")
LANGUAGE_META = ("og:locale", "content-language", "dc.language", "inlanguage", "language")
PUBLISHED_ELEMENTS = './/*[@itemprop="datePublished"]|.//time[@pubdate]'
AUTHOR_PATHS = (("rel=author", './/a[@rel="author"]'), ("itemprop=author", './/*[@itemprop="author"]'))
TITLE_TAIL = re.compile(r"\s+[|–—•·»-]\s+|\s*\|\s*")
BYLINE = re.compile(r"^(?:by|von|par|por|di|door|от|автор:?|від)\s+", re.I)
AUTHOR_SPLIT = re.compile(r"\s*(?:;|\||\band\b|\bund\b|&|,)\s*")
NO_NAME = re.compile(r"https?:|www\.|@|\d|^(?:admin|null|none|editor|staff)$", re.I)
MAX_TAGS = 30
MAX_AUTHORS = 12


class Metadata(NamedTuple):
    """origins: field → what said so, for the fields that are known. published: every candidate, unjudged."""

    title: str
    description: str
    published: list[tuple[str, Dated]]
    modified: list[tuple[str, Dated]]
    authors: tuple[str, ...]
    language: str
    site_name: str
    section: str
    tags: tuple[str, ...]
    image: str
    paywalled: bool | None
    canonical_url: str
    origins: dict[str, str]


def read_metadata(tree: HtmlElement, json_ld: JsonLd, url: str) -> Metadata:
    """url: the page's own, for relative links and as the last resort for the site's name."""
    said = _Said(tree, json_ld, url)
    site_name = said.first("site_name", said.sites(), _site_name) or (urlsplit(url).hostname or "").removeprefix("www.")
    title = said.first("title", said.titles(), one_line)
    return Metadata(
        title=_without_site(title, site_name, url),
        description=said.first("description", said.metas(DESCRIPTION_META), one_line),
        published=said.dates("datePublished", PUBLISHED_META),
        modified=said.dates("dateModified", MODIFIED_META),
        authors=said.authors(),
        language=said.first("language", said.languages(), _language_code),
        site_name=site_name,
        section=said.first("section", said.sections(), one_line),
        tags=said.tags(),
        image=said.first("image", said.images(), lambda value: web_url(value, url)),
        paywalled=said.paywalled(),
        canonical_url=said.first("canonical_url", said.canonicals(), lambda value: web_url(value, url)),
        origins=said.origins,
    )


Sayings = Iterable[tuple[str, Any]]


class _Said:
    """Everything one page says, as (origin, value) by field, most trusted first."""

    def __init__(self, tree: HtmlElement, json_ld: JsonLd, url: str) -> None:
        self.tree, self.json_ld, self.url = tree, json_ld, url
        self.article = json_ld.article
        self.origins: dict[str, str] = {}
        self.meta: dict[str, list[str]] = defaultdict(list)
        for tag in tree.iter("meta"):
            content = tag.get("content")
            name = tag.get("property") or tag.get("name") or tag.get("itemprop") or tag.get("http-equiv")
            if content and name and len(content) < 5_000:
                self.meta[name.strip().lower()].append(content)

    def first(self, field: str, sayings: Sayings, read: Callable[[Any], str]) -> str:
        """The first value that reads as something; its origin is noted."""
        for origin, value in sayings:
            text = read(value)
            if text:
                self.origins[field] = origin
                return text
        return ""

    def metas(self, names: Iterable[str]) -> Iterator[tuple[str, str]]:
        for name in names:
            for content in self.meta.get(name, ()):
                yield f"meta:{name}", content

    def linked(self, *keys: str) -> Iterator[tuple[str, Any]]:
        """Values of the article's JSON-LD node, lists opened and references resolved."""
        for key in keys:
            for value in as_list(self.article.get(key)):
                yield f"json-ld:{key}", self.json_ld.resolve(value)

    def titles(self) -> Iterator[tuple[str, Any]]:
        yield from self.linked("headline")
        yield from self.metas(TITLE_META)
        headings = self.tree.findall(".//h1")
        if len(headings) == 1:
            yield "h1", headings[0].text_content()
        yield from self.linked("name")
        if (tag := self.tree.find(".//title")) is not None:
            yield "title", tag.text
        if headings:
            yield "h1", headings[0].text_content()

    def dates(self, key: str, meta_names: Iterable[str]) -> list[tuple[str, Dated]]:
        sayings = [*self.linked(key), *self.metas(meta_names)]
        if key in self.json_ld.loose:
            sayings.append((f"json-ld:{key}", self.json_ld.loose[key]))
        if key == "datePublished":
            for element in self.tree.xpath(PUBLISHED_ELEMENTS)[:3]:
                sayings.append((element.tag, element.get("datetime") or element.get("content") or element.text))
        found = [(origin, parse_date(one_line(value))) for origin, value in sayings]
        return [(origin, dated) for origin, dated in found if dated is not None]

    def authors(self) -> tuple[str, ...]:
        """The names of the first source that gives any."""
        for source in self._bylines():
            names: dict[str, None] = {}
            for origin, value in source:
                for name in _names(value):
                    names.setdefault(name)
                    self.origins["authors"] = origin
            if names:
                return tuple(names)[:MAX_AUTHORS]
        return ()

    def _bylines(self) -> Iterator[list[tuple[str, Any]]]:
        yield list(self.linked("author", "creator"))
        for name in AUTHOR_META:
            yield list(self.metas([name]))
        for origin, path in AUTHOR_PATHS:
            yield [(origin, element.text_content()) for element in self.tree.xpath(path)[:MAX_AUTHORS]]

    def languages(self) -> Iterator[tuple[str, Any]]:
        yield from self.linked("inLanguage")
        root = self.tree if self.tree.tag == "html" else self.tree.find(".//html")
        if root is not None:
            yield "html lang", root.get("lang") or root.get("xml:lang")
        yield from self.metas(LANGUAGE_META)

    def sites(self) -> Iterator[tuple[str, Any]]:
        yield from self.metas(SITE_META[:1])
        for _, publisher in self.linked("publisher", "sourceOrganization"):
            yield "json-ld:publisher", publisher.get("name") if isinstance(publisher, dict) else publisher
        for node in self.json_ld.nodes:
            if "website" in types_of(node):
                yield "json-ld:website", node.get("name")
        yield from self.metas(SITE_META[1:])

    def sections(self) -> Iterator[tuple[str, Any]]:
        yield from self.metas(SECTION_META[:2])
        yield from self.linked("articleSection")
        yield from self.metas(SECTION_META[2:])

    def tags(self) -> tuple[str, ...]:
        for origin, values in [("json-ld:keywords", [value for _, value in self.linked("keywords")])] + [
            (f"meta:{name}", list(self.meta.get(name, ()))) for name in TAG_META
        ]:
            parts = [part for value in values for part in one_line(_name(value), 4_000).split(",")]
            tags = dict.fromkeys(tag for part in parts if (tag := part.strip(" ;\"'[]")) and len(tag) <= 100)
            if tags:
                self.origins["tags"] = origin
                return tuple(tags)[:MAX_TAGS]
        return ()

    def images(self) -> Iterator[tuple[str, Any]]:
        yield from self.metas(IMAGE_META[:3])
        for origin, image in self.linked("image", "thumbnailUrl"):
            yield origin, image.get("url") or image.get("contentUrl") if isinstance(image, dict) else image
        yield from self.metas(IMAGE_META[3:])

    def canonicals(self) -> Iterator[tuple[str, Any]]:
        for link in self.tree.iter("link"):
            if "canonical" in (link.get("rel") or "").lower().split():
                yield "link rel=canonical", link.get("href")
        yield from self.metas(["og:url"])

    def paywalled(self) -> bool | None:
        sayings = [*self.linked("isAccessibleForFree"), *self.metas(["isaccessibleforfree"])]
        if "isAccessibleForFree" in self.json_ld.loose:
            sayings.append(("json-ld:isAccessibleForFree", self.json_ld.loose["isAccessibleForFree"]))
        for origin, value in sayings:
            word = str(value).strip().rpartition("/")[2].lower()
            if word in ("true", "false", "yes", "no", "1", "0"):
                self.origins["paywalled"] = origin
                return word in ("false", "no", "0")
        for origin, tier in self.metas(["article:content_tier"]):
            if tier.lower() in ("free", "locked", "metered"):
                self.origins["paywalled"] = origin
                return tier.lower() == "locked"
        return None


def _site_name(value: Any) -> str:
    name = one_line(value, 100)
    return "" if name.startswith(("http:", "https:", "@")) else name


def _name(value: Any) -> Any:
    return value.get("name") if isinstance(value, dict) else value


def _names(value: Any) -> Iterator[str]:
    """Person names out of a byline, a JSON-LD author or a list of them; URLs, handles and long prose are none."""
    if isinstance(value, dict):
        for part in as_list(value.get("name")):
            yield from _names(part)
        return
    for part in AUTHOR_SPLIT.split(BYLINE.sub("", one_line(value, 300))):
        part = BYLINE.sub("", part).strip(" .·•-–")
        if (
            part
            and len(part) <= 60
            and not re.search(r"https?:|www\.|@|\d", part)
            and part.lower() not in ("admin", "null")
        ):
            yield part


def _language_code(value: Any) -> str:
    found = re.match(r"([A-Za-z]{2,3})(?:[-_].*)?$", one_line(_name(value)))
    return found[1].lower() if found else ""


def _without_site(title: str, site_name: str, url: str) -> str:
    """ "Headline | Site" → "Headline", where the tail or the head is the site's name."""
    parts = TITLE_TAIL.split(title)
    if len(parts) < 2:
        return title
    host = (urlsplit(url).hostname or "").removeprefix("www.")
    own = {_plain(name) for name in (site_name, host, host.partition(".")[0], site_name.partition(".")[0]) if name}
    for at_end in (True, False):
        tail = parts[-1] if at_end else parts[0]
        if _plain(tail) in own:
            cut = title.rfind(tail) if at_end else len(tail)
            return (title[:cut] if at_end else title[cut:]).strip(" |–—•·»-") or title
    return title


def _plain(name: str) -> str:
    return "".join(char for char in name.lower() if char.isalnum()).removeprefix("the")
