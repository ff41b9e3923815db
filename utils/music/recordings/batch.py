"""A look at songs that the library has: which recordings they are, as far as is known by now."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from utils import clock
from utils.config import Settings
from utils.db import items, ledger, music_entities, recordings
from utils.db.music_tables import RecordingRow
from utils.db.session import session
from utils.errors import NightShiftError, SettingsError, StoppedError
from utils.media.probing import exiftool, ffprobe
from utils.models.item import MediaItem, MediaKind
from utils.models.music import EntityKind, Provider
from utils.models.probe import ExifReport, FfprobeReport
from utils.models.signal import SignalReport
from utils.music.musicbrainz.tally import Tally
from utils.music.musicbrainz.walk import Walk
from utils.music.recordings import identification, matching
from utils.music.recordings.identification import Sound

_OF_ALL = (SettingsError, StoppedError)  # errors that are not about one file


class Looked(NamedTuple):
    """What a look came to.

    ``recordings``: of the songs that were looked at, and of those known otherwise than before
    (``changed``); ``failed``: why others could not be looked at, by item; ``requests``: to
    MusicBrainz; ``songs`` and ``known``: of the library, and how many are recordings there.
    """

    recordings: list[dict[str, Any]]
    failed: dict[str, str]
    changed: list[str]
    requests: int
    songs: int
    known: int

    def document(self) -> dict[str, Any]:
        """It as JSON."""
        failed = [{"item_id": one, "error": why} for one, why in self.failed.items()]
        return self._asdict() | {"failed": failed}

    def summary(self) -> str:
        """It in one line."""
        return (
            f"{len(self.recordings)} songs looked at or changed, {len(self.failed)} failed. "
            f"Of {self.songs} songs {self.known} are recordings of MusicBrainz."
        )


def look(item_ids: Sequence[str] | None, settings: Settings, ask: bool) -> Looked:
    """Look at songs (without ids: at those that nobody looked at), and have what services said
    since then count for all.

    Raises:
        SettingsError: a key is wrong, a tool is missing.
    """
    with session() as s:
        songs = recordings.songs(s)
        ids = list(recordings.songs(s, only_new=True) if item_ids is None else item_ids)
    failed: dict[str, str] = {}
    for item_id in ids:
        try:
            _look_at(item_id, settings)
        except _OF_ALL:
            raise
        except NightShiftError as error:
            failed[item_id] = str(error)
    requests = _ask(songs if item_ids is None else ids, settings) if ask else 0
    with session() as s:
        changed = matching.refresh(s)
        shown = dict.fromkeys([*ids, *changed])
        rows = [_document(row) for one in shown if (row := recordings.get(s, one))]
        return Looked(rows, failed, changed, requests, len(songs), recordings.count_known(s))


def _look_at(item_id: str, settings: Settings) -> None:
    with session() as s:
        item = items.media_item(s, item_id)
        if item.kind is not MediaKind.AUDIO:
            return
        was_written = recordings.was_written(s, item_id)
        probed = ledger.latest_result(s, item_id, "extract_ffprobe", FfprobeReport)
        exif = ledger.latest_result(s, item_id, "extract_exiftool", ExifReport)
        signal = ledger.latest_result(s, item_id, "analyze_signal", SignalReport)
    if was_written or probed is None or exif is None:
        probed, exif = ffprobe.report(item.path), exiftool.report(item.path)
    found = identification.identify(item, probed, exif, _sound(item, probed, signal), settings)
    with session() as s:
        matching.replace(s, found)


def _sound(item: MediaItem, probed: FfprobeReport, signal: SignalReport | None) -> Sound | None:
    if signal is not None and signal.sound_index is not None:
        return Sound(signal.sound_index, signal.decoded_seconds)
    heard = probed.container.heard
    seconds = probed.container.duration_seconds
    return Sound(heard[0].index, seconds) if heard and seconds else None


def _ask(item_ids: Sequence[str], settings: Settings) -> int:
    """Ask MusicBrainz for the ids of files that it was not asked for; returns how often."""
    tally = Tally()
    walk = Walk(settings, clock.monotonic() + settings.music.musicbrainz_timeout, tally)
    with session() as s:
        rows = [row for one in item_ids if (row := recordings.get(s, one))]
        for kind, ids in _ids(rows):
            for one in music_entities.unknown(s, Provider.MUSICBRAINZ, kind, ids):
                walk.add(kind, one)
    walk.work()
    return tally.requests


def _ids(rows: Sequence[RecordingRow]) -> Iterator[tuple[EntityKind, list[str]]]:
    yield EntityKind.ISRC, [one for row in rows if (one := row.tags.get("isrc"))]
    told = [one for row in rows if (one := row.tags.get("recording_mbid"))]
    yield EntityKind.RECORDING, told + [row.recording_mbid for row in rows if row.recording_mbid]


def _document(row: RecordingRow) -> dict[str, Any]:
    names = ("item_id", "title", "artist", "album", "isrc", "recording_mbid", "how", "score")
    return {name: getattr(row, name) for name in names} | {"doubts": list(row.doubts)}
