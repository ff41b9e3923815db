"""What the process does that reads a picture which ffmpeg can't, or not whole: in bounds of memory.

It is started as a script, by its file, once a picture, and imports nothing of this project::

    python -I picture_child.py PACKAGES MEMORY_BYTES {raw|picture} PATH [TARGET]

It prints a JSON document: what the picture is, or its ``fault`` and whose that is. With a target
the picture is written there as it is seen, upright and with its colour profile, as TIFF.
"""

from __future__ import annotations

import contextlib
import io
import json
import resource
import struct
import sys
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from PIL.Image import Exif, Image
    from rawpy import RawPy

# Pillow refuses twice as much: phones take photos of 200 megapixels.
_MAX_PIXELS = 2**28
# Stills are 640 wide; a developed one need not be larger than this.
_LONG_SIDE = 2048
# An embedded preview below this is a thumbnail: the sensor's data are developed instead.
_PREVIEW_SIDE = 640
# So much of a sensor's rows may be empty, chosen: a broken line of it is no broken file.
_EMPTY_SHARE = 0.01
# What Pillow's readers raise of files that break their rules.
_OF_PILLOW = (OSError, ValueError, TypeError, LookupError, ArithmeticError, SyntaxError, EOFError,
              struct.error)  # fmt: skip
_ORIENTATION = 0x0112
_FLIPPED = {3: "ROTATE_180", 5: "ROTATE_90", 6: "ROTATE_270"}  # LibRaw's words for turns


def _serve() -> None:
    packages, memory, kind, path, *target = sys.argv[1:]
    sys.path.append(packages)
    resource.setrlimit(resource.RLIMIT_AS, (int(memory), int(memory)))
    try:
        answer = (_raw if kind == "raw" else _picture)(path, target)
    except MemoryError:
        answer = {"fault": "it needs too much memory", "is_bomb": True}
    except Exception as error:  # noqa: BLE001 -- a stranger's file may raise anything in three libraries
        answer = {"fault": _words(error)}
    print(json.dumps(answer), flush=True)


def _words(error: Exception) -> str:
    """What went wrong, without the file's path."""
    name = type(error).__name__
    if name == "UnidentifiedImageError":
        return "Pillow knows no such picture"
    return (str(error) if isinstance(error, (OSError, SyntaxError)) else f"{name}: {error}")[:300]


def _picture(path: str, target: list[str]) -> dict[str, Any]:
    """A picture by Pillow, HEIF by libheif."""

    _prepare()
    with _opened(path) as picture:
        answer = _described(picture) | {"is_adobe_rgb": _is_adobe_rgb(picture.getexif())}
        answer["reader"] = "libheif" if picture.format in {"HEIF", "HEIC"} else "Pillow"
        if target:
            _write(picture, target[0])
    return answer


def _opened(path: str) -> Image:
    from PIL import Image

    try:
        return Image.open(path)
    except OSError as error:
        if "BMP" not in str(error):  # Pillow's "Unsupported BMP bitfields layout", and its like
            raise
        return _bit_fields(path)


def _bit_fields(path: str) -> Image:
    """A BMP whose red, green, blue and alpha lie in bits that it names itself."""
    import numpy as np
    from PIL import Image

    with open(path, "rb") as file:  # noqa: PTH123 -- this file imports little
        content = file.read()
    start, head = struct.unpack_from("<II", content, 10)
    width, height, _, depth, packing = struct.unpack_from("<iiHHI", content, 18)
    if depth not in {16, 32} or packing not in {3, 6} or not 0 < width * abs(height) < _MAX_PIXELS:
        raise OSError(f"a BMP of {depth} bits, packed in way {packing}, is not known")
    has_alpha = packing == 6 or head >= 56
    masks = struct.unpack_from("<4I" if has_alpha else "<3I", content, 54)
    row = (width * depth // 8 + 3) // 4 * 4
    if len(content) < start + row * abs(height):
        raise OSError("the BMP breaks off")
    rows = np.frombuffer(content, np.uint8, row * abs(height), start).reshape(abs(height), row)
    pixels = rows[:, : width * depth // 8].copy().view("<u2" if depth == 16 else "<u4")
    planes = [_levels(pixels, mask) for mask in masks if mask]
    if len(planes) < 3:
        raise OSError("the BMP names no bits for a colour")
    seen = np.dstack(planes)
    return Image.fromarray(seen if height < 0 else seen[::-1])


def _levels(pixels: Any, mask: int) -> Any:
    """The bits of ``mask`` as 0 to 255."""
    import numpy as np

    shift = (mask & -mask).bit_length() - 1
    whole = 255.0 / (mask >> shift)
    return np.round(((pixels & mask) >> shift) * whole).astype(np.uint8)


def _prepare() -> None:
    from PIL import Image
    from pillow_heif import register_heif_opener

    Image.MAX_IMAGE_PIXELS = _MAX_PIXELS
    register_heif_opener(thumbnails=False)


def _described(picture: Image) -> dict[str, Any]:
    return {
        "format": picture.format or "BMP",
        "width": picture.width,
        "height": picture.height,
        "mode": picture.mode,
        "frames": getattr(picture, "n_frames", 1),
    }


def _write(picture: Image, target: str) -> None:
    """The whole picture decoded; written upright, at most ``_LONG_SIDE`` long."""
    from PIL import ImageOps

    profile = picture.info.get("icc_profile")
    picture.draft(None, (_LONG_SIDE, _LONG_SIDE))  # JPEG alone obeys, at whole fractions
    picture.load()
    seen = ImageOps.exif_transpose(picture)
    if "transparency" in seen.info:
        seen = seen.convert("LA" if seen.mode in {"L", "1"} else "RGBA")
    if max(seen.size) > _LONG_SIDE and seen.mode in {"P", "1"}:
        seen = seen.convert("RGB")
    if max(seen.size) > _LONG_SIDE and not seen.mode.startswith("I;"):
        seen.thumbnail((_LONG_SIDE, _LONG_SIDE))
    if seen.mode in {"YCbCr", "HSV", "RGBX", "RGBa", "La", "PA"}:
        seen = seen.convert("RGBA" if seen.mode in {"RGBa", "PA"} else "RGB")
    seen.info = {}
    more = {"icc_profile": profile} if profile else {}
    seen.save(target, "TIFF", **more)


def _raw(path: str, target: list[str]) -> dict[str, Any]:
    """A camera's raw file by LibRaw; where that can't, the picture that lies in it."""
    import rawpy

    _prepare()
    try:
        with rawpy.imread(path) as raw:
            answer = {
                "format": "raw",
                "width": raw.sizes.width,
                "height": raw.sizes.height,
                "mode": "raw",
                "frames": 1,
                "reader": "LibRaw",
            }
            return answer | _developed(raw, path, target) if target else answer
    except rawpy.LibRawError as error:
        return _previewed(path, target, f"LibRaw: {_said(error)}", _is_damage(error))


def _developed(raw: RawPy, path: str, target: list[str]) -> dict[str, Any]:
    """The camera's own picture if one is in it, and whether the sensor's data are whole."""
    import rawpy

    fault: dict[str, Any] = {}
    try:
        if (share := _empty_share(raw)) > _EMPTY_SHARE:
            fault = {"sensor_fault": f"{share:.0%} of the rows hold nothing", "is_damaged": True}
    except rawpy.LibRawError as error:
        fault = {"sensor_fault": _said(error), "is_damaged": _is_damage(error)}
    except ValueError:  # full colour at each place: it has no plane of its own
        pass
    preview = _thumbnail(raw)
    if preview is None or max(preview.size) < _PREVIEW_SIDE:
        if not fault:
            _develop(raw, target[0])
            return {"picture": "developed"}
        preview = preview or _largest_jpeg(path)
    if preview is None:
        return {"fault": f"LibRaw: {fault['sensor_fault']}", "is_damaged": fault["is_damaged"]}
    size, adobe = preview.size, _is_adobe_rgb(preview.getexif()) or _is_adobe_rgb(_exif(path))
    _write(_turned(preview, raw), target[0])
    return {"picture": "preview", "preview_size": size, "is_adobe_rgb": adobe} | fault


def _exif(path: str) -> Exif:
    """The Exif of a raw file that is built like a TIFF; empty of any other."""
    from PIL import Image

    exif = Image.Exif()
    with open(path, "rb") as file, contextlib.suppress(*_OF_PILLOW):  # noqa: PTH123
        exif.load_from_fp(file)
    return exif


def _is_adobe_rgb(exif: Exif) -> bool:
    """True if a camera noted this for its colours; a profile it does not embed."""
    with contextlib.suppress(*_OF_PILLOW):
        return str(exif.get_ifd(0xA005).get(1, "")).startswith("R03")
    return False


def _empty_share(raw: RawPy) -> float:
    """Which part of the sensor's rows is all zero: LibRaw fills so what a file lacks.

    Light or none, a sensor's rows have noise. Reading them unpacks all of the data.
    """
    import numpy as np

    plane = raw.raw_image_visible
    return float(1 - np.mean(plane.reshape(plane.shape[0], -1).any(axis=1)))


def _thumbnail(raw: RawPy) -> Image | None:
    import rawpy
    from PIL import Image

    try:
        found: Any = raw.extract_thumb()
        if found.format == rawpy.ThumbFormat.JPEG:
            return Image.open(io.BytesIO(found.data))
        return Image.fromarray(found.data)
    except (rawpy.LibRawError, OSError, ValueError, SyntaxError):
        return None


def _turned(preview: Image, raw: RawPy) -> Image:
    """A preview that is to be turned as its Exif says: as the raw picture is, if that says nothing.

    Some cameras turn it themselves, and LibRaw gives it an Exif that turns it once more: one that
    does not lie as the sensor does already stands upright.
    """
    from PIL import Image

    flip, exif = raw.sizes.flip, preview.getexif()
    lies = raw.sizes.width > raw.sizes.height
    if flip in {5, 6} and lies != (preview.width > preview.height):
        exif.pop(_ORIENTATION, None)
    elif flip in _FLIPPED and exif.get(_ORIENTATION, 1) == 1:
        return preview.transpose(getattr(Image.Transpose, _FLIPPED[flip]))
    return preview


def _develop(raw: RawPy, target: str) -> None:
    """The sensor's data as a picture, at half size: a large one takes seconds and gigabytes."""
    from PIL import Image

    pixels = raw.postprocess(half_size=max(raw.sizes.width, raw.sizes.height) > _LONG_SIDE,
                             use_camera_wb=True, output_bps=8)  # fmt: skip
    _write(Image.fromarray(pixels), target)


def _previewed(path: str, target: list[str], why: str, is_damaged: bool) -> dict[str, Any]:
    """What is known of a raw file that LibRaw does not read: by the JPEG inside."""
    preview = _largest_jpeg(path)
    if preview is None:
        return {"fault": why, "is_damaged": is_damaged}
    answer = {"format": "raw", "width": None, "height": None, "mode": "raw", "frames": 1,
              "reader": "preview", "picture": "preview", "preview_size": preview.size,
              "sensor_fault": why, "is_damaged": is_damaged}  # fmt: skip
    if target:
        _write(preview, target[0])
    return answer


def _largest_jpeg(path: str) -> Image | None:
    """The largest JPEG that begins anywhere in a file and decodes whole."""
    import mmap

    from PIL import Image

    found: list[tuple[int, int]] = []
    with open(path, "rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:  # noqa: PTH123
        at = content.find(b"\xff\xd8\xff")
        while at >= 0 and len(found) < 16:
            try:
                with Image.open(io.BytesIO(content[at : at + 65536])) as head:
                    found.append((head.width * head.height, at))
            except (OSError, ValueError, SyntaxError):
                pass
            at = content.find(b"\xff\xd8\xff", at + 3)
        for _, start in sorted(found, reverse=True):
            try:
                whole = Image.open(io.BytesIO(content[start:]))
                whole.load()
                return whole
            except (OSError, ValueError, SyntaxError):
                continue
    return None


def _said(error: Exception) -> str:
    words = error.args[0] if error.args else ""
    return (words.decode(errors="replace") if isinstance(words, bytes) else str(words)) or type(
        error
    ).__name__


def _is_damage(error: Exception) -> bool:
    """True if the content breaks off; "data error" may be a packing that LibRaw does not know."""
    return type(error).__name__ in {"LibRawIOError", "LibRawInputClosedError"}


if __name__ == "__main__":
    _serve()
