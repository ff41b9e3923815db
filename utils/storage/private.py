"""What a home keeps from other users of the machine: itself, and the password of its servers.

A process that writes into a home does so under ``UMASK``; what an older version wrote before is
closed when a home is opened.
"""

from __future__ import annotations

import contextlib
import os
import secrets
import stat
from collections.abc import Iterator
from pathlib import Path

from utils.errors import from_os_error

UMASK = 0o077
_OTHERS = 0o007
_READ = 0o044
USER = "nightshift"
# Databases, what servers are told and what they said; items lie deeper, behind the closed home.
_KEPT = ("*.db*", "*.json", "*-login", "logs/*", "reports/*", "prefect/*.db*", "chroma/*.sqlite3*")


def close(home: Path) -> None:
    """Let nobody but its owner into a home, and at what it keeps; somebody else's stays as it is.

    Raises:
        OSError: it can't be looked at.
    """
    if home.stat().st_uid == os.geteuid() and _mode(home) & (_OTHERS | _READ):
        for path in _kept(home):
            _close(path, 0o600)
        _close(home, 0o700)


def login(path: Path) -> tuple[str, bool]:
    """``user:password`` out of a file of its owner's alone, and whether it was made just now.

    Raises:
        PermanentError: it can't be read or written.
    """
    try:
        if path.exists() and (held := path.read_text().strip()):
            _close(path, 0o600)
            return held, False
        made = f"{USER}:{secrets.token_urlsafe(24)}"
        temporary = path.with_name(f".{path.name}.{os.getpid()}")
        temporary.touch(mode=0o600, exist_ok=False)
        temporary.write_text(f"{made}\n")
        temporary.replace(path)
        return made, True
    except OSError as error:
        raise from_os_error(error, f"keeping the login in {path}") from error


def readable_by_others(home: Path) -> Iterator[Path]:
    """What in a home other users of the machine could read: itself first, then what it keeps."""
    if not home.is_dir():
        return
    if _mode(home) & _READ:
        yield home
    if _mode(home) & 0o011:  # else nobody gets at what lies in it
        yield from (path for path in _kept(home) if _mode(path) & _READ)


def _kept(home: Path) -> Iterator[Path]:
    for pattern in _KEPT:
        yield from (path for path in home.glob(pattern) if path.is_file() and not path.is_symlink())


def _mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def _close(path: Path, mode: int) -> None:
    with contextlib.suppress(PermissionError, FileNotFoundError):  # somebody else's, or gone
        path.chmod(_mode(path) & mode)
