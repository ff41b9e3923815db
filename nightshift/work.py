"""Commands that work: run, night."""

from __future__ import annotations

import re
import sys
from typing import TYPE_CHECKING, Annotated, Any

import typer

from nightshift.output import print_json, print_report, report_document

if TYPE_CHECKING:
    from utils.models.options import PipelineOptions

Concurrency = Annotated[
    int | None, typer.Option("--concurrency", min=1, help="Items in work at once [default: 2].")
]
Skip = Annotated[
    list[str] | None, typer.Option("--skip", help="A step to leave out; may be repeated.")
]
Language = Annotated[
    str | None, typer.Option("--language", help="ISO 639-1 of the speech; else detected.")
]
Words = Annotated[bool, typer.Option("--words", help="Times for each word as well.")]
Json = Annotated[bool, typer.Option("--json", help="One JSON document on stdout, nothing else.")]
Verbose = Annotated[bool, typer.Option("--verbose", help="Prefect's own log on stderr.")]


def add_to(app: typer.Typer) -> None:
    """Add the commands of this module."""
    app.command()(run)
    app.command()(night)


def run(
    locations: Annotated[
        list[str], typer.Argument(metavar="PATH_OR_URL...", help="Files, folders, addresses.")
    ],
    concurrency: Concurrency = None,
    skip: Skip = None,
    language: Language = None,
    words: Words = False,
    as_json: Json = False,
    verbose: Verbose = False,
) -> None:
    """Process what is new at some paths and addresses.

    What was done before is not done again; one bad item stops no other.
    """
    from utils import shift
    from utils.db.sources import is_url

    options = _options(skip, language, words)
    if not any(is_url(location) for location in locations):
        found = shift.take_in(locations, options)
        if not found.pending:  # no need to start Prefect to find that out
            run_id = shift.begin("content-ingestion")
            shift.note(run_id, found.outcomes)
            shift.settle(run_id)
            _finish(run_id, as_json)
    _work("content_ingestion", as_json, verbose, urls=locations, options=options,
          concurrency=concurrency)  # fmt: skip


def night(
    limit: Annotated[
        int | None, typer.Option("--limit", min=1, help="Items to take [default: 50].")
    ] = None,
    concurrency: Concurrency = None,
    skip: Skip = None,
    language: Language = None,
    words: Words = False,
    as_json: Json = False,
    verbose: Verbose = False,
) -> None:
    """Work a shift now: all sources, what waits, what failed and may be tried again."""
    options = _options(skip, language, words)
    _work("night_shift", as_json, verbose, limit=limit, options=options, concurrency=concurrency)


def _options(skip: list[str] | None, language: str | None, words: bool) -> PipelineOptions:
    from utils import pipeline
    from utils.config import load_settings

    known = {step.name for step in pipeline.STEPS if step.optional}
    for name in skip or ():
        if name not in known:
            raise typer.BadParameter(f"{name} is no step that can be skipped: {sorted(known)}")
    if language and not re.fullmatch("[a-z]{2,3}", language):
        raise typer.BadParameter(f"{language} is no ISO 639-1 code such as en or km")
    options = load_settings().pipeline
    speech = options.transcription
    return options.model_copy(
        update={
            "skip": (*options.skip, *(skip or ())),
            "transcription": speech.model_copy(
                update={"language": language or speech.language, "words": words or speech.words}
            ),
        }
    )


def _work(flow_name: str, as_json: bool, verbose: bool, **parameters: Any) -> None:
    """Call a batch flow in this process, show its progress, and print what it came to."""
    from importlib import import_module

    from nightshift import watch
    from utils import shift
    from utils.config import load_settings, prepare_prefect

    prepare_prefect(load_settings(), log_level="INFO" if verbose else "CRITICAL")
    run_id = shift.begin(flow_name.replace("_", "-"))
    with watch.shown(quiet=as_json):
        flow = getattr(import_module(f"flows.{flow_name}"), flow_name)
        state = flow(**parameters, run_id=run_id, return_state=True)
    _finish(run_id, as_json, state.message)


def _finish(run_id: str, as_json: bool, message: str | None = None) -> None:
    from utils.db import runs
    from utils.db.session import session
    from utils.errors import NightShiftError
    from utils.models.shift import RunStatus

    with session() as s:
        report = runs.load(s, run_id)
    if report.status is RunStatus.RUNNING:
        raise NightShiftError(f"The run broke off: {message}")
    if as_json:
        print_json(report_document(report))
    else:
        print_report(report)
    sys.exit(1 if report.counts.failed else 0)
