"""Pages that break extractors, made by rule: name → body. Each holds no article, or one that is hard to get at."""

import codecs
import json
import random
import zlib
from collections.abc import Callable

PROSE = (
    "Negotiators in Harbour City said on Tuesday that the ceasefire would hold through the winter, although both sides "
    "accused the other of breaking it twice since Sunday night. "
)
BODY = "".join(f"<p>{PROSE}Paragraph {number} adds its own detail.</p>" for number in range(6))


def page(body: str = BODY, head: str = "", title: str = "Talks resume") -> bytes:
    return f"<!DOCTYPE html><html><head><title>{title}</title>{head}</head><body>{body}</body></html>".encode()


def json_ld(block: str) -> bytes:
    return page(head=f'<script type="application/ld+json">{block}</script>')


def broken_json_ld(size: int) -> bytes:
    """Reads on and on as an author without ever closing a string: quadratic for backtracking expressions."""
    return json_ld('{"@type":"NewsArticle","author":' + '"name" "names" "Person" ' * (size // 24))


def noise(size: int, seed: int) -> bytes:
    return random.Random(seed).randbytes(size)


CASES: dict[str, Callable[[], bytes]] = {
    "a date in a zone of 90 hours": lambda: page(
        head='<meta property="article:published_time" content="2026-10-01T09:22:35+90:00">'
    ),
    "references to control characters": lambda: page(
        BODY + "<nav>Home</nav>&#1;tail<aside hidden>x</aside>&#xB;tail<script>x</script>&#31;&#xD800;&#99999999;"
    ),
    "broken JSON-LD of 11 KB": lambda: broken_json_ld(11_000),
    "broken JSON-LD of 74 KB": lambda: broken_json_ld(74_000),
    "broken JSON-LD of 500 KB": lambda: broken_json_ld(500_000),
    "broken JSON-LD of 3 MB": lambda: broken_json_ld(2_900_000),
    "JSON-LD of forum types without end": lambda: json_ld('"@type":["' * 100_000),
    "JSON-LD nested 100,000 deep": lambda: json_ld("[" * 100_000 + "]" * 100_000),
    "JSON-LD with 200,000 nodes": lambda: json_ld(json.dumps([{"@type": "NewsArticle"}] * 100_000)),
    "JSON-LD referring to itself": lambda: json_ld(
        '{"@type":"NewsArticle","@id":"#a","author":{"@id":"#a"},"headline":"Talks","publisher":{"@id":"#a"}}'
    ),
    "JSON-LD of every wrong type": lambda: json_ld(
        '[1,null,true,"x",[[]],{"@type":7},{"@type":["NewsArticle",null,{}],"headline":["a",{}],"author":[null,7,{"name":{}}],'
        '"datePublished":{"x":1},"dateModified":[[]],"image":[{}],"keywords":[{},7],"isAccessibleForFree":[],'
        '"articleBody":{"x":[]},"publisher":[],"inLanguage":[7],"articleSection":{}}]'
    ),
    "JSON-LD with lone surrogates": lambda: json_ld('{"@type":"NewsArticle","headline":"\\ud800 Talks \\udfff"}'),
    "JSON-LD with a huge number": lambda: json_ld('{"@type":"NewsArticle","datePublished":' + "9" * 100_000 + "}"),
    "JSON-LD with 5,000 trailing commas": lambda: json_ld('{"@type":"NewsArticle"' + "," * 5_000 + "}"),
    "1,000 JSON-LD blocks": lambda: page(
        head='<script type="application/ld+json">{"@type":"NewsArticle"}</script>' * 1_000
    ),
    "articleBody of 2 MB": lambda: json_ld(json.dumps({"@type": "NewsArticle", "articleBody": PROSE * 10_000})),
    "8,000 links in one paragraph": lambda: page("<p>" + '<a href="/x">one more link</a> ' * 8_000 + "</p>" + BODY),
    "30,000 links": lambda: page('<div><a href="/x">Ministers meet again today</a></div>' * 30_000),
    "40,000 attributes": lambda: page(
        "<div " + " ".join(f'a{number}="1"' for number in range(40_000)) + ">" + BODY + "</div>"
    ),
    "280,000 attributes": lambda: page(
        "<div " + " ".join(f"a{number}=1" for number in range(280_000)) + ">" + BODY + "</div>"
    ),
    "an attribute of 2 MB": lambda: page(f'<div class="{"article-body " * 150_000}">{BODY}</div>'),
    "100,000 paragraphs": lambda: page("<p>word</p>" * 100_000),
    "30,000 paragraphs of prose": lambda: page(f"<p>{PROSE[:80]}</p>" * 30_000),
    "1,000 nested divs": lambda: page("<div>" * 1_000 + BODY + "</div>" * 1_000),
    "100,000 nested divs": lambda: page("<div>" * 100_000 + PROSE + "</div>" * 100_000),
    "5,000 nested spans": lambda: page("<p>" + "<span>" * 5_000 + PROSE + "</span>" * 5_000 + "</p>"),
    "3,000 nested spans with links": lambda: page("<p>" + '<span><a href="/">a link</a>' * 3_000 + "</p>"),
    "nested articles": lambda: page('<article><h2><a href="/">x</a></h2>' * 2_000 + BODY),
    "20,000 body parts": lambda: page('<div class="article-body"><p>Short.</p></div>' * 20_000),
    "nested tables": lambda: page("<table><tr><td>" * 2_000 + BODY),
    "nested lists": lambda: page("<ul><li>" * 3_000 + BODY),
    "50,000 unclosed bold": lambda: page("<b>" * 50_000 + BODY),
    "50,000 hidden elements": lambda: page('<i style="display:none">x</i>' * 50_000 + BODY),
    "4 MB in one text node": lambda: page("<p>" + "word " * 800_000 + "</p>"),
    "2 MB without a space": lambda: page("<p>" + "x" * 2_000_000 + "</p>"),
    "2 MB of spaces": lambda: page("<p>" + " " * 2_000_000 + "</p>" + BODY),
    "200,000 line breaks": lambda: page("<p>" + "a<br>" * 200_000 + "</p>"),
    "500,000 entities": lambda: page("<p>" + "&amp;lt;" * 250_000 + "</p>" + BODY),
    "open angle brackets": lambda: page("<" * 500_000 + BODY),
    "an unclosed comment": lambda: page("<!--" + BODY * 1_000),
    "50,000 meta tags": lambda: page(head='<meta name="author" content="A, B; C and D">' * 50_000),
    "a meta tag of 1 MB": lambda: page(head=f'<meta property="og:title" content="{"Talks <b>" * 100_000}">'),
    "a title of 1 MB": lambda: page(title="Talks - " * 125_000),
    "dates that overflow": lambda: page(
        head="".join(
            f'<meta property="article:published_time" content="{date}">'
            for date in ("9999-12-31T23:59:59-14:00", "0001-01-01T00:00:00+14:00", "99999999999999", "-1", "0000-00-00",
                         "Mon, 99 Foo 99999 99:99:99 +9999", "2026-02-30", "9" * 60)
        )
    ),
    "URLs that do not parse": lambda: page(
        head='<link rel="canonical" href="http://[::1"><meta property="og:image" content="http://[">',
        body='<a href="http://[broken">Ministers meet again in the capital</a>' + BODY,
    ),
    "NULs throughout": lambda: page().replace(b" ", b"\x00 "),
    "control characters throughout": lambda: page().replace(b" ", b"\x01\x0b\x7f "),
    "lone surrogates in UTF-8": lambda: page().replace(b"said", b"\xed\xa0\x80said\xed\xbf\xbf"),
    "overlong and cut UTF-8": lambda: page().replace(b"said", b"\xc0\xaf\xf8\x88\x80") + b"\xe2\x82",
    "numeric entities of nothing": lambda: page("<p>&#0;&#xd800;&#xffffffff;&#x110000;" + PROSE * 4 + "</p>"),
    "UTF-16 without a mark": lambda: page().decode().encode("utf-16-le"),
    "UTF-16 cut in half": lambda: codecs.BOM_UTF16_BE + page().decode().encode("utf-16-be")[:-1],
    "labelled as base64": lambda: page(head='<meta charset="base64">'),
    "labelled as UTF-7": lambda: page("<p>+ADw-script+AD4-" + PROSE * 4, head='<meta charset="utf-7">'),
    "labelled as idna": lambda: page(head='<meta charset="idna">'),
    "labelled as UTF-8, is Latin-1": lambda: (
        page(head='<meta charset="utf-8">').replace(b"Harbour", b"Andr\xe9 Caf\xe9")
    ),
    "a PDF": lambda: b"%PDF-1.7\n" + noise(50_000, 1),
    "a PNG": lambda: b"\x89PNG\r\n\x1a\n" + noise(50_000, 2),
    "a gzip file": lambda: zlib.compress(page(), wbits=31),
    "noise": lambda: noise(200_000, 3),
    "noise in a page": lambda: page().replace(b"</body>", noise(200_000, 4) + b"</body>"),
    "noise in printable bytes": lambda: bytes(32 + byte % 95 for byte in noise(200_000, 5)),
    "JSON": lambda: json.dumps({"html": "nothing here"}).encode(),
    "plain text": lambda: PROSE.encode() * 10,
    "an RSS feed": lambda: b'<?xml version="1.0"?><rss><channel><item><title>Talks</title></item></channel></rss>',
    "XML with entity bombs": lambda: (
        b'<!DOCTYPE x [<!ENTITY a "aaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;"><!ENTITY c "&b;&b;&b;&b;">]>'
        b"<html><body><p>&c;&c;&c;</p></body></html>"
    ),
    "an external entity": lambda: (
        b'<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]><html><body><p>&a; and nothing else</p></body></html>'
    ),
    "an empty body": lambda: b"",
    "one space": lambda: b" ",
    "one bracket": lambda: b"<",
    "a doctype alone": lambda: b"<!DOCTYPE html>",
    "an empty html element": lambda: b"<html></html>",
    "a frameset": lambda: b'<html><frameset cols="50%,50%"><frame src="a.html"><frame src="b.html"></frameset></html>',
    "two roots": lambda: page() + page("<p>Another page altogether.</p>"),
    "a script that never ends": lambda: b"<html><body><script>" + BODY.encode() * 2_000,
}  # fmt: skip
