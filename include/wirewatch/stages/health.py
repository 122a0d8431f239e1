"""How the sources are doing: what the frontier and the drift statistics say of each."""

from collections.abc import Sequence
from datetime import datetime

from include.wirewatch.config.sources import Source
from include.wirewatch.extract.drift import drift_of
from include.wirewatch.extract.drift_store import DriftStore
from include.wirewatch.frontier import Frontier
from include.wirewatch.frontier.health import Health, health_of
from include.wirewatch.store import Store

IN_TROUBLE = ("failing", "silent", "drifting")


def read_health(store: Store, sources: Sequence[Source], now: datetime) -> list[Health]:
    """One for each source, in their order. Reads at most the frontier's 64 buckets and one object more."""
    states = Frontier(store).read(sources)
    windows = DriftStore(store).read(source.name for source in sources)
    drifts = {name: str(drift) for name, window in windows.items() if (drift := drift_of(window))}
    return [health_of(source, states.get(source.name), now, drifts.get(source.name, "")) for source in sources]
