"""Packages and calls, as the core of publishing makes them."""

from __future__ import annotations

import hashlib
import mimetypes
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from utils.config import Settings
from utils.distribution.call import Call
from utils.errors import DeferredError
from utils.models.publishing import Package, PackageFile

ITEM = hashlib.sha256(b"an item").hexdigest()


class Kept:
    """What a call kept, and the units that it took; ``left`` of the day."""

    def __init__(self, left: int = 10_000) -> None:
        self.state: dict[str, Any] = {}
        self.saved: list[dict[str, Any]] = []
        self.units: list[int] = []
        self.left = left

    def save(self, state: Mapping[str, Any]) -> None:
        self.saved.append(dict(state))
        new = dict(state)
        self.state.clear()
        self.state.update(new)

    def quota(self, units: int) -> None:
        if units > self.left:
            raise DeferredError("The day's units are used up.")
        self.left -= units
        self.units.append(units)


def call(settings: Settings, work: Path, kept: Kept | None = None) -> Call:
    """A call with an empty folder of its own."""
    kept = kept or Kept()
    folder = work / f"work-{len(list(work.glob('work-*')))}"
    folder.mkdir(parents=True)
    return Call(settings, "stage", folder, kept.state, kept.save, kept.quota, ITEM)


def file(path: Path, role: str, **facts: Any) -> PackageFile:
    """A file of a package, as it lies on the disk."""
    data = path.read_bytes()
    return PackageFile(
        role=role, path=path, sha256=hashlib.sha256(data).hexdigest(), size_bytes=len(data),
        mime_type=facts.pop("mime_type", None) or mimetypes.guess_type(path.name)[0] or "text/vtt",
        **facts,
    )  # fmt: skip


def package(*files: PackageFile, **facts: Any) -> Package:
    """A package of these files."""
    told = {
        "item_id": ITEM, "title": "Rain & the <river> ភ្លៀង", "kind": "video", "language": "en",
        "published_at": datetime(2026, 11, 26, 12, tzinfo=UTC), "duration_seconds": 4.0,
    }  # fmt: skip
    return Package(**{**told, **facts}, files=files)
