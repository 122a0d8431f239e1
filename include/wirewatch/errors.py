"""The errors that stop a task. Trouble with one URL is never one of them: that is an Outcome.

Permanent errors repeat on every try: Airflow does not retry them. Everything else may pass and is retried.
"""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from include.wirewatch.models import Failure


class WirewatchError(Exception):
    """Something stops the task. The message says what, which, what was expected and what to do.

    failures: what somebody must mend, one by one; empty where the message says it all.
    """

    failures: "tuple[Failure, ...]" = ()


class PermanentError(WirewatchError):
    """A retry cannot mend it: configuration, credentials, a missing bucket."""


class FailuresError(PermanentError):
    """All else is done; what is left somebody must mend, one by one."""

    def __init__(self, failures: "Sequence[Failure]") -> None:
        self.failures = tuple(failures)
        super().__init__("; ".join(failure.says for failure in failures))


class ConfigError(PermanentError):
    """One or more places in the configuration are wrong.

    problems: one line each, `FILE:LINE:COL: what`, in file order.
    """

    def __init__(self, problems: list[str]) -> None:
        self.problems = problems
        super().__init__("\n".join(problems))


class StoreError(WirewatchError):
    """S3 did not answer as it must; may pass."""


class StoreRefusedError(PermanentError):
    """S3 refuses for good: no such bucket, wrong credentials, access denied."""
