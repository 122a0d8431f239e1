"""robots.txt as RFC 9309 reads it.

2xx: its rules hold. Any other 4xx than 429: there are no rules. 5xx, 429 or no answer: nothing is allowed
until it answers again, and the URL is tried again by a later run, for it is the host that is in trouble, not the URL.
"""

from typing import NamedTuple

from protego import Protego

from include.wirewatch.models import Capture, Outcome, Reason

# RFC 9309 asks for at least 500 KiB; what follows is ignored.
MAX_ROBOTS_BYTES = 512_000
# A Crawl-delay beyond this would turn one feed into a day of fetching: take the longest pause that makes sense.
MAX_CRAWL_DELAY_S = 30.0


class Robots(NamedTuple):
    """What one host allows. trouble: why nothing can be said now, or None. rules None: everything is allowed."""

    rules: Protego | None = None
    trouble: Outcome | None = None

    def refusal(self, url: str, user_agent: str) -> Outcome | None:
        """Why this URL must not be fetched, or None."""
        if self.trouble is not None:
            return self.trouble
        if self.rules is None or self.rules.can_fetch(url, user_agent):
            return None
        return Outcome(reason=Reason.ROBOTS, detail="robots.txt disallows it")

    def crawl_delay_s(self, user_agent: str) -> float:
        """The pause that the host asks for, at most MAX_CRAWL_DELAY_S; 0 where it asks for none."""
        delay = self.rules.crawl_delay(user_agent) if self.rules is not None else None
        return min(max(float(delay or 0.0), 0.0), MAX_CRAWL_DELAY_S)


def text_of(answer: Capture | Outcome) -> str | None:
    """The text of robots.txt by the answer to its GET, "" where there are no rules; None where nothing can be said."""
    if isinstance(answer, Capture):
        return answer.body[:MAX_ROBOTS_BYTES].decode("utf-8-sig", "replace")
    status = answer.status or 0
    if answer.reason is Reason.HTTP_ERROR and 400 <= status < 500 and status != 429:
        return ""
    # RFC 9309, 2.3.1.2: after five redirects it may be taken as unavailable, which allows everything.
    return "" if answer.reason in (Reason.TOO_MANY_REDIRECTS, Reason.BAD_URL) else None


def rules_of(text: str) -> Robots:
    """What a text allows."""
    return Robots(rules=Protego.parse(text) if text else None)


def trouble_of(answer: Capture | Outcome) -> Robots:
    """Nothing is allowed for now; why, for every URL that waits for it."""
    assert isinstance(answer, Outcome), "an answer with a text is no trouble"
    return Robots(trouble=answer.model_copy(update={"detail": f"robots.txt: {answer.detail or answer.label}"}))
