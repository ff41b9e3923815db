"""Pictures that ffmpeg can't read, or not whole, by libraries that can: raw photos, HEIF, odd ones.

LibRaw, libheif and Pillow run in a process of their own (picture_child.py), bounded like every tool
in time and memory: what a stranger's file makes them do ends there.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import PIL

from utils.errors import PermanentError
from utils.media import formats
from utils.media.probing import picture_child
from utils.models import sanitize
from utils.models.base import Frozen
from utils.models.item import MediaKind
from utils.processes import child_process

# Measured: 2.4 GB of address space for a HEIF of 200 megapixels, 1.2 for a raw photo of 45.
_MEMORY_BYTES = 4 * 2**30
_NAME = "the reader of pictures"


class Picture(Frozen):
    """What a library says of a picture; sizes in pixels, None where it does not say.

    ``reader`` is the library, or ``preview`` where only the JPEG inside a raw photo could be read.
    ``preview_size``: the picture was made of an embedded one of this size. ``sensor_fault``: why
    the sensor's data can't be decoded; ``is_damaged`` if they break off, rather than are unknown
    here. ``is_adobe_rgb``: so the camera noted, and embedded no profile.
    """

    format: str
    reader: str
    width: int | None
    height: int | None
    mode: str
    frames: int = 1
    picture: str | None = None
    preview_size: tuple[int, int] | None = None
    sensor_fault: str | None = None
    is_damaged: bool = False
    is_adobe_rgb: bool = False

    @property
    def how(self) -> str:
        """By what the picture was read, for people."""
        if self.picture != "preview" or self.preview_size is None:
            return self.reader
        wide, high = self.preview_size
        return f"the preview of {wide}×{high} inside"


def is_raw(path: Path) -> bool:
    """True if a file's name says that it is a camera's raw photo."""
    return path.suffix.lower() in formats.RAW


def is_picture(path: Path) -> bool:
    """True if a file's name says that it is a picture of any kind."""
    return formats.kind_of(path) is MediaKind.IMAGE


def read(path: Path, target: Path | None = None) -> Picture:
    """What a picture is; with ``target`` it is decoded, and written there upright as a TIFF.

    Raises:
        PermanentError: no library reads it, or it needs too much time or memory.
    """
    packages = Path(PIL.__file__).parent.parent
    kind = "raw" if is_raw(path) else "picture"
    wanted: list[str | Path] = [
        *(sys.executable, "-I", picture_child.__file__),
        *(str(packages), str(_MEMORY_BYTES), kind, str(path.absolute())),
        *([target] if target else []),
    ]
    printed = child_process.run(wanted, path, name=_NAME).stdout
    answer = sanitize.value(json.loads(printed))
    if answer.pop("is_bomb", False):
        raise PermanentError(
            f"{path.name} needs more memory to be decoded than a picture may take "
            "(NIGHTSHIFT_STILL_MEMORY_MB)."
        )
    if fault := answer.pop("fault", None):
        if answer.get("is_damaged"):
            raise PermanentError(f"{path.name}: the sensor's data break off ({fault})")
        raise PermanentError(f"{path.name}: {fault}")
    return Picture.model_validate(answer)
