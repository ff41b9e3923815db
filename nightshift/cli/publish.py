"""`nightshift publish`, `unpublish`, `publications`: items at targets, and what lies there."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Annotated, Any

import typer

from nightshift.cli.output import Json, console, print_error, print_facts, print_json, print_table
from utils.models.sanitize import visible

if TYPE_CHECKING:
    from utils.models.publishing import PublicationOutcome, PublishReport

publications = typer.Typer(no_args_is_help=True, help="What is published where.")
Items = Annotated[
    list[str], typer.Argument(metavar="ITEM...", help="Checksums, beginnings of them, paths.")
]


def add_to(app: typer.Typer) -> None:
    """Add the commands of this module."""
    app.command()(publish)
    app.command()(unpublish)
    app.add_typer(publications, name="publications")


def publish(
    wanted: Items,
    to: Annotated[list[str], typer.Option("--to", metavar="TARGET", help="Once for each.")],
    at: Annotated[
        str | None,
        typer.Option("--at", metavar="TIME", help="Such as 20:00 or 2026-12-24T20:00+01:00."),
    ] = None,
    force: Annotated[
        bool, typer.Option("--force", help="Though it is not approved; say why with --reason.")
    ] = False,
    reason: Annotated[str | None, typer.Option("--reason", metavar="TEXT")] = None,
    as_json: Json = False,
) -> None:
    """Publish items at targets of targets.yaml.

    What lies there already is not sent again; what was interrupted goes on.
    """
    from utils.config import load_settings
    from utils.distribution import requests, schedule_time

    if force != bool(reason and reason.strip()):
        raise typer.BadParameter("--force needs a --reason, and --reason is for --force")
    settings = load_settings()
    moment = schedule_time.at(at, settings.timezone) if at else None
    order = requests.Order(tuple(wanted), tuple(dict.fromkeys(to)), moment, reason, "command line")
    _finish(requests.publish(order, settings, None if as_json else _told), as_json)


def unpublish(
    wanted: Items,
    targets: Annotated[
        list[str] | None,
        typer.Option("--from", metavar="TARGET", help="Once for each \\[default: all]."),
    ] = None,
    abandon: Annotated[
        bool, typer.Option("--abandon", help="The target is gone for good: don't ask it.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Take items back from targets, and what was scheduled there."""
    from utils.config import load_settings
    from utils.distribution import requests

    hear = None if as_json else _told
    settings = load_settings()
    _finish(requests.unpublish(wanted, targets or (), settings, hear, abandon), as_json)


@publications.command(name="list")
def list_(
    target: Annotated[str | None, typer.Option("--target", help="At this target alone.")] = None,
    status: Annotated[
        str | None, typer.Option("--status", help="Such as scheduled, published, failed.")
    ] = None,
    as_json: Json = False,
) -> None:
    """List what is published where, what waits, what failed.

    What is published and should not be as it is (not approved any more, changed, damaged,
    forgotten) is named; the exit code is 1 then.
    """
    from utils.db import publications as table
    from utils.db.session import session
    from utils.documents import publication

    with session() as s:
        rows = publication.records(s, table.listed(s, target, _status(status)))
    if as_json:
        print_json(rows)
    elif rows:
        print_table(
            ("number", "item", "title", "target", "status", "when", "address", "why"),
            (
                (
                    str(row["publication_id"]), row["item_id"][:10], row["title"], row["target"],
                    row["status"], _when(row), row["address"] or "", _why(row),
                )
                for row in rows
            ),
            below=("address", "why"),
        )  # fmt: skip
    else:
        console.print("Nothing is published. `nightshift targets check` says where it could be.")
    sys.exit(1 if any(row["flaws"] for row in rows) else 0)


@publications.command()
def show(number: int, as_json: Json = False) -> None:
    """Show one publication, with what lies there."""
    from utils.db import publications as table
    from utils.db.session import session
    from utils.documents import publication

    with session() as s:
        document = publication.document(s, table.get(s, number))
    if as_json:
        print_json(document)
        return
    plain = {name: value for name, value in document.items() if value not in (None, [], {})}
    objects = plain.pop("objects", [])
    extra = plain.pop("extra", {})
    told = [(name, _told_of(name, value)) for name, value in plain.items()]
    told += [(f"extra.{name}", _words(value)) for name, value in extra.items()]
    print_facts(told, whole=("address",))
    print_table(
        ("name", "bytes", "SHA-256"),
        ((one["name"], f"{one['size_bytes']:,}", one["sha256"]) for one in objects),
    )


@publications.command()
def verify(
    numbers: Annotated[
        list[int] | None, typer.Argument(metavar="[NUMBER]...", help="All, if none is named.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Look at what is published where it lies: gone, cut, another content."""
    from utils.config import load_settings
    from utils.db import publications as table
    from utils.db.session import session
    from utils.distribution import requests

    with session() as s:
        chosen = numbers or [row.id for row in table.listed(s) if row.address]
    bad, rows = False, []
    for one in requests.verify(chosen, load_settings()):
        wrong = [*one.wrong, *(f"could not be looked at: {said}" for said in [one.error] if said)]
        bad = bad or bool(wrong)
        rows.append({
            "publication_id": one.row.id, "item_id": one.row.item_id, "title": one.row.title,
            "target": one.row.target, "address": one.row.address, "whole": not wrong,
            "wrong": wrong,
        })  # fmt: skip
        if not as_json:
            said = "; ".join(wrong) or "whole"
            console.print(f"{one.row.id}  {visible(one.row.title)} at {one.row.target}: "
                          f"{visible(said)}", markup=False, soft_wrap=True)  # fmt: skip
    if as_json:
        print_json(rows)
    sys.exit(1 if bad else 0)


@publications.command()
def retry(
    numbers: Annotated[
        list[int] | None,
        typer.Argument(metavar="[NUMBER]...", help="All that failed, if none is named."),
    ] = None,
    as_json: Json = False,
) -> None:
    """Go on now with what failed."""
    from utils.config import load_settings
    from utils.db import publications as table
    from utils.db.session import session
    from utils.distribution import requests
    from utils.models.publishing import PublicationStatus

    with session() as s:
        of = PublicationStatus
        failed = [*table.listed(s, None, of.FAILED), *table.listed(s, None, of.RETRACTING)]
        chosen = numbers or [row.id for row in failed]
    _finish(requests.retry(chosen, load_settings(), None if as_json else _told), as_json)


def print_publications(rows: list[dict[str, Any]]) -> None:
    """Print where an item is published; nothing where it never was."""
    if not rows:
        return
    console.print("\n[bold]Published[/]")
    print_table(
        ("target", "status", "when", "address", "why"),
        (
            (row["target"], row["status"], _when(row), row["address"] or "", _why(row))
            for row in rows
        ),
        below=("address", "why"),
    )


def _why(row: dict[str, Any]) -> str:
    return "; ".join((*row["flaws"], *filter(None, [row["error"]])))


def _status(text: str | None) -> str | None:
    from utils.models.publishing import PublicationStatus

    known = [one.value for one in PublicationStatus]
    if text and text not in known:
        raise typer.BadParameter(f"{text} is no status: {', '.join(known)}")
    return text


def _told(one: PublicationOutcome) -> None:
    """Say what came of one, as it comes."""
    where = one.address or one.error or ""
    console.print(f"{one.result.value}: {visible(one.title)} at {one.target}  {visible(where)}",
                  markup=False, soft_wrap=True, highlight=False)  # fmt: skip


def _finish(found: PublishReport, as_json: bool) -> None:
    from utils.documents import publication
    from utils.models.publishing import PublicationResult

    of = PublicationResult
    bad = bool(found.count(of.FAILED, of.REFUSED, of.BUSY) or found.problems)
    if as_json:
        print_json(publication.report(found))
        sys.exit(1 if bad else 0)
    for one in found.outcomes:
        if one.result is of.REFUSED:
            print_error(f"{one.title} at {one.target}: {one.error}")
        elif one.result is of.WAITING and one.due_at and not one.error:
            told = f"{visible(one.title)} at {one.target}: {_local(one.due_at)}"
            console.print(told, markup=False, soft_wrap=True, highlight=False)
            console.print("A night, or `nightshift up`, publishes it then.")
    for problem in found.problems:
        print_error(problem)
    for flaw in found.flaws:
        print_error(f"{flaw.title} at {flaw.target} ({flaw.publication_id}): {flaw.flaw}")
    numbers = found.counts()
    names = ("published", "unchanged", "retracted", "waiting", "failed")
    told = ", ".join(f"{numbers[name]} {name}" for name in names if numbers[name])
    console.print(told or "Nothing to do.")
    sys.exit(1 if bad else 0)


def _when(row: dict[str, Any]) -> str:
    """The moment that counts: when it was published, or is due."""
    from datetime import datetime

    names = {"published": "published_at", "retracted": "retracted_at"}
    moment = row[names.get(row["status"], "due_at")]
    return _local(datetime.fromisoformat(moment)) if moment else ""


def _local(moment: Any) -> str:
    from zoneinfo import ZoneInfo

    from utils.config import load_settings

    return f"{moment.astimezone(ZoneInfo(load_settings().timezone)):%Y-%m-%d %H:%M %Z}"


def _told_of(name: str, value: Any) -> str:
    """A value of a publication for people: times in the zone of the settings."""
    from datetime import datetime

    return _local(datetime.fromisoformat(value)) if name.endswith("_at") else _words(value)


def _words(value: Any) -> str:
    if isinstance(value, dict):
        return json.dumps(value, ensure_ascii=False)
    return "; ".join(map(str, value)) if isinstance(value, list) else str(value)
