"""`nightshift watch`: folders whose new files are processed as they come."""

from __future__ import annotations

import signal
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated

import typer

from nightshift.cli.output import errors
from utils.models.sanitize import visible

if TYPE_CHECKING:
    from utils.config import Settings
    from utils.models.source import SourceDefinition
    from utils.sources.watching import Batch, Watched

# Paths of one run: far below what a command line can hold, and a report that can be read. Chosen.
_AT_ONCE = 200
_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def add_to(app: typer.Typer) -> None:
    """Add the command of this module."""
    app.command("watch")(watch_folders)


def watch_folders(
    folders: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="FOLDER...", help="What to watch; without any, the sources that say watch."
        ),
    ] = None,
    settle: Annotated[
        float | None,
        typer.Option(
            "--settle",
            metavar="SECONDS",
            min=0,
            help="A file that changed within them waits \\[5].",
        ),
    ] = None,
    poll: Annotated[
        float | None,
        typer.Option(
            "--poll",
            metavar="SECONDS",
            min=1,
            help="Look through the folder so often instead of listening; network shares: \\[30].",
        ),
    ] = None,
) -> None:
    """Process files as they come into folders, until Ctrl-C.

    A file that still grows waits; what comes together is one run, and one run follows another.
    """
    from utils.config import load_settings
    from utils.sources import watching
    from utils.storage import home

    settings = load_settings()
    home.prepare(settings)
    wanted = _named(folders, settle, poll) if folders else _of_sources(settle, poll)
    for one in wanted:
        every = watching.polled(one).poll_seconds
        how = f"looked through every {every:g} s" if every else "listened to"
        _say(
            f"Watching {one.folder} ({how}; a file waits until it is {one.settle_seconds:g} s old)"
        )
    with _stopped_by_signals() as stop:
        for batch in watching.batches(wanted, settings, stop.asked, _say):
            for start in range(0, len(batch.paths), _AT_ONCE):
                if stop.asked.is_set():
                    break
                _process(batch, start, stop, settings)
    _say("Watching no more.")


class _Stop:
    """Whether a signal asked for the end, and the run that is to hear of it."""

    def __init__(self) -> None:
        self.asked = threading.Event()
        self.run: subprocess.Popen[bytes] | None = None


@contextmanager
def _stopped_by_signals() -> Iterator[_Stop]:
    """Have signals end the watch, and pass them on to the run that is in work."""
    stop = _Stop()

    def hear(number: int, _frame: object) -> None:
        stop.asked.set()
        if stop.run is not None and stop.run.poll() is None:
            stop.run.send_signal(number)

    before = {number: signal.getsignal(number) for number in _SIGNALS}
    for number, handler in before.items():
        if handler is not signal.SIG_IGN:  # nohup
            signal.signal(number, hear)
    try:
        yield stop
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _process(batch: Batch, start: int, stop: _Stop, settings: Settings) -> None:
    """One run over a part of a batch, in a process of its own: as a person would start it."""
    from utils.config import child_environment
    from utils.processes import watchdog

    paths = [str(path) for path in batch.paths[start : start + _AT_ONCE]]
    command = [sys.executable, "-P", "-m", "nightshift", "run", *_options(batch), "--", *paths]
    environment = child_environment(NIGHTSHIFT_HOME=str(settings.home), **_variables(batch))
    # A session of its own: the terminal's Ctrl-C comes once, from us.
    watchdog.ready()
    stop.run = subprocess.Popen(
        command, env=environment, stdin=subprocess.DEVNULL, start_new_session=True
    )
    watchdog.watch(stop.run.pid)
    try:
        stop.run.wait()
    finally:
        watchdog.forget(stop.run.pid)
        stop.run = None


def _options(batch: Batch) -> list[str]:
    definition = _definition(batch.watched)
    known = {"video", "song", "image"}
    profile = definition.profile if definition else None
    return ["--profile", profile] if profile in known else []


def _variables(batch: Batch) -> dict[str, str]:
    """The pipeline's options of a source, as settings of its run."""
    import json

    definition = _definition(batch.watched)
    given = definition.options.pipeline if definition else {}
    return {
        f"NIGHTSHIFT_PIPELINE__{name.replace('.', '__').upper()}": value
        if isinstance(value, str)
        else json.dumps(value)
        for name, value in given.items()
    }


def _definition(watched: Watched) -> SourceDefinition | None:
    from utils.db import sources
    from utils.db.session import session

    if watched.source is None:
        return None
    with session() as s:
        at = sources.at(s, [str(watched.folder)]).get(str(watched.folder), [])
    return next((one for one in at if one.name == watched.source), None)


def _named(folders: Sequence[str], settle: float | None, poll: float | None) -> list[Watched]:
    """The folders that a person named.

    Raises:
        UsageError: one is not there, or is no folder.
        PermanentError: one is a home.
    """
    from utils.errors import UsageError
    from utils.sources.watching import Watched
    from utils.storage import home
    from utils.storage.files import absolute, is_folder

    found = []
    for name in folders:
        path = absolute(name)
        if not is_folder(path):
            raise UsageError(f"{path} is no folder that is there. Check the spelling.")
        home.refuse_as_library(path)
        found.append(Watched(path, 5.0 if settle is None else settle, poll))
    return found


def _of_sources(settle: float | None, poll: float | None) -> list[Watched]:
    """The folders of the sources that are to be watched; one that is paused is not.

    Raises:
        UsageError: there are none.
    """
    from pathlib import Path

    from utils.db import sources
    from utils.db.session import session
    from utils.errors import UsageError
    from utils.models.source import SourceKind
    from utils.sources.watching import Watched

    with session() as s:
        rows = [row for row in sources.every(s) if row.kind == SourceKind.FOLDER.value]
        known = [sources.definition(row) for row in rows if row.paused_at is None]
    found = [
        Watched(
            Path(one.url),
            one.options.settle_seconds if settle is None else settle,
            one.options.poll_seconds if poll is None else poll,
            one.pattern,
            one.name,
        )
        for one in known
        if one.options.watch
    ]
    if not found:
        raise UsageError(
            "No source is to be watched. Name a folder (nightshift watch FOLDER), or give a source "
            "the option watch (--option watch=true)."
        )
    return found


def _say(text: str) -> None:
    errors.print(visible(text), markup=False, style="dim")
