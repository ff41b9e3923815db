"""`nightshift settings`: what is in force, and where each value comes from."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Annotated, Any

import typer

from nightshift.cli.output import Json, console, print_json, print_table

if TYPE_CHECKING:
    from utils.documents.settings import Setting


def add_to(app: typer.Typer) -> None:
    """Add the command of this module."""
    app.command()(settings)


def settings(
    changed: Annotated[
        bool, typer.Option("--changed", help="Only what is not as it is by default.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Show the settings in force, and where each comes from.

    Of a secret only that it is set.
    """
    from utils.config import load_settings, sources
    from utils.documents.settings import in_force

    loaded = load_settings()
    found = [one for one in in_force(loaded) if not changed or one.source != "default"]
    if as_json:
        print_json({"profile": loaded.profile, "settings": [one._asdict() for one in found]})
        return
    print_table(
        ("setting", "value", "from"),
        ((one.name, _told(one.value), _origin(one)) for one in found),
    )
    environment, dotenv = sources()
    told = (dotenv | environment).get("ENVIRONMENT", "").strip()
    if told and told.lower() not in {"development", "testing", "production"}:
        console.print(
            f"ENVIRONMENT={told} names no profile of ours: it is {loaded.profile}.",
            style="dim", markup=False, soft_wrap=True,
        )  # fmt: skip


def _told(value: Any) -> str:
    if value is None:
        return "–"
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)


def _origin(one: Setting) -> str:
    """``environment (SPOTIFY_CLIENT_ID)``: the name where it is not the setting's own."""
    return f"{one.source} ({one.by})" if one.by and one.by != one.name else one.source
