"""`nightshift music identify` and `tag`: which recordings the files are, and tags that say so."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated, Any

import typer

from nightshift.cli.output import Json, console, print_error, print_json, print_table
from utils.models.sanitize import visible

if TYPE_CHECKING:
    from utils.music.recordings.tagging.preview import Change, Preview

Some = Annotated[
    list[str] | None,
    typer.Argument(metavar="[ITEM]...", help="Checksums, paths; without: songs not looked at."),
]
Wanted = Annotated[str, typer.Argument(metavar="ITEM", help="A checksum, its beginning, a path.")]
_CALLED = {
    "title": "title",
    "artist": "artist",
    "album": "album",
    "isrc": "ISRC",
    "recording_mbid": "MusicBrainz recording",
    "artist_mbid": "MusicBrainz artist",
}


def identify(
    wanted: Some = None,
    ask: Annotated[
        bool,
        typer.Option("--ask", help="Ask MusicBrainz for what is not known yet: one a second."),
    ] = False,
    as_json: Json = False,
) -> None:
    """Find out which recordings songs are that were taken in before, and look again at others.

    By the reports that are there: no file is decoded. AcoustID is asked where a key is set.
    """
    from utils.config import load_settings
    from utils.db import items
    from utils.db.session import session
    from utils.music.recordings import batch

    with session() as s:
        ids = [items.find(s, one).id for one in wanted] if wanted else None
    found = batch.look(ids, load_settings(), ask)
    if as_json:
        print_json(found.document())
    else:
        _print_found(found)
    sys.exit(1 if found.failed else 0)


def _print_found(found: Any) -> None:
    print_table(
        ("item", "title", "artist", "ISRC", "MusicBrainz", "how", "sure"),
        (
            (
                row["item_id"][:10],
                visible(row["title"] or "–"),
                visible(row["artist"] or "–"),
                row["isrc"] or "–",
                row["recording_mbid"] or "–",
                row["how"] or "not known",
                f"{row['score']:.0%}" if row["score"] is not None else "–",
            )
            for row in found.recordings
        ),
    )
    for row in found.recordings:
        for doubt in row["doubts"]:
            console.print(f"{row['item_id'][:10]}: {visible(doubt)}", markup=False, soft_wrap=True)
    for item_id, why in found.failed.items():
        print_error(f"{item_id[:10]}: {why}")
    console.print(found.summary(), markup=False, soft_wrap=True)


def tag(
    wanted: Wanted,
    write: Annotated[bool, typer.Option("--write", help="Write; else only show.")] = False,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Also title, artist and album that are there.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Show which tags would be written into a song: ids, ISRC, names that are missing.

    Nothing is changed without --write. The sound stays as it is, byte for byte, and so do the
    cover and all other tags. --json has the old values, to undo it.
    """
    from utils.config import load_settings
    from utils.music.recordings.tagging import chosen, writing

    settings = load_settings()
    preview = chosen.preview(wanted, overwrite)
    digest = writing.write(preview, settings) if write and preview.changes else None
    if as_json:
        print_json(_document(preview, digest))
        return
    _print(preview, is_written=digest is not None)


def _document(preview: Preview, digest: str | None) -> dict[str, Any]:
    return {
        "item_id": preview.item_id,
        "path": str(preview.path),
        "format": preview.form,
        "written": digest is not None,
        "sha256": digest,
        "changes": [_change(one) for one in preview.changes],
        "kept": [_change(one) for one in preview.kept],
        "old": {field: list(values) for field, values in preview.old.items()},
    }


def _change(one: Change) -> dict[str, Any]:
    return {"field": one.field, "old": list(one.old), "new": list(one.new)}


def _print(preview: Preview, is_written: bool) -> None:
    console.print(f"{visible(str(preview.path))}, {preview.form}", markup=False, soft_wrap=True)
    print_table(
        ("tag", "old", "new"),
        (
            (_CALLED[one.field], visible("; ".join(one.old)) or "–", visible("; ".join(one.new)))
            for one in preview.changes
        ),
    )
    for one in preview.kept:
        told = f"{_CALLED[one.field]} stays {'; '.join(one.old)!r} (--overwrite: {one.new[0]!r})"
        console.print(visible(told), markup=False, soft_wrap=True)
    if not preview.changes:
        console.print("There is nothing to write: its tags say all that is known.")
    elif is_written:
        console.print("Written. The sound is the same, and it is the same item.")
    else:
        console.print("Nothing was changed. --write writes it.")
