"""Runs a media tool: bounded in time, its errors translated, no child left behind."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from utils import deadline
from utils.errors import PermanentError, ResourceError, RetryableError, from_os_error

_NO_SPACE = "No space left on device"


class Finished(NamedTuple):
    """A tool that ended with exit code 0."""

    stdout: str
    stderr: str


def run(command: Sequence[str | Path], about: Path) -> Finished:
    """Run ``command`` to its end.

    Args:
        command: The tool and its arguments.
        about: The file that the work is about, for the error's text.

    Raises:
        PermanentError: the tool refused the file.
        ResourceError: the disk is full.
        RetryableError: it was ended: by the step's deadline, or by a signal.
    """
    tool = Path(command[0]).name.split("-")[0]
    try:
        # Popen.__exit__ and run() kill the child on a time-out and on any exception.
        done = subprocess.run(
            [str(part) for part in command],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=deadline.left(),
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise deadline.late(f"{tool} on {about.name}") from error
    except OSError as error:
        raise from_os_error(error, f"starting {tool}") from error
    stderr = done.stderr.decode(errors="replace")
    if _NO_SPACE in stderr:
        raise ResourceError(
            f"The disk is full while {tool} works on {about.name}. Free some space, then run again."
        )
    if done.returncode < 0 or "received signal" in stderr:
        raise RetryableError(
            f"{about.name}: {tool} was ended from outside (signal {-done.returncode}); "
            "if nobody did that, memory ran out."
        )
    if done.returncode != 0:
        if not about.exists():
            raise RetryableError(f"{about} vanished while {tool} read it. Put it back, run again.")
        raise PermanentError(
            f"{about.name}: {tool} gave up: {complaint(stderr) or f'exit code {done.returncode}'}"
        )
    return Finished(done.stdout.decode(errors="replace"), stderr)


def complaint(stderr: str) -> str:
    """What a tool's errors say, last cause first, without addresses and the file's path."""
    causes: list[str] = []
    for line in reversed(stderr.splitlines()):
        cause = re.sub(r"^(\[[^\]]*\]\s*)+", "", line.strip())
        cause = re.sub(r"^(Error opening input( files?)?: )?(file:.*: (?=[A-Z]))?", "", cause)
        if cause and cause not in causes:
            causes.append(cause)
    return "; ".join(causes[:2][::-1])[:300]
