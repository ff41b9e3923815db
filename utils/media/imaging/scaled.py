"""Pictures in the width that a screen shows them in, as WebP: small files, upright, in sRGB."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from utils.errors import PermanentError, from_os_error
from utils.media.imaging import colour, image
from utils.media.probing import picture
from utils.storage import scratch

if TYPE_CHECKING:
    from PIL.Image import Image

_MOST_PIXELS = 2**26  # of what is decoded in this process, 256 MiB
_TALLEST = 4  # times the width: of longer ones the beginning is shown
_QUALITY = {160: 60, 320: 60, 640: 56}  # 60 of 320 px take some 0.6 MB; larger ones are looked at
_LOOKED_AT = 74


def write(source: Path, target: Path, width: int, is_adobe_rgb: bool = False) -> None:
    """Write a picture that we made ourselves, at most ``width`` pixels wide.

    Args:
        source: The picture.
        target: A WebP.
        width: In pixels; nothing is made larger.
        is_adobe_rgb: What its camera said of its colours, where no profile does.

    Raises:
        PermanentError: it is no picture, is damaged, or too large.
    """
    from PIL import ImageOps

    with image.header(source) as opened:
        opened.draft(None, (width, max(1, width * opened.height // max(1, opened.width))))
        if opened.width * opened.height > _MOST_PIXELS:
            raise PermanentError(f"{source.name} has too many pixels to be shown.")
        opened.load()
        if is_adobe_rgb:
            opened.getexif().get_ifd(colour.INTEROPERABILITY)[colour.INDEX] = colour.ADOBE_RGB
        seen = _fitted(colour.in_srgb(ImageOps.exif_transpose(opened)), width)
        seen.save(target, "WEBP", quality=_QUALITY.get(width, _LOOKED_AT), method=4)


def write_of_stranger(source: Path, target: Path, width: int) -> None:
    """The same of a picture that anybody may have made: decoded in a process of its own, bounded.

    Raises:
        PermanentError: no library reads it, or it needs too much time or memory.
        RetryableError: it vanished, or the time that others left it was over.
    """
    try:
        with tempfile.TemporaryDirectory(dir=scratch.folder()) as place:
            developed = Path(place) / "developed.tif"
            found = picture.read(source, developed)
            write(developed, target, width, found.is_adobe_rgb)
    except OSError as error:
        raise from_os_error(error, f"showing {source.name}") from error


def _fitted(seen: Image, width: int) -> Image:
    if seen.height > seen.width * _TALLEST:
        seen = seen.crop((0, 0, seen.width, seen.width * _TALLEST))
    if seen.width <= width:
        return seen
    return seen.resize((width, max(1, round(seen.height * width / seen.width))), reducing_gap=3.0)
