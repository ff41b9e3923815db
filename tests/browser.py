"""A real browser without a window: what a page of a stranger can do is tried, not believed."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

PROGRAM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "chrome"))), None)
_QUIET = (
    *("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
)
_ARGUMENTS = (*_QUIET, "--virtual-time-budget=20000", "--dump-dom")


def shown(url: str, profile: Path, *arguments: str) -> str:
    """The page at an address as HTML, when its scripts have had 20 s of their own time."""
    assert PROGRAM
    done = subprocess.run(
        [PROGRAM, *_ARGUMENTS, f"--user-data-dir={profile}", *arguments, url],
        capture_output=True, text=True, timeout=300, check=True,
    )  # fmt: skip
    return done.stdout


@contextmanager
def opened(url: str, profile: Path) -> Iterator[None]:
    """The page at an address, in the time of all clocks: films play as they do for people.

    What becomes of it, the page itself says to whoever serves it.
    """
    assert PROGRAM
    arguments = ("--autoplay-policy=no-user-gesture-required", f"--user-data-dir={profile}", url)
    with subprocess.Popen(
        [PROGRAM, *_QUIET, *arguments], start_new_session=True,
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    ) as browser:  # fmt: skip
        try:
            yield
        finally:
            os.killpg(browser.pid, signal.SIGKILL)
