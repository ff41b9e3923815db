"""Subtitle files beside an item."""

from __future__ import annotations

import os
from pathlib import Path

from utils.errors import from_os_error
from utils.media import plain
from utils.models.probe import Sidecar

_SUFFIXES = (".srt", ".vtt", ".ass", ".ssa")


def beside(path: Path) -> tuple[Sidecar, ...]:
    """Subtitle files that begin with the item's own name: ``film.srt``, ``film.de.srt``."""
    start = f"{path.stem}."
    try:
        with os.scandir(path.parent) as entries:
            names = sorted(
                entry.name
                for entry in entries
                if entry.name.startswith(start)
                and entry.name.lower().endswith(_SUFFIXES)
                and entry.is_file()
            )
    except OSError as error:
        raise from_os_error(error, f"listing {path.parent}") from error
    return tuple(
        Sidecar(
            name=plain.text(name),
            marks=tuple(plain.text(name[len(path.stem) :]).lower().split(".")[1:-1]),
        )
        for name in names
    )
