"""What would be written into a song's tags: ids that are known, names that are missing."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from sqlalchemy.orm import Session

from utils.db import recordings
from utils.media.probing import exiftool, ffprobe
from utils.models.item import MediaKind
from utils.models.probe import FfprobeReport
from utils.models.recording import Recording
from utils.music import identification, identifiers, known_as
from utils.music.tagging import reading
from utils.music.tagging.fields import FIELDS, Field, TagsError, Values

_NAMES: tuple[Field, ...] = ("title", "artist", "album")
_CUT = " …"  # ends a name that was too long to be kept whole


class Change(NamedTuple):
    """One field: what the file says, and what it is to say."""

    field: Field
    old: tuple[str, ...]
    new: tuple[str, ...]


class Preview(NamedTuple):
    """What would become of a song's tags.

    ``kept``: names that MusicBrainz has otherwise, which change with ``overwrite`` alone. ``old``:
    all fields as the file has them now, to undo it.
    """

    item_id: str
    path: Path
    form: str
    changes: tuple[Change, ...]
    kept: tuple[Change, ...]
    old: Values


def of(s: Session, item_id: str, path: Path, overwrite: bool) -> Preview:
    """What would be written into a file of an item.

    Raises:
        TagsError: its format is none whose tags are written, or they are damaged.
        PermanentError: it is no media file any more.
    """
    probed = ffprobe.report(path)
    form, old = _read(path, probed)
    row = recordings.get(s, item_id)
    if row is None:  # nobody looked at it yet
        known = known_as.of(s, identification.said(path, probed, exiftool.report(path)))
    else:
        known = known_as.of(s, *known_as.said_of(row))
    wanted = _wanted(s, known, old)
    changes, kept = list[Change](), list[Change]()
    for field, new in wanted.items():
        change = Change(field, old.get(field, ()), new)
        if _is_same(change):
            continue
        is_free = field not in _NAMES or not change.old or overwrite
        (changes if is_free else kept).append(change)
    return Preview(item_id, path, form, tuple(changes), tuple(kept), old)


def _read(path: Path, probed: FfprobeReport) -> tuple[str, Values]:
    found = reading.format_of(probed)
    if found is None:
        what = "/".join(probed.container.format_names[:2])
        is_song = probed.container.kind is MediaKind.AUDIO
        raise TagsError(
            f"{path.name} is {what if is_song else 'no song'}: tags are written into MP3, FLAC, "
            "M4A and Ogg (Vorbis, Opus) alone."
        )
    try:
        with path.open("rb") as file:
            values: Mapping[Field, tuple[str, ...]] = found[1].read(file)
    except TagsError as error:
        raise TagsError(f"{path.name} stays as it is: {error}.") from error
    return found[0], {field: values[field] for field in FIELDS if field in values}


def _wanted(s: Session, known: Recording, old: Values) -> dict[Field, tuple[str, ...]]:
    """All that is known: ids; names as MusicBrainz has them, else those that the file lacks where
    this format has them.
    """
    facts = known_as.facts_of(s, known.recording_mbid) if known.recording_mbid else {}
    artists = [one for one in facts.get("artists") or () if one.get("name")]
    groups, isrcs = facts.get("release_groups") or [], facts.get("isrcs") or []
    values: dict[Field, list[str | None]] = {
        "title": [facts.get("title")],
        "artist": [", ".join(one["name"] for one in artists)],
        "album": [groups[0].get("title") if len(groups) == 1 else None],
        "isrc": [known.isrc or (isrcs[0] if len(isrcs) == 1 else None)],
        "recording_mbid": [known.recording_mbid],
        "artist_mbid": [identifiers.mbid(one.get("id")) for one in artists],
    }
    for field in _NAMES:
        if not any(values[field]) and not old.get(field):
            values[field] = [_whole(getattr(known, field))]
    found = {field: tuple(filter(None, values[field])) for field in FIELDS}
    return {field: given for field, given in found.items() if given}


def _whole(name: str | None) -> str | None:
    return None if name is None or name.endswith(_CUT) else name


def _is_same(change: Change) -> bool:
    """True if the file says so already, in its own way of writing."""
    if change.field == "isrc":
        return tuple(map(identifiers.isrc, change.old)) == change.new
    if change.field in _NAMES:  # several artists are one text at MusicBrainz, and spaces nothing
        return " ".join(", ".join(change.old).split()) == " ".join(change.new[0].split())
    return tuple(one.lower() for one in change.old) == change.new
