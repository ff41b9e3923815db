"""A contact sheet: an item at a glance, its stills in rows, each with its time."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from utils.media.imaging import image
from utils.models.rendition import Thumbnail
from utils.storage.files import whole_file

_COLUMNS, _MAX_CELLS = 4, 16
_CELL_WIDTH, _GAP, _LINE = 320, 6, 18
_PAPER, _INK = (23, 28, 36), (230, 233, 239)


def write(stills: Sequence[Thumbnail], target: Path) -> Path:
    """Write the sheet of up to 16 stills, evenly chosen, as JPEG 1,310 px wide."""
    from PIL import Image, ImageDraw

    chosen = evenly(stills, _MAX_CELLS)
    first = chosen[0]
    tall = round(_CELL_WIDTH * first.height / first.width)
    cell_height = min(max(1, tall), 2 * _CELL_WIDTH)
    columns = min(_COLUMNS, len(chosen))
    rows = -(-len(chosen) // columns)
    sheet = Image.new(
        "RGB",
        (
            columns * (_CELL_WIDTH + _GAP) + _GAP,
            rows * (cell_height + _LINE + _GAP) + _GAP,
        ),
        _PAPER,
    )
    pen = ImageDraw.Draw(sheet)
    for number, still in enumerate(chosen):
        left = _GAP + number % columns * (_CELL_WIDTH + _GAP)
        top = _GAP + number // columns * (cell_height + _LINE + _GAP)
        with image.opened(still.path) as seen:
            seen.thumbnail((_CELL_WIDTH, cell_height))
            sheet.paste(seen, (left + (_CELL_WIDTH - seen.width) // 2, top))
        pen.text((left + 2, top + cell_height + 3), _clock(still.time_seconds or 0.0), fill=_INK)
    with whole_file(target) as temporary:
        sheet.save(temporary, "JPEG", quality=82)
    return target


def evenly(stills: Sequence[Thumbnail], most: int) -> list[Thumbnail]:
    """At most ``most`` of them, at even distances."""
    if len(stills) <= most:
        return list(stills)
    return [stills[round(i * (len(stills) - 1) / (most - 1))] for i in range(most)]


def _clock(seconds: float) -> str:
    minutes, rest = divmod(seconds, 60)
    hours, minutes = divmod(int(minutes), 60)
    return f"{hours}:{minutes:02}:{rest:04.1f}" if hours else f"{minutes}:{rest:04.1f}"
