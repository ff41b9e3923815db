"""Ctrl-C before a run has begun: while Python imports what it needs, and while files are read.

Nothing is claimed then, so the process may end where it stands. Once a run has begun,
nightshift/cli/stopping.py hears. Imported before all else, and imports next to nothing itself.
"""

from __future__ import annotations

import os
import signal
import sys
from types import FrameType

_COMMANDS = {"run", "night"}


def _is_program() -> bool:
    """True for the command line itself, False where a test or a program imports it."""
    return sys.argv[0].endswith(("/nightshift", "/nightshift/__main__.py"))


def end(number: int, frame: FrameType | None) -> None:
    """The handler: no exception, which an import could take for a failure of its own."""
    watch = sys.modules.get("nightshift.cli.watch")
    if erase := getattr(watch, "erase", None):  # it may be half imported
        erase()
    os.write(2, b"Stopped.\n")
    os._exit(128 + number)


def hear_until_begun() -> None:
    """Leave the handler to the commands that begin a run; others end as click has them end."""
    if signal.getsignal(signal.SIGINT) is end and not _COMMANDS & set(sys.argv[1:]):
        signal.signal(signal.SIGINT, signal.default_int_handler)


# Not where Ctrl-C is ignored (nohup … &).
if _is_program() and signal.getsignal(signal.SIGINT) is signal.default_int_handler:
    signal.signal(signal.SIGINT, end)
