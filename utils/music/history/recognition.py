"""Which history a file holds: by what is in it, whatever its name."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from functools import partial
from itertools import islice
from typing import Any, NamedTuple

from utils.models.music import Service
from utils.music.history import csv_records, decoding, json_records, lastfm, listenbrainz, spotify
from utils.music.history.decoding import Readable
from utils.music.history.files import Place
from utils.music.history.json_records import Record
from utils.music.history.validation import Draft

_MIXED = "podcasts among its rows can't be told from music; the extended history tells them"
_LOOKED_AT = 50  # rows: the first ones may be damaged, or of another kind


class Format(NamedTuple):
    """How a file is read: its rows, which of them are rows, and what they say.

    ``note``: what a person must know of every file like it.
    """

    words: str
    service: Service
    records: Callable[[Readable], Iterator[Record]]
    rows: Callable[[Record], Iterator[tuple[Any, str | None]]]
    is_row: Callable[[Any], bool]
    is_left_out: Callable[[Any], bool]
    draft: Callable[[Any, str | None], Draft]
    note: str | None = None


class Unknown(NamedTuple):
    """A file that is no history, and what it seems to be."""

    found: str


def recognised(place: Place, file: Readable) -> Format | Unknown:
    """The format of a file, by its beginning."""
    head = file.read(decoding.PIECE)
    if not head.strip():
        return Unknown("an empty file")
    if head.startswith(b"PK\x03\x04"):
        return Unknown("an archive that is cut or damaged: download it again")
    text = "".join(decoding.pieces(io.BytesIO(head))).lstrip("\ufeff \t\r\n")
    if text[:1] not in ("[", "{") and (scrobbles := _csv(text)):
        return scrobbles
    seen = list(islice(json_records.records(io.BytesIO(head)), _LOOKED_AT))
    values = [one.value for one in seen if one.value is not None]
    if not values and text.startswith("[") and not text[1:].strip(" \t\r\n]"):
        return Unknown("an empty list")
    return _json(place, values) or Unknown(_described(text, values))


def _csv(text: str) -> Format | None:
    layout = csv_records.layout_of(text.splitlines()[:5])
    if layout is None:
        return None
    user = layout.user
    return _LASTFM._replace(
        words="Last.fm's scrobbles (CSV)",
        records=partial(csv_records.records, layout=layout),
        rows=lambda record: iter([(record.value, user)]),
        is_row=lambda value: isinstance(value, dict),
    )


def _json(place: Place, values: list[Any]) -> Format | None:
    if any(map(spotify.is_row, values)):
        is_video = "_video_" in place.name.rsplit("/", 1)[-1].lower()
        tables = [value for value in values if isinstance(value, dict)]
        is_short = not any("ts" in table for table in tables)
        words = "Spotify's short streaming history" if is_short else "Spotify's streaming history"
        draft = lambda row, _: spotify.draft(row, is_video)  # noqa: E731
        note = _MIXED if is_short and any("trackName" in table for table in tables) else None
        return _SPOTIFY._replace(words=words, draft=draft, note=note)
    if any(map(listenbrainz.is_row, values)):
        return _LISTENBRAINZ
    if any(lastfm.is_row(value) or lastfm.is_page(value) for value in values):
        return _LASTFM
    return None


def _described(text: str, values: list[Any]) -> str:
    """What a file holds, in a few words."""
    if text[:1] not in ("[", "{"):
        is_text = "\x00" not in text[:1000] and text.count("\ufffd") * 10 < len(text)
        return f"a text that begins with {text.splitlines()[0][:60]!r}" if is_text else "no text"
    if not values:
        return "damaged JSON without a row that can be read"
    first = values[0]
    if isinstance(first, dict):
        names = ", ".join(str(name)[:40] for name in list(first)[:6])
        return f"JSON with {names}" if names else "JSON without content"
    return f"JSON with {type(first).__name__} values"


def _itself(record: Record) -> Iterator[tuple[Any, str | None]]:
    yield record.value, None


def _of_page(record: Record) -> Iterator[tuple[Any, str | None]]:
    """A page's scrobbles; one of lastfmstats.com's list is whose the list says."""
    user = (record.beside or {}).get("username")
    for row, named in lastfm.rows(record.value):
        yield row, named or (user if isinstance(user, str) else None)


_SPOTIFY = Format(
    "Spotify's streaming history", Service.SPOTIFY, json_records.records, _itself,
    spotify.is_row, lambda _: False, lambda row, _: spotify.draft(row, is_video=False),
)  # fmt: skip
_LASTFM = Format(
    "Last.fm's scrobbles", Service.LASTFM, json_records.records, _of_page,
    lastfm.is_row, lastfm.is_playing_now, lastfm.draft,
)  # fmt: skip
_LISTENBRAINZ = Format(
    "ListenBrainz's listens", Service.LISTENBRAINZ, json_records.records, _itself,
    listenbrainz.is_row, listenbrainz.is_playing_now, lambda row, _: listenbrainz.draft(row),
)  # fmt: skip
