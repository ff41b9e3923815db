"""`nightshift lineage`: where an item came from, and what was made of it by which step."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated

import typer
from rich.text import Text

from nightshift.cli.output import Json, console, print_json, shown

if TYPE_CHECKING:
    from utils.models.lineage import Made

_FILES = 6  # of each thing that a person is shown

Wanted = Annotated[str, typer.Argument(metavar="ITEM", help="A checksum, its beginning, a path.")]


def add_to(app: typer.Typer) -> None:
    """Add the command of this module."""
    app.command()(lineage)


def lineage(wanted: Wanted, as_json: Json = False) -> None:
    """Show where an item came from, and what was made of it."""
    from utils.db import items
    from utils.db.session import session
    from utils.documents import lineage as documents

    with session() as s:
        row = items.find(s, wanted)
        found, way = documents.document(s, row), documents.way_of(s, row)
    if as_json:
        print_json(found)
        return
    for depth, made in documents.nested(way):
        _print(depth, _line(made))
        for line in _files(made):
            _print(depth + 1, Text(line))


def _print(depth: int, line: Text) -> None:
    begin = f"{'   ' * (depth - 1)}└─ " if depth else ""
    console.print(Text.assemble(shown(begin), line), soft_wrap=True)


def _line(made: Made) -> Text:
    from nightshift.cli.item_facts import day
    from utils.observability.reports.rows import size

    told = (
        made.detail,
        _sources(made),
        f"by {made.step}" if made.step else None,
        f"version {made.version}" if made.version else None,
        day(made.made_at.isoformat()) if made.made_at else None,
        size(made.size_bytes) if made.size_bytes else None,
        "not on this machine" if made.name in made.not_here else None,
    )
    name = f"  {shown(made.name)}" if made.name != made.what else ""
    return Text.assemble((made.what, "bold"), name, (f"  {', '.join(filter(None, told))}", "dim"))


def _sources(made: Made) -> str | None:
    """What it was made of, where that is more than what it stands below."""
    if len(made.made_from) < 2:
        return None
    return f"of {', '.join(key.rsplit('/', 1)[-1] for key in made.made_from)}"


def _files(made: Made) -> Iterator[str]:
    """The files of a thing, unless they are its name."""
    files = [path for path in made.files if path != made.name]
    for path in files[:_FILES]:
        yield shown(path) + ("  (not on this machine)" if path in made.not_here else "")
    if len(files) > _FILES:
        yield shown(f"… and {len(files) - _FILES} more (--json has all)")
