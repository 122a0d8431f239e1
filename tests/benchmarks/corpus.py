"""The pages that benchmarks run on: WIREWATCH_CORPUS, a folder with articles/*.html.gz and articles-gold.json."""

import gzip
import os
import sys
from pathlib import Path

PLACE = Path(os.environ.get("WIREWATCH_CORPUS", "../shared/corpus"))


def pages() -> dict[str, bytes]:
    """Stem → HTML, in the order of the names. Ends the benchmark with a plain message where there is no corpus."""
    found = {path.name.removesuffix(".html.gz"): path for path in sorted((PLACE / "articles").glob("*.html.gz"))}
    if not found:
        sys.exit(f"no pages in {PLACE}/articles: set WIREWATCH_CORPUS to a folder with articles/*.html.gz")
    return {stem: gzip.decompress(path.read_bytes()) for stem, path in found.items()}
