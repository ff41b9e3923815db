"""Lines of type: as large as their box allows, broken where a reader expects it, drawn in order."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import lru_cache
from itertools import pairwise
from typing import TYPE_CHECKING, Literal, NamedTuple

from utils.visuals import bidi, clusters, font_choice
from utils.visuals.bidi import Stretch
from utils.visuals.font_choice import Face

if TYPE_CHECKING:
    from PIL.Image import Image
    from PIL.ImageFont import FreeTypeFont

Colour = tuple[int, int, int]
Align = Literal["start", "middle"]

_REFERENCE = 128  # pixels, at which parts are measured; widths grow with the size
_STEP = 0.94  # from one size that is tried to the next
_WHOLE_WORDS = 0.45  # of the largest size: down to it no word is cut
_CUT_FROM = 0.7  # of the largest size: above it no word is cut
_LEADING, _AIR = 1.16, 0.1  # of the size: lines of Latin letters; between inks of two lines
_ELLIPSIS = "…"


class Box(NamedTuple):
    """Room for a text in pixels, and between which sizes of type to choose."""

    width: int
    height: int
    largest: int
    smallest: int
    max_lines: int
    is_bold: bool = False


class Block(NamedTuple):
    """Lines as they are to be drawn; all numbers in pixels.

    ``ascent``: from the top to the first baseline. ``is_cut``: not all of the text is in it.
    """

    lines: tuple[str, ...]
    size: int
    leading: int
    ascent: int
    height: int
    width: int
    is_bold: bool
    is_right_to_left: bool
    is_cut: bool = False


def fitted(text: str, box: Box) -> Block:
    """The text in the largest type in which all of it has room; cut short if none has.

    Args:
        text: What ``font_choice.drawable`` gave.
        box: Where it is to go.
    """
    parts = [_Part(piece, apart, _wide(piece, box.is_bold)) for piece, apart in _pieces(text)]
    size = float(box.largest)
    while size >= box.smallest:
        may_cut = size < box.largest * _WHOLE_WORDS
        if may_cut or all(part.width * size <= box.width for part in parts):
            block = _laid(parts, box, round(size), text)
            if block:
                return block
        elif box.largest * _CUT_FROM >= size and (block := _laid_cut(parts, box, size, text)):
            return block
        size *= _STEP
    return _shortened(text, box)


def draw(
    image: Image, block: Block, at: tuple[int, int], room: int, fill: Colour, align: Align = "start"
) -> tuple[int, int, int, int]:
    """Draw a block into ``image``.

    Args:
        image: RGB.
        block: What is drawn.
        at: Its left and its top.
        room: How wide its column is: where lines of writing from right to left begin.
        fill: The colour.
        align: Where lines lie in the column.

    Returns:
        The box of the ink: left, top, right, bottom.
    """
    from PIL import ImageDraw

    pen = ImageDraw.Draw(image)
    inks = []
    ordered = bidi.in_order(block.lines, block.is_right_to_left)
    for number, (line, stretches) in enumerate(zip(block.lines, ordered, strict=True)):
        spare = room - measured(line, block.size, block.is_bold)
        starts = spare / 2 if align == "middle" else spare if block.is_right_to_left else 0.0
        x, y = at[0] + starts, at[1] + block.ascent + number * block.leading
        for text, font, direction in _stretches(stretches, block):
            pen.text((x, y), text, fill, font, "ls", direction=direction)
            inks.append(pen.textbbox((x, y), text, font, "ls", direction=direction))
            x += font.getlength(text, direction=direction)
    return _around(inks)


@lru_cache(maxsize=8192)
def measured(line: str, size: int, is_bold: bool) -> float:
    """How wide a line is, in pixels."""
    return sum(
        _font(run.face, size).getlength(run.text, direction=_direction(stretch.is_right_to_left))
        for stretch in bidi.in_order([line], False)[0]
        for run in font_choice.runs(stretch.text, is_bold)
    )


class _Part(NamedTuple):
    text: str
    is_apart: bool
    width: float  # of a size of one pixel


def _pieces(text: str) -> Iterator[tuple[str, bool]]:
    for number, (piece, apart) in enumerate(clusters.pieces(text)):
        yield piece, apart and number > 0


def _wide(piece: str, is_bold: bool) -> float:
    return measured(piece, _REFERENCE, is_bold) / _REFERENCE


def _laid(parts: Sequence[_Part], box: Box, size: int, text: str) -> Block | None:
    """The parts in lines of even lengths; None if they have no room."""
    blank = _wide(" ", box.is_bold) * size
    lines = _filled(parts, box.width, size, blank)
    if len(lines) > box.max_lines:
        return None
    block = _block(_even(parts, lines, box.width, size, blank), box, size, text)
    return block if block.height <= box.height and block.width <= box.width else None


def _laid_cut(parts: Sequence[_Part], box: Box, size: float, text: str) -> Block | None:
    """The same with words that are too long for a line cut between letters."""
    pieces: list[_Part] = []
    for part in parts:
        if part.width * size <= box.width:
            pieces.append(part)
            continue
        for number, cluster in enumerate(clusters.of(part.text)):
            apart = part.is_apart and number == 0
            pieces.append(_Part(cluster, apart, _wide(cluster, box.is_bold)))
    return _laid(pieces, box, round(size), text)


def _filled(
    parts: Sequence[_Part], width: float, size: float, blank: float
) -> list[tuple[str, float]]:
    """Each line filled as far as it goes: text and width."""
    lines: list[tuple[str, float]] = []
    for part in parts:
        wide = part.width * size
        if lines:
            text, used = lines[-1]
            gap = blank if part.is_apart else 0.0
            if used + gap + wide <= width:
                lines[-1] = (text + " " * part.is_apart + part.text, used + gap + wide)
                continue
        lines.append((part.text, wide))
    return lines


def _even(
    parts: Sequence[_Part], lines: list[tuple[str, float]], width: float, size: float, blank: float
) -> list[str]:
    """As many lines, of lengths as even as can be: the narrowest column that has no more."""
    low, high = max((part.width * size for part in parts), default=0.0), width
    best = lines
    for _ in range(12):
        middle = (low + high) / 2
        tried = _filled(parts, middle, size, blank)
        if len(tried) <= len(lines):
            best, high = tried, middle
        else:
            low = middle
    return [text for text, _ in best]


def _block(lines: Sequence[str], box: Box, size: int, text: str, is_cut: bool = False) -> Block:
    inks = [_ink(line, size, box.is_bold) for line in lines] or [(0, 0)]
    needed = [below - above for (_, below), (above, _) in pairwise(inks)]
    leading = max([round(_LEADING * size), *(round(one + _AIR * size) for one in needed)])
    ascent = max(round(0.75 * size), -inks[0][0])
    height = ascent + (len(inks) - 1) * leading + max(round(0.22 * size), inks[-1][1])
    width = max((measured(line, size, box.is_bold) for line in lines), default=0.0)
    is_rtl = bidi.is_right_to_left(text)
    return Block(
        tuple(lines), size, leading, ascent, height, round(width), box.is_bold, is_rtl, is_cut
    )


def _ink(line: str, size: int, is_bold: bool) -> tuple[int, int]:
    """How far a line's ink goes above (negative) and below its baseline."""
    boxes = [
        _font(run.face, size).getbbox(run.text, anchor="ls")
        for run in font_choice.runs(line, is_bold)
    ]
    top, bottom = min(box[1] for box in boxes), max(box[3] for box in boxes)
    return round(top), round(bottom)


def _shortened(text: str, box: Box) -> Block:
    """As much of the text as has room in the smallest type, and an ellipsis."""
    found = list(clusters.of(text))
    low, high, best = 0, len(found), None
    while low < high:
        middle = (low + high + 1) // 2
        tried = "".join(found[:middle]).rstrip() + _ELLIPSIS
        parts = [_Part(piece, apart, _wide(piece, box.is_bold)) for piece, apart in _pieces(tried)]
        block = _laid_cut(parts, box, box.smallest, text)
        if block:
            low, best = middle, block
        else:
            high = middle - 1
    block = best or _block([_ELLIPSIS], box, box.smallest, text)
    return block._replace(is_cut=True)


def _stretches(found: Sequence[Stretch], block: Block) -> Iterator[tuple[str, FreeTypeFont, str]]:
    """The parts of a line from left to right, each with its font and direction."""
    for stretch in found:
        runs = font_choice.runs(stretch.text, block.is_bold)
        for run in runs[::-1] if stretch.is_right_to_left else runs:
            yield run.text, _font(run.face, block.size), _direction(stretch.is_right_to_left)


def _direction(is_right_to_left: bool) -> str:
    return "rtl" if is_right_to_left else "ltr"


def _around(inks: Sequence[tuple[float, float, float, float]]) -> tuple[int, int, int, int]:
    if not inks:
        return (0, 0, 0, 0)
    lefts, tops, rights, bottoms = zip(*inks, strict=True)
    return round(min(lefts)), round(min(tops)), round(max(rights)), round(max(bottoms))


@lru_cache(maxsize=256)
def _font(face: Face, size: int) -> FreeTypeFont:
    from PIL import ImageFont

    return ImageFont.truetype(str(face.path), max(1, size), index=face.number)
