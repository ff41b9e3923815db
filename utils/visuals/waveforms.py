"""Waveform art: the real sound as bars with round ends, mirrored, or as rays around the cover."""

from __future__ import annotations

import contextlib
import math
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from utils.errors import PermanentError
from utils.media import tools
from utils.models.visual_subject import VisualSubject
from utils.models.visuals import Aspect
from utils.processes import child_process, deadline
from utils.storage.files import whole_file
from utils.visuals import backgrounds, cards, palette, typesetting
from utils.visuals.cards import SIZES
from utils.visuals.palette import Palette
from utils.visuals.typesetting import Box

if TYPE_CHECKING:
    from PIL.Image import Image

_Stroke = tuple[tuple[float, float], tuple[float, float]]

_RATE, _CHANNELS = 8000, 2
_BLOCK = 400  # samples, of which the loudest counts: 0.05 s
_MOST_BLOCKS = 8192  # kept in memory, of a sound of any length: two become one
_BARS: dict[Aspect, int] = {"16:9": 96, "1:1": 120, "9:16": 48}
_CURVE = 0.7  # of loudness to length: quiet parts stay to be seen
_LEAST = 0.035  # of a bar's full length: a silence is a row of dots
_INNER = 0.56  # of the rays' outer radius
_SCALE = 2  # bars are drawn at twice the size, for smooth edges


def draw(
    sound: Path, subject: VisualSubject, colours: tuple[str, ...], aspect: Aspect, target: Path
) -> None:
    """Write the picture of a sound as PNG, with its title.

    Args:
        sound: A file whose first sound is drawn.
        subject: What it is.
        colours: Those of the brand, ``#RRGGBB``; any when empty.
        aspect: Which of the three.
        target: Where it appears, whole or not at all.

    Raises:
        PermanentError: nothing of the sound decodes.
    """
    made = drawn(levels(sound, _BARS[aspect]), subject, colours, aspect)
    with whole_file(target) as temporary:
        made.save(temporary, "PNG")


def levels(sound: Path, number: int, stream: str = "0:a:0") -> list[float]:
    """How loud so many equal parts of a sound are: 0–1, the loudest is 1; all 0 of silence.

    Args:
        sound: A file.
        number: So many parts.
        stream: Which of its streams, as ffmpeg's ``-map`` names it.

    Raises:
        PermanentError: nothing of it decodes.
    """
    found = _blocks(sound, stream)
    deadline.check(f"drawing {sound.name}")
    if not found:
        raise PermanentError(f"{sound.name}: its sound could not be drawn, nothing decodes.")
    edges = np.linspace(0, len(found), number + 1)
    parts = [
        float(np.sqrt(np.mean(np.square(found[int(a) : max(int(a) + 1, math.ceil(b))]))))
        for a, b in pairwise(edges)
    ]
    top = max(parts)
    return [part / top if top > 1e-4 else 0.0 for part in parts]


def drawn(
    bars: list[float], subject: VisualSubject, colours: tuple[str, ...], aspect: Aspect
) -> Image:
    """The picture in memory, of loudnesses 0–1."""
    size, chance = SIZES[aspect], cards.chance_of(subject)
    used = palette.of(colours, chance)
    picture = backgrounds.own_picture(subject.pictures)
    if picture is None:
        ground = backgrounds.pattern(size, used, chance)
    else:
        ground = backgrounds.of_picture(picture, size, used)
    lengths = [max(_LEAST, bar**_CURVE) for bar in bars]
    room = _titled(ground, subject, used)
    if aspect == "1:1":
        _rays(ground, lengths, used, room)
        if picture is not None:
            _disc(ground, picture, room)
    else:
        _mirrored(ground, lengths, used, room)
    return ground


def _blocks(sound: Path, stream: str) -> list[float]:
    """The peak of each 0.05 s, of the louder channel; fewer and longer ones of long sounds."""
    command = [
        str(tools.find("ffmpeg")),
        *("-hide_banner", "-nostdin", "-v", "error"),
        *tools.input_arguments(sound),
        *("-map", stream, "-ac", str(_CHANNELS), "-ar", str(_RATE), "-f", "s16le", "-"),
    ]
    found: list[float] = []
    waiting = bytearray()
    size = [2 * _CHANNELS * _BLOCK]

    def take(chunk: bytes) -> None:
        waiting.extend(chunk)
        whole = len(waiting) // size[0] * size[0]
        samples = np.frombuffer(bytes(waiting[:whole]), "<i2").reshape(-1, size[0] // 2)
        del waiting[:whole]
        found.extend((np.abs(samples.astype(np.int32)).max(axis=1) / 32768).tolist())
        while len(found) > _MOST_BLOCKS:
            found[:] = [max(found[at : at + 2]) for at in range(0, len(found), 2)]
            size[0] *= 2

    with contextlib.suppress(PermanentError):  # what decoded before is drawn
        child_process.run(command, sound, take=take)
    rest = np.frombuffer(bytes(waiting[: len(waiting) // 2 * 2]), "<i2")
    return [*found, float(np.abs(rest.astype(np.int32)).max() / 32768)] if rest.size else found


def _titled(ground: Image, subject: VisualSubject, used: Palette) -> tuple[int, int, int, int]:
    """Title and artist at the foot; the room above them: left, top, right, bottom."""
    width, height = ground.size
    margin = round(0.075 * min(ground.size))
    room = width - 2 * margin
    text = cards.text_of(subject, None)
    title = typesetting.fitted(text.title, Box(room, 150, 64, 26, 2, is_bold=True))
    artist = typesetting.fitted(text.artist, Box(room, 60, 40, 20, 1)) if text.artist else None
    top = height - margin - title.height - (artist.height + 18 if artist else 0)
    light = backgrounds.most_luminance(ground, (margin, top, width - margin, height - margin))
    ink = palette.readable(used.ink, light)
    typesetting.draw(ground, title, (margin, top), room, ink, align="middle")
    if artist:
        at = (margin, top + title.height + 18)
        accent = palette.best(used.accents, light)
        typesetting.draw(ground, artist, at, room, accent, align="middle")
    return margin, margin, width - margin, top - margin


def _mirrored(
    ground: Image, lengths: list[float], used: Palette, room: tuple[int, int, int, int]
) -> None:
    left, top, right, bottom = room
    middle, tall = (top + bottom) / 2, min((bottom - top) / 2, 0.36 * ground.height)
    step = (right - left) / len(lengths)
    wide = step * 0.58
    strokes = [
        ((left + step * (at + 0.5), middle - length * tall + wide / 2),
         (left + step * (at + 0.5), middle + length * tall - wide / 2))
        for at, length in enumerate(lengths)
    ]  # fmt: skip
    _stroked(ground, strokes, wide, used, room)


def _rays(
    ground: Image, lengths: list[float], used: Palette, room: tuple[int, int, int, int]
) -> None:
    left, top, right, bottom = room
    at_x, at_y = (left + right) / 2, (top + bottom) / 2
    outer = min(right - left, bottom - top) / 2
    inner = outer * _INNER
    near = inner * 1.08
    strokes = []
    for number, length in enumerate(lengths):
        angle = 2 * math.pi * number / len(lengths) - math.pi / 2
        reach = near + (outer - near) * length
        x, y = math.cos(angle), math.sin(angle)
        strokes.append(((at_x + near * x, at_y + near * y), (at_x + reach * x, at_y + reach * y)))
    _stroked(ground, strokes, 2 * math.pi * inner / len(lengths) * 0.55, used, room)


def _stroked(
    ground: Image,
    strokes: list[_Stroke],
    wide: float,
    used: Palette,
    room: tuple[int, int, int, int],
) -> None:
    """Strokes with round ends, from one accent to the other across the picture."""
    from PIL import Image as Pillow
    from PIL import ImageDraw

    mask = Pillow.new("L", (_SCALE * ground.width, _SCALE * ground.height))
    pen, thick, r = ImageDraw.Draw(mask), max(2, round(_SCALE * wide)), _SCALE * wide / 2
    for ends in strokes:
        (x0, y0), (x1, y1) = ((_SCALE * x, _SCALE * y) for x, y in ends)
        pen.line((x0, y0, x1, y1), 255, thick)
        for x, y in ((x0, y0), (x1, y1)):
            pen.ellipse((x - r, y - r, x + r, y + r), 255)
    light = backgrounds.most_luminance(ground, room)
    first, second = (palette.readable(one, light, palette.SIGN_CONTRAST) for one in used.accents)
    share = np.linspace(0, 1, ground.width, dtype=np.float32)[None, :, None]
    one, other = (np.asarray(colour, dtype=np.float32) for colour in (first, second))
    row = (one + (other - one) * share).astype(np.uint8)
    ground.paste(
        Pillow.fromarray(np.repeat(row, ground.height, axis=0), "RGB"), (0, 0), mask.reduce(_SCALE)
    )


def _disc(ground: Image, picture: Image, room: tuple[int, int, int, int]) -> None:
    """The cover, round, in the middle of the rays."""
    from PIL import Image as Pillow
    from PIL import ImageDraw, ImageOps

    left, top, right, bottom = room
    side = round(min(right - left, bottom - top) * _INNER)
    mask = Pillow.new("L", (2 * side, 2 * side))
    ImageDraw.Draw(mask).ellipse((0, 0, 2 * side - 1, 2 * side - 1), fill=255)
    at = ((left + right - side) // 2, (top + bottom - side) // 2)
    ground.paste(ImageOps.fit(picture, (side, side)), at, mask.reduce(2))
