"""A picture that came from a server: looked at before it is kept, and kept without what it hides.

It is decoded and written anew as PNG: what is kept is a picture and nothing else, without the
workflow that ComfyUI writes into its files.
"""

from __future__ import annotations

import io
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from utils.errors import PermanentError, from_os_error
from utils.media.imaging.image import OF_PILLOW

if TYPE_CHECKING:
    from PIL.Image import Image

_FORMATS = ("PNG", "JPEG", "WEBP")
_MOST_PIXELS = 64 * 10**6
_LEAST = 16  # pixels of a side
_SHAPE = 0.02  # by which a picture's shape may miss the one that was asked for
_EVEN = 3  # values of 256 between the darkest and the lightest of a picture of one colour


class Received(NamedTuple):
    """A picture as it is kept; ``warnings``: what is not as it was asked for."""

    picture: Image
    warnings: tuple[str, ...]


def checked(content: bytes, size: tuple[int, int]) -> Received:
    """The picture in ``content``, which was asked for in ``size`` (width, height).

    Raises:
        PermanentError: it is no picture, is damaged, or far too large.
    """
    picture = _decoded(content)
    warnings = []
    if picture.size != size:
        shape = picture.width / picture.height * size[1] / size[0]
        told = f"it came with {picture.width}×{picture.height} pixels, not {size[0]}×{size[1]}"
        if abs(shape - 1) > _SHAPE:
            picture = _cut(picture, size)
            told += f", and was cut to {picture.width}×{picture.height}"
        warnings.append(told)
    if all(high - low <= _EVEN for low, high in _extremes(picture)):
        warnings.append("it is of one colour: look at the model, or at a filter of the server")
    return Received(picture, tuple(warnings))


def save(picture: Image, target: Path) -> None:
    """Write a picture as PNG, without any metadata.

    Raises:
        ResourceError: the disk is full or read-only.
    """
    picture.info.clear()
    try:
        picture.save(target, "PNG")
    except OSError as error:
        raise from_os_error(error, f"writing {target.name}") from error


def _decoded(content: bytes) -> Image:
    from PIL import Image, UnidentifiedImageError

    try:
        with Image.open(io.BytesIO(content), formats=_FORMATS) as opened:
            if opened.width * opened.height > _MOST_PIXELS or min(opened.size) < _LEAST:
                raise PermanentError(
                    f"ComfyUI made a picture of {opened.width}×{opened.height} pixels."
                )
            return _over_white(opened)
    except UnidentifiedImageError as error:
        raise PermanentError("What ComfyUI made is no picture (PNG, JPEG or WebP).") from error
    except (OSError, SyntaxError, Image.DecompressionBombError, *OF_PILLOW) as error:
        raise PermanentError(f"The picture that ComfyUI made is damaged: {error}.") from error


def _over_white(opened: Image) -> Image:
    """The picture in RGB; where it lets something through, that is white."""
    from PIL import Image

    if not opened.has_transparency_data:
        return opened.convert("RGB")
    seen = opened.convert("RGBA")
    white = Image.new("RGBA", seen.size, "white")
    return Image.alpha_composite(white, seen).convert("RGB")


def _cut(picture: Image, size: tuple[int, int]) -> Image:
    """The largest middle part of a picture that has the shape of ``size``."""
    width = min(picture.width, max(1, round(picture.height * size[0] / size[1])))
    height = min(picture.height, max(1, round(picture.width * size[1] / size[0])))
    left, top = (picture.width - width) // 2, (picture.height - height) // 2
    return picture.crop((left, top, left + width, top + height))


def _extremes(picture: Image) -> list[tuple[int, int]]:
    return [band.getextrema() for band in picture.split()]  # type: ignore[misc]  # of 8 bits each
