"""The colours of a picture as a common screen shows them: sRGB, 8 bits, nothing transparent.

For pictures that Pillow opens. What it is told by: the embedded ICC profile, else Exif's mark of
Adobe RGB (DCF's optional colour space), else sRGB (docs/decisions/0033-colour.md).
"""

from __future__ import annotations

import io
from pathlib import Path
from typing import TYPE_CHECKING

from utils.errors import PermanentError
from utils.media.imaging import filters, image

if TYPE_CHECKING:
    from PIL.Image import Image

INTEROPERABILITY, INDEX = 0xA005, 0x0001  # Exif's pointer to it, and its first tag
ADOBE_RGB = "R03"
_DEEP_MODES = {"I", "I;16", "I;16B", "I;16L", "I;16N", "F"}
_QUALITY = 90
# Of what is decoded in this process, 256 MiB; of a JPEG after it is reduced as it is decoded.
_MOST_PIXELS = 2**26
# Adobe RGB (1998) to BT.709, both of D65, light linear; its curve is a power of 563/256.
_FROM_ADOBE = ((1.39836, -0.39836, 0.0), (0.0, 1.0, 0.0), (0.0, -0.04293, 1.04293))
_ADOBE_GAMMA = 563 / 256


def in_srgb(picture: Image) -> Image:
    """``picture`` as RGB of 8 bits in sRGB's colours, transparent pixels on ``filters.GROUND``.

    A profile that can't be read, or is of another kind of picture, counts as none.
    """
    from PIL import Image as Pillow

    profile, is_adobe = picture.info.get("icc_profile"), _is_adobe_rgb(picture)
    plain, alpha = _without_alpha(_of_eight_bits(picture))
    seen = _by_profile(plain, profile) if profile else None
    if seen is None:
        seen = plain.convert("RGB")
        seen = _from_adobe_rgb(seen) if is_adobe and not profile else seen
    if alpha is None:
        return seen
    ground = Pillow.new("RGB", seen.size, filters.GROUND)
    ground.paste(seen, mask=alpha)
    return ground


def is_told(picture: Image) -> bool:
    """True if the picture says something of its colours that ffmpeg does not act on."""
    return bool(
        picture.info.get("icc_profile")
        or picture.mode in {"CMYK", "LAB", "RGBA", "LA", "PA"}
        or "transparency" in picture.info
        or _is_adobe_rgb(picture)
    )


def write_still(source: Path, target: Path, width: int) -> tuple[int, int] | None:
    """Write the picture at ``source`` as it is seen: upright, at most ``width`` wide, a JPEG.

    Returns:
        Its size; None, and nothing is written, where Pillow does not read it, it is too large, or
        says nothing of its colours that ffmpeg would miss.
    """
    try:
        with image.header(source) as picture:
            if not is_told(picture):
                return None
            picture.draft(None, (width, width))  # of both sides: it may lie on one
            if picture.width * picture.height > _MOST_PIXELS:
                return None
            picture.load()
            seen = in_srgb(_at_most(_upright(_of_eight_bits(picture)), width))
    except PermanentError:
        return None
    save(seen, target)
    return seen.size


def save(picture: Image, target: Path) -> None:
    """Write a picture in sRGB as JPEG.

    By Pillow: ffmpeg's encoder keeps flat areas only to two levels, which is a ΔE2000 of 2.7.
    """
    picture.save(target, "JPEG", quality=_QUALITY)


def _upright(picture: Image) -> Image:
    """Turned as Exif says; as it is where that is unreadable."""
    from PIL import ImageOps

    try:
        return ImageOps.exif_transpose(picture)
    except image.OF_PILLOW:
        return picture


def _at_most(picture: Image, width: int) -> Image:
    """At most ``width`` wide and of even size, as ``filters.as_seen`` makes it."""
    wide = max(2, min(width, picture.width) // 2 * 2)
    high = max(2, round(wide * picture.height / picture.width) // 2 * 2)
    if (wide, high) == picture.size:
        return picture
    if picture.mode == "P":
        picture = picture.convert("RGBA" if "transparency" in picture.info else "RGB")
    return picture.resize((wide, high), reducing_gap=3.0)


def _of_eight_bits(picture: Image) -> Image:
    """Grey of 16 bits or of floating point as 8 bits; Pillow's own ``convert`` cuts it off."""
    if picture.mode not in _DEEP_MODES:
        return picture
    import numpy as np
    from PIL import Image as Pillow

    levels = np.asarray(picture, dtype=np.float64)
    whole = 65535.0 if picture.mode != "F" else max(1.0, float(np.nanmax(levels, initial=1.0)))
    seen = Pillow.fromarray((np.nan_to_num(levels / whole).clip(0, 1) * 255 + 0.5).astype(np.uint8))
    seen.info.update(picture.info)
    return seen


def _without_alpha(picture: Image) -> tuple[Image, Image | None]:
    """The colours of a picture, and how opaque each pixel is; None where all are."""
    if picture.mode in {"P", "PA", "RGB", "L", "1", "I"} and "transparency" in picture.info:
        picture = picture.convert("LA" if picture.mode in {"L", "1"} else "RGBA")
    if picture.mode in {"RGBa", "La", "PA"}:
        picture = picture.convert("LA" if picture.mode == "La" else "RGBA")
    if picture.mode in {"RGBA", "LA"}:
        return picture.convert("L" if picture.mode == "LA" else "RGB"), picture.getchannel("A")
    if picture.mode in {"P", "1", "YCbCr", "HSV", "RGBX"}:
        picture = picture.convert("RGB")
    return picture, None


def _by_profile(picture: Image, profile: bytes) -> Image | None:
    """The picture in sRGB; None where the profile is unreadable or not for its mode."""
    from PIL import ImageCms

    try:
        return ImageCms.profileToProfile(
            picture,
            ImageCms.ImageCmsProfile(io.BytesIO(profile)),
            ImageCms.createProfile("sRGB"),
            renderingIntent=ImageCms.Intent.RELATIVE_COLORIMETRIC,
            outputMode="RGB",
            flags=ImageCms.Flags.BLACKPOINTCOMPENSATION,
        )
    except (ImageCms.PyCMSError, OSError, ValueError):
        return None


def _is_adobe_rgb(picture: Image) -> bool:
    """True if Exif says so: cameras embed no profile for it."""
    try:
        index = picture.getexif().get_ifd(INTEROPERABILITY).get(INDEX)
    except (*image.OF_PILLOW, SyntaxError, OSError):
        return False
    return isinstance(index, str) and index.strip("\0 ") == ADOBE_RGB


def _from_adobe_rgb(picture: Image) -> Image:
    import numpy as np
    from PIL import Image as Pillow

    light = (np.asarray(picture, dtype=np.float32) / 255) ** _ADOBE_GAMMA
    light = (light @ np.array(_FROM_ADOBE, dtype=np.float32).T).clip(0, 1)
    levels = np.where(light <= 0.0031308, 12.92 * light, 1.055 * light ** (1 / 2.4) - 0.055)
    return Pillow.fromarray((levels * 255 + 0.5).astype(np.uint8))
