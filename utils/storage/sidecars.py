"""Subtitle files beside an item."""

from __future__ import annotations

import hashlib
import os
from collections import defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path

from utils.errors import from_os_error
from utils.models import sanitize
from utils.models.probe import Sidecar

_SUFFIXES = (".srt", ".vtt", ".ass", ".ssa")


def beside(path: Path) -> tuple[Sidecar, ...]:
    """Subtitle files that begin with the item's own name: ``film.srt``, ``film.de.srt``.

    Raises:
        NightShiftError: the folder can't be listed.
    """
    return tuple(
        Sidecar(
            name=sanitize.text(name),
            marks=tuple(sanitize.text(name[len(path.stem) :]).lower().split(".")[1:-1]),
        )
        for name in by_stem(path.parent).get(path.stem, ())
    )


def by_stem(folder: Path) -> Mapping[str, Sequence[str]]:
    """The names of a folder's subtitle files, by each stem that a medium of theirs may have.

    Raises:
        NightShiftError: the folder can't be listed.
    """
    found: dict[str, list[str]] = defaultdict(list)
    try:
        with os.scandir(folder) as entries:
            names = sorted(
                entry.name
                for entry in entries
                if entry.name.lower().endswith(_SUFFIXES) and entry.is_file()
            )
    except OSError as error:
        raise from_os_error(error, f"listing {folder}") from error
    for name in names:
        parts = name.split(".")
        for end in range(1, len(parts)):
            found[".".join(parts[:end])].append(name)
    return found


def complete_key(done_key: str, names: Sequence[str]) -> str:
    """The key under which an item with subtitle files of these ``names`` is done."""
    if not names:
        return done_key
    return hashlib.sha256("\n".join((done_key, *names)).encode()).hexdigest()
