"""A receiver whose connection is missing: everything for it waits in the outbox, and somebody is told what to add."""

from datetime import datetime
from typing import NoReturn

from include.wirewatch.deliver.receiver import Posted, ReceiverFaultError
from include.wirewatch.deliver.thread import BY_ITSELF, Place
from include.wirewatch.models import Alert, Bulletin


class UnconnectedChannel:
    """Refuses every message. says: what is missing, and what to do."""

    def __init__(self, via: str, says: str) -> None:
        self.via = via
        self._says = says

    def post(self, outgoing: Alert | Bulletin, place: Place = BY_ITSELF, *, plain: bool = False) -> Posted:  # noqa: ARG002
        self._refuse()

    def find(self, outgoing: Alert | Bulletin, place: Place, last_try: datetime) -> Posted | None:  # noqa: ARG002
        self._refuse()

    def update(
        self,
        outgoing: Alert | Bulletin,  # noqa: ARG002
        place: Place,  # noqa: ARG002
        posted: Posted,  # noqa: ARG002
        copies: tuple[str, ...] = (),  # noqa: ARG002
        *,
        plain: bool = False,  # noqa: ARG002
    ) -> None:
        self._refuse()

    def _refuse(self) -> NoReturn:
        raise ReceiverFaultError(self._says)
