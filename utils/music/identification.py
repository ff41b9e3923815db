"""A look at a file for its recording: its tags, and its sound where they say nothing sure."""

from __future__ import annotations

from pathlib import Path

from utils.config import Settings
from utils.models.item import MediaItem
from utils.models.probe import ExifReport, FfprobeReport
from utils.models.recording import Identification, RecordingTags
from utils.music import file_tags
from utils.music.tagging import reading


def identify(
    item: MediaItem,
    probed: FfprobeReport,
    exif: ExifReport | None,
    sound_index: int | None,
    settings: Settings,
) -> Identification:
    """What a file says of its recording, from reports that are there.

    AcoustID is asked where a key is set and the tags name neither a MusicBrainz id nor an ISRC.

    Raises:
        RetryableError: AcoustID does not answer.
    """
    tags = said(item.path, probed, exif)
    return Identification(item_id=item.item_id, tags=tags)


def said(path: Path, probed: FfprobeReport, exif: ExifReport | None) -> RecordingTags:
    """What a file's tags say: of the tools' reports, and where those have no ids of the file."""
    return file_tags.of_reports(probed, exif, reading.values_of(path, probed))
