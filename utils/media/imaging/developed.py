"""A picture that a library reads rather than ffmpeg: decoded whole, and its still."""

from __future__ import annotations

import tempfile
from pathlib import Path

from utils.errors import PermanentError, from_os_error
from utils.media.imaging import colour, image
from utils.media.probing import picture, unreadable
from utils.media.probing.picture import Picture
from utils.models.signal import SignalReport, Still
from utils.storage import scratch
from utils.storage.files import whole_file

WIDTH = 640


def analyze(path: Path, folder: Path, refused: PermanentError | None = None) -> SignalReport:
    """Decode a picture by its library, and leave its still in ``folder``/stills.

    Args:
        path: The picture.
        folder: The item's.
        refused: What ffmpeg said, if it was asked first.

    Raises:
        PermanentError: no library reads it either.
    """
    try:
        with tempfile.TemporaryDirectory(dir=scratch.folder()) as place:
            developed = Path(place) / "developed.tif"
            found = picture.read(path, developed)
            still = _kept(developed, folder / "stills", found.is_adobe_rgb)
    except PermanentError as error:
        said = f"{refused}; {_without_name(error, path)}" if refused else str(error)
        raise unreadable.refusal(path, said) from error
    except OSError as error:
        raise from_os_error(error, f"writing the still of {path.name}") from error
    damaged = f"the sensor's data: {found.sensor_fault}" if found.is_damaged else None
    return SignalReport(
        decoded_seconds=0.0,
        decoded_frames=1,
        decode_errors=1 if damaged else 0,
        first_error=damaged,
        stills=(still,),
        read_by=_told(found, refused, path),
    )


def _kept(developed: Path, folder: Path, is_adobe_rgb: bool) -> Still:
    folder.mkdir(exist_ok=True)
    target = folder / f"{0:015}.jpg"
    with whole_file(target) as temporary, image.opened(developed) as seen:
        if is_adobe_rgb:  # as Exif would say it
            seen.getexif().get_ifd(colour.INTEROPERABILITY)[colour.INDEX] = colour.ADOBE_RGB
        small = colour.in_srgb(seen)
        small.thumbnail((WIDTH, 1 << 16))
        colour.save(small, temporary)
        return Still(path=target, width=small.width, height=small.height)


def _told(found: Picture, refused: PermanentError | None, path: Path) -> str:
    """By what the picture was read, and what was not read of it."""
    told = found.how
    if found.sensor_fault and not found.is_damaged:
        told += f"; the sensor's data can't be decoded here ({found.sensor_fault})"
    return f"{told}; {_without_name(refused, path)}" if refused else told


def _without_name(error: PermanentError, path: Path) -> str:
    return str(error).removeprefix(f"{path.name}: ")
