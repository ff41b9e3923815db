"""What is said of an item at YouTube, within the bounds that it has for it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from utils.clock import now
from utils.metadata import languages
from utils.models.publishing import Package
from utils.models.targets import YoutubeTarget

_TITLE_UNITS, _TEXT_BYTES, _TAGS_LENGTH = 100, 5_000, 500  # by Google's own reference
_BRACKETS = str.maketrans({"<": "‹", ">": "›"})  # the two signs that it takes nowhere
_LEAST_CHAPTERS, _CHAPTER_SECONDS = 3, 10  # else it shows none
_SOON = timedelta(minutes=1)


def tag_of(item_id: str) -> str:
    """The tag by which a video is known to be ours, and whose."""
    return f"nightshift-{item_id[:16]}"


def body(package: Package, target: YoutubeTarget, by_model: bool) -> dict[str, Any]:
    """What ``videos.insert`` and ``videos.update`` are given."""
    language = languages.normal(package.language)
    snippet: dict[str, Any] = {
        "title": title(package),
        "description": description(package),
        "tags": tags(package),
        "categoryId": str(target.category_id),
    }
    if language:
        snippet |= {"defaultLanguage": language, "defaultAudioLanguage": language}
    status: dict[str, Any] = {
        "privacyStatus": target.privacy,
        "selfDeclaredMadeForKids": target.made_for_kids,
        "containsSyntheticMedia": by_model,
    }
    if target.privacy == "public" and package.published_at > now() + _SOON:
        moment = package.published_at.isoformat()
        status |= {"privacyStatus": "private", "publishAt": moment}
    found = {"snippet": snippet, "status": status}
    if package.captured_at:
        found["recordingDetails"] = {"recordingDate": package.captured_at.isoformat()}
    return found


def title(package: Package) -> str:
    """At most 100 characters as Google counts them (units of UTF-16)."""
    text = " ".join(package.title.translate(_BRACKETS).split())
    return _cut(text, _TITLE_UNITS, "utf-16-le", 2) or package.item_id[:12]


def description(package: Package) -> str:
    """Text and chapters, at most 5,000 bytes; chapters go first if there is no room."""
    text = (package.description or package.summary or "").translate(_BRACKETS).strip()
    marks = "\n".join(_chapters(package)).translate(_BRACKETS)
    room = _TEXT_BYTES - len(marks.encode()) - 2
    if not marks or room < _TEXT_BYTES // 2:
        return _cut(text, _TEXT_BYTES, "utf-8", 1)
    return f"{_cut(text, room, 'utf-8', 1)}\n\n{marks}".strip()


def tags(package: Package) -> list[str]:
    """Ours first, then keywords, as long as all of them together are within 500 characters."""
    found: list[str] = []
    length = 0
    for word in (tag_of(package.item_id), *package.keywords):
        tag = " ".join(word.translate(_BRACKETS).replace(",", " ").replace('"', " ").split())
        # One with a blank is counted with quotes around it, and a comma stands between two.
        needed = len(tag) + 2 * (" " in tag) + bool(found)
        if tag and tag not in found and length + needed <= _TAGS_LENGTH:
            found.append(tag)
            length += needed
    return found


def _chapters(package: Package) -> Iterator[str]:
    """Lines that YouTube makes chapters of; nothing where it would not."""
    found = sorted(package.chapters, key=lambda one: one.start_seconds)
    ends = [*(one.start_seconds for one in found[1:]), package.duration_seconds or float("inf")]
    if len(found) < _LEAST_CHAPTERS or round(found[0].start_seconds) > 0:
        return
    if any(
        end - one.start_seconds < _CHAPTER_SECONDS for one, end in zip(found, ends, strict=True)
    ):
        return
    for one in found:
        minutes, seconds = divmod(int(one.start_seconds), 60)
        hours, minutes = divmod(minutes, 60)
        clock = f"{hours}:{minutes:02d}:{seconds:02d}" if hours else f"{minutes:02d}:{seconds:02d}"
        yield f"{clock} {' '.join(one.title.split())}"


def _cut(text: str, most: int, encoding: str, unit: int) -> str:
    """So much of a text as fits, with an ellipsis where something is left out."""
    if len(text.encode(encoding)) <= most * unit:
        return text
    room = most * unit - len("…".encode(encoding))
    return f"{text.encode(encoding)[:room].decode(encoding, errors='ignore').rstrip()}…"
