"""Which format a song's tags are in, and what they say."""

from __future__ import annotations

from pathlib import Path
from types import ModuleType

from utils.errors import from_os_error
from utils.models.item import MediaKind
from utils.models.probe import FfprobeReport
from utils.music.recordings.tagging import flac, id3, mp4, ogg
from utils.music.recordings.tagging.fields import TagsError, Values

# By ffprobe's names of containers: what people call them, and who reads and writes their tags.
_FORMATS: dict[str, tuple[str, ModuleType]] = {
    "mp3": ("MP3 (ID3v2)", id3),
    "flac": ("FLAC", flac),
    "ogg": ("Ogg", ogg),
    "m4a": ("M4A", mp4),
}


def format_of(probed: FfprobeReport) -> tuple[str, ModuleType] | None:
    """The format of a song's tags; None if it is none whose tags are written."""
    if probed.container.kind is not MediaKind.AUDIO:
        return None
    names = probed.container.format_names
    return next((_FORMATS[name] for name in names if name in _FORMATS), None)


def values_of(path: Path, probed: FfprobeReport) -> Values:
    """The values of a song's tags; empty where its format is another, or they are damaged."""
    found = format_of(probed)
    if found is None:
        return {}
    try:
        with path.open("rb") as file:
            values: Values = found[1].read(file)
    except TagsError:
        return {}
    except OSError as error:
        raise from_os_error(error, f"reading the tags of {path.name}") from error
    return values
