"""Which font draws which part of a text.

The fonts that lie in ``fonts/`` come first (Latin, Greek, Cyrillic, Devanagari, Khmer, Arabic,
Hebrew, Thai, emoji), then those of ``NIGHTSHIFT_FONTS_DIR``, then what fontconfig knows. What no
font has is written in Latin letters, and said: never a box.
"""

from __future__ import annotations

import shutil
import subprocess
import unicodedata
from collections.abc import Iterator
from functools import cache, lru_cache
from pathlib import Path
from typing import NamedTuple

from utils.config import load_settings, tool_environment
from utils.visuals import clusters, font_tables

VENDORED = Path(__file__).parent / "fonts"
_OURS = ("NotoSans", "NotoSansKhmer", "NotoNaskhArabic", "NotoSansHebrew", "NotoSansThai")
_EMOJI = "NotoEmoji"
_SUFFIXES = {".ttf", ".otf", ".ttc"}
_MAX_FILES = 200  # looked into, of a folder of fonts
_LOOK_UP_SECONDS = 10
_BLOCK = 8  # bits: 256 code points, of which fontconfig is asked for one where none is found
_SHAPES_ONLY = frozenset({0x200B, 0x200C, 0x200D, 0x2060, *range(0xFE00, 0xFE10)})
# They follow the writing around them, if its font has them.
_SHARED = frozenset({"Zs", "Po", "Pd", "Ps", "Pe", "Pi", "Pf", "Nd"})


class Face(NamedTuple):
    """A font: a file, and which of the fonts in it."""

    path: Path
    number: int = 0

    @property
    def family(self) -> str:
        """What it is called."""
        return font_tables.read(self.path, self.number).family

    @property
    def height(self) -> float:
        """Of a line, in the size of its type."""
        return font_tables.read(self.path, self.number).height

    @property
    def weight(self) -> int:
        """How bold it is: 400 is regular, 700 bold."""
        return font_tables.read(self.path, self.number).weight

    def has(self, text: str) -> bool:
        """True if it draws all characters of ``text``."""
        known = font_tables.read(self.path, self.number).characters
        return all(ord(one) in known or ord(one) in _SHAPES_ONLY for one in text)


_asked: dict[tuple[int, bool], Face | None] = {}


class Run(NamedTuple):
    """A stretch of text that one font draws."""

    text: str
    face: Face


class Drawable(NamedTuple):
    """A text that can be drawn; ``lacking``: what of it stands there in Latin letters, or not."""

    text: str
    lacking: tuple[str, ...] = ()


def runs(text: str, is_bold: bool = False) -> list[Run]:
    """The text in stretches of one font each, in the order in which it is read."""
    found: list[Run] = []
    for cluster in clusters.of(text):
        last = found[-1].face if found else None
        is_shared = unicodedata.category(cluster[0]) in _SHARED
        follows = last and is_shared and not last.path.stem.startswith(_EMOJI)
        face = last if last and follows and last.has(cluster) else of(cluster, is_bold)
        face = face or last or _vendored(is_bold)[0]
        if last == face:
            found[-1] = Run(found[-1].text + cluster, face)
        else:
            found.append(Run(cluster, face))
    return found


def drawable(text: str) -> Drawable:
    """``text`` on one line, of characters that there is a font for."""
    parts: list[str] = []
    lacking: list[str] = []
    for cluster in clusters.of(clusters.on_one_line(text)):
        if of(cluster, False):
            parts.append(cluster)
            continue
        lacking.append(cluster)
        base = unicodedata.normalize("NFC", cluster)
        kept = next((one for one in (base, cluster[0]) if of(one, False)), None)
        parts.append(kept if kept and not cluster[0].isspace() else _latin(cluster))
    return Drawable(" ".join("".join(parts).split(" ")).strip(), tuple(dict.fromkeys(lacking)))


def complaint(lacking: tuple[str, ...]) -> str | None:
    """What is said of characters that no font has; None if there are none."""
    if not lacking:
        return None
    shown = " ".join(one if one.isprintable() else f"U+{ord(one[0]):04X}" for one in lacking[:8])
    scripts = dict.fromkeys(_script(one) for one in lacking)
    return (
        f"No font here has {shown}{' …' if len(lacking) > 8 else ''} ({', '.join(scripts)}): drawn "
        "in Latin letters or left out. Install a font for it, or set NIGHTSHIFT_FONTS_DIR."
    )


@lru_cache(maxsize=4096)
def of(cluster: str, is_bold: bool) -> Face | None:
    """The font of one letter with its marks; None if none has all of it."""
    emoji = Face(VENDORED / f"{_EMOJI}-Regular.ttf")
    if "\ufe0f" in cluster and emoji.has(cluster):
        return emoji
    for face in (*_vendored(is_bold), emoji, *_of_folder(is_bold)):
        if face.has(cluster):
            return face
    found = _of_system(cluster[0], is_bold)
    return found if found and found.has(cluster) else None


@cache
def _vendored(is_bold: bool) -> tuple[Face, ...]:
    weight = "Bold" if is_bold else "Regular"
    return tuple(Face(VENDORED / f"{name}-{weight}.ttf") for name in _OURS)


@cache
def _of_folder(is_bold: bool) -> tuple[Face, ...]:
    """The fonts of the folder that a person named, those of the weight that is wanted first."""
    folder = load_settings().fonts_dir
    if folder is None:
        return ()
    found = (path for path in sorted(folder.rglob("*")) if path.suffix.lower() in _SUFFIXES)
    faces = [Face(path) for path, _ in zip(found, range(_MAX_FILES), strict=False)]
    wanted = 700 if is_bold else 400
    return tuple(sorted(faces, key=lambda face: abs(face.weight - wanted)))


def _of_system(sign: str, is_bold: bool) -> Face | None:
    """The font that fontconfig names for a character; one that had its neighbours comes first."""
    block = (ord(sign) >> _BLOCK, is_bold)
    if block in _asked and ((known := _asked[block]) is None or known.has(sign)):
        return known
    found = _matched(sign, is_bold)
    _asked[block] = found if found and found.has(sign) else None
    return _asked[block]


def _matched(sign: str, is_bold: bool) -> Face | None:
    command = shutil.which("fc-match")
    if command is None:
        return None
    wanted = f":charset={ord(sign):x}{':weight=200' if is_bold else ''}"
    try:
        said = subprocess.run(
            [command, "-f", "%{file}\t%{index}", wanted],
            capture_output=True, text=True, check=True, timeout=_LOOK_UP_SECONDS,
            env=tool_environment(),
        ).stdout  # fmt: skip
    except (OSError, subprocess.SubprocessError):
        return None
    path, _, index = said.partition("\t")
    return Face(Path(path), int(index) & 0xFFFF) if index.isdecimal() else None


def _latin(cluster: str) -> str:
    """A letter in Latin ones; nothing for signs, which have only names."""
    from anyascii import anyascii

    kind = unicodedata.category(cluster[0])
    return anyascii(cluster) if kind[0] in "LN" else (" " if cluster[0].isspace() else "")


def _script(cluster: str) -> str:
    if unicodedata.category(cluster[0])[0] == "S":
        return "signs"
    return unicodedata.name(cluster[0], "unknown").split()[0].split("-")[0]


def used(text: str) -> Iterator[Face]:
    """The fonts that draw a text, in both weights: for a renderer that must find their files."""
    for is_bold in (False, True):
        yield from dict.fromkeys(run.face for run in runs(text, is_bold))
