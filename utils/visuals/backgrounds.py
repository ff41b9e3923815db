"""What lies behind the text: the item's own picture out of focus, else a pattern of its own."""

from __future__ import annotations

import math
import random
from typing import TYPE_CHECKING

import numpy as np

from utils.errors import PermanentError, RetryableError
from utils.media.imaging import image
from utils.models.rendition import Thumbnail
from utils.visuals import palette
from utils.visuals.palette import Palette

if TYPE_CHECKING:
    from PIL.Image import Image
    from PIL.ImageDraw import ImageDraw as Pen

_BLURRED = 72  # pixels of the shorter side, at which a picture is blurred
_FLAT = 6.0  # grey levels: a picture that varies less shows nothing
_DRAWN = frozenset({"waveform.jpg", "spectrogram.jpg"})  # of sound, by generate_thumbnails
_MOST_LUMINANCE = 0.16  # of a ground: white on it has 5:1
_COARSE = 6  # pixels of the picture a pixel of the gradient


def own_picture(pictures: tuple[Thumbnail, ...]) -> Image | None:
    """The first picture of an item that shows something: no drawn wave, not black, readable."""
    from PIL import ImageStat

    for one in pictures:
        if one.path.name in _DRAWN:
            continue
        try:
            with image.opened(one.path) as seen:
                picture = seen.convert("RGB")
        except (PermanentError, RetryableError):
            continue
        if ImageStat.Stat(picture.convert("L")).stddev[0] >= _FLAT:
            return picture
    return None


def of_picture(picture: Image, size: tuple[int, int], colours: Palette) -> Image:
    """The picture over the whole, out of focus and dark, with a little of the brand in it."""
    from PIL import Image as Pillow
    from PIL import ImageFilter, ImageOps

    ratio = size[0] / size[1]
    small = (round(_BLURRED * max(1.0, ratio)), round(_BLURRED * max(1.0, 1 / ratio)))
    seen = ImageOps.fit(picture, small).filter(ImageFilter.GaussianBlur(5))
    seen = seen.resize(size, Pillow.Resampling.BICUBIC)
    tinted = Pillow.blend(seen, Pillow.new("RGB", size, colours.ground), 0.35)
    return _dithered(_darkened(np.asarray(tinted, dtype=np.float32)))


def pattern(size: tuple[int, int], colours: Palette, chance: random.Random) -> Image:
    """A ground of soft lights and one of five motifs, as ``chance`` has it."""

    motif = _motif(size, chance).astype(np.float32)[..., None] / 255
    light = np.asarray(palette.mixed(colours.accents[0], colours.ground, 0.35), dtype=np.float32)
    lit = np.asarray(_lights(size, colours, chance), dtype=np.float32)
    return _dithered(_darkened(lit + (light - lit) * motif * 0.55))


def most_luminance(ground: Image, box: tuple[int, int, int, int]) -> float:
    """How light the lightest parts of a region are (the 99th of 100), 0–1 by WCAG."""
    levels = np.asarray(ground.crop(box).reduce(4), dtype=np.float32).reshape(-1, 3)
    return float(np.percentile(_luminances(levels), 99)) if levels.size else 0.0


def _luminances(levels: np.ndarray) -> np.ndarray:
    parts = levels / 255
    linear = np.where(parts <= 0.04045, parts / 12.92, ((parts + 0.055) / 1.055) ** 2.4)
    return np.asarray(linear @ np.array([0.2126, 0.7152, 0.0722], dtype=np.float32))


def _darkened(levels: np.ndarray) -> np.ndarray:
    """As much darker as text on it needs: the lightest parts to ``_MOST_LUMINANCE``."""
    top = float(np.percentile(_luminances(levels[::4, ::4]), 99.5))
    if top <= _MOST_LUMINANCE:
        return levels
    return np.asarray(levels * (_MOST_LUMINANCE / top) ** (1 / 2.2))


def _dithered(levels: np.ndarray) -> Image:
    """8 bits in Bayer's order, which keeps wide gradients from showing steps; noise would make
    the PNG five times as large.
    """
    from PIL import Image as Pillow

    order = np.zeros((1, 1))
    for _ in range(3):
        order = np.block([[4 * order, 4 * order + 2], [4 * order + 3, 4 * order + 1]])
    height, width = levels.shape[:2]
    tiles = np.tile((order + 0.5) / order.size, (height // 8 + 1, width // 8 + 1))
    shares = tiles[:height, :width, None].astype(np.float32)
    return Pillow.fromarray((levels + shares).clip(0, 255).astype(np.uint8), "RGB")


def _lights(size: tuple[int, int], colours: Palette, chance: random.Random) -> Image:
    """From ``deep`` to ``ground``, with three lights of the accents."""
    from PIL import Image as Pillow

    width, height = size[0] // _COARSE, size[1] // _COARSE
    y, x = np.mgrid[0:height, 0:width].astype(np.float32)
    x, y = x / max(width, height), y / max(width, height)
    angle = chance.uniform(0, 2 * math.pi)
    along = x * math.cos(angle) + y * math.sin(angle)
    share = ((along - along.min()) / max(1e-6, float(along.max() - along.min())))[..., None]
    deep, ground = (np.asarray(one, dtype=np.float32) for one in (colours.deep, colours.ground))
    levels = deep + (ground - deep) * share
    for number in range(3):
        accent = np.asarray(colours.accents[number % 2], dtype=np.float32)
        at_x, at_y = chance.uniform(0.2, 1) * x.max(), chance.uniform(0, 1) * y.max()
        spread = chance.uniform(0.12, 0.30)
        glow = np.exp(-((x - at_x) ** 2 + (y - at_y) ** 2) / (2 * spread**2))[..., None]
        levels = levels + (accent - levels) * glow * chance.uniform(0.18, 0.42)
    coarse = Pillow.fromarray(levels.clip(0, 255).astype(np.uint8), "RGB")
    return coarse.resize(size, Pillow.Resampling.BICUBIC)


def _motif(size: tuple[int, int], chance: random.Random) -> np.ndarray:
    """How much of a motif is at each pixel, 0–255."""
    from PIL import Image as Pillow
    from PIL import ImageDraw

    mask = Pillow.new("L", (2 * size[0], 2 * size[1]))
    draw = chance.choice((_rings, _bands, _dots, _waves, _discs))
    draw(ImageDraw.Draw(mask), mask.size, chance)
    return np.asarray(mask.reduce(2))


def _rings(pen: Pen, size: tuple[int, int], chance: random.Random) -> None:
    width, height = size
    x, y = chance.choice((0.0, 1.0)) * width, chance.uniform(0.1, 0.9) * height
    gap = max(size) * chance.uniform(0.028, 0.045)
    for number in range(1, 40):
        r = gap * number
        shade = max(0, 150 - 5 * number)
        pen.ellipse((x - r, y - r, x + r, y + r), outline=shade, width=max(2, round(gap * 0.10)))


def _bands(pen: Pen, size: tuple[int, int], chance: random.Random) -> None:
    width, height = size
    slant = height * chance.uniform(0.35, 0.9) * chance.choice((-1, 1))
    x = -abs(slant)
    while x < width + abs(slant):
        wide = width * chance.uniform(0.02, 0.10)
        shade = chance.choice((0, 30, 60, 110))
        pen.polygon(
            [(x, 0), (x + wide, 0), (x + wide + slant, height), (x + slant, height)], fill=shade
        )
        x += wide


def _dots(pen: Pen, size: tuple[int, int], chance: random.Random) -> None:
    width, height = size
    gap = min(size) * chance.uniform(0.035, 0.05)
    from_x, from_y = chance.choice((0, width)), chance.choice((0, height))
    reach = math.hypot(width, height) * 0.75
    for row in range(int(height / gap) + 2):
        for column in range(int(width / gap) + 2):
            x, y = (column + 0.5 * (row % 2)) * gap, row * gap
            near = max(0.0, 1 - math.hypot(x - from_x, y - from_y) / reach)
            r = gap * 0.36 * near
            if r > 1:
                pen.ellipse((x - r, y - r, x + r, y + r), fill=round(140 * near))


def _waves(pen: Pen, size: tuple[int, int], chance: random.Random) -> None:
    width, height = size
    lines, turns = chance.randint(14, 24), chance.uniform(0.8, 2.2)
    phase, lean = chance.uniform(0, 6.3), chance.uniform(-0.3, 0.3)
    for number in range(lines):
        y = height * (number + 0.5) / lines
        tall = height * 0.05 * (1 + math.sin(number / lines * math.pi * 2 + phase))
        points = [
            (x, y + lean * (x - width / 2) * 0.4
             + tall * math.sin(2 * math.pi * turns * x / width + phase + number * 0.22))
            for x in range(0, width + 16, 16)
        ]  # fmt: skip
        pen.line(points, fill=40 + 90 * number // lines, width=max(2, round(min(size) / 400)))


def _discs(pen: Pen, size: tuple[int, int], chance: random.Random) -> None:
    width, height = size
    for _ in range(chance.randint(4, 7)):
        r = min(size) * chance.uniform(0.10, 0.42)
        x, y = chance.uniform(0.1, 1.1) * width, chance.uniform(-0.1, 1.1) * height
        box = (x - r, y - r, x + r, y + r)
        if chance.random() < 0.5:
            pen.ellipse(box, fill=chance.choice((35, 60, 85)))
        else:
            pen.ellipse(box, outline=130, width=max(2, round(min(size) / 300)))
