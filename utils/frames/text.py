"""Text in pictures, by RapidOCR: offline, its weights in its package."""

from __future__ import annotations

from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from threading import Lock
from typing import Any

from utils.errors import SettingsError
from utils.media.imaging import image
from utils.models.frames import TextBox

# Of a picture's longer side, in pixels: captions of 1080p are read as well as at full size, in a
# third of the time and half the memory.
_SIDE = 960
# Below this a reader's guess is noise (chosen; what people can read scores 0.9 and more).
_LEAST_CONFIDENCE = 0.5
_reading = Lock()


def engine() -> str:
    """What reads, and its version: part of the key of what was read; empty if it is not there."""
    try:
        return f"rapidocr {version('rapidocr')}"
    except PackageNotFoundError:
        return ""


def require() -> None:
    """Make sure that text can be read, before anything is decoded for it.

    Raises:
        SettingsError: the reader is not installed.
    """
    if not engine():
        raise SettingsError(
            "Text in pictures is read by rapidocr, which is not installed: "
            "pip install 'nightshift[ocr]'."
        )


def read(path: Path) -> tuple[TextBox, ...]:
    """The lines of text in a picture, from its top down; none where there is none.

    One picture at a time: the model is shared by all threads, and uses one core.

    Raises:
        PermanentError: the file is no picture.
        SettingsError: the reader is not installed.
    """
    import numpy as np

    with image.opened(path) as seen:
        width, height = seen.size
        pixels = np.asarray(seen.convert("RGB"))[:, :, ::-1]
    with _reading:
        found = _reader()(pixels, use_cls=False)
    lines = zip(found.boxes, found.txts, found.scores, strict=True) if found.txts else ()
    boxes = [
        _box(corners, text, score, width, height)
        for corners, text, score in lines
        if text.strip() and score >= _LEAST_CONFIDENCE
    ]
    return tuple(sorted(boxes, key=lambda box: (-(box.y + box.height), box.x)))


@cache
def _reader() -> Any:
    require()
    from rapidocr import RapidOCR

    return RapidOCR(
        params={
            "Global.log_level": "error",
            "EngineConfig.onnxruntime.intra_op_num_threads": 1,
            "EngineConfig.onnxruntime.inter_op_num_threads": 1,
            "Det.limit_type": "max",  # else it enlarges small pictures
            "Det.limit_side_len": _SIDE,
        }
    )


def _box(corners: Any, text: str, score: float, width: int, height: int) -> TextBox:
    """The upright box around four corners in pixels, as fractions; y from the bottom."""
    xs = [min(max(float(x) / width, 0.0), 1.0) for x, _ in corners]
    ys = [min(max(float(y) / height, 0.0), 1.0) for _, y in corners]
    left, right, top, bottom = min(xs), max(xs), min(ys), max(ys)
    return TextBox(
        text=text.strip(),
        confidence=round(float(score), 4),
        x=round(left, 6),
        y=round(1 - bottom, 6),
        width=round(right - left, 6),
        height=round(bottom - top, 6),
    )
