"""The words that a picture is made from: a style's parts, filled with what is known of an item.

All that is said of an item is a stranger's text. It is cut short, and what a picture model's tools
take for syntax is taken out of it: weights ``(x:1.5)`` and ``[x]``, ``embedding:x``, ``<lora:x>``,
choices ``{a|b}`` and wildcards ``__x__``, ``BREAK`` and ``AND``. The same item, style and colours
give the same words.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from string import Formatter
from typing import NamedTuple

from PIL import ImageColor

from utils.models.sanitize import unmarked
from utils.models.visual_subject import VisualSubject
from utils.models.visual_templates import Style

VERSION = 1  # raise it when the same item gets other words
_MOST = {"summary": 300, "title": 120, "artist": 80, "setting": 160, "mood": 60}
_WORD = 40  # characters of one topic or keyword
_WORDS = 8
_ALL = 1200  # of the whole prompt; a text encoder reads some 300
_SYNTAX = re.compile(r"[()\[\]{}<>|\\:^*~`\"#$%&=+@]|//|__+")
_OPERATORS = re.compile(r"\b(?:BREAK|AND|ADDCOMM|ADDBASE|ADDCOL|ADDROW)\b")
_HIDDEN = re.compile(r"[\u00ad\u200e\u200f\u2060-\u206f\ufeff\U000e0000-\U000e007f]")
# Names that picture models know, for colours that they don't.
_NAMES = {
    "black": "#000000", "charcoal": "#2E2E2E", "grey": "#808080", "silver": "#C0C0C0",
    "white": "#FFFFFF", "cream": "#FFF4D6", "beige": "#E1C699", "brown": "#6B3E1E",
    "dark red": "#7A1220", "red": "#D32F2F", "coral": "#FF7F50", "orange": "#F57C00",
    "gold": "#C9A227", "yellow": "#FFEB3B", "olive": "#6B8E23", "green": "#2E8B3A",
    "dark green": "#0B3D20", "turquoise": "#30C5B8", "teal": "#00695C", "sky blue": "#7EC8F2",
    "blue": "#1E63D0", "navy blue": "#12284C", "violet": "#6A3FB5", "purple": "#5B1A6B",
    "magenta": "#C2185B", "pink": "#F4A6C0",
}  # fmt: skip


class Prompt(NamedTuple):
    """What is to be seen, and what is not."""

    positive: str
    negative: str


def of_subject(subject: VisualSubject, style: Style, colours: Sequence[str]) -> Prompt:
    """The prompt of an item in a style; ``colours`` (``#RRGGBB``) are those of the house."""
    known = _known(subject, tuple(colours) or style.colours)
    parts = [part.format_map(known) for part in style.prompt if _is_known(part, known)]
    return Prompt(_cut(", ".join(parts), _ALL), style.negative)


def plain(text: str, most: int) -> str:
    """A stranger's text on one line, without syntax, of at most ``most`` characters."""
    line = " ".join(_HIDDEN.sub("", unmarked(text[: 20 * most])).split())
    line = _OPERATORS.sub(lambda found: found[0].lower(), _SYNTAX.sub(" ", line))
    return _cut(" ".join(line.split()).strip(" ,;.-"), most)


def colour_name(colour: str) -> str:
    """The nearest colour (``#RRGGBB``) that has a common name."""
    wanted = ImageColor.getrgb(colour)

    def distance(name: str) -> float:
        red, green, blue = (
            (a - b) ** 2
            for a, b in zip(wanted[:3], ImageColor.getrgb(_NAMES[name])[:3], strict=True)
        )
        return 0.3 * red + 0.59 * green + 0.11 * blue

    return min(_NAMES, key=distance)


def _known(subject: VisualSubject, colours: Iterable[str]) -> dict[str, str]:
    understood = subject.understanding
    named = dict.fromkeys(map(colour_name, colours))
    known = {
        "title": subject.title,
        "artist": subject.artist or "",
        "summary": _scene(subject),
        "topics": _list(understood.topics if understood else ()),
        "keywords": _list(understood.keywords if understood else ()),
        "mood": (understood.mood if understood else None) or "",
        "setting": _setting(subject),
        "colours": ", ".join(named),
    }
    return {name: plain(text, _MOST[name]) if name in _MOST else text
            for name, text in known.items()}  # fmt: skip


def _scene(subject: VisualSubject) -> str:
    """What is to be seen: what the film shows, else what is said, in English where there is any."""
    if subject.video_summary:
        return subject.video_summary
    understood = subject.understanding
    if understood is None:
        return subject.title
    is_foreign = understood.language not in {None, "en"}
    return (understood.translation if is_foreign else None) or understood.summary or subject.title


def _setting(subject: VisualSubject) -> str:
    """When it was made, and what is to be known of where."""
    understood = subject.understanding
    told = (understood.era, understood.cultural_context) if understood else ()
    return ", ".join(filter(None, told))


def _list(words: Iterable[str]) -> str:
    short = (plain(word, _WORD) for word in tuple(words)[:_WORDS])
    return ", ".join(dict.fromkeys(filter(None, short)))


def _is_known(part: str, known: dict[str, str]) -> bool:
    """False for a part that names something of which nothing is known."""
    return all(known[name] for _, name, _, _ in Formatter().parse(part) if name)


def _cut(text: str, most: int) -> str:
    """``text``, ended after a word."""
    if len(text) <= most:
        return text
    return (text[: most + 1].rsplit(" ", 1)[0] if " " in text[: most + 1] else text[:most]).rstrip(
        " ,;.-"
    )
