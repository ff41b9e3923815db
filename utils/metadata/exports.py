"""The JSON that photo services write beside each picture of an export (Google Takeout)."""

from __future__ import annotations

import math
import re
from datetime import UTC, datetime
from pathlib import PurePath
from typing import Any

from utils.metadata import location
from utils.metadata import tags as look
from utils.models.metadata import CaptureTime, Place
from utils.models.notes import Note
from utils.models.sidecars import SidecarFacts

_COPY = re.compile(r"(-[^\W\d_]{3,12})?(\(\d{1,4}\))?$")
_LATEST = 4102444800  # the year 2100
_COMPARED = 40  # characters of a name: the service cuts longer ones


def of_document(document: Any, name: str, media_name: str) -> SidecarFacts | None:
    """What an export's JSON, in the file ``name``, says of ``media_name``.

    None of other JSON, and of that of another picture: its title is the picture's file name.
    The time is an instant in UTC, without the place's zone.
    """
    if not isinstance(document, dict) or not isinstance(document.get("photoTakenTime"), dict):
        return None
    if not _is_of(str(document.get("title") or ""), media_name):
        return None
    description = str(document.get("description") or "").strip()
    notes = [Note(kind="description", text=description, source=name)] if description else []
    people = document.get("people")
    for person in people if isinstance(people, list) else ():
        called = str(person.get("name") or "").strip() if isinstance(person, dict) else ""
        if called:
            notes.append(Note(kind="person", text=called, source=name))
    return SidecarFacts(
        name=name,
        kind="export",
        captured=_taken(document["photoTakenTime"], name),
        place=_place(document, name),
        notes=tuple(notes),
    )


def _is_of(title: str, media_name: str) -> bool:
    ours, theirs = _plain(media_name), _plain(title)
    if not ours or not theirs:
        return False
    return ours[:_COMPARED].startswith(theirs[:_COMPARED]) or theirs.startswith(ours[:_COMPARED])


def _plain(name: str) -> str:
    stem = _COPY.sub("", PurePath(name).stem)
    return re.sub(r"\W", "_", stem).casefold()


def _taken(said: dict[str, Any], name: str) -> CaptureTime | None:
    seconds = look.number(said.get("timestamp"))
    if seconds is None or not -_LATEST < seconds < _LATEST or seconds == 0:
        return None
    at = datetime.fromtimestamp(seconds, UTC)
    return CaptureTime(at=at, is_zone_known=True, source=f"{name} photoTakenTime")


def _place(document: dict[str, Any], name: str) -> Place | None:
    for field in ("geoData", "geoDataExif"):
        said = document.get(field)
        if not isinstance(said, dict):
            continue
        latitude, longitude, above = (
            look.number(said.get(part)) for part in ("latitude", "longitude", "altitude")
        )
        if latitude is None or longitude is None or not math.isfinite(latitude + longitude):
            continue
        if found := location.place(latitude, longitude, above or None, f"{name} {field}"):
            return found
    return None
