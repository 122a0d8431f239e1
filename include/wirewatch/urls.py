"""One name for each page: what makes two URLs the same article.

`canonicalise` is an identity, not an address: the URL as listed is what gets fetched, the canonical one is the key.
Order: WHATWG parsing → credentials and fragment dropped → percent-encoding in one form → session ids and tracking
parameters dropped → query sorted by name. It keeps scheme, host, path and every parameter that is not listed here,
for a wrongly merged pair of articles is one alert that nobody gets.
Changing what it answers for any URL means a new CANONICAL_VERSION: the answers are stored.
"""

import hashlib
import re
from collections.abc import Collection
from functools import lru_cache
from urllib.parse import urljoin

import can_ada
from tld import get_fld

CANONICAL_VERSION = 1

# Campaign parameters: they say how the reader came, never what is read. Exact names, in lower case.
_TRACKING_NAMES = """
    _ga _gl _hsenc _hsmi __hsfp __hssc __hstc _openstat algorithm_id amp_gsa amp_js_v asgtbndr cmpid cx_testid dclid
    dicbo efg emc ems fb_action_ids fb_action_types fb_ref fb_source fbclid feedtype ftcamp ftag gaa_at gaa_n gaa_sig
    gaa_ts gad_source gbraid gclid gclsrc gs_lcrp guccounter guce_referrer guce_referrer_sig icid igsh igshid
    in_brand_app intcid intcmp intlink kxconfid maca mbid mc_cid mc_eid mkt_tok mod_rss msclkid ncid ns_campaign ns_fee
    ns_linkname ns_mchannel ns_source ocid oly_anon_id oly_enc_id outputtype partner_rss rb_clickid ref_src ref_url
    rss s_cid smid smtyp soc_src soc_trk spm sr_share srnd taid terminal_id tpcc traffic_source trk trkcampaign
    twclid twitter_impression usqp vero_conv vero_id wbraid wickedid wt_mc wt_zmc xtor xtref yclid ymclid ysclid
"""
TRACKING = frozenset(_TRACKING_NAMES.split())
TRACKING_PREFIXES = ("utm_", "at_", "hsa_", "mtm_", "matomo_", "pk_", "piwik_", "stm_", "wt.mc", "__twitter_")
# Ambiguous names, which are tracking only with these values (lower case).
TRACKING_VALUES = {
    "cmp": frozenset({"rss", "share_btn_tw", "share_btn_fb", "share_btn_url", "rss-feed"}),
    "feature": frozenset({"share", "youtu.be", "emb_logo"}),
    "from": frozenset({"rss", "feed", "homepage", "push", "telegram", "twitter", "facebook"}),
    "partner": frozenset({"rss", "rssnyt", "rssuserland"}),
    "ref": frozenset({"rss", "feed", "home", "homepage", "twitter", "facebook", "telegram", "push", "newsletter"}),
    "source": frozenset({"rss", "feed", "twitter", "facebook", "telegram", "push", "newsletter"}),
}

_ESCAPE = re.compile(r"%([0-9A-Fa-f]{2})")
_SESSION = re.compile(r";jsessionid=[^/?;]*", re.IGNORECASE)
_UNRESERVED = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~")


# One run asks for the same URL in discovery, frontier, choice and matching.
@lru_cache(maxsize=16_384)
def canonicalise(url: str) -> str:
    """The canonical form of an absolute URL. Raises ValueError unless it is http(s) with a host."""
    parts = _parse(url)
    host = parts.host.rstrip(".") if not parts.port else f"{parts.hostname.rstrip('.')}:{parts.port}"
    path = _one_escape(_SESSION.sub("", parts.pathname))
    query = _kept_query(parts.search[1:])
    return f"{parts.protocol}//{host}{path}{'?' + query if query else ''}"


def canonical_of(final_url: str, declared: str) -> str:
    """The article's canonical URL: its declared rel=canonical where that can be believed, else the final URL's own.

    Believed: on the same site, and not the front page of it (templates that declare "/" on every article are common).
    declared may be relative or "".
    """
    own = canonicalise(final_url)
    if not declared.strip():
        return own
    try:
        theirs = canonicalise(urljoin(final_url, declared.strip()))
    except ValueError:
        return own
    if site_of(host_of(theirs)) != site_of(host_of(own)):
        return own
    is_front_page = can_ada.parse(theirs).pathname == "/" and "?" not in theirs
    return own if is_front_page else theirs


def article_id(canonical_url: str) -> str:
    """The identity of an article: 32 hex digits."""
    return hashlib.sha256(canonical_url.encode("utf-8", "surrogatepass")).hexdigest()[:32]


def host_of(url: str) -> str:
    """host or host:port, lower case, the port only where it is not the scheme's own. Raises ValueError as above."""
    return str(_parse(url).host)


def is_named(url: str, hosts: Collection[str]) -> bool:
    """Whether the URL's host is one of them: `host`, or `host:port` for that port alone. Raises ValueError as above."""
    if not hosts:
        return False
    parts = _parse(url)
    port = parts.port or {"http:": "80", "https:": "443"}[parts.protocol]
    return not {parts.hostname, f"{parts.hostname}:{port}"}.isdisjoint(name.lower() for name in hosts)


@lru_cache(maxsize=4096)
def site_of(host: str) -> str:
    """The registrable domain of a host: `m.example.co.uk` → `example.co.uk`. An address or local name is itself.

    Names under which anybody may register (github.io, blogspot.com) count as suffixes: two blogs are two sites.
    """
    name = host.rstrip("]").rsplit(":", 1)[0].rstrip(".")
    labels = name.split(".")
    if host.startswith("[") or len(labels) < 2 or labels[-1].isdigit():
        return host
    domain = get_fld(name, fix_protocol=True, fail_silently=True, search_private=True)
    return str(domain) if domain else ".".join(labels[-2:])  # a top-level domain that the list does not know


def redact(url: str) -> str:
    """The URL without credentials, query and fragment, for logs and errors: keys and tokens live there."""
    try:
        parts = _parse(url)
    except ValueError:
        return "<not an http URL>"
    return f"{parts.protocol}//{parts.host}{parts.pathname}"


def absolute(link: str, base: str) -> str:
    """A link as found on the page at `base`, made absolute, without fragment. Raises ValueError unless http(s)."""
    link = link.strip()
    try:
        joined = link if link.startswith(("http://", "https://")) else urljoin(base, link)
    except ValueError:  # its text holds the credentials
        raise ValueError(f"not a URL: {_shown(link)}") from None
    parts = _parse(joined)
    parts.hash = ""
    return str(parts.href)


def _parse(url: str) -> can_ada.URL:
    try:
        parts = can_ada.parse(url)
    except (ValueError, TypeError):  # TypeError: lone surrogates
        raise ValueError(f"not a URL: {_shown(url)}") from None
    if parts.protocol not in ("http:", "https:") or not parts.hostname:
        raise ValueError(f"not an http(s) URL: {parts.protocol}…")
    return parts


def _shown(text: str) -> str:
    """What logs may hold of a text that is not a URL: nothing where it may carry credentials, never a query."""
    return "<not shown: it has an @>" if "@" in text else repr(re.split("[?#]", text, maxsplit=1)[0][:200])


def _kept_query(query: str) -> str:
    # Sorted by name alone: the order of repeated names can carry meaning.
    kept = [pair for pair in query.split("&") if pair and not _is_tracking(pair)]
    return _one_escape("&".join(sorted(kept, key=lambda pair: pair.partition("=")[0])))


def _is_tracking(pair: str) -> bool:
    name, _, value = pair.partition("=")
    name = name.lower()
    if name in TRACKING or name.startswith(TRACKING_PREFIXES):
        return True
    return value.lower() in TRACKING_VALUES.get(name, ())


def _one_escape(text: str) -> str:
    """Percent-encoding in one form: unreserved characters bare, hexadecimal digits in capitals (RFC 3986, 6.2.2)."""
    if "%" not in text:
        return text

    def one(found: re.Match[str]) -> str:
        byte = int(found[1], 16)
        return chr(byte) if byte in _UNRESERVED else f"%{found[1].upper()}"

    return _ESCAPE.sub(one, text)
