"""The name of this extractor: part of the key of every clean batch, so that reprocessing is comparable."""

import hashlib
import re
from importlib.metadata import version

from lxml.etree import XPath

from include.wirewatch.extract import (
    article,
    boilerplate,
    clean,
    dates,
    decode,
    jsonld,
    language,
    markup,
    metadata,
    phrases,
    prune,
    text,
)  # fmt: skip

# Raised by hand when code changes what comes out; constants, patterns and phrases are seen by themselves.
OWN_VERSION = "w2"
MODULES = (article, boilerplate, clean, dates, decode, jsonld, language, markup, metadata, phrases, prune, text)


def extractor_name() -> str:
    """The library's version, our own, and a hash of every constant of the extraction's modules."""
    constants = [
        f"{module.__name__} {name} {_plain(value)!r}"
        for module in MODULES
        for name, value in sorted(vars(module).items())
        if name.isupper()
    ]
    digest = hashlib.sha256("\n".join(constants).encode()).hexdigest()
    return f"trafilatura-{version('trafilatura')}-{OWN_VERSION}-{digest[:8]}"


def _plain(value: object) -> object:
    """The same in every process: sets in order, patterns and paths as their source."""
    match value:
        case re.Pattern():
            return value.pattern
        case XPath():
            return value.path
        case dict():
            return [(_plain(key), _plain(each)) for key, each in value.items()]
        case set() | frozenset():
            return sorted(map(repr, value))
        case list() | tuple():
            return [_plain(each) for each in value]
    return repr(value)


EXTRACTOR = extractor_name()
