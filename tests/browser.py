"""A real browser without a window: what a page of a stranger can do is tried, not believed."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

PROGRAM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "chrome"))), None)
_ARGUMENTS = (
    *("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
    *("--virtual-time-budget=20000", "--dump-dom"),
)


def shown(url: str, profile: Path, *arguments: str) -> str:
    """The page at an address as HTML, when its scripts have had 20 s of their own time."""
    assert PROGRAM
    done = subprocess.run(
        [PROGRAM, *_ARGUMENTS, f"--user-data-dir={profile}", *arguments, url],
        capture_output=True, text=True, timeout=300, check=True,
    )  # fmt: skip
    return done.stdout
