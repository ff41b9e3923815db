"""Packages as targets take them, with small real files, and calls of targets."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from PIL import Image

from utils.config import Settings
from utils.distribution.call import Call
from utils.models.publishing import Chapter, Package, PackageFile
from utils.models.transcript import Segment

# Four scripts, an ampersand, signs of XML and HTML, an emoji, control characters.
HOSTILE = (
    "ខ្មែរ & العربية <b>日本語</b> ]]> \x00\x1b[31m\ufffe 🎶 \"Q\" 'q' "
    "</title><script>hit()</script>"
)
AT = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)


def call(
    work: Path, name: str = "show", item_id: str = "", kept: dict[str, Any] | None = None,
    **given: Any,
) -> Call:  # fmt: skip
    """A call of a target; what it saves is in ``kept``."""
    work.mkdir(parents=True, exist_ok=True)
    state = {} if kept is None else kept

    def save(new: Mapping[str, Any]) -> None:
        copy = dict(new)
        state.clear()
        state.update(copy)

    return Call(Settings(home=work), name, work, state, save, lambda _: None, item_id, **given)


def file(path: Path, role: str, mime_type: str, **more: Any) -> PackageFile:
    """A file of a package as it is on disk."""
    data = path.read_bytes()
    digest = hashlib.sha256(data).hexdigest()
    return PackageFile(
        role=role, path=path, sha256=digest, size_bytes=len(data), mime_type=mime_type, **more
    )


def picture(path: Path, size: tuple[int, int], role: str = "title_card") -> PackageFile:
    """A picture of one colour above another."""
    drawn = Image.new("RGB", size, "#246")
    drawn.paste((240, 200, 80), (0, size[1] // 2, size[0], size[1]))
    drawn.save(path)
    return file(path, role, "image/png", width=size[0], height=size[1])


def media(folder: Path, number: int, suffix: str, mime_type: str) -> PackageFile:
    """A file that stands for a medium: targets copy it and look no further."""
    path = folder / f"medium{number}{suffix}"
    path.write_bytes(b"medium %d " % number * 100)
    return file(path, "media", mime_type)


def package(folder: Path, number: int = 1, **given: Any) -> Package:
    """An item with everything that a package may have."""
    folder.mkdir(parents=True, exist_ok=True)
    sound = media(folder, number, ".m4a", "audio/mp4")
    said = (
        Segment(start_seconds=0.5, end_seconds=2.0, text="Welcome to the <show>.", speaker="Ann"),
        Segment(start_seconds=2.0, end_seconds=4.0, text="សួស្តីពិភពលោក", speaker="Bo & Co"),
    )
    defaults: dict[str, Any] = {
        "item_id": hashlib.sha256(b"item %d" % number).hexdigest(),
        "title": f"Episode {number}",
        "kind": "audio",
        "summary": "What is said & shown.\n\nA second <paragraph>.",
        "language": "en",
        "artist": "Sinn Sisamouth",
        "album": "Golden Songs",
        "captured_at": datetime(2024, 5, 6, 7, 8, tzinfo=UTC),
        "published_at": AT.replace(hour=number % 24),
        "duration_seconds": 61.4,
        "keywords": ("rock", "1960s"),
        "source_url": "https://example.org/watch?v=1&list=2",
        "chapters": (
            Chapter(start_seconds=0, title="Intro"),
            Chapter(start_seconds=30.5, title="Main & rest"),
        ),
        "segments": said,
        "files": (sound, picture(folder / f"card{number}.png", (108, 108))),
    }
    return Package(**(defaults | given))
