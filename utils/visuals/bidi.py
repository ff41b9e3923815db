"""The order in which a line is drawn where writing from right to left meets other writing.

The parts of Unicode's algorithm (UAX 9) that titles need: no marks that turn directions (they are
removed before), levels of 0 to 2. Inside a stretch of one direction HarfBuzz orders the letters.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from itertools import groupby
from typing import NamedTuple

from utils.visuals import clusters

_RIGHT_TO_LEFT = {"R", "AL"}
_NUMBER = {"EN", "AN"}


class Stretch(NamedTuple):
    """A part of a line that runs in one direction."""

    text: str
    is_right_to_left: bool


def is_right_to_left(text: str) -> bool:
    """True if the first letter with a direction runs from right to left."""
    for sign in text:
        kind = unicodedata.bidirectional(sign)
        if kind in _RIGHT_TO_LEFT or kind == "L":
            return kind != "L"
    return False


def in_order(lines: Sequence[str], base: bool) -> list[list[Stretch]]:
    """The stretches of each line of a paragraph from left to right, as they are seen.

    Args:
        lines: The text in the order in which it is read; what a sign runs with may stand on the
            line before.
        base: True if the paragraph runs from right to left.
    """
    found = list(clusters.of("\n".join(lines)))
    parts: list[list[tuple[str, int]]] = [[]]
    for cluster, level in zip(found, _levels(found, int(base)), strict=True):
        if cluster == "\n":
            parts.append([])
        else:
            parts[-1].append((cluster, level))
    return [_seen(part) for part in parts]


def _seen(line: list[tuple[str, int]]) -> list[Stretch]:
    stretches = [
        ("".join(cluster for cluster, _ in group), level)
        for level, group in groupby(line, key=lambda one: one[1])
    ]
    for least in range(max((level for _, level in stretches), default=0), 0, -1):
        stretches = _reversed(stretches, least)
    return [Stretch(text, level % 2 == 1) for text, level in stretches]


def _levels(found: list[str], base: int) -> list[int]:
    strong = "R" if base else "L"
    kinds = _numbers_whole(found, [_kind(cluster) for cluster in found])
    kinds = [
        "L" if kind == "N" and _last_strong(kinds, number, strong) == "L" else kind
        for number, kind in enumerate(kinds)
    ]
    kinds = _brackets_paired(found, kinds, strong)
    levels: list[int] = []
    for number, kind in enumerate(kinds):
        if kind == "neutral":
            before = _side(kinds[:number][::-1], strong)
            after = _side(kinds[number + 1 :], strong)
            kind = before if before == after else strong
        levels.append(_level(kind, base))
    return levels


def _kind(cluster: str) -> str:
    """L, R, N (a number) or neutral."""
    kind = unicodedata.bidirectional(cluster[0])
    if kind in _RIGHT_TO_LEFT:
        return "R"
    return "N" if kind in _NUMBER else "L" if kind == "L" else "neutral"


def _numbers_whole(found: list[str], kinds: list[str]) -> list[str]:
    """A point, a colon or a sign between two digits, or at one, is part of the number."""
    whole = list(kinds)
    for number, cluster in enumerate(found):
        near = kinds[max(0, number - 1) : number] + kinds[number + 1 : number + 2]
        is_separator = unicodedata.bidirectional(cluster[0]) in {"CS", "ES"} and near == ["N", "N"]
        is_unit = unicodedata.bidirectional(cluster[0]) == "ET" and "N" in near
        if is_separator or is_unit:
            whole[number] = "N"
    return whole


def _brackets_paired(found: list[str], kinds: list[str], strong: str) -> list[str]:
    """Both brackets of a pair run as what they hold (rule N0)."""
    paired = list(kinds)
    opened: list[int] = []
    for number, cluster in enumerate(found):
        kind = unicodedata.category(cluster[0])
        if kind == "Ps":
            opened.append(number)
        elif kind == "Pe" and opened:
            start = opened.pop()
            inside = {"R" if one == "N" else one for one in kinds[start + 1 : number]}
            other = "L" if strong == "R" else "R"
            if strong in inside:
                paired[start] = paired[number] = strong
            elif other in inside:
                is_same = _last_strong(kinds, start, strong) == other
                paired[start] = paired[number] = other if is_same else strong
    return paired


def _last_strong(kinds: list[str], number: int, strong: str) -> str:
    return next((kind for kind in kinds[:number][::-1] if kind in {"L", "R"}), strong)


def _side(kinds: list[str], strong: str) -> str:
    """The direction of the next letter; a number counts as writing from right to left."""
    kind = next((kind for kind in kinds if kind != "neutral"), strong)
    return "R" if kind == "N" else kind


def _level(kind: str, base: int) -> int:
    if kind == "R":
        return 1
    return 2 if kind == "N" or base else 0


def _reversed(stretches: list[tuple[str, int]], least: int) -> list[tuple[str, int]]:
    turned: list[tuple[str, int]] = []
    for is_turned, group in groupby(stretches, key=lambda one: one[1] >= least):
        found = list(group)
        turned += found[::-1] if is_turned else found
    return turned
