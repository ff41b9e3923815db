"""`nightshift export`: what was said in items, as files for players and readers."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NamedTuple, cast, get_args

import typer

from nightshift.cli.output import (
    Json,
    console,
    not_blank,
    print_error,
    print_json,
    print_warning,
)
from utils.models.sanitize import visible

if TYPE_CHECKING:
    from utils.models.subtitles import Format
    from utils.subtitles.document import Document

BESIDE = "beside"


class _Wanted(NamedTuple):
    """The form of a document, and where it goes: a folder, beside the source, or to stdout."""

    form: Format
    words: bool
    speakers: bool
    to: str | None


def add_to(app: typer.Typer) -> None:
    """Add the command of this module."""
    app.command()(export)


def export(
    items: Annotated[
        list[str],
        typer.Argument(
            metavar="ITEM...", help="Checksums, beginnings of them, paths.", callback=not_blank
        ),
    ],
    form: Annotated[str, typer.Option("--format", help="srt, vtt, lrc, txt, json or md.")] = "srt",
    words: Annotated[
        bool,
        typer.Option(
            "--words", help="The time of each word: in vtt, lrc, json; in srt a cue each."
        ),
    ] = False,
    speakers: Annotated[
        bool, typer.Option("--speakers", help="Who speaks, where the voices were told apart.")
    ] = False,
    to: Annotated[
        str | None,
        typer.Option(
            "--to", metavar="FOLDER|beside", help="A folder, or beside each source; else stdout."
        ),
    ] = None,
    as_json: Json = False,
) -> None:
    """Write what was said in items as subtitles, lyrics or text.

    Lines are broken for reading. A file that is not ours is never overwritten.
    """
    from utils.db.session import session
    from utils.models.subtitles import Format

    if form not in get_args(Format):
        raise typer.BadParameter(f"{form} is no format: {', '.join(get_args(Format))}")
    if words and form in {"txt", "md"}:
        raise typer.BadParameter(f"{form} has no place for the times of words")
    if to is not None:
        not_blank(to)
    if to is None and len(items) > 1:
        raise typer.BadParameter("several items need --to FOLDER, or --to beside")
    wanted = _Wanted(cast("Format", form), words, speakers, to)
    with session() as s:
        found = [_document(s, one) for one in items]
    results = [_export(*one, wanted) for one in found]
    if as_json:
        print_json(results)
    else:
        _print(results)
    sys.exit(1 if any(result["error"] for result in results) else 0)


def _document(s: Any, wanted: str) -> tuple[Document | str, str, Path | None]:
    """What was said in an item, or why that is not known; its id; and where it lies."""
    from utils.db import items
    from utils.db.transcripts import transcript_of
    from utils.subtitles.document import Document

    item = items.find(s, wanted)
    transcript = transcript_of(s, item.id)
    path = items.path_here(s, item.id)
    if transcript is None:
        return (
            f"{item.title}: nothing was transcribed (nightshift show {item.id[:10]})",
            item.id,
            path,
        )
    if not transcript.text.strip():
        return f"{item.title}: nobody speaks in it", item.id, path
    return Document(item.id, item.title, transcript, item.duration_seconds), item.id, path


def _export(
    document: Document | str, item_id: str, path: Path | None, wanted: _Wanted
) -> dict[str, Any]:
    """Write one document; returns what came of it."""
    from utils.errors import PermanentError
    from utils.subtitles.document import rendered

    result: dict[str, Any] = {
        "item_id": item_id, "format": wanted.form, "path": None, "text": None,
        "cues": 0, "too_fast": 0, "notes": [], "error": None,
    }  # fmt: skip
    if isinstance(document, str):
        return result | {"error": document}
    made = rendered(document, wanted.form, wanted.words, wanted.speakers)
    result |= {
        "cues": made.cues,
        "too_fast": made.too_fast,
        "notes": _notes(document, wanted, made.too_fast),
    }
    if wanted.to is None:
        return result | {"text": made.text}
    try:
        return result | {"path": str(_written(document, path, wanted, made.text))}
    except PermanentError as error:
        return result | {"error": f"{document.title}: {error}"}


def _notes(document: Document, wanted: _Wanted, too_fast: int) -> list[str]:
    """What a reader should know of a document."""
    notes = []
    if wanted.words and not document.has_word_times:
        notes.append(
            "the times of words are shared out by their lengths; heard ones: nightshift run --words"
        )
    if wanted.speakers and not document.has_speakers:
        notes.append("nobody told the voices apart: there are no names of speakers")
    if too_fast:
        notes.append(f"spoken faster than it can be read: {too_fast} of the cues")
    return notes


def _written(document: Document, path: Path | None, wanted: _Wanted, text: str) -> Path:
    """Write a document where it is wanted; returns where that is.

    Raises:
        PermanentError: its source lies nowhere, or what is there is not ours.
    """
    from utils.errors import PermanentError
    from utils.subtitles import placing

    stem = path.stem if path else placing.safe_stem(document.title)
    language = document.transcript.text_language
    name = placing.file_name(stem, language, wanted.form)
    if wanted.to == BESIDE:
        if path is None:
            raise PermanentError("its file is not there; --to FOLDER writes elsewhere.")
        target = path.with_name(name)
    else:
        folder = placing.folder_for(str(wanted.to))
        target = placing.free_name(folder, stem, document.item_id, name.removeprefix(stem))
    placing.write(target, placing.Text(document.item_id, text, is_nightly=False), like=path)
    return target


def _print(results: list[dict[str, Any]]) -> None:
    for result in results:
        for note in result["notes"]:
            print_warning(note)
        if result["error"]:
            print_error(result["error"])
        elif result["text"] is not None:
            _to_stdout(result["text"])
        else:
            what = "segment" if result["format"] in {"txt", "md", "json"} else "cue"
            said = f"{result['path']}: {result['cues']} {what}{'s' * (result['cues'] != 1)}"
            console.print(visible(said), markup=False, soft_wrap=True)


def _to_stdout(text: str) -> None:
    """Print a document whole; on a terminal without what it would obey."""
    if console.is_terminal:
        text = "\n".join(visible(line) for line in text.split("\n"))
        print(text, end="")
    else:
        sys.stdout.flush()
        sys.stdout.buffer.write(text.encode())
