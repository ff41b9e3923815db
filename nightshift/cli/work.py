"""Commands that work: run, night."""

from __future__ import annotations

import sys
from contextlib import suppress
from typing import TYPE_CHECKING, Annotated, Any

import typer

from nightshift.cli.output import Json, console, not_blank, print_json, print_report, print_reviews
from nightshift.cli.work_options import (
    AiWorkers,
    Concurrency,
    Force,
    Language,
    LyricVideo,
    Model,
    Only,
    Profile,
    ReadText,
    Skip,
    Speakers,
    Speech,
    Translate,
    Verbose,
    Visuals,
    Vocabulary,
    Words,
    chosen,
    with_speakers,
    with_text,
    with_visuals,
)
from utils.models.sanitize import visible

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from prefect.client.schemas.objects import State

    from utils.models.shift import ShiftReport


# True once Prefect's server is away for good: the process must not wait for it when it ends.
server_died = False


def add_to(app: typer.Typer) -> None:
    """Add the commands of this module."""
    app.command()(run)
    app.command()(night)


def run(
    locations: Annotated[
        list[str],
        typer.Argument(
            metavar="PATH_OR_URL...", help="Files, folders, addresses.", callback=not_blank
        ),
    ],
    concurrency: Concurrency = None,
    ai_workers: AiWorkers = None,
    profile: Profile = None,
    only: Only = None,
    skip: Skip = None,
    force: Force = False,
    model: Model = None,
    language: Language = None,
    words: Words = False,
    translate: Translate = False,
    vocabulary: Vocabulary = None,
    speakers: Speakers = None,
    read_text: ReadText = False,
    visuals: Visuals = False,
    lyric_video: LyricVideo = False,
    again: Annotated[
        bool, typer.Option("--again", help="Take what was forgotten (nightshift forget), too.")
    ] = False,
    as_json: Json = False,
    verbose: Verbose = False,
) -> None:
    """Process what is new at some paths and addresses.

    What was done before is not done again; one bad item stops no other.
    """
    from nightshift.cli import watch
    from utils.config import load_settings
    from utils.db.sources import is_url
    from utils.housekeeping import recovery
    from utils.observability import progress
    from utils.pipeline.fingerprint import wanted_key
    from utils.scheduling import run_session
    from utils.sources import scan
    from utils.storage.sealing import sealed

    speech = Speech(model, language, words, translate, vocabulary)
    options = with_speakers(chosen(profile, only, skip, force, speech), speakers)
    options = with_visuals(with_text(options, read_text), visuals, lyric_video)
    require_one(locations)
    _widen_ai(ai_workers)
    settings = load_settings()
    locations = [sealed(location, settings) for location in locations]
    if not any(is_url(location) for location in locations):
        recovery.recover(settings)  # what a dead run had would pass for being worked on
        with watch.shown(as_json):
            key = wanted_key(options, settings)
            found = scan.scan(locations, key, settings, again, progress.reading)
        if not found.pending:  # no need to start Prefect to find that out
            run_id = run_session.new_id()
            with run_session.run_session("content-ingestion", run_id, settings):
                run_session.note(run_id, found.outcomes)
                run_session.note_left_out(run_id, found.left_out)
                run_session.close(run_id, settings)
            _finish(run_id, as_json)
    call_flow("content_ingestion", as_json, verbose, urls=locations, options=options,
          concurrency=concurrency, again=again)  # fmt: skip


def night(
    limit: Annotated[
        int | None, typer.Option("--limit", min=1, help="Items to take \\[default: 50].")
    ] = None,
    concurrency: Concurrency = None,
    ai_workers: AiWorkers = None,
    window: Annotated[
        str | None,
        typer.Option(
            "--window",
            metavar="HH:MM-HH:MM",
            help="When it may work; 00:00-24:00 for now \\[default: NIGHTSHIFT_WINDOW].",
        ),
    ] = None,
    profile: Profile = None,
    only: Only = None,
    skip: Skip = None,
    force: Force = False,
    model: Model = None,
    language: Language = None,
    words: Words = False,
    translate: Translate = False,
    vocabulary: Vocabulary = None,
    speakers: Speakers = None,
    read_text: ReadText = False,
    visuals: Visuals = False,
    lyric_video: LyricVideo = False,
    as_json: Json = False,
    verbose: Verbose = False,
) -> None:
    """Work a shift now: sources, what waits, what may be retried."""
    from utils.clock import now
    from utils.config import load_settings
    from utils.scheduling import run_session
    from utils.scheduling.window import opening

    speech = Speech(model, language, words, translate, vocabulary)
    options = with_speakers(chosen(profile, only, skip, force, speech), speakers)
    options = with_visuals(with_text(options, read_text), visuals, lyric_video)
    _widen_ai(ai_workers)
    settings = load_settings()
    try:
        hours = run_session.hours(window, None, settings)
    except ValueError as error:
        raise typer.BadParameter(str(error)) from error
    if hours and not opening(hours, now()):  # no need to start Prefect to find that out
        run_id = run_session.new_id()
        with run_session.run_session("night-shift", run_id, settings):
            run_session.missed(run_id, hours)
            run_session.close(run_id, settings)
        _finish(run_id, as_json)
    call_flow("night_shift", as_json, verbose, limit=limit, options=options,
              concurrency=concurrency, window=window)  # fmt: skip


def require_one(locations: Sequence[str]) -> None:
    """Make sure that something of what was named is there; the rest fails by itself.

    Raises:
        UsageError: all that was named is paths, and none of them exists.
    """
    from utils.db.sources import is_url
    from utils.errors import UsageError
    from utils.storage.files import absolute, is_there

    if not any(is_url(location) or is_there(absolute(location)) for location in locations):
        missing = ", ".join(str(absolute(location)) for location in locations)
        verb = "does not exist" if len(locations) == 1 else "do not exist"
        raise UsageError(f"{visible(missing)} {verb}. Check the spelling.")


def _widen_ai(workers: int | None) -> None:
    """Have ``workers`` questions asked at once in this process."""
    from utils.config import load_settings, override

    if workers:
        override(lanes=load_settings().lanes.model_copy(update={"ai": workers}))


def call_flow(
    flow_name: str, as_json: bool, verbose: bool, next_command: str = "", **parameters: Any
) -> None:
    """Call a batch flow in this process, show its progress, and print what it came to.

    ``next_command`` is named at the end, where something was done.
    """
    from utils.db import runs
    from utils.db.schema import Run
    from utils.db.session import session
    from utils.documents import run as run_document
    from utils.errors import NightShiftError
    from utils.scheduling import run_session

    run_id = run_session.new_id()

    def tell(left: int) -> None:
        from nightshift.cli import stopping

        with suppress(NightShiftError), session() as s:
            if as_json and s.get(Run, run_id) is not None:
                print_json(run_document.report(runs.load(s, run_id)))
        stopping.print_stopped(left)

    state = in_process(flow_name, run_id, tell, as_json, verbose, parameters)
    _finish(run_id, as_json, state.message, next_command)


def in_process(
    flow_name: str,
    run_id: str,
    tell: Callable[[int], None],
    as_json: bool,
    verbose: bool,
    parameters: Mapping[str, Any],
) -> State[Any]:
    """The state of a flow that ran in this process, with a server of its own where none is set.

    ``tell`` says what it came to where a person stops it.
    """
    from importlib import import_module

    from utils.config import load_settings
    from utils.db.session import require_writable
    from utils.processes.prefect_environment import prepare_prefect
    from utils.storage import home

    settings = load_settings()
    home.prepare(settings)
    prepare_prefect(settings, log_level="INFO" if verbose else "CRITICAL")
    require_writable()
    from nightshift.cli import server, stopping, watch

    server.require(settings)
    from tasks import ephemeral_server
    from tasks.tags import SERVED, marked

    global server_died
    with (
        stopping.heard(run_id, tell),
        watch.shown(quiet=as_json),
        server.watched(),
        marked(),
    ):
        if not SERVED:
            ephemeral_server.start()
        flow = getattr(import_module(f"flows.{flow_name}"), flow_name)
        state: State[Any] = flow(**parameters, run_id=run_id, return_state=True)
    server_died = ephemeral_server.is_gone()
    return state


def _finish(run_id: str, as_json: bool, message: str | None = None, next_command: str = "") -> None:
    from utils.db import runs
    from utils.db.schema import Run
    from utils.db.session import session
    from utils.documents import run as run_document
    from utils.errors import NightShiftError
    from utils.models.shift import RunStatus
    from utils.observability.reports import reviews

    with session() as s:
        report = runs.load(s, run_id) if s.get(Run, run_id) else None
        waiting = None if as_json else reviews.of_library(s, most=1)
    if report is None or report.status in {RunStatus.RUNNING, RunStatus.CRASHED}:
        raise NightShiftError(f"The run broke off: {message}")
    if as_json:
        print_json(run_document.report(report))
    else:
        print_report(report)
        if next_command:
            console.print(f"What was made: {next_command}", style="dim", markup=False)
        _print_rejected(report)
        print_reviews(waiting)
    sys.exit(1 if report.failures else 0)


def _print_rejected(report: ShiftReport) -> None:
    """Say how many of the items of a run are not to be published."""
    from utils.db import approvals
    from utils.db.session import session

    ids = {one.item_id for one in report.items if one.item_id and one.was_worked_on}
    with session() as s:
        number = approvals.count_by_status(s, sorted(ids)).get("rejected", 0)
    if number:
        what = "1 item is" if number == 1 else f"{number:,} items are"
        console.print(f"{what} rejected: nightshift items --approval rejected", style="yellow")
