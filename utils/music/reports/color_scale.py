"""Colours of plots: one ramp of blues for how much, which people tell apart whatever they see.

All colours differ in lightness, so that they are read without colour, too. ``LIGHT`` for a white
ground, ``DARK`` for a dark one; both from little to much.
"""

from __future__ import annotations

import math
from collections.abc import Iterable

LIGHT = ("#bfd8f0", "#94c1e6", "#62a5d8", "#3487c0", "#14609f", "#083a70")
DARK = ("#1b4a78", "#24649f", "#3a83c8", "#63a3de", "#98c7ef", "#d6e9fb")
LAND = ("#ececee", "#262b33")  # a country of which nothing was heard, on light and dark
ACCENT = "#c2410c"  # circles of places: orange beside the blues, for every kind of sight
CLASSES = len(LIGHT)


def bounds(values: Iterable[float]) -> tuple[int, ...]:
    """The least number of each class, for numbers of which a few are far larger than the rest.

    Equal steps of the logarithm, as round numbers; fewer classes where there are fewer numbers.
    """
    positive = sorted(value for value in values if value > 0)
    if not positive:
        return ()
    low, high = math.log10(positive[0]), math.log10(positive[-1])
    steps = [10 ** (low + (high - low) * n / CLASSES) for n in range(1, CLASSES)]
    least = {math.floor(positive[0]), *(_round(step) for step in steps)}
    return tuple(sorted(one for one in least if math.floor(positive[0]) <= one <= positive[-1]))


def class_of(value: float, least: tuple[int, ...]) -> int:
    """The class of a number, 0 to ``CLASSES`` − 1; −1 for nothing."""
    if value <= 0 or not least:
        return -1
    at = max((n for n, one in enumerate(least) if value >= one), default=0)
    # Few classes are spread over the whole ramp: two must not look alike.
    return round(at * (CLASSES - 1) / (len(least) - 1)) if len(least) > 1 else CLASSES - 3


def _round(value: float) -> int:
    """A number with one digit that is not 0: 1, 2, 5, 10, 20, 50 …"""
    power = 10 ** math.floor(math.log10(value))
    return max(1, int(min((1, 2, 5, 10), key=lambda one: abs(one * power - value)) * power))
