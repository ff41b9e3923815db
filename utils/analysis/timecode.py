"""Times as people and models write them."""

from __future__ import annotations

import math
import re

import pytimeparse2  # type: ignore[import-untyped]

_LONGEST = 40  # characters; nobody writes a longer time
_DECIMAL_COMMA = re.compile(r"(?<=\d),(?=\d+$)")  # 00:01:05,250, as in subtitles


def seconds(text: str) -> float | None:
    """``text`` in seconds, to the millisecond; None if it is no time at or after zero.

    Knows ``5s600ms``, ``1m5s``, ``12.5``, ``12.5s``, ``mm:ss``, ``hh:mm:ss.mmm`` and their
    like. Four fields are refused: the last may count frames.
    """
    plain = _DECIMAL_COMMA.sub(".", text.strip().strip("[]()~"))
    if not plain or len(plain) > _LONGEST or plain.count(":") > 2:
        return None
    found = pytimeparse2.parse(plain)
    if not isinstance(found, int | float) or not math.isfinite(found) or found < 0:
        return None
    return round(float(found), 3)
