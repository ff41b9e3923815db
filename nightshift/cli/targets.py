"""`nightshift targets`: where items are published; listed, checked, described."""

from __future__ import annotations

import json
import sys
from typing import Annotated

import typer

from nightshift.cli.output import Json, console, print_json, print_table

targets = typer.Typer(no_args_is_help=True, help="Where items are published (targets.yaml).")


def add_to(app: typer.Typer) -> None:
    """Add the commands of this module."""
    app.add_typer(targets, name="targets")


@targets.command(name="list")
def list_(as_json: Json = False) -> None:
    """List the targets; no secret is shown."""
    from utils.config import load_settings
    from utils.distribution import checks
    from utils.distribution import targets as file

    settings = load_settings()
    known = file.load(settings).targets
    rows = [
        {"name": name, "kind": one.kind, "place": checks.place_of(one), "nightly": one.nightly,
         "description": one.description}
        for name, one in known.items()
    ]  # fmt: skip
    if as_json:
        print_json(rows)
    elif rows:
        print_table(
            ("name", "kind", "place", "nightly", "description"),
            (
                (str(row["name"]), str(row["kind"]), str(row["place"]),
                 "yes" if row["nightly"] else "no", str(row["description"] or ""))
                for row in rows
            ),
        )  # fmt: skip
    else:
        console.print(f"There are no targets: write them into {settings.targets_file} "
                      "(docs/distribution.md).", markup=False, soft_wrap=True)  # fmt: skip


@targets.command()
def check(
    names: Annotated[list[str] | None, typer.Argument(metavar="[TARGET]...")] = None,
    as_json: Json = False,
) -> None:
    """Say whether targets can be reached and written to.

    A small file is put there and taken away; nothing is sent to webhooks and messengers.
    """
    from utils.config import load_settings
    from utils.distribution import checks
    from utils.distribution import targets as file

    settings = load_settings()
    known = file.load(settings).targets
    chosen = {name: file.one(settings, name) for name in names or known}
    found = {name: checks.check(name, one, settings) for name, one in chosen.items()}
    if as_json:
        print_json([{"name": name, **one._asdict()} for name, one in found.items()])
    elif found:
        print_table(
            ("name", "state", "found"),
            ((name, one.state, one.found) for name, one in found.items()),
            below=("found",),
        )
    else:
        console.print(f"There are no targets in {settings.targets_file}.",
                      markup=False, soft_wrap=True)  # fmt: skip
    sys.exit(0 if all(one.ok for one in found.values()) else 1)


@targets.command()
def schema() -> None:
    """Print the JSON schema of targets.yaml, for editors."""
    from utils.distribution import targets as file

    print(json.dumps(file.schema(), indent=2, ensure_ascii=False))
