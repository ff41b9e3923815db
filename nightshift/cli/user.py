"""`nightshift user`: who may use the pages."""

from __future__ import annotations

import sys
from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any

import typer

from nightshift.cli.output import Json, console, not_blank, print_json, print_table
from utils.models.page_settings import Role
from utils.models.sanitize import visible

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from utils.db.page_tables import User

people = typer.Typer(no_args_is_help=True, help="Who may use the pages.")

Name = Annotated[str, typer.Argument(callback=not_blank, help="Of the person.")]
Wanted = Annotated[Role, typer.Option("--role", help="Each may do what those before it may.")]


def add_to(app: typer.Typer) -> None:
    """Add the commands of this module."""
    app.add_typer(people, name="user")


@people.command()
def create(
    name: Name,
    role: Wanted = Role.VIEWER,
    by_proxy: Annotated[
        bool, typer.Option("--no-password", help="A trusted proxy alone logs them in.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Make a person. Their password is asked for, or is the first line of stdin."""
    from utils.db import users
    from utils.db.session import session

    password = None if by_proxy else _password()
    with session() as s:
        user = users.create(s, name, password, role)
        _note(s, "user.create", user, {"role": role.value})
        told = _document(user)
    _say(f"Made: {told['name']}, {role.value}", told, as_json)


@people.command("list")
def list_users(as_json: Json = False) -> None:
    """List the people."""
    from utils.db import users
    from utils.db.session import session

    with session() as s:
        found = [_document(user) for user in users.every(s)]
    if as_json:
        print_json(found)
    elif found:
        print_table(("name", "role", "made", "last login", "status"), map(_cells, found))
    else:
        console.print("There is no user yet: nightshift user create NAME --role admin")


@people.command()
def password(name: Name, as_json: Json = False) -> None:
    """Give a person another password, asked for or the first line of stdin; their logins end."""
    from utils.db import users
    from utils.db.session import session

    with session() as s:
        users.get(s, name)
    wanted = _password()
    with session() as s:
        user = users.get(s, name)
        users.set_password(s, user, wanted)
        _note(s, "user.password", user)
        told = _document(user)
    _say(f"{told['name']} has a new password, and was logged out.", told, as_json)


@people.command("role")
def change_role(
    name: Name, role: Annotated[Role, typer.Argument(help="The new one.")], as_json: Json = False
) -> None:
    """Give a person another role."""
    from utils.db import users
    from utils.db.session import session

    with session() as s:
        user = users.get(s, name)
        users.set_role(s, user, role)
        _note(s, "user.role", user, {"role": role.value})
        told = _document(user)
    _say(f"{told['name']}: {role.value}", told, as_json)


@people.command()
def disable(
    name: Name,
    undo: Annotated[bool, typer.Option("--undo", help="Let them in again.")] = False,
    as_json: Json = False,
) -> None:
    """Let a person in no more, at once; what they did is kept."""
    from utils.db import users
    from utils.db.session import session

    with session() as s:
        user = users.get(s, name)
        users.set_disabled(s, user, not undo)
        _note(s, "user.enable" if undo else "user.disable", user)
        told = _document(user)
    _say(f"{told['name']} {'comes in again' if undo else 'is disabled'}.", told, as_json)


@people.command()
def remove(name: Name, as_json: Json = False) -> None:
    """Forget a person, their logins and their views; the audit log stays."""
    from utils.db import users
    from utils.db.session import session

    with session() as s:
        user = users.get(s, name)
        told = _document(user)
        _note(s, "user.remove", user)
        users.remove(s, user)
    _say(f"Removed: {told['name']}", told, as_json)


@people.command("audit")
def show_audit(
    limit: Annotated[int, typer.Option("--limit", min=1, max=10_000)] = 50,
    who: Annotated[str | None, typer.Option("--who", help="Of this name alone.")] = None,
    as_json: Json = False,
) -> None:
    """List who did what through pages, API and this command, the last first."""
    from utils.db import audit
    from utils.db.session import session

    with session() as s:
        found = [audit.document(row) for row in audit.latest(s, limit, actor=who)]
    if as_json:
        print_json(found)
        return
    print_table(
        ("when", "who", "what", "of what", "from"),
        (
            (one["at"][:16].replace("T", " "), visible(one["actor"]), one["action"],
             visible(one["target"] or "–"), f"{one['via']} {one['address'] or ''}".strip())
            for one in found
        ),
    )  # fmt: skip


def _password() -> str:
    """A password, typed twice without being shown; from a pipe its first line."""
    if sys.stdin.isatty():
        typed: str = typer.prompt("Password", hide_input=True, confirmation_prompt=True, err=True)
        return typed
    return sys.stdin.readline().rstrip("\r\n")


def _note(s: Session, action: str, user: User, detail: dict[str, Any] | None = None) -> None:
    import getpass

    from utils.db import audit

    try:
        whose = getpass.getuser()
    except (KeyError, OSError):  # a container's user without a name
        whose = "?"
    audit.note(s, audit.Actor(whose, None, "cli"), action, user.name, detail)


def _document(user: User) -> dict[str, Any]:
    def told(moment: datetime | None) -> str | None:
        return moment.isoformat() if moment else None

    return {
        "id": user.id, "name": user.name, "role": user.role,
        "has_password": user.password_hash is not None, "created_at": told(user.created_at),
        "last_login_at": told(user.last_login_at), "disabled_at": told(user.disabled_at),
    }  # fmt: skip


def _cells(one: dict[str, Any]) -> tuple[str, ...]:
    def told(moment: str | None) -> str:
        return moment[:16].replace("T", " ") if moment else "–"

    state = "disabled" if one["disabled_at"] else "" if one["has_password"] else "by proxy"
    return (
        visible(one["name"]), one["role"], told(one["created_at"]), told(one["last_login_at"]),
        state,
    )  # fmt: skip


def _say(line: str, document: dict[str, Any], as_json: bool) -> None:
    if as_json:
        print_json(document)
    else:
        console.print(line, markup=False)
