"""What people say of an item's speech: `speakers` names its voices, `correct` its words."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from nightshift.cli.output import Json, console, print_error, print_json, print_table
from utils.models.sanitize import visible

if TYPE_CHECKING:
    from utils.db.schema import Item
    from utils.models.speakers import Speakers
    from utils.models.transcript import Transcript

Wanted = Annotated[str, typer.Argument(metavar="ITEM", help="A checksum, its beginning, a path.")]


def add_to(app: typer.Typer) -> None:
    """Add the commands of this module."""
    app.command()(speakers)
    app.command()(correct)


def speakers(
    wanted: Annotated[
        str | None,
        typer.Argument(metavar="[ITEM]", help="Without one: the names that voices have."),
    ] = None,
    name: Annotated[
        list[str] | None,
        typer.Option("--name", metavar="N=NAME", help="Who speaker N is; may be repeated."),
    ] = None,
    recognise: Annotated[
        bool, typer.Option("--recognise", help="Look for voices that were named in other items.")
    ] = False,
    forget: Annotated[
        str | None,
        typer.Option("--forget", metavar="NAME", help="Remove a name and its voiceprints."),
    ] = None,
    as_json: Json = False,
) -> None:
    """Show who speaks in an item and how long, and say who they are.

    A name belongs to the voice: it stays when the item is worked on again. Voiceprints are
    biometric data; they stay in this home until the name or the item is forgotten.
    """
    if forget is not None:
        _forget(forget, as_json)
    elif wanted is None:
        if name or recognise:
            raise typer.BadParameter("say which item: nightshift speakers ITEM")
        _print_names(as_json)
    else:
        _change(wanted, _names(name or []), recognise)
        _print_speakers(wanted, as_json)


def _names(given: list[str]) -> dict[int, str]:
    """``1=Anna`` as numbers and names."""
    found = {}
    for one in given:
        number, sign, name = one.partition("=")
        if not sign or not number.strip().isdecimal() or not name.strip():
            raise typer.BadParameter(f"{one!r} is not like 1=Anna")
        found[int(number)] = name
    return found


def _change(wanted: str, names: dict[int, str], recognise: bool) -> None:
    from utils.config import load_settings
    from utils.db import items, voices
    from utils.db.session import session
    from utils.search import indexing

    if not names and not recognise:
        return
    with session() as s:
        item_id = _idle(items.find(s, wanted)).id
        for number, name in names.items():
            voices.name(s, item_id, number, name)
        if recognise and not voices.recognise(s, item_id):
            print_error(
                f"Nobody was recognised: it takes {voices.RECOGNISED_SECONDS:g} s of a voice, here "
                "and in an item where it was named."
            )
    indexing.renew(item_id, load_settings())


def _idle(item: Item) -> Item:
    """The item, unless a run has it.

    Raises:
        PermanentError: one does: what is changed now would be overwritten.
    """
    from utils.errors import PermanentError

    if item.claimed_by is not None:
        raise PermanentError(f"A run is working on {visible(item.title)}. Wait until it is done.")
    return item


def _print_speakers(wanted: str, as_json: bool) -> None:
    from utils.db import items, transcripts, voices
    from utils.db.session import session
    from utils.observability.reports.rows import duration

    with session() as s:
        item = items.find(s, wanted)
        title, item_id = item.title, item.id
        found = voices.speakers_of(s, item_id)
        rows = _rows(found, transcripts.transcript_of(s, item_id)) if found else []
    if as_json:
        print_json({"item_id": item_id, "speakers": rows if found else None})
    elif found is None:
        console.print(
            f"Nobody has looked for speakers in {visible(title)} yet: nightshift run --speakers "
            "auto PATH", markup=False,
        )  # fmt: skip
    elif not rows:
        console.print(f"No voice was found in {visible(title)}.", markup=False)
    else:
        print_table(
            ("speaker", "who", "speaks", "turns", "sample"),
            (
                (
                    str(row["number"]),
                    row["label"]
                    + (f", likeness {row['similarity']:.2f}" if row["similarity"] else ""),
                    duration(row["seconds"]),
                    str(row["turns"]),
                    row["sample"] or "–",
                )
                for row in rows
            ),
            below=("sample",),
        )


def _rows(found: Speakers, transcript: Transcript | None) -> list[dict[str, Any]]:
    """Each speaker as JSON, with the longest thing that it says."""
    samples: dict[str | None, str] = {}
    for segment in transcript.segments if transcript else ():
        if len(segment.text) > len(samples.get(segment.speaker, "")):
            samples[segment.speaker] = segment.text
    turns = [turn.speaker for turn in found.turns]
    return [
        {
            "number": voice.number,
            "label": voice.label,
            "name": voice.name,
            "recognised": voice.similarity is not None,
            "similarity": voice.similarity,
            "seconds": voice.seconds,
            "turns": turns.count(voice.number),
            "sample": samples.get(voice.label),
            "has_voiceprint": bool(voice.voiceprint),
        }
        for voice in found.voices
    ]


def _print_names(as_json: bool) -> None:
    from utils.db import voices
    from utils.db.session import session

    with session() as s:
        known = voices.known(s)
    if as_json:
        print_json([{"name": name, "items": items} for name, items in known])
    elif known:
        print_table(("name", "items"), ((name, str(items)) for name, items in known))
    else:
        console.print("No voice has a name yet: nightshift speakers ITEM --name 1=Anna")


def _forget(name: str, as_json: bool) -> None:
    from utils.config import load_settings
    from utils.db import items, voices
    from utils.db.session import session
    from utils.search import indexing

    with session() as s:
        touched = voices.forget(s, name)
        for item in items.preload(s, touched):
            _idle(item)
        kept = [item.id for item in items.preload(s, touched)]
    for item_id in kept:
        indexing.renew(item_id, load_settings())
    if as_json:
        print_json({"forgotten": name, "items": touched})
    else:
        console.print(
            f"{visible(name)} is forgotten: name and voiceprints in {len(touched)} items.",
            markup=False,
        )


def correct(
    wanted: Wanted,
    source: Annotated[
        Path | None,
        typer.Option("--from", metavar="FILE", help="Your words: .srt, .vtt or plain .txt."),
    ] = None,
    undo: Annotated[bool, typer.Option("--undo", help="Back to what the machine heard.")] = False,
    as_json: Json = False,
) -> None:
    """Put your words in the place of those that a machine heard.

    They are shown, searched and exported instead, and stay when the item is worked on again.
    Plain text gets the times of what was heard.
    """
    from utils.config import load_settings
    from utils.db import corrections, items
    from utils.db.session import session
    from utils.errors import UsageError
    from utils.search import indexing
    from utils.speech import corrections as files

    if (source is None) == (not undo):
        raise typer.BadParameter("either --from FILE or --undo")
    with session() as s:
        item = _idle(items.find(s, wanted))
        item_id, title = item.id, item.title
        if source is not None:
            path = source.expanduser()
            told = files.keep(s, item, files.content(path), path.name)
        elif not corrections.remove(s, item_id):
            raise UsageError(f"{visible(title)} is not corrected: there is nothing to undo.")
    indexing.renew(item_id, load_settings())
    if as_json:
        print_json({"item_id": item_id, "corrected": source is not None,
                    "told": told if source else []})  # fmt: skip
        return
    for line in told if source else [f"{title}: the machine's words stand again."]:
        console.print(visible(line), markup=False)
    console.print("Summary and keywords follow with the next run.", style="dim")
