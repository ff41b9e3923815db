"""Paths in requests stay inside the folders that the settings name, and the inbox."""

from __future__ import annotations

import os
from pathlib import Path

from utils.config import Settings


def inside(path: str | Path, settings: Settings) -> bool:
    """True for a path in the inbox or in one of ``settings.api.roots``, wherever links lead."""
    if not Path(path).is_absolute():
        return False
    try:
        real = Path(os.path.realpath(path))
        roots = [Path(os.path.realpath(root)) for root in (settings.inbox, *settings.api.roots)]
    except (ValueError, OSError):  # a zero byte, a name that is too long
        return False
    return any(real.is_relative_to(root) for root in roots)
