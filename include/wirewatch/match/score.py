"""How much an article is about a rule, 0 to 100, and of what that is made. It ranks; it never suppresses."""

from math import log2

from include.wirewatch.match.nodes import Regex
from include.wirewatch.match.text import LEAD_WORDS, Span, Text


def score(text: Text, spans: list[Span]) -> dict[str, int]:
    """Points by part: title ≤ 30, lead ≤ 20, hits ≤ 20, density ≤ 15 and terms ≤ 15. Their sum is the score.

    title, lead: something was found there. hits: 1, 3, 7, 15 occurrences give 5, 10, 15, 20. density: occurrences in
    100 words, 5 points each. terms: 5 points for each different term.
    """
    title_end, lead_end = text.body_at, text.body_at + LEAD_WORDS
    in_title = in_lead = False
    places: set[int] = set()
    terms: set[str] = set()
    for first, _, leaf in spans:
        places.add(first)
        terms.add(leaf.key)
        if first < title_end:
            in_title = True
        elif first < lead_end or (isinstance(leaf, Regex) and first < title_end + text.body.end_of_word(LEAD_WORDS)):
            in_lead = True
    return {
        "title": 30 * in_title,
        "lead": 20 * in_lead,
        "hits": min(20, round(5 * log2(1 + len(places)))),
        "density": min(15, round(500 * len(places) / text.size)),
        "terms": min(15, 5 * len(terms)),
    }
