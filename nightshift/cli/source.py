"""`nightshift source`: folders, buckets and addresses that are looked into."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from nightshift.cli import source_import, source_prefect
from nightshift.cli.output import Json, console, errors, not_blank, print_json
from nightshift.cli.source_options import (
    KeepLast,
    Kind,
    Options,
    Pattern,
    Schedule,
    Since,
    SourceProfile,
    Timezone,
    Url,
    Words,
    WorkQueue,
    definition,
)
from utils.models.sanitize import visible
from utils.privacy import redaction

Name = Annotated[str, typer.Argument(metavar="NAME", callback=not_blank)]
# What `source update` can take back.
_CLEARABLE = ("pattern", "schedule", "timezone", "profile", "keep_last", "since", "vocabulary")

sources = typer.Typer(
    no_args_is_help=True, help="Folders, buckets and addresses that are looked into."
)


def add_to(app: typer.Typer) -> None:
    """Add the commands of this module."""
    source_import.add_to(sources)
    app.add_typer(sources, name="source")


@sources.command("add")
def add_source(
    context: typer.Context,
    name: Annotated[str, typer.Argument(metavar="NAME|PATH_OR_URL", callback=not_blank)],
    url: Url = None,
    kind: Kind = None,
    pattern: Pattern = None,
    schedule: Schedule = None,
    timezone: Timezone = None,
    queue: WorkQueue = None,
    profile: SourceProfile = None,
    options: Options = None,
    keep_last: KeepLast = None,
    since: Since = None,
    vocabulary: Words = None,
) -> None:
    """Have a folder, a bucket or an address be looked into: each night, or on a schedule.

    With --url the source is called NAME; without, it is named after its path or address.
    """
    from utils.config import load_settings
    from utils.db import sources as table
    from utils.db.session import session
    from utils.storage.sealing import sealed

    settings, given = load_settings(), _given(context)
    with session() as s:
        if set(given) <= {"vocabulary"}:  # added again, it is taken as it is now
            location = table.add(s, sealed(name, settings), vocabulary)
            row = next(one for one in reversed(table.every(s)) if one.location == location)
        else:
            if url is None:
                address = sealed(name, settings)
                given |= {"name": table.free_name(s, address), "url": name}
            given.setdefault("kind", table.kind_of(given["url"]))
            row = table.define(s, definition({"name": name, **given}))
        console.print(f"Added {visible(redaction.shown(row.location))} as {row.name}",
                      soft_wrap=True, markup=False)  # fmt: skip
        _say_overlaps(s, row)
        source_id, when = row.id, row.schedule
    source_prefect.tell(settings, source_id, when)


@sources.command("update")
def update_source(
    context: typer.Context,
    name: Name,
    new_name: Annotated[str | None, typer.Option("--name", help="Call it so.")] = None,
    url: Url = None,
    kind: Kind = None,
    pattern: Pattern = None,
    schedule: Schedule = None,
    timezone: Timezone = None,
    queue: WorkQueue = None,
    profile: SourceProfile = None,
    options: Options = None,
    keep_last: KeepLast = None,
    since: Since = None,
    vocabulary: Words = None,
    no_pattern: Annotated[bool, typer.Option("--no-pattern", help="Take it back.")] = False,
    no_schedule: Annotated[bool, typer.Option("--no-schedule", help="Take it back.")] = False,
    no_timezone: Annotated[bool, typer.Option("--no-timezone", help="Take it back.")] = False,
    no_profile: Annotated[bool, typer.Option("--no-profile", help="Take it back.")] = False,
    no_keep_last: Annotated[bool, typer.Option("--no-keep-last", help="Take it back.")] = False,
    no_since: Annotated[bool, typer.Option("--no-since", help="Take it back.")] = False,
    no_vocabulary: Annotated[bool, typer.Option("--no-vocabulary", help="Take it back.")] = False,
) -> None:
    """Change what is given of a source; the rest, and what it has seen, stays."""
    from utils.config import load_settings
    from utils.db import sources as table
    from utils.db.session import session

    settings, given = load_settings(), _given(context)
    given |= {one: None for one in _CLEARABLE if context.params[f"no_{one}"]}
    if new_name:
        given["name"] = new_name
    if not given:
        raise typer.BadParameter("Say what to change: nightshift source update --help")
    source_id = _found(name)
    source_prefect.tell(
        settings, source_id, quietly=True
    )  # what was changed in Prefect is not lost
    with session() as s:
        row = table.named(s, source_id)
        table.change(s, row, definition(given, table.definition(row)))
        console.print(f"Changed {row.name}", markup=False)
        _say_overlaps(s, row)
        when = row.schedule
    source_prefect.tell(
        settings, source_id, when, replace=bool({"schedule", "timezone"} & set(given))
    )


@sources.command("pause")
def pause_source(name: Name) -> None:
    """Look for nothing in a source until it is resumed; what waits goes on."""
    _set_paused(name, True)


@sources.command("resume")
def resume_source(name: Name) -> None:
    """Look into a source again."""
    _set_paused(name, False)


@sources.command("remove")
def remove_source(
    name: Annotated[str, typer.Argument(metavar="NAME|PATH_OR_URL", callback=not_blank)],
) -> None:
    """Forget a source and its deployment; its items stay."""
    from utils.config import load_settings
    from utils.db import sources as table
    from utils.db.session import session

    settings, source_id = load_settings(), _found(name)
    with session() as s:
        removed = table.remove(s, source_id)
    console.print(f"Removed {removed.name}; its items stay", markup=False)
    source_prefect.forget(settings, source_id)


@sources.command("list")
def list_sources(as_json: Json = False) -> None:
    """List the sources and how they are; the inbox in NIGHTSHIFT_HOME is always one."""
    from nightshift.cli import source_facts
    from utils.config import load_settings

    documents = source_facts.documents(load_settings())
    if as_json:
        print_json(documents)
    else:
        source_facts.print_list(documents)


@sources.command("show")
def show_source(name: Name, as_json: Json = False) -> None:
    """Show what a source was defined as, how it is, what it held and its last runs."""
    from nightshift.cli import source_facts
    from utils.config import load_settings
    from utils.db import sources as table
    from utils.db.session import session
    from utils.documents import source

    source_id, timezone = _found(name), load_settings().timezone
    with session() as s:
        row = table.named(s, source_id)
        document = source.whole(s, row, table.looks(s).get(row.location), timezone)
    if as_json:
        print_json(document)
    else:
        source_facts.print_source(document)


def _given(context: typer.Context) -> dict[str, Any]:
    """The fields of a definition that stand on the command line; what is empty is none."""
    named = ("url", "kind", "queue", "options", *_CLEARABLE)
    said = {one: context.params[one] for one in named if context.params[one] not in (None, [], ())}
    return {one: None if value == "" else value for one, value in said.items()}


def _found(name: str) -> str:
    """The id of the source that a person means."""
    from utils.config import load_settings
    from utils.db import sources as table
    from utils.db.session import session
    from utils.storage.sealing import sealed

    with session() as s:
        return table.find(s, sealed(name, load_settings())).id


def _set_paused(name: str, paused: bool) -> None:
    from utils.config import load_settings
    from utils.db import sources as table
    from utils.db.session import session

    settings, source_id = load_settings(), _found(name)
    source_prefect.tell(settings, source_id, quietly=True)
    with session() as s:
        row = table.named(s, source_id)
        table.pause(row, paused)
        console.print(f"{'Paused' if paused else 'Resumed'} {row.name}", markup=False)
    source_prefect.tell(settings, source_id)


def _say_overlaps(s: Any, row: Any) -> None:
    """Say who looks into the same place: that is allowed, and rarely meant."""
    from utils.db import source_reports

    if others := source_reports.overlapping(s, row):
        where = f"Also there, inside it or around it: {', '.join(others)}."
        errors.print(f"{where} What lies in both is found by each, and worked on once.",
                     style="yellow", markup=False)  # fmt: skip
