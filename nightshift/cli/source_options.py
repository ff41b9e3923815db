"""How a source is defined on the command line: the options of `source add` and `source update`."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any

import typer

from nightshift.cli.output import not_blank
from nightshift.cli.work_options import not_too_long
from utils.models.source import SourceKind

if TYPE_CHECKING:
    from utils.models.source import SourceDefinition


class Queue(StrEnum):
    """The work queues that a source's runs may go to."""

    DEFAULT = "default"
    HIGH_MEMORY = "high-memory"


Kind = Annotated[
    SourceKind | None, typer.Option("--kind", help="What it is; told by its address if not said.")
]
Url = Annotated[
    str | None,
    typer.Option("--url", metavar="PATH_OR_URL", callback=not_blank, help="Where it lies."),
]
Pattern = Annotated[
    str | None,
    typer.Option("--pattern", metavar="GLOB", help="Which of its files: *.mp4, 2024/**/*.mov."),
]
Schedule = Annotated[
    str | None,
    typer.Option(
        "--schedule",
        metavar="WHEN",
        help='hourly, daily@02:00, weekly, or a cron expression: "30 3 * * 1-5".',
    ),
]
Timezone = Annotated[
    str | None,
    typer.Option("--timezone", metavar="ZONE", help="Of the schedule, such as Europe/Berlin."),
]
WorkQueue = Annotated[Queue | None, typer.Option("--queue", help="Where its runs wait.")]
SourceProfile = Annotated[
    str | None,
    typer.Option("--profile", help="video, song, image, or a profile of rules.yaml."),
]
Options = Annotated[
    list[str] | None,
    typer.Option(
        "--option",
        metavar="KEY=VALUE",
        help="settle_seconds=30, transcription.model=small; may be repeated; KEY= takes it back.",
    ),
]
KeepLast = Annotated[
    int | None, typer.Option("--keep-last", min=1, metavar="N", help="So many of the newest.")
]
Since = Annotated[
    str | None, typer.Option("--since", metavar="YYYY-MM-DD", help="What is of that day or later.")
]
Words = Annotated[
    str | None,
    typer.Option(
        "--vocabulary",
        metavar="WORDS",
        callback=not_too_long,
        help='Names and places that are spoken of there; "" for none.',
    ),
]


def definition(
    given: Mapping[str, Any], former: SourceDefinition | None = None
) -> SourceDefinition:
    """A source as a person says it, beside what it was; its secrets sealed.

    Args:
        given: The fields of a definition that were said; ``options`` as ``KEY=VALUE``.
        former: What it is so far.

    Raises:
        typer.BadParameter: no source can be so; names the option.
        NightShiftError: the key that seals can't be read or made.
    """
    from pydantic import ValidationError

    from utils.config import load_settings
    from utils.models.source import SourceDefinition, SourceOptions
    from utils.storage.sealing import sealed_source

    known: dict[str, Any] = former.model_dump() if former else {}
    known |= {name: value for name, value in given.items() if name != "options"}
    if given.get("options"):
        base = former.options if former else SourceOptions()
        known["options"] = _options(given["options"], base).model_dump()
    if words := known.get("vocabulary"):
        known["vocabulary"] = " ".join(words.split()) or None
    try:
        return sealed_source(SourceDefinition.model_validate(known), load_settings())
    except ValidationError as error:
        raise typer.BadParameter(_in_words(error)) from error


def _options(said: list[str], base: Any) -> Any:
    """The options of a source with what was said of them.

    Raises:
        typer.BadParameter: one is no option, or a value is none of it.
    """
    from utils.models.source import with_options
    from utils.storage.files import absolute

    changes: dict[str, str] = {}
    for one in said:
        name, sign, value = one.partition("=")
        if not sign:
            raise typer.BadParameter(f"--option {one}: say KEY=VALUE")
        name, value = name.strip(), value.strip()
        changes[name] = str(absolute(value)) if name == "cookies_file" and value else value
    try:
        return with_options(base, changes)
    except ValueError as error:
        raise typer.BadParameter(f"--option: {error}") from error


def _in_words(error: Any) -> str:
    """What is wrong with which option."""
    from utils.models.source import NAME

    said = []
    for fault in error.errors(include_input=False, include_url=False):
        where = str(fault["loc"][0]) if fault["loc"] else ""
        what = fault["msg"].removeprefix("Value error, ")
        if where == "name":
            what = f"a name has letters, digits, dots and dashes, 63 at most ({NAME})"
        said.append(f"--{where.replace('_', '-')}: {what}" if where else what)
    return "; ".join(said)
