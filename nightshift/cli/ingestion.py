"""`nightshift source trigger|runs|test|files|refresh`: one source looked into, now and before."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated, Any

import typer

from nightshift.cli.output import Json, console, not_blank, print_json, print_table
from nightshift.cli.source import sources
from nightshift.cli.work_options import Concurrency, Verbose
from utils.models.sanitize import visible
from utils.models.source import FileStatus, Refresh, Trigger

if TYPE_CHECKING:
    from utils.models.source_preview import RefreshPreview, SourcePreview

Name = Annotated[str, typer.Argument(metavar="NAME", callback=not_blank)]
Limit = Annotated[int, typer.Option("--limit", min=1, help="So many at most.")]


def add_to(app: typer.Typer) -> None:
    """Add the commands of this module to those of `nightshift source`."""
    sources.command("trigger")(trigger_source)
    sources.command("runs")(source_runs)
    sources.command("test")(check_source)
    sources.command("files")(source_files)
    sources.command("refresh")(refresh_source)


def trigger_source(
    name: Name,
    retry: Annotated[
        bool, typer.Option("--retry", help="Only what failed before, with all its tries.")
    ] = False,
    detach: Annotated[
        bool, typer.Option("--detach", help="Have a worker of the Prefect server do it.")
    ] = False,
    concurrency: Concurrency = None,
    as_json: Json = False,
    verbose: Verbose = False,
) -> None:
    """Look into a source now, and process what is new or has changed in it."""
    why = Trigger.RETRY if retry else Trigger.MANUAL
    source_id = _id_of(name)
    if detach:
        _require_open(source_id)
        _detach(source_id, why, concurrency, as_json)
        return
    from nightshift.cli.work import call_flow

    call_flow("run_ingestion", as_json, verbose, source_id=source_id, trigger=why,
                 concurrency=concurrency)  # fmt: skip


def source_runs(name: Name, limit: Limit = 20, as_json: Json = False) -> None:
    """List the runs of a source, the latest first: what each found, and what it came to."""
    from utils.db import run_history
    from utils.db.session import session
    from utils.documents.run import of_source

    source_id = _id_of(name)
    with session() as s:
        found = [of_source(one) for one in run_history.of_source(s, source_id, limit)]
    if as_json:
        print_json(found)
    elif found:
        numbers = ("new", "changed", "moved", "vanished", "success", "failed")
        print_table(
            ("run", "began", "trigger", "status", *numbers),
            [
                (
                    str(one["run_id"])[:12],
                    str(one["started_at"])[:16].replace("T", " "),
                    one["trigger"] or "",
                    one["status"],
                    *(str((one["metrics"] or {}).get(number, "–")) for number in numbers),
                )
                for one in found
            ],
        )
    else:
        console.print(f"It was not looked into yet: nightshift source trigger {name}", markup=False)


def check_source(name: Name, as_json: Json = False) -> None:
    """Say what would be found in a source; nothing is taken, nothing is written down."""
    from utils.config import load_settings
    from utils.scheduling import source_preview

    found = source_preview.look(_id_of(name), load_settings())
    if as_json:
        print_json(found.model_dump(mode="json"))
    else:
        _print_look(found)


def source_files(
    name: Name,
    status: Annotated[FileStatus | None, typer.Option("--status", help="Only these.")] = None,
    limit: Limit = 100,
    as_json: Json = False,
) -> None:
    """List what a source holds, by name, and what became of each of it."""
    from utils.db import source_files as table
    from utils.db import source_reports
    from utils.db.session import session
    from utils.documents.source_file import document

    source_id = _id_of(name)
    with session() as s:
        found = [document(row) for row in table.every(s, source_id, status, limit)]
        counts = source_reports.file_counts(s, source_id)
    if as_json:
        print_json({"counts": counts, "files": found})
        return
    print_table(
        ("name", "status", "version", "tries", "item", "error"),
        [
            (
                visible(one["key"]),
                "vanished" if one["vanished_at"] else one["status"],
                str(one["version"]),
                str(one["tries"]),
                (one["item_id"] or "")[:10],
                visible(one["error"] or ""),
            )
            for one in found
        ],
        below=("error",),
    )
    told = ", ".join(f"{number:,} {word}" for word, number in sorted(counts.items()))
    console.print(told or "Nothing was found there yet.", markup=False)


def refresh_source(
    name: Name,
    wanted: Annotated[Refresh, typer.Argument(metavar="full|new-only|changed")],
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say what it would come to; do nothing.")
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Don't ask.")] = False,
    concurrency: Concurrency = None,
    as_json: Json = False,
    verbose: Verbose = False,
) -> None:
    """Do a source again: all of it, or only what is new or has changed.

    Says first how much that is, how long it will take and what it will cost, and asks.
    """
    from utils.config import load_settings
    from utils.scheduling import source_preview

    settings, source_id = load_settings(), _id_of(name)
    look, coming = source_preview.refresh(source_id, wanted, settings.pipeline, settings)
    if not as_json:
        _print_look(look)
        _print_refresh(coming)
    elif dry_run:
        print_json({"look": look.model_dump(mode="json"), **coming.model_dump(mode="json")})
    if dry_run:
        return
    if not yes:
        if as_json or not sys.stdin.isatty():
            raise typer.BadParameter("say --yes, or --dry-run: nobody can be asked here")
        typer.confirm("Go on?", abort=True)
    from nightshift.cli.work import call_flow

    call_flow("run_ingestion", as_json, verbose, source_id=source_id, trigger=Trigger.MANUAL,
                 concurrency=concurrency, refresh=wanted)  # fmt: skip


def _id_of(name: str) -> str:
    from utils.config import load_settings
    from utils.db import sources as table
    from utils.db.session import session
    from utils.storage.sealing import sealed

    with session() as s:
        return table.find(s, sealed(name, load_settings())).id


def _require_open(source_id: str) -> None:
    """Make sure that a worker would look there: its run would say that it did not, later."""
    from utils.db import sources as table
    from utils.db.session import session
    from utils.errors import UsageError

    with session() as s:
        row = table.find(s, source_id)
    if row.paused_at:
        raise UsageError(f"{row.name} is paused: nightshift source resume {row.name}")


def _detach(source_id: str, why: Trigger, concurrency: int | None, as_json: bool) -> None:
    """Have the source's deployment begin a run on a worker."""
    from deployments import source_deployments
    from utils.config import load_settings
    from utils.errors import UsageError
    from utils.processes.prefect_environment import is_served

    settings = load_settings()
    if not is_served(settings):
        raise UsageError("--detach needs a Prefect server: `nightshift up` starts one.")
    begun = source_deployments.start(settings, source_id, why, concurrency)
    if as_json:
        print_json({"flow_run_id": begun, "source_id": source_id, "trigger": why.value})
    else:
        console.print(f"Begun as the flow run {begun}", markup=False)


def _print_look(found: SourcePreview) -> None:
    from utils.models.shift import left_out_in_words

    numbers: dict[str, Any] = {
        word: getattr(found, word) for word in ("new", "changed", "unchanged", "vanished")
    }
    told = ", ".join(f"{number:,} {word}" for word, number in numbers.items() if number is not None)
    console.print(f"{found.name}: {found.listed:,} there: {told}", markup=False)
    if found.waiting:
        console.print(f"{found.waiting:,} were found before and wait", markup=False)
    for key in found.keys:
        console.print(f"  {key}", markup=False, soft_wrap=True)
    if found.new + found.changed > len(found.keys):
        console.print(f"  … and {found.new + found.changed - len(found.keys):,} more")
    if unfit := left_out_in_words(found.left_out):
        console.print(visible(unfit), markup=False, soft_wrap=True)


def _print_refresh(coming: RefreshPreview) -> None:
    from utils.observability.reports.rows import size

    unknown = f" and {coming.unknown_sizes:,} of unknown size" if coming.unknown_sizes else ""
    cost = "unknown" if coming.cost_usd is None else f"{coming.cost_usd:.2f} USD"
    most = coming.cost_at_most_usd
    bound = f" (at most {most:.2f} USD)" if most else ""
    console.print(
        f"Refresh {coming.refresh.value}: {coming.objects:,} items ({size(coming.size_bytes)}"
        f"{unknown}), {coming.to_fetch:,} of them to be fetched; about {coming.minutes:,.1f} min, "
        f"cost: {cost}{bound}.",
        markup=False, soft_wrap=True,
    )  # fmt: skip
