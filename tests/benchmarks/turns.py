"""Commands by turns, a second each while the others stand still, so that a machine's mood meets them alike.

A shared machine may be a fifth faster in one minute than in the next: what runs one after the other compares minutes.
"""

import os
import signal
import subprocess
import sys
from collections.abc import Sequence

TURN_S = 1.0


def by_turns(commands: Sequence[list[str]], turn_s: float = TURN_S) -> list[list[str]]:
    """What each command has written, once for each of its whole passes: it begins anew until all have been through.

    Raises CalledProcessError for one that fails.
    """
    written: list[list[str]] = [[] for _ in commands]
    passes = [_Pass(command) for command in commands]
    try:
        while not all(written):
            for number, command in enumerate(commands):
                if passes[number].goes_on(turn_s):
                    continue
                written[number].append(passes[number].output())
                passes[number] = _Pass(command)
                if sys.stderr.isatty():
                    print(f"\r  whole passes: {', '.join(str(len(one)) for one in written)} ", end="", file=sys.stderr)
    finally:
        for one in passes:
            one.kill()
    return written


class _Pass:
    """One pass of a command, with whatever it starts itself; it stands still until it has a turn."""

    def __init__(self, command: list[str]) -> None:
        self._process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, start_new_session=True)
        os.killpg(self._process.pid, signal.SIGSTOP)

    def goes_on(self, seconds: float) -> bool:
        """One turn of it. Whether it is not through."""
        os.killpg(self._process.pid, signal.SIGCONT)
        try:
            self._process.wait(seconds)
        except subprocess.TimeoutExpired:
            os.killpg(self._process.pid, signal.SIGSTOP)
            return True
        return False

    def output(self) -> str:
        written, _ = self._process.communicate()
        if self._process.returncode:
            raise subprocess.CalledProcessError(self._process.returncode, self._process.args)
        return written

    def kill(self) -> None:
        if self._process.poll() is None:
            os.killpg(self._process.pid, signal.SIGKILL)
            self._process.communicate()
