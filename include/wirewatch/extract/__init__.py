"""A capture → an article: text and metadata that alerts can trust, from pages that nobody can trust.

decode       bytes → text
markup       text → tree, and what is no page at all
jsonld       the page's JSON-LD, read once and taken out of the tree
metadata     what the page says about itself, each field with its origin
dates        which of the dates to believe
text         the chain fast → precision → balanced → json-ld
prune        the tree without what no reader sees
boilerplate  the lines that are not the article's own, by links and by phrases
language     which language the text is in
article      all of these for one page
workers      many pages, in processes that can be killed
drift        whether a source's articles have changed of late; drift_store keeps what that takes
"""

from include.wirewatch.extract.article import extract_page, summary_of
from include.wirewatch.extract.extractor import EXTRACTOR
from include.wirewatch.extract.records import Extraction, Limits, Page
from include.wirewatch.extract.workers import extract_pages

__all__ = ["EXTRACTOR", "Extraction", "Limits", "Page", "extract_page", "extract_pages", "summary_of"]
