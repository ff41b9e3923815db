"""`nightshift music etl` and `music ingest`: the flows of listening, in this process."""

from __future__ import annotations

import sys
from contextlib import suppress
from typing import TYPE_CHECKING, Annotated, Any

import typer

from nightshift.cli.output import COLORS, Json, console, print_json, print_table
from nightshift.cli.work_options import Verbose
from utils.models.sanitize import visible

if TYPE_CHECKING:
    from utils.models.music_report import MusicReport


def etl(
    full: Annotated[
        bool, typer.Option("--full", help="Build all tables anew, not only what has changed.")
    ] = False,
    as_json: Json = False,
    verbose: Verbose = False,
) -> None:
    """Enrich what was listened to from three sources at once, and build the tables.

    It is what runs every night; a second one beside it does nothing.
    """
    from utils.config import load_settings
    from utils.scheduling import music_session, run_session

    if music_session.is_silent():  # no need to start Prefect to find that out
        run_id = run_session.new_id()
        music_session.idle("daily-etl", run_id, load_settings())
        found = music_session.report(run_id) or music_session.refused("daily-etl", run_id)
        _print(found, as_json)
    _run("daily_etl", as_json, verbose, full=full)


def ingest(
    limit: Annotated[
        int, typer.Option("--limit", min=1, max=50, help="Plays in one request.")
    ] = 50,
    as_json: Json = False,
    verbose: Verbose = False,
) -> None:
    """Take what was played on Spotify since the last look; every half hour with `nightshift up`."""
    _run("spotify_ingestion", as_json, verbose, limit=limit)


def _run(flow_name: str, as_json: bool, verbose: bool, **parameters: Any) -> None:
    """Call a flow, with a Prefect server of its own where none is set, and print its report."""
    from nightshift.cli import work
    from utils.db import music_runs
    from utils.db.session import session
    from utils.errors import NightShiftError
    from utils.scheduling import music_session, run_session

    run_id = run_session.new_id()

    def tell(_: int) -> None:
        with suppress(NightShiftError):
            with session() as s:
                music_runs.stop(s, run_id)
            found = music_session.report(run_id)
            if as_json and found:
                print_json(found.model_dump(mode="json"))
        print("Stopped; what was found is kept.", file=sys.stderr, flush=True)

    state = work.in_process(flow_name, run_id, tell, as_json, verbose, parameters)
    _print(_report(run_id, state), as_json)


def _report(run_id: str, state: Any) -> MusicReport:
    """What the run came to; of one that was refused its state says it."""
    from utils.errors import NightShiftError
    from utils.models.music_report import MusicReport
    from utils.scheduling import music_session

    found = music_session.report(run_id)
    if found is None:
        given = state.result(raise_on_failure=False)
        found = given if isinstance(given, MusicReport) else None
    if found is None or found.status in {"running", "crashed"}:
        raise NightShiftError(f"The run broke off: {state.message}")
    return found


def _print(report: MusicReport, as_json: bool) -> None:
    from utils.models.music import Outcome
    from utils.models.music_report import in_words

    if as_json:
        print_json(report.model_dump(mode="json"))
    else:
        print_table(
            ("part", "status", "seconds", "what", "why"),
            (
                (one.name, one.status.value.replace("_", " "), f"{one.seconds:.1f}", in_words(one),
                 "; ".join(fault.message for fault in one.errors[:3]))
                for one in report.results
            ),
            below=("why",),
        )  # fmt: skip
        color = COLORS.get(report.status.removesuffix("_success"), "dim")
        words = report.status.replace("_", " ")
        console.print(f"[{color}]{words}[/] in {report.seconds:.1f} s", highlight=False)
        if report.reason:
            console.print(visible(report.reason), markup=False, soft_wrap=True)
    sys.exit(1 if report.failures or report.status == Outcome.FAILED else 0)
