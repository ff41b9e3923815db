"""`nightshift token`: who may ask the HTTP API."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Annotated

import typer

from nightshift.cli.output import Json, console, not_blank, print_json, print_table
from utils.models.api import Scope
from utils.models.sanitize import visible

if TYPE_CHECKING:
    from utils.db.access_tables import Token

tokens = typer.Typer(no_args_is_help=True, help="Who may ask the HTTP API.")

_LONGEST_DAYS = 36_500


def add_to(app: typer.Typer) -> None:
    """Add the commands of this module."""
    app.add_typer(tokens, name="token")


@tokens.command()
def create(
    name: Annotated[str, typer.Argument(callback=not_blank, help="Whose, or what it is for.")],
    scope: Annotated[
        list[Scope] | None,
        typer.Option("--scope", help="Each may do what those before it may. \\[default: read]"),
    ] = None,
    expires: Annotated[
        str | None,
        typer.Option("--expires", metavar="DAYS|DATE", help="Never, if it is left out."),
    ] = None,
    as_json: Json = False,
) -> None:
    """Make a token and print it, this once: on stdout there is nothing else."""
    from utils.db import tokens as table
    from utils.db.session import session

    until = _moment(expires) if expires is not None else None
    scopes = scope or [Scope.READ]
    with session() as s:
        made = table.create(s, name, scopes, until)
    if as_json:
        print_json({"token": made, "name": name, "scopes": [one.value for one in scopes],
                    "expires_at": until.isoformat() if until else None})  # fmt: skip
        return
    print(made)
    ends = f"until {until:%Y-%m-%d %H:%M} UTC by this machine's clock" if until else "until revoked"
    typer.echo(f"It is shown this once, and valid {ends}.", err=True)


@tokens.command("list")
def list_tokens(as_json: Json = False) -> None:
    """List the tokens; what they are themselves is kept nowhere."""
    from utils.db import tokens as table
    from utils.db.session import session

    with session() as s:
        found = table.every(s)
    if as_json:
        print_json([table.document(row) for row in found])
    elif found:
        print_table(
            ("id", "name", "scopes", "made", "expires", "last used", "status"),
            (_cells(row) for row in found),
        )
    else:
        console.print("There is no token yet: nightshift token create NAME --scope read")


@tokens.command()
def revoke(
    wanted: Annotated[str, typer.Argument(metavar="ID_OR_NAME")], as_json: Json = False
) -> None:
    """Have a token be valid no more, at once and for good."""
    from utils.db import tokens as table
    from utils.db.session import session

    with session() as s:
        row = table.revoke(s, wanted)
    if as_json:
        print_json(table.document(row))
    else:
        console.print(f"Revoked: {row.id}, {visible(row.name)}", markup=False)


def _cells(row: Token) -> tuple[str, ...]:
    from utils.db import tokens as table

    def told(moment: datetime | None) -> str:
        return f"{moment:%Y-%m-%d %H:%M}" if moment else "–"

    moments = (row.created_at, row.expires_at, row.last_used_at)
    return (row.id, row.name, ", ".join(row.scopes), *map(told, moments), table.state(row))


def _moment(text: str) -> datetime:
    """The end of a token's time: so many days from now, or the beginning of a day.

    Raises:
        typer.BadParameter: it is neither, or over.
    """
    from datetime import timedelta
    from zoneinfo import ZoneInfo

    from utils.clock import now
    from utils.config import load_settings

    if text.isdecimal() and text.isascii() and 0 < len(text) < 10:
        if not 0 < int(text) <= _LONGEST_DAYS:
            raise typer.BadParameter(f"--expires {text}: 1 to {_LONGEST_DAYS} days, or a date")
        return now() + timedelta(days=int(text))
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise typer.BadParameter(
            f"--expires {text}: neither days nor a date such as 2027-01-31"
        ) from None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=ZoneInfo(load_settings().timezone))
    if moment <= now():
        raise typer.BadParameter(f"--expires {text} is over by this machine's clock")
    return moment
