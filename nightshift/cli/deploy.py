"""`nightshift deploy`: have a Prefect server know what can be run and scheduled."""

from __future__ import annotations

import sys
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from nightshift.cli.output import Json, console, print_json, print_table

if TYPE_CHECKING:
    from utils.config import Settings


class Group(StrEnum):
    """The groups of deployments: prefect.yaml has them as tags."""

    MEDIA = "media"
    FRAMES = "frames"
    MUSIC = "music"


def add_to(app: typer.Typer) -> None:
    """Add the command of this module."""
    app.command()(deploy)


def deploy(
    only: Annotated[
        list[Group] | None, typer.Option("--only", help="Only these; may be given repeatedly.")
    ] = None,
    validate: Annotated[
        bool, typer.Option("--validate", help="Only say what is missing; nothing is registered.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Register pool, limits and deployments on the Prefect server.

    With --validate the exit code is 1 if something is missing or wrong.
    """
    from utils.config import load_settings

    settings = load_settings()
    groups = [group.value for group in only or Group]
    if validate:
        _validate(settings, groups, as_json)
    lines = _registered(settings, groups)
    if as_json:
        print_json({"registered": groups, "done": lines})
        return
    for line in lines:
        console.print(line, highlight=False)


def _validate(settings: Settings, groups: list[str], as_json: bool) -> None:
    from deployments.validation import PROBLEM, validate

    found = validate(settings, groups)
    is_fine = all(one.state != PROBLEM for one in found)
    if as_json:
        print_json({"valid": is_fine, "checks": [one._asdict() for one in found]})
    else:
        print_table(("", "what", "found", "how to mend it"), found,
                    below=("found", "how to mend it"))  # fmt: skip
    sys.exit(0 if is_fine else 1)


def _registered(settings: Settings, groups: list[str]) -> list[str]:
    from nightshift.cli import server
    from utils.errors import PermanentError
    from utils.processes.prefect_environment import is_served, prepare_prefect
    from utils.storage import home

    if not is_served(settings):
        raise PermanentError(
            "There is no Prefect server to deploy to. `nightshift up` starts one; or set "
            "NIGHTSHIFT_PREFECT_API_URL."
        )
    home.prepare(settings)
    prepare_prefect(settings, log_level="ERROR")
    server.require(settings)
    from deployments.register import register

    return register(settings, groups)
