"""Words as an Advanced SubStation script, which libass draws: lit as they are sung.

What is sung is a stranger's text: nothing in it is a tag. Fonts are named for each stretch, as
libass looks in no second one of the folder; sizes are those of the type, whichever font.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise
from typing import NamedTuple

from pysubs2 import Color, SSAEvent, SSAFile, SSAStyle

from utils.visuals import bidi, clusters, font_choice
from utils.visuals.karaoke import Part, Screen, Song, joined, rows_of
from utils.visuals.palette import Colour

_LEFT, _RIGHT = "\u200e", "\u200f"  # unseen, with a direction
_UNSAFE = re.compile(r"[{}\\,\r\n]")
_JOINER = "\u2060"  # unseen: a backslash before it is none of a tag
NOTE = "♪"


class Look(NamedTuple):
    """Sizes of the film in pixels, and colours: of what was sung, what is not yet, and the rest."""

    width: int
    height: int
    sung: Colour
    unsung: Colour
    dim: Colour

    @property
    def unit(self) -> int:
        """The shorter side."""
        return min(self.width, self.height)


class Size(NamedTuple):
    """Of type, in shares of the film's shorter side."""

    words: float = 0.074
    romanised: float = 0.043
    following: float = 0.046
    heading: float = 0.031


SIZE = Size()
WIDTH = 0.86  # of the film, that a row may take
_PAUSE_SECONDS = 3.0  # without words: a note stands there, and nothing is announced
_MIDDLE = 0.42  # of the height: where the words' middle is
_NEXT = 0.745  # and the top of the line that follows
_BARS_AT, _BARS_TALL = 0.935, 0.030  # of the height; half of the tallest, of the shorter side


class Wave(NamedTuple):
    """A sound as bars: its loudness in equal parts, 0–1, and its length in seconds."""

    levels: tuple[float, ...]
    seconds: float


def script(song: Song, heading: str, between: tuple[float, float], wave: Wave, look: Look) -> str:
    """The script.

    Args:
        song: What is sung.
        heading: Title and artist, drawable; stands at the top.
        between: When the title card is gone, and when it comes again, in seconds.
        wave: The whole sound, at the foot: what was played is lit.
        look: Sizes and colours.
    """
    file = SSAFile()
    file.info.update(
        PlayResX=str(look.width), PlayResY=str(look.height), WrapStyle="2",
        ScaledBorderAndShadow="yes",
    )  # fmt: skip
    file.styles["Default"] = _style(look)
    for event in (*_bars(wave, between, look), *_events(song, heading, between, look)):
        if event.end > event.start:
            file.append(event)
    return file.to_string("ass")


def escaped(text: str) -> str:
    """A text in which libass sees no tag, no new line and no drawing."""
    plain = text.replace("\\", f"\\{_JOINER}").replace("{", r"\{").replace("}", r"\}")
    return " ".join(plain.split())


def _style(look: Look) -> SSAStyle:
    return SSAStyle(
        fontname="Noto Sans", fontsize=look.unit * SIZE.words, bold=True, encoding=-1,
        primarycolor=Color(*look.sung), secondarycolor=Color(*look.unsung),
        outlinecolor=Color(0, 0, 0, 110), backcolor=Color(0, 0, 0, 150),
        outline=look.unit / 360, shadow=look.unit / 540,
    )  # fmt: skip


def _events(
    song: Song, heading: str, between: tuple[float, float], look: Look
) -> Iterator[SSAEvent]:
    opens_at, ends_at = between
    dim, size = _colour(look.dim), look.unit * SIZE.heading
    if heading:
        at = rf"{{\an8\pos({look.width // 2},{round(look.unit * 0.055)}){dim}\fad(400,0)}}"
        row = _plain(_shortened(heading, look.width * WIDTH / size), size)
        yield _event(opens_at, ends_at, at + row)
    for number, screen in enumerate(song.screens):
        yield from _sung(screen, max(screen.shown, opens_at), look)
        following = song.screens[number + 1] if number + 1 < len(song.screens) else None
        if following and following.shown - screen.gone < _PAUSE_SECONDS:
            yield _announced(following, max(screen.shown, opens_at), screen.gone, look)
    at = rf"{{\an5\pos({look.width // 2},{round(look.height * _MIDDLE)}){dim}\fad(600,600)}}"
    for one, after in pairwise(song.screens):
        if after.shown - one.gone >= _PAUSE_SECONDS:
            yield _event(one.gone, after.shown, at + _plain(NOTE, look.unit * SIZE.words))


def _bars(wave: Wave, between: tuple[float, float], look: Look) -> Iterator[SSAEvent]:
    """Bars at the foot: dim ones, and lit ones that come to be seen as time goes."""
    left, step = look.width * (1 - WIDTH) / 2, look.width * WIDTH / max(1, len(wave.levels))
    middle, tall, wide = look.height * _BARS_AT, look.unit * _BARS_TALL, step * 0.55
    shape = " ".join(
        _rectangle(left + number * step, middle, wide, max(wide / 2, tall * level))
        for number, level in enumerate(wave.levels)
    )
    first, last = between
    start, end = (left + look.width * WIDTH * one / max(0.001, wave.seconds) for one in between)
    clip, grown = (f"0,0,{round(x)},{look.height}" for x in (start, end))
    plain = r"\an7\pos(0,0)\bord0\shad0"
    lit = rf"\1c{_hex(look.sung)}\clip({clip})\t(0,{round(1000 * (last - first))},\clip({grown}))"
    for tags in (rf"\1c{_hex(look.dim)}\1a&H90&", lit):
        yield _event(first, last, rf"{{{plain}{tags}\p1}}{shape}{{\p0}}")


def _rectangle(left: float, middle: float, wide: float, half: float) -> str:
    x0, x1, y0, y1 = (round(one) for one in (left, left + wide, middle - half, middle + half))
    return f"m {x0} {y0} l {x1} {y0} {x1} {y1} {x0} {y1}"


def _sung(screen: Screen, shown: float, look: Look) -> Iterator[SSAEvent]:
    """The words, each lit in its time, and how they are read below them."""
    size = look.unit * SIZE.words
    middle, across = round(look.height * _MIDDLE), look.width // 2
    text = r"\N".join(_lit_rows(screen, shown, size))
    yield _event(shown, screen.gone, rf"{{\an5\pos({across},{middle})\fad(180,120)}}{text}")
    if screen.romanised:
        tall = sum(_tall(joined(row)) for row in screen.rows) * size
        top = round(middle + tall / 2 + look.unit * 0.012)
        small = look.unit * SIZE.romanised
        rows = rows_of(screen.romanised, look.width * WIDTH / small)
        body = r"\N".join(_plain(row, small) for row in rows[:3])
        tags = rf"\an8\pos({across},{top})\b0{_colour(look.dim)}\fad(180,120)"
        yield _event(shown, screen.gone, f"{{{tags}}}{body}")


def _lit_rows(screen: Screen, shown: float, size: float) -> Iterator[str]:
    """Rows with the times of their parts: a light that runs over each, from left to right.

    It would run the wrong way over Arabic and Hebrew: there each word is lit at once.
    """
    tag = "k" if screen.is_right_to_left else "kf"
    now = shown
    for row in screen.rows:
        parts = []
        for number, part in enumerate(row):
            wait = max(0, round(100 * (part.start - now)))
            lasts = max(0, round(100 * (part.end - max(part.start, now))))
            blank = " " * (part.is_apart and number > 0)
            lead = rf"{{\k{wait}}}" if wait else ""
            parts.append(f"{blank}{lead}{{\\{tag}{lasts}}}{_set(part, screen, size)}")
            now = max(now, part.start) + lasts / 100
        yield "".join(parts)


def _set(part: Part, screen: Screen, size: float) -> str:
    return _plain(part.text, size, screen.is_right_to_left)


def _plain(text: str, size: float, is_right_to_left: bool | None = None) -> str:
    """Text with its fonts and sizes."""
    base = bidi.is_right_to_left(text) if is_right_to_left is None else is_right_to_left
    shown = []
    for run in font_choice.runs(text, True):
        name = _UNSAFE.sub("", run.face.family)
        marked = _with_directions(run.text) if base else run.text
        shown.append(rf"{{\fn{name}\fs{size * run.face.height:.1f}}}{_kept_blanks(marked)}")
    return "".join(shown)


def _kept_blanks(text: str) -> str:
    """Escaped, with the blanks at both ends: they are part of the row."""
    blanks = " " if text.strip() else ""
    before = blanks if text[:1].isspace() else ""
    after = blanks if text[-1:].isspace() else ""
    return f"{before}{escaped(text)}{after}" if text.strip() else " " * len(text)


def _with_directions(text: str) -> str:
    """Brackets with the direction that they have: libass does not know what they pair."""
    ordered = bidi.in_order([text], True)[0]
    left = {sign for one in ordered if not one.is_right_to_left for sign in one.text}
    return "".join(
        f"{_LEFT}{sign}{_LEFT}" if sign in left and sign in "()[]" else sign for sign in text
    )


def _announced(screen: Screen, shown: float, gone: float, look: Look) -> SSAEvent:
    """The next line, dimmed, below."""
    size = look.unit * SIZE.following
    rows = rows_of(screen.text, look.width * WIDTH / size)
    body = r"\N".join(_plain(row, size) for row in rows[:2])
    at = f"{look.width // 2},{round(look.height * _NEXT)}"
    return _event(shown, gone, rf"{{\an8\pos({at}){_colour(look.dim)}\fad(250,120)}}{body}")


def _shortened(text: str, width: float) -> str:
    rows = rows_of(text, width)
    return rows[0] if len(rows) == 1 else clusters.cut(text, max(2, len(rows[0]) - 1))


def _tall(text: str) -> float:
    """How tall libass makes a row, in the size of its type."""
    return max((run.face.height for run in font_choice.runs(text, True)), default=1.0)


def _event(start: float, end: float, text: str) -> SSAEvent:
    return SSAEvent(start=round(1000 * start), end=round(1000 * end), text=text)


def _colour(colour: Colour) -> str:
    return rf"\1c{_hex(colour)}"


def _hex(colour: Colour) -> str:
    red, green, blue = colour
    return f"&H{blue:02X}{green:02X}{red:02X}&"
