"""A folder anywhere: for each item one of its own with its files and a JSON document.

The document comes last: who finds it finds all that it names.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import PurePath

from utils.distribution import place
from utils.distribution.call import Call
from utils.models.publishing import Package, PackageFile, Published
from utils.models.targets import FolderTarget

_DOCUMENT = "item.json"


def publish(package: Package, target: FolderTarget, call: Call) -> Published:
    """Put the files of an item there."""
    folder, files = place.folder_of(package), list(_named(package, target))
    document = call.work / _DOCUMENT
    text = json.dumps(_document(package, files), ensure_ascii=False, indent=2) + "\n"
    document.write_text(text, encoding="utf-8")
    parts = [(file.path, f"{folder}/{name}", file.mime_type) for file, name in files]
    parts.append((document, f"{folder}/{_DOCUMENT}", "application/json"))
    objects = place.put_all(call, target, parts)
    return Published(address=place.address(target, objects[-1].name), objects=objects)


def retract(row: Published, target: FolderTarget, call: Call) -> None:
    """Take the files away, the document first."""
    for one in reversed(row.objects):
        place.remove(call, target, one.name)


def verify(row: Published, target: FolderTarget, call: Call) -> tuple[str, ...]:
    """What is wrong with the files there."""
    return tuple(wrong for one in row.objects if (wrong := place.check(call, target, one)))


def _named(package: Package, target: FolderTarget) -> Iterator[tuple[PackageFile, str]]:
    """The files that go there, each under a name of its own."""
    left_out = "media" if target.original and package.first("original") else "original"
    taken: dict[str, int] = {}
    for file in package.files:
        if file.role == left_out:
            continue
        stem, suffix = _stem(file), PurePath(file.path.name).suffix.lower()
        number = taken[stem + suffix] = taken.get(stem + suffix, 0) + 1
        yield file, f"{stem}{f'-{number}' if number > 1 else ''}{suffix}"


def _stem(file: PackageFile) -> str:
    if file.role in {"media", "original"}:
        return "media"
    if file.role == "subtitles":
        return f"media.{file.language or 'und'}"  # as players look for it beside the media
    return file.role + (f"-{file.aspect.replace(':', 'x')}" if file.aspect else "")


def _document(package: Package, files: list[tuple[PackageFile, str]]) -> dict[str, object]:
    """All that is published of an item as JSON, without where its files lie here."""
    told = package.model_dump(mode="json", exclude={"files", "published_at"})
    for segment in told["segments"]:
        segment["words"] = []
    named = [
        file.model_dump(mode="json", exclude={"path"}) | {"name": name} for file, name in files
    ]
    return told | {"files": named}
