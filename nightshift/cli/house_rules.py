"""`nightshift rules house`: what content must keep to; checked, shown, tried on an item."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

import typer

from nightshift.cli.output import Json, console, print_facts, print_json
from utils.models.sanitize import visible

house = typer.Typer(
    no_args_is_help=True, help="House rules: what content must keep to (house_rules.yaml)."
)


def add_to(app: typer.Typer) -> None:
    """Add the commands of this module."""
    app.add_typer(house, name="house")


@house.command()
def check(
    path: Annotated[
        Path | None, typer.Argument(metavar="[FILE]", help="Instead of the rules that hold.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Say whether the house rules can be read and do not contradict themselves."""
    from utils.config import load_settings
    from utils.errors import UsageError
    from utils.rules import house_rules

    where = path or load_settings().house_rules_file
    if not where.exists():
        raise UsageError(f"There is no {where}. docs/quality.md has an example of house rules.")
    found = house_rules.read(where)
    if as_json:
        print_json(found.model_dump(mode="json", exclude_unset=True))
        return
    print_facts(_said(found))
    number = len(found.sources)
    console.print(f"They make sense, {number} sources say more: {where}",
                  markup=False, soft_wrap=True, highlight=False)  # fmt: skip


@house.command()
def show(
    source: Annotated[
        str | None, typer.Option("--source", metavar="NAME", help="What holds for its items.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Say which house rules hold, of everything or of the items of a source."""
    from utils.config import load_settings
    from utils.rules import house_rules

    rules = house_rules.load(load_settings())
    found = house_rules.for_source(rules, source)
    if as_json:
        print_json(found.model_dump(mode="json") | {
            "entries": house_rules.patterns_of(rules, source)
        })  # fmt: skip
        return
    rows = [*_said(found)]
    print_facts(rows or [("house rules", "none")])
    if entries := house_rules.patterns_of(rules, source):
        print_facts([("said for", ", ".join(entries))])


@house.command()
def test(wanted: Annotated[str, typer.Argument(metavar="ITEM")], as_json: Json = False) -> None:
    """Say what an item breaks of the house rules as they are now; nothing is done."""
    from utils.config import load_settings
    from utils.critic import snapshot
    from utils.db import items
    from utils.db.session import session
    from utils.rules import house_rules

    rules = house_rules.load(load_settings())
    with session() as s:
        subject = snapshot.subject_of(s, items.find(s, wanted).id)
    found = house_rules.check(subject, house_rules.for_source(rules, subject.source))
    if as_json:
        print_json(found.model_dump(mode="json"))
        return
    for breach in found.breaches:
        at = f" at {breach.start_seconds:.1f} s" if breach.start_seconds is not None else ""
        print_facts([("breaks", f"{breach.rule}: {breach.reason}{at}")])
        print_facts([("", f"“{breach.quote}”")] if breach.quote else [])
    print_facts(("not told", note) for note in found.notes)
    if not found.breaches:
        console.print(f"{visible(subject.title)} keeps the house rules.",
                      markup=False, soft_wrap=True, highlight=False)  # fmt: skip


@house.command()
def schema() -> None:
    """Print the JSON schema of house_rules.yaml, for editors."""
    from utils.rules import house_rules

    print(json.dumps(house_rules.schema(), indent=2, ensure_ascii=False))


def _said(rules: Any) -> Iterator[tuple[str, str]]:
    """What rules say, a line each; nothing of what they leave open."""
    simple = (
        ("brand", rules.brand or ""),
        ("brand colours", ", ".join(rules.brand_colours)),
        ("romanisation", rules.romanisation or ""),
        ("required", ", ".join(rules.required)),
        ("allowed words", ", ".join(rules.allowed_words)),
    )
    yield from ((name, value) for name, value in simple if value)
    for topic in rules.prohibited_topics:
        why = f" ({topic.reason})" if topic.reason else ""
        words = f": {', '.join(topic.words)}" if topic.words else ""
        yield "prohibited", f"{topic.name}{words}{why}"
    yield from (("note", note) for note in rules.cultural_notes)
