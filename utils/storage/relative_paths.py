"""Results without the home's own path: what one machine writes, another with another home reads.

In the ledger a file below the home is kept as its path within it, with the SHA-256 of its
content where a store holds it: ``⌂/items/ab/…/proxy.mp4#<64 hex digits>``.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

_MARK = "⌂"
_WITH_DIGEST = re.compile(r"(.*)#([0-9a-f]{64})", re.DOTALL)


def packed(value: Any, home: Path, digests: Mapping[Path, str] | None = None) -> Any:
    """Plain JSON with the paths below ``home`` made portable."""
    start, known = f"{home}/", digests or {}

    def pack(text: str) -> str:
        if text.startswith(start):
            digest = known.get(Path(text))
            return f"{_MARK}/{text[len(start) :]}" + (f"#{digest}" if digest else "")
        return f"{_MARK}{text}" if text.startswith(_MARK) else text

    return _walk(value, pack)


def unpacked(value: Any, home: Path) -> Any:
    """The same with the paths of this machine's home."""

    def unpack(text: str) -> str:
        if text.startswith(f"{_MARK}/"):
            return f"{home}/{_split(text)[0]}"
        return text.removeprefix(_MARK)

    return _walk(value, unpack)


def digests(value: Any, home: Path) -> dict[Path, str]:
    """The SHA-256 of each file in a packed result whose content a store holds."""
    found: dict[Path, str] = {}

    def note(text: str) -> str:
        if text.startswith(f"{_MARK}/"):
            name, digest = _split(text)
            if digest:
                found[home / name] = digest
        return text

    _walk(value, note)
    return found


def is_below(path: Path, home: Path) -> bool:
    """True for what the home holds, False for what lies where a person put it."""
    return str(path).startswith(f"{home}/")


def _split(text: str) -> tuple[str, str | None]:
    name = text.removeprefix(f"{_MARK}/")
    match = _WITH_DIGEST.fullmatch(name)
    return (match[1], match[2]) if match else (name, None)


def _walk(value: Any, change: Callable[[str], str]) -> Any:
    if isinstance(value, str):
        return change(value)
    if isinstance(value, dict):
        return {name: _walk(part, change) for name, part in value.items()}
    return [_walk(part, change) for part in value] if isinstance(value, list) else value
