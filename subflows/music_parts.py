"""The parts of a night of music: each a subflow with a time limit, none stops the others.

A part works in a thread of its own, since three are to work at once, and since one that hangs must
not hold the others. A thread can't be stopped: one whose time is over is told so
(``utils.processes.deadline.check``), and is not waited for.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping
from contextlib import suppress
from contextvars import Context, copy_context
from typing import Any, NamedTuple

from prefect import Flow
from prefect.client.schemas.objects import State
from prefect.states import Completed, Failed

from tasks.tags import NOTHING_TO_DO, PARTIAL, SERVED, marked
from utils import clock
from utils.config import Settings
from utils.db import music_runs
from utils.db.session import session
from utils.errors import NightShiftError
from utils.models.music import Outcome, SubflowResult
from utils.models.music_report import MusicError, MusicReport, failed
from utils.observability import notices
from utils.processes import deadline
from utils.scheduling import music_session

# Both chosen: for a part to end by itself, with what it has; for one that is told to end.
_SLACK_SECONDS, _GRACE_SECONDS = 10.0, 2.0


class Part(NamedTuple):
    """A subflow, what it is given, how long it may take, and which setting says so."""

    flow: Flow[..., SubflowResult]
    seconds: float
    setting: str
    given: Mapping[str, Any] = {}


class Begun:
    """A part at work for a run."""

    def __init__(self, part: Part, run_id: str) -> None:
        self._part, self._run_id = part, run_id
        self._over = threading.Event()
        self._lock = threading.Lock()
        self._result: SubflowResult | None = None
        self._is_noted = False
        self._began = clock.monotonic()
        # The link to the parent's flow run is for a UI: nobody looks into an ephemeral server.
        context = copy_context() if SERVED else Context()
        self._thread = threading.Thread(
            target=context.run, args=(self._work,), name=part.flow.name, daemon=True
        )
        self._thread.start()

    def result(self) -> SubflowResult:
        """What it came to; one that takes longer than its limit from now on has failed."""
        part = self._part
        try:
            self._thread.join(part.seconds + min(_SLACK_SECONDS, part.seconds / 10))
            if self._thread.is_alive():
                self._over.set()
                self._thread.join(_GRACE_SECONDS)
        except BaseException:  # Ctrl-C, or a worker's cancellation
            self._over.set()
            raise
        late = TimeoutError(
            f"{part.flow.name} took more than {part.seconds:g} s and was ended; what it had found "
            f"is kept. Raise NIGHTSHIFT_MUSIC__{part.setting.upper()}, or lower its limit."
        )
        return self._noted(failed(part.flow.name, late))

    def _work(self) -> None:
        with deadline.until(self._over), marked():
            flow: Any = self._part.flow  # typed as what it returns, not as its state
            try:
                found = flow(**self._part.given, return_state=True).result(raise_on_failure=False)
            except BaseException as error:  # noqa: BLE001 (a thread has nobody to raise it to)
                found = error
        if isinstance(found, BaseException):
            found = failed(self._part.flow.name, found)
        if not self._over.is_set():
            with suppress(NightShiftError):  # who waits for the part notes it again
                self._noted(found)

    def _noted(self, result: SubflowResult) -> SubflowResult:
        """Note the first result that there is: who follows this part reads it in the run's row."""
        with self._lock:
            if self._result is None:
                took = round(clock.monotonic() - self._began, 3)
                self._result = result.model_copy(update={"seconds": took})
            if not self._is_noted:
                with session() as s:
                    music_runs.add(s, self._run_id, self._result)
                self._is_noted = True
            return self._result


def conclude(run_id: str, status: Outcome, settings: Settings) -> State[MusicReport]:
    """Close a run, tell who is to be told, and give the state that says what it came to."""
    with session() as s:
        music_runs.end(s, run_id, status)
        before = music_runs.status_before(s, run_id)
    report = music_session.report(run_id)
    assert report is not None  # it was opened by whoever closes it
    notices.notify_music(report, before, settings)
    # In red, as whoever looks at a list of nights must see it.
    if report.failures or status is Outcome.FAILED:
        name = "Failed" if status is Outcome.FAILED else PARTIAL
        error = MusicError(report)
        return Failed(name=name, message=str(error), data=error)
    return told(report)


def told(report: MusicReport) -> State[MusicReport]:
    """The state of a run in which nothing failed."""
    names = {Outcome.PARTIAL.value: PARTIAL, Outcome.NO_UPDATES.value: NOTHING_TO_DO}
    name = names.get(report.status, "Completed")
    return Completed(name=name, message=report.words, data=report)
