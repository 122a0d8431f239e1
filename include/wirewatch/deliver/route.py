"""Which matches of an article go to which receivers.

Every route is looked at, in file order; a match goes to the receivers of every route whose conditions it fulfils.
One receiver gets one alert per article, with all its matches. Silences are looked at last: what they mute is not kept
for later; an article of which nothing is left is recorded as `silenced`.
What then is not urgent enough for a receiver to be told at once waits for its digest.
"""

from datetime import datetime
from typing import Protocol

from include.wirewatch.config.receivers import Route, Silence
from include.wirewatch.config.rules import SEVERITIES, Rule
from include.wirewatch.models import RuleMatch, Severity


class Published(Protocol):
    """What routes and silences ask of an article; a row of a matches batch says it, too."""

    @property
    def language(self) -> str: ...

    @property
    def publisher(self) -> str: ...


def route_matches(
    article: Published, matches: tuple[RuleMatch, ...], routes: tuple[Route, ...]
) -> dict[str, tuple[RuleMatch, ...]]:
    """Receiver name → its matches, in the order of `matches`. Receivers without any are left out."""
    found: dict[str, tuple[RuleMatch, ...]] = {}
    for route in routes:
        wanted = [match for match in matches if is_wanted(route, article, match)]
        for receiver in route.to if wanted else ():
            known = found.get(receiver, ())
            merged = [match for match in matches if match in known or match in wanted]
            found[receiver] = tuple(merged)
    return found


def is_wanted(route: Route, article: Published, match: RuleMatch) -> bool:
    """True when every condition that the route gives holds."""
    return (
        _takes(route, match.rule, match.tags, match.severity)
        and (not route.languages or article.language in route.languages)
        and (not route.publishers or article.publisher in route.publishers)
    )


def unsilenced(
    routed: dict[str, tuple[RuleMatch, ...]], article: Published, silences: tuple[Silence, ...], now: datetime
) -> dict[str, tuple[RuleMatch, ...]]:
    """What of `routed` no silence mutes at that moment."""
    if not silences:
        return routed
    left = {
        receiver: tuple(match for match in matches if not silence_of(silences, receiver, article, match, now))
        for receiver, matches in routed.items()
    }
    return {receiver: matches for receiver, matches in left.items() if matches}


def silence_of(
    silences: tuple[Silence, ...], receiver: str, article: Published, match: RuleMatch, now: datetime
) -> Silence | None:
    """The first silence that mutes this match there at that moment."""
    running = (silence for silence in silences if now < silence.until)
    return next((silence for silence in running if is_silenced(silence, receiver, article, match)), None)


def is_silenced(silence: Silence, receiver: str, article: Published, match: RuleMatch) -> bool:
    """True when every condition that the silence gives holds."""
    return (
        (not silence.receivers or receiver in silence.receivers)
        and (not silence.rules or match.rule in silence.rules)
        and (not silence.tags or any(tag in silence.tags for tag in match.tags))
        and (not silence.publishers or article.publisher in silence.publishers)
    )


def is_instant(matches: tuple[RuleMatch, ...], instant_from: Severity) -> bool:
    """True when one of an article's matches is reason enough to tell the receiver at once, and of all of them."""
    return any(_rank(match.severity) >= _rank(instant_from) for match in matches)


def may_lead_to(receiver: str, rule: Rule, routes: tuple[Route, ...]) -> bool:
    """True when a match of this rule can reach the receiver, by some article's language and publisher."""
    return any(receiver in route.to and _takes(route, rule.name, rule.tags, rule.severity) for route in routes)


def _takes(route: Route, rule: str, tags: tuple[str, ...], severity: Severity) -> bool:
    return (
        (not route.rules or rule in route.rules)
        and (not route.tags or any(tag in route.tags for tag in tags))
        and _rank(severity) >= _rank(route.min_severity)
    )


def best_first(matches: tuple[RuleMatch, ...]) -> list[RuleMatch]:
    """The highest score first; equal ones by name."""
    return sorted(matches, key=lambda match: (-match.score, match.rule))


def _rank(severity: Severity) -> int:
    return SEVERITIES.index(severity)
