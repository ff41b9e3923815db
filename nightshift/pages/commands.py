"""Commands of ours that a page has run beside it: one at a time, for a time, their result kept.

They are programs of their own: what they load stays out of the server's memory, one that hangs
can be ended, and each of several server processes sees that one runs (a lock) and what came of
the last (a file).
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any, NamedTuple

from filelock import FileLock, Timeout

from utils import clock
from utils.config import Settings, child_environment
from utils.errors import from_os_error
from utils.privacy.redaction import shown, shown_within

_KEPT = 4_000  # characters of what a command says that is no JSON
_GRACE_SECONDS = 5.0  # to end by itself, after its time is over


class Command(NamedTuple):
    """``arguments`` of `nightshift`; ``seconds`` that it may take; ``is_json``: so it answers."""

    name: str
    arguments: tuple[str, ...]
    seconds: int
    is_json: bool = True


COMMANDS = {
    one.name: one
    for one in (
        Command("check", ("doctor", "--json"), 120),
        Command("repair", ("doctor", "--fix", "--json"), 300),
        Command("targets", ("targets", "check", "--json"), 300),
        Command("setup", ("setup",), 3_600, is_json=False),
        Command("reindex", ("reindex",), 6 * 3_600, is_json=False),
        Command("deploy", ("deploy",), 600, is_json=False),
    )
}


def start(command: Command, settings: Settings) -> bool:
    """Have a command run; False where one of them runs already: then nothing is started.

    Raises:
        NightShiftError: the home can't be written.
    """
    folder = _folder(settings)
    folder.mkdir(parents=True, exist_ok=True)
    lock = _lock(settings)
    try:
        lock.acquire(timeout=0)
    except Timeout:
        return False
    told = {"name": command.name, "started_at": clock.now().isoformat()}
    try:
        (folder / "running.json").write_text(json.dumps(told))
    except OSError as error:
        lock.release()
        raise from_os_error(error, f"beginning nightshift {command.name}") from error
    threading.Thread(target=_run, args=(command, settings, lock), daemon=True).start()
    return True


def running(settings: Settings) -> dict[str, Any] | None:
    """Which command runs, and since when; None: none."""
    lock = _lock(settings)
    try:
        lock.acquire(timeout=0)
    except Timeout:
        return _read(_folder(settings) / "running.json") or {"name": "", "started_at": None}
    except OSError:  # nothing was ever run here
        return None
    lock.release()
    return None


def last(name: str, settings: Settings) -> dict[str, Any] | None:
    """What the last run of a command came to: ``ended_at``, ``code`` (None: its time was over),
    ``found`` (its JSON; None: it said none), ``said`` (else).
    """
    return _read(_folder(settings) / f"{name}.json")


def _run(command: Command, settings: Settings, lock: FileLock) -> None:
    try:
        code, printed, said = _finished(command, settings)
        found = _json(printed) if command.is_json else None
        text = said if found is not None else f"{printed}\n{said}".strip()
        told = {
            "ended_at": clock.now().isoformat(),
            "code": code,
            "found": shown_within(found),
            "said": shown(text[-_KEPT:]),
        }
        path = _folder(settings) / f"{command.name}.json"
        path.with_suffix(".new").write_text(json.dumps(told, ensure_ascii=False))
        path.with_suffix(".new").replace(path)
    finally:
        lock.release()


def _finished(command: Command, settings: Settings) -> tuple[int | None, str, str]:
    """The exit status (None: its time was over), what it printed, and what it complained of."""
    started = subprocess.Popen(
        [sys.executable, "-P", "-m", "nightshift", *command.arguments],
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        errors="replace", start_new_session=True,
        env=child_environment(NIGHTSHIFT_HOME=str(settings.home), NO_COLOR="1"),
    )  # fmt: skip
    try:
        printed, said = started.communicate(timeout=command.seconds)
        return started.returncode, printed, said
    except subprocess.TimeoutExpired:
        os.killpg(started.pid, signal.SIGTERM)
    try:
        printed, said = started.communicate(timeout=_GRACE_SECONDS)
    except subprocess.TimeoutExpired:
        os.killpg(started.pid, signal.SIGKILL)
        printed, said = started.communicate()
    return None, printed, said


def _json(printed: str) -> Any:
    try:
        return json.loads(printed)
    except ValueError:
        return None


def _read(path: Path) -> dict[str, Any] | None:
    try:
        found: dict[str, Any] = json.loads(path.read_text())
    except (OSError, ValueError):
        return None
    return found


def _folder(settings: Settings) -> Path:
    return settings.home / "cache" / "commands"


def _lock(settings: Settings) -> FileLock:
    """The lock that a running command holds; of this process, whichever thread lets it go."""
    return FileLock(_folder(settings) / "lock", thread_local=False)
