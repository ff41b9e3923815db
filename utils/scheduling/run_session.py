"""A run over many items: opened, its lease renewed by a heartbeat, closed. Knows no Prefect."""

from __future__ import annotations

import logging
import re
import threading
import uuid
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress

from utils import clock
from utils.config import Settings
from utils.db import queue, runs, workers
from utils.db.schema import Run
from utils.db.session import session
from utils.errors import NightShiftError, PermanentError
from utils.housekeeping import recovery
from utils.models.shift import ItemOutcome, ShiftReport, count, status_of
from utils.models.source import IngestionMetrics, Trigger
from utils.models.window import Window, parse
from utils.observability import notices, progress
from utils.observability.reports import html
from utils.processes import parent
from utils.scheduling.telling import telling
from utils.scheduling.window import next_opening, opening
from utils.storage import scratch

_log = logging.getLogger(__name__)
_ID = re.compile(r"[\w-]{1,64}", re.ASCII)


def new_id() -> str:
    """An id for a run."""
    return uuid.uuid4().hex[:12]


@contextmanager
def run_session(
    flow: str | None, run_id: str, settings: Settings, worker: str | None = None
) -> Iterator[recovery.Recovered]:
    """Work as ``worker`` for the run ``run_id`` while the block lasts.

    First what dead workers left is recovered, and again at each heartbeat, so that what another
    process leaves behind when it dies is free within a lease. At the end, what was claimed and
    not settled is released.

    Args:
        flow: Opens the run under this name; None if it is open, or there is none.
        run_id: The run.
        settings: For the lease, and what a recovery needs.
        worker: Who claims; the run itself when not given.
    """
    if not _ID.fullmatch(run_id):  # its report is named after it
        raise PermanentError("A run's id is made of up to 64 letters, digits, - and _.")
    parent.end_with_worker()
    worker = worker or run_id
    with session() as s:
        workers.register(s, worker, run_id, settings.lease_seconds)
    recovered = recovery.recover(settings)
    if flow:
        with session() as s:
            runs.begin(s, run_id, flow)
    tally = progress.Tally()
    try:
        with (
            _heartbeats(worker, run_id, settings),
            telling(worker, run_id, may_stop=flow is not None),
            progress.watching(tally.hear),
        ):
            yield recovered
    except BaseException as error:
        if flow:
            _note_broken_off(run_id, error, tally.left)
        raise
    finally:
        with session() as s:
            queue.release_all(s, worker)
            workers.unregister(s, worker)


@contextmanager
def _heartbeats(worker: str, run_id: str, settings: Settings) -> Iterator[None]:
    """Renew the worker's lease, thrice in its length, while the block lasts."""
    over = threading.Event()

    def beat_until_over() -> None:
        while not over.wait(settings.lease_seconds / 3):
            heartbeat(worker, run_id, settings)

    thread = threading.Thread(target=beat_until_over, name="heartbeat", daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


def heartbeat(worker: str, run_id: str, settings: Settings) -> None:
    """Renew the worker's lease, then recover what others left; what fails now is tried again.

    Nothing may end the heartbeats while items are in work: others would take them over.
    """
    try:
        with session() as s:
            if not workers.heartbeat(s, worker, settings.lease_seconds):
                # Counted as dead while it was suspended: its items are another's now (steps
                # notice, utils/db/ledger.py), but it may claim again.
                workers.register(s, worker, run_id, settings.lease_seconds)
        scratch.touch_lock()
        recovery.recover(settings)
    except (NightShiftError, OSError) as error:
        _log.warning("The heartbeat of %s failed and is tried again: %s", worker, error)


def _note_broken_off(run_id: str, error: BaseException, left_over: int) -> None:
    """Close a run that ends before its end; if that fails now, a recovery will say so instead."""
    # What others raise may name addresses with passwords.
    message = str(error) if isinstance(error, NightShiftError) else type(error).__name__
    with suppress(NightShiftError), session() as s:
        if isinstance(error, Exception):
            runs.crash(s, run_id, f"it broke off: {message}")
        else:
            runs.stop(s, run_id, left_over)


def stop(run_id: str, left_over: int) -> None:
    """Close the run ``run_id`` of this process, which ends now, and give back what it has.

    What its threads still do changes nothing any more: the items are not theirs.
    """
    with suppress(NightShiftError), session() as s:
        if s.get(Run, run_id):
            runs.stop(s, run_id, left_over)
        queue.release_all(s, run_id)
        workers.unregister(s, run_id)


def note_source(run_id: str, source_id: str, trigger: Trigger) -> None:
    """Note which source the run looks into, and why."""
    with session() as s:
        runs.note_source(s, run_id, source_id, trigger.value)


def note_metrics(run_id: str, metrics: IngestionMetrics) -> None:
    """Note what the run found in its source, with what became of it."""
    with session() as s:
        rows = count(runs.outcomes(s, run_id))
        runs.note_metrics(
            s,
            run_id,
            metrics.model_copy(
                update={
                    "success": rows.done + rows.done_with_lacks + rows.deferred,
                    "failed": rows.failures,
                    "skipped": rows.skipped,
                }
            ),
        )


def note(run_id: str, outcomes: Sequence[ItemOutcome]) -> None:
    """Note what came of locations without any work."""
    with session() as s:
        runs.add_outcomes(s, run_id, outcomes)


def note_left_out(run_id: str, left_out: Mapping[str, int]) -> None:
    """Note what the run's folders held and it left out."""
    with session() as s:
        runs.leave_out(s, run_id, left_out)


def hours(text: str | None, timezone: str | None, settings: Settings) -> Window | None:
    """The window that a person wrote, or the settings'; None if there is none."""
    text = text or settings.window
    return parse(text, timezone or settings.timezone) if text else None


def missed(run_id: str, window: Window) -> str | None:
    """Note that the run begins outside its window; says when the next opens. None inside."""
    moment = clock.now()
    if opening(window, moment):
        return None
    opens = next_opening(window, moment).start.astimezone(window.zone)
    reason = f"outside the window {window}: the next opens at {opens:%Y-%m-%d %H:%M %Z}"
    postpone(run_id, 0, reason)
    return reason


def postpone(run_id: str, number: int, reason: str) -> None:
    """Note that the run did not get to ``number`` items, and why; they keep their place."""
    with session() as s:
        runs.postpone(s, run_id, number, reason)


def close(run_id: str, settings: Settings) -> ShiftReport:
    """Close a run: count, judge, write its report, tell whoever is to be told."""
    with session() as s:
        report = runs.load(s, run_id)
        status = status_of(report.items, report.left_over, report.published)
    path = settings.home / "reports" / f"{run_id}.html"
    report = report.model_copy(update={"status": status, "report": path})
    with session() as s:
        html.write(s, report, path, settings.timezone)
        runs.finish(s, run_id, status, path)
    notices.notify(report, settings)
    return report
