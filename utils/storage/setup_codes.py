"""Codes that let whoever started the server make its first user; only their SHA-256 is kept.

They lie in a file of the home, so that all processes of a server know them; who says them to a
person is the server's start, on a terminal alone.
"""

from __future__ import annotations

import hashlib
import hmac
import os
import secrets
from pathlib import Path

from utils.errors import from_os_error

_MOST = 5  # of servers that were started since: the latest. Chosen.


def make(path: Path) -> str:
    """Another code, beside those of earlier starts.

    Raises:
        PermanentError: it can't be written.
    """
    code = secrets.token_urlsafe(16)
    kept = [*_hashes(path), _hash(code)][-_MOST:]
    try:
        temporary = path.with_name(f".{path.name}.{os.getpid()}")
        temporary.touch(mode=0o600)
        temporary.write_text("\n".join(kept) + "\n")
        temporary.replace(path)
    except OSError as error:
        raise from_os_error(error, f"writing {path}") from error
    return code


def is_valid(path: Path, code: str) -> bool:
    """True of a code that was made and not used."""
    wanted = _hash(code)
    return any(hmac.compare_digest(wanted, one) for one in _hashes(path))


def forget(path: Path) -> None:
    """Have none be valid any more."""
    path.unlink(missing_ok=True)


def _hashes(path: Path) -> list[str]:
    try:
        return path.read_text().split()
    except OSError:  # none was made, or another user made it
        return []


def _hash(code: str) -> str:
    return hashlib.sha256(code.encode(errors="replace")).hexdigest()
