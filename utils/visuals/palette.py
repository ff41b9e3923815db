"""Colours of a drawing: those of a brand, else chosen by the item; text on them can be read."""

from __future__ import annotations

import colorsys
import random
import re
from typing import NamedTuple

Colour = tuple[int, int, int]

TEXT_CONTRAST, SIGN_CONTRAST = 4.5, 3.0  # WCAG 2.2, level AA, of text and of graphics
_HEX = re.compile(r"#?([0-9a-fA-F]{6}|[0-9a-fA-F]{3})")
WHITE: Colour = (255, 255, 255)
# Hues (0–1) that go together, where there is no brand: the ground's, and two accents. Chosen.
_TRIADS = (
    (0.62, 0.50, 0.93), (0.76, 0.90, 0.08), (0.55, 0.46, 0.13), (0.95, 0.04, 0.12),
    (0.42, 0.33, 0.16), (0.08, 0.11, 0.97), (0.69, 0.58, 0.48), (0.88, 0.98, 0.62),
    (0.49, 0.40, 0.05), (0.58, 0.67, 0.10), (0.02, 0.94, 0.14), (0.30, 0.22, 0.55),
)  # fmt: skip


class Palette(NamedTuple):
    """``deep`` and ``ground``: dark; ``accents``: two bright ones; ``ink``: of the text."""

    deep: Colour
    ground: Colour
    accents: tuple[Colour, Colour]
    ink: Colour = WHITE


def of(colours: tuple[str, ...], chance: random.Random) -> Palette:
    """The palette of a brand's colours (``#RRGGBB``, the main one first).

    What is no colour is passed over; without one, hues that go together are chosen by ``chance``.
    """
    brand = [found for text in colours if (found := parsed(text))]
    if not brand:
        ground, first, second = chance.choice(_TRIADS)
        return Palette(
            _of_hue(ground, 0.07, 0.55),
            _of_hue(ground, 0.19, 0.62),
            (_of_hue(first, 0.62, 0.85), _of_hue(second, 0.66, 0.85)),
        )
    main = brand[0]
    other = brand[1] if len(brand) > 1 else _turned(main, 0.06)
    return Palette(_shade(main, 0.06), _shade(main, 0.17), (main, other))


def parsed(text: str) -> Colour | None:
    """The colour that ``#RRGGBB`` or ``#RGB`` names; None if it names none."""
    found = _HEX.fullmatch(text.strip())
    if not found:
        return None
    digits = found[1] if len(found[1]) == 6 else "".join(2 * one for one in found[1])
    red, green, blue = bytes.fromhex(digits)
    return red, green, blue


def luminance(colour: Colour) -> float:
    """How light a colour is, 0–1, by WCAG."""
    parts = [level / 255 for level in colour]
    red, green, blue = (p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(colour: Colour, ground: float) -> float:
    """The contrast of a colour with a ground of this luminance: 1–21, by WCAG."""
    light, dark = sorted((luminance(colour), ground), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def readable(colour: Colour, ground: float, least: float = TEXT_CONTRAST) -> Colour:
    """``colour``, made as much lighter as it takes to be read on a dark ground."""
    for step in range(21):
        made = mixed(colour, WHITE, step / 20)
        if contrast(made, ground) >= least:
            return made
    return WHITE


def best(colours: tuple[Colour, ...], ground: float) -> Colour:
    """The first that can be read as it is; else the first, made lighter."""
    fit = (one for one in colours if contrast(one, ground) >= TEXT_CONTRAST)
    return next(fit, readable(colours[0], ground))


def mixed(one: Colour, other: Colour, share: float) -> Colour:
    """Between two colours: ``share`` of the other."""
    red, green, blue = (round(a + (b - a) * share) for a, b in zip(one, other, strict=True))
    return red, green, blue


def _of_hue(hue: float, lightness: float, saturation: float) -> Colour:
    red, green, blue = colorsys.hls_to_rgb(hue % 1.0, lightness, saturation)
    return round(255 * red), round(255 * green), round(255 * blue)


def _shade(colour: Colour, lightness: float) -> Colour:
    """A dark shade of a colour."""
    hue, _, saturation = colorsys.rgb_to_hls(*(level / 255 for level in colour))
    return _of_hue(hue, lightness, min(saturation, 0.65))


def _turned(colour: Colour, turn: float) -> Colour:
    """Beside a colour: another hue of the same strength."""
    hue, lightness, saturation = colorsys.rgb_to_hls(*(level / 255 for level in colour))
    return _of_hue(hue + turn, min(0.75, lightness + 0.12), saturation)
