"""The name of this extractor: part of the key of every clean batch, so that reprocessing is comparable."""

import hashlib
from importlib.metadata import version

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

# Raised by hand when code changes what comes out; constants and phrases are seen by themselves.
OWN_VERSION = "w1"
MODULES = (article, boilerplate, clean, dates, decode, jsonld, language, markup, metadata, phrases, prune, text)


def _name() -> str:
    constants = [
        f"{module.__name__} {name} {value!r}"
        for module in MODULES
        for name, value in sorted(vars(module).items())
        if name.isupper() and isinstance(value, str | int | float | tuple)
    ]
    digest = hashlib.sha256("\n".join(constants).encode()).hexdigest()
    return f"trafilatura-{version('trafilatura')}-{OWN_VERSION}-{digest[:8]}"


EXTRACTOR = _name()
