"""The pictures of a package in the shapes that feeds and media servers want."""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from utils.errors import NightShiftError, PermanentError
from utils.media.imaging import image
from utils.models.publishing import Package, PackageFile

if TYPE_CHECKING:
    from PIL.Image import Image

SQUARE, POSTER, WIDE = (1400, 1400), (1000, 1500), (1920, 1080)  # pixels
_ROLES = ("artwork", "generated", "title_card", "waveform")
# How far a shape may be from the one that is wanted: 9:16 for 2:3 is, 4:3 for 16:9 is not.
_NEAR = 0.2


def made(package: Package, size: tuple[int, int], target: Path) -> PackageFile | None:
    """Write the picture that fits a shape best as a JPEG; None if an item has none to be read.

    Those of the right shape come first, then by role: a cover or still, what was generated, a card
    with the title.
    """
    wanted = size[0] / size[1]
    found = sorted(_pictures(package), key=lambda one: not _is_near(one, wanted))  # is stable
    for one in found:
        with suppress(PermanentError):  # a raw file, a picture of a kind that is not read here
            make(one.path, size, target)
            return one
    return None


def _is_near(file: PackageFile, wanted: float) -> bool:
    return abs(math.log((_ratio(file) or 99) / wanted)) <= _NEAR


def _pictures(package: Package) -> Iterator[PackageFile]:
    if package.kind == "image" and (media := package.first("media")):
        yield media
    for role in _ROLES:
        yield from (one for one in package.files if one.role == role)


def _ratio(file: PackageFile) -> float:
    """Width by height; 0 of what can't be read."""
    if file.width and file.height:
        return file.width / file.height
    try:
        with image.header(file.path) as seen:
            return seen.width / seen.height
    except NightShiftError:
        return 0


def make(source: Path, size: tuple[int, int], target: Path) -> None:
    """Write a picture as a JPEG of ``size`` pixels: nothing of it is cut off.

    Where its shape is another, what is beside it is the picture itself, blurred and darkened.

    Raises:
        PermanentError: it is no picture.
    """
    from PIL import ImageOps

    with image.opened(source) as opened:
        seen = _flat(ImageOps.exif_transpose(opened))
    fitted = ImageOps.contain(seen, size)
    if abs(fitted.width - size[0]) > 2 or abs(fitted.height - size[1]) > 2:
        ground = _ground(seen, size)
        ground.paste(fitted, ((size[0] - fitted.width) // 2, (size[1] - fitted.height) // 2))
        fitted = ground
    else:
        fitted = fitted.resize(size)
    fitted.save(target, "JPEG", quality=88)


def _flat(seen: Image) -> Image:
    """Without transparency, in the colours of screens."""
    from PIL import Image

    if "A" not in seen.getbands() and "transparency" not in seen.info:
        return seen.convert("RGB")
    ground = Image.new("RGBA", seen.size, "black")
    return Image.alpha_composite(ground, seen.convert("RGBA")).convert("RGB")


def _ground(seen: Image, size: tuple[int, int]) -> Image:
    from PIL import ImageEnhance, ImageFilter, ImageOps

    small = ImageOps.fit(seen, (size[0] // 20, size[1] // 20)).filter(ImageFilter.GaussianBlur(4))
    return ImageEnhance.Brightness(small).enhance(0.6).resize(size)
