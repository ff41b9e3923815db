"""The words that the critic is asked in: files beside this one, and a version of them for keys."""

from __future__ import annotations

import hashlib
import re
from functools import cache
from pathlib import Path
from typing import NamedTuple

_FOLDER = Path(__file__).parent
_SECTION = re.compile(r"^## (.+)\n\nNeeds: (.+)\n\n((?:.+\n?)+)", re.M)


class Asked(NamedTuple):
    """A criterion: its name, what it needs (kinds of material, or ``any``), and its words."""

    name: str
    needs: tuple[str, ...]
    words: str

    @property
    def key(self) -> str:
        """Its name in the form of an answer."""
        return self.name.replace(" ", "_")


@cache
def question() -> str:
    """What a critic is told, with places for what differs by item."""
    return (_FOLDER / "question.md").read_text(encoding="utf-8")


@cache
def criteria() -> tuple[Asked, ...]:
    """All criteria, in the order of their file."""
    text = (_FOLDER / "criteria.md").read_text(encoding="utf-8")
    return tuple(
        Asked(name, tuple(needs.split(", ")), " ".join(words.split()))
        for name, needs, words in _SECTION.findall(text)
    )


@cache
def version() -> str:
    """A hash of all these words: with others the critic is asked again."""
    names = ("question.md", "criteria.md", "orders.md")
    said = "".join((_FOLDER / name).read_text(encoding="utf-8") for name in names)
    return hashlib.sha256(said.encode()).hexdigest()[:12]
