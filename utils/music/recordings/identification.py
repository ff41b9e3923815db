"""A look at a file for its recording: its tags, and its sound where they say nothing sure."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from utils.config import Settings
from utils.media import tools
from utils.models.item import MediaItem
from utils.models.probe import ExifReport, FfprobeReport
from utils.models.recording import Identification, Match, RecordingTags
from utils.music import acoustid
from utils.music.recordings import file_tags
from utils.music.recordings.tagging import reading
from utils.processes import child_process
from utils.similarity import fingerprint

# What AcoustID's own programs take of a file, and the longest that it is asked about.
_HEARD_SECONDS, _LONGEST_SECONDS = 120, 32_767
_MATCHES = 10
_OF_NOTHING = "AQAAAA"  # a fingerprint of no length


class Sound(NamedTuple):
    """The stream of a file that stands for it, and how long that is."""

    stream: int
    seconds: float


def identify(
    item: MediaItem,
    probed: FfprobeReport,
    exif: ExifReport | None,
    sound: Sound | None,
    settings: Settings,
) -> Identification:
    """What a file says of its recording, from reports that are there.

    AcoustID is asked where a key is set and the tags name neither a MusicBrainz id nor an ISRC.

    Raises:
        RetryableError: AcoustID does not answer.
    """
    tags = said(item.path, probed, exif)
    is_sure = bool(tags.recording_mbid or tags.isrc)
    matches = () if is_sure or sound is None else _alike(item.path, sound, settings)
    return Identification(item_id=item.item_id, tags=tags, matches=matches)


def _alike(path: Path, sound: Sound, settings: Settings) -> tuple[Match, ...]:
    """What AcoustID knows of a sound; nothing where there is no key, or too little to hear."""
    if not acoustid.is_asked(settings) or not fingerprint.can_listen():
        return ()
    heard = fingerprinted(path, sound.stream)
    if heard is None or sound.seconds < 1:
        return ()
    found = acoustid.lookup(heard, min(sound.seconds, _LONGEST_SECONDS), settings)
    return tuple(Match(**one._asdict()) for one in found[:_MATCHES])


def fingerprinted(path: Path, stream: int) -> str | None:
    """Chromaprint of the first two minutes, compressed and in base64; None of less than 3 s.

    Raises:
        PermanentError: the sound can't be decoded.
    """
    command = [
        str(tools.find("ffmpeg")),
        *("-hide_banner", "-nostdin", "-v", "error", "-t", str(_HEARD_SECONDS)),
        *tools.input_arguments(path),
        *("-map", f"0:{stream}", "-ac", "2", "-f", "chromaprint", "-fp_format", "base64", "pipe:1"),
    ]
    heard = child_process.run(command, path).stdout.strip()
    return None if heard in {"", _OF_NOTHING} else heard


def said(path: Path, probed: FfprobeReport, exif: ExifReport | None) -> RecordingTags:
    """What a file's tags say: of the tools' reports, and where those have no ids of the file."""
    return file_tags.of_reports(probed, exif, reading.values_of(path, probed))
