"""`nightshift rules`: what is done with which items; checked, and tried on an item or a file."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any

import typer

from nightshift.cli import house_rules
from nightshift.cli.output import Json, console, print_json, print_table
from utils.models.sanitize import visible

rules = typer.Typer(no_args_is_help=True, help="Rules: what is done with which items (rules.yaml).")


def add_to(app: typer.Typer) -> None:
    """Add the commands of this module."""
    house_rules.add_to(rules)
    app.add_typer(rules, name="rules")


@rules.command()
def check(
    path: Annotated[
        Path | None, typer.Argument(metavar="[FILE]", help="Instead of the rules that hold.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Say whether the rules can be read and make sense, and what they are."""
    from utils.config import load_settings
    from utils.errors import UsageError
    from utils.rules import file

    where = path or load_settings().rules_file
    if not where.exists():
        raise UsageError(f"There is no {where}. docs/operating.md has an example of rules.")
    found = file.read(where)
    if as_json:
        print_json(found.model_dump(mode="json", exclude_unset=True))
        return
    print_table(
        ("rule", "when", "then"),
        (
            (
                rule.name,
                _words(rule.when.model_dump(mode="json", exclude_unset=True)),
                _words(rule.then.model_dump(mode="json", exclude_unset=True)),
            )
            for rule in found.rules
        ),
        below=("when", "then"),
    )
    console.print(f"{len(found.rules)} rules, {len(found.profiles)} profiles: {where}",
                  markup=False, soft_wrap=True, highlight=False)  # fmt: skip


@rules.command()
def test(
    wanted: Annotated[
        str, typer.Argument(metavar="ITEM_OR_PATH", help="An item, or a file that is none yet.")
    ],
    as_json: Json = False,
) -> None:
    """Say which rules apply to an item or a file, and why the others don't; nothing is done."""
    from utils.config import load_settings
    from utils.db.session import session
    from utils.rules import file, matching

    found = file.load(load_settings())
    with session() as s:
        facts = _facts(s, wanted)
    decision = matching.decide(found, facts)
    rows: list[dict[str, Any]] = [
        {"rule": rule.name, "applies": rule.name in decision.applied,
         "failing": matching.failing(rule.when, facts)}
        for rule in found.rules
    ]  # fmt: skip
    if as_json:
        print_json({
            "facts": facts.model_dump(mode="json"),
            "decision": decision.model_dump(mode="json"),
            "rules": rows,
        })  # fmt: skip
        return
    print_table(
        ("rule", "applies", "because"),
        (
            (row["rule"], "yes" if row["applies"] else "no", _because(row["failing"], facts))
            for row in rows
        ),
        below=("because",),
    )
    console.print(f"\nTogether: {visible(_together(decision.model_dump(mode='json')))}",
                  markup=False, soft_wrap=True, highlight=False)  # fmt: skip


@rules.command()
def schema() -> None:
    """Print the JSON schema of rules.yaml, for editors."""
    from utils.rules import file

    print(json.dumps(file.schema(), indent=2, ensure_ascii=False))


def _facts(s: Any, wanted: str) -> Any:
    from utils.db import items
    from utils.errors import UsageError
    from utils.rules import facts
    from utils.storage import files

    try:
        row = items.find(s, wanted)
    except UsageError:
        path = files.absolute(wanted)
        if not path.is_file():
            raise
        return facts.of_file(s, path)
    return facts.known(s, row, next(iter(items.paths_of(s, row.id)), Path()))


def _because(failing: list[str], facts: Any) -> str:
    """What does not fit, and what is known instead."""
    known = {"duration": facts.duration_seconds, "size": facts.size_bytes, "codec": facts.codecs,
             "resolution": facts.shorter_side, "date": facts.day}  # fmt: skip
    return ", ".join(
        f"{name} is {_word(known.get(name, getattr(facts, name, None)))}" for name in failing
    )


def _word(value: Any) -> str:
    if value is None or value == ():
        return "not known"
    return ", ".join(map(str, value)) if isinstance(value, tuple) else str(value)


def _words(document: dict[str, Any]) -> str:
    return ", ".join(f"{name}: {_plain(value)}" for name, value in document.items())


def _plain(value: Any) -> str:
    if isinstance(value, dict):
        return "{" + _words({k: v for k, v in value.items() if v is not None}) + "}"
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)


def _together(decision: dict[str, Any]) -> str:
    if decision["skipped_by"]:
        return f"nothing is done with it ({decision['skipped_by']})"
    parts = [f"{name}: {value}" for name, value in decision["changes"].items()]
    parts += [f"priority {decision['priority']}"] if decision["priority"] != "normal" else []
    parts += [f"queue {decision['queue']}"] if decision["queue"] else []
    parts += [f"publish at {', '.join(decision['publish'])}"] if decision["publish"] else []
    return ", ".join(parts) or "as the settings say"
