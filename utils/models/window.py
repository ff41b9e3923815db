"""A window: the hours in which a shift may work, as a person writes them, such as 22:00-06:00."""

from __future__ import annotations

import re
from datetime import time
from typing import NamedTuple
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

_STRETCH = re.compile(r"(\d{1,2}):(\d{2})\s*[-–]\s*(\d{1,2}):(\d{2})")
_MIDNIGHT = time()


class Stretch(NamedTuple):
    """From one time of the day to another, on the next day if that is not later."""

    start: time
    end: time


class Window(NamedTuple):
    """Stretches of each day in a time zone; ``text`` is how a person wrote them."""

    text: str
    stretches: tuple[Stretch, ...]
    zone: ZoneInfo

    def __str__(self) -> str:
        return f"{self.text} ({self.zone.key})"


def parse(text: str, timezone: str) -> Window:
    """A window that a person wrote: ``22:00-06:00``, several with commas between.

    Raises:
        ValueError: it is none, or never open.
    """
    stretches = tuple(_stretch(part.strip(), text) for part in text.split(","))
    return Window(text, stretches, ZoneInfo(valid_zone(timezone)))


def valid_window(text: str) -> str:
    """The same text, for pydantic.

    Raises:
        ValueError: it is no window.
    """
    parse(text, "UTC")
    return text


def valid_zone(name: str) -> str:
    """The same name, for pydantic.

    Raises:
        ValueError: it is no time zone.
    """
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise ValueError(f"{name!r} is no time zone such as Europe/Berlin") from error
    return name


def _stretch(part: str, text: str) -> Stretch:
    match = _STRETCH.fullmatch(part)
    if not match:
        raise ValueError(f"{text!r} is no window such as 22:00-06:00")
    first, first_minute, last, last_minute = (int(number) for number in match.groups())
    start = _time(first, first_minute, text)
    end = _MIDNIGHT if (last, last_minute) == (24, 0) else _time(last, last_minute, text)
    if (first, first_minute) == (last, last_minute):
        raise ValueError(
            f"The window {part} is empty: it ends as it begins. 00:00-24:00 is the whole day."
        )
    return Stretch(start, end)


def _time(hour: int, minute: int, text: str) -> time:
    if hour > 23 or minute > 59:
        raise ValueError(f"{hour:02}:{minute:02} in {text!r} is no time of the day")
    return time(hour, minute)
