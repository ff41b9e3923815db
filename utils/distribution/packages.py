"""What is published of an item: its package, out of the database, and the key of it."""

from __future__ import annotations

import hashlib
import json
from typing import Any

from pydantic import SecretStr
from sqlalchemy.orm import Session

from utils.clock import now
from utils.config import Settings
from utils.db import items, ledger, library, publications, transcripts
from utils.db.schema import Item
from utils.db.session import session
from utils.distribution import chapters, package_files
from utils.models.analysis import Analysis, Understanding
from utils.models.metadata import Metadata
from utils.models.probe import FfprobeReport
from utils.models.publishing import Package
from utils.models.sanitize import unmarked
from utils.models.targets import Target
from utils.models.video_analysis import VideoAnalysis
from utils.privacy import redaction

# What does not make a publication another one.
_NOT_PUBLISHED = {"nightly", "description"}
_SECRETS = {"url", "options", "headers", "secret"}


def of(item_id: str, settings: Settings) -> Package:
    """The package of an item as it is now; ``item_id`` as people write it.

    Raises:
        UsageError: there is no such item.
        RetryableError: its file is not on this machine.
        ResourceError: the disk is full.
    """
    with session() as s:
        row = items.find(s, item_id)
        with ledger.preloaded(s, row.id):
            return _of(s, row, settings)


def _title(text: str) -> str:
    return " ".join(unmarked(text).split())


def _of(s: Session, row: Item, settings: Settings) -> Package:
    record = library.load(s, row.id, {"segments", "notes", "texts", "tracks", "criteria"})
    facts = ledger.latest_result(s, row.id, "consolidate_metadata", Metadata)
    video = ledger.latest_result(s, row.id, "ai_video_analysis", VideoAnalysis)
    ffprobe = ledger.latest_result(s, row.id, "extract_ffprobe", FfprobeReport)
    transcript = transcripts.transcript_of(s, row.id)
    understood = _understanding(s, row.id)
    first = publications.first_published(s, row.id)
    warnings = (*understood.content_warnings, *(video.content_warnings if video else ()))
    return Package(
        item_id=row.id,
        title=_title((facts and facts.title) or row.title) or row.id[:12],
        kind=row.kind,
        summary=row.summary,
        description=record.description or (facts.description if facts else None),
        language=(transcript.text_language if transcript else None) or row.language,
        artist=facts.artist if facts else None,
        album=facts.album if facts else None,
        captured_at=record.captured_at,
        published_at=first or now(),
        duration_seconds=row.duration_seconds,
        width=row.width,
        height=row.height,
        keywords=record.keywords,
        content_warnings=tuple(dict.fromkeys(warnings)),
        source_url=_address(row.source_url),
        chapters=chapters.of(ffprobe, record.shots, row.duration_seconds),
        segments=transcript.segments if transcript else (),
        translation=understood.translation,
        romanisation=understood.romanisation,
        romanised_by=understood.romanised_by,
        files=(
            *package_files.media(s, row, settings),
            *package_files.subtitles(row, transcript, settings),
            *package_files.artwork(s, row.id, record.thumbnails),
            *package_files.drawn(s, row.id, settings.home),
        ),
    )


def _understanding(s: Session, item_id: str) -> Understanding:
    found = ledger.latest_result(s, item_id, "analyze_content", Analysis)
    return found.understanding if found else Understanding(summary="")


def _address(url: str | None) -> str | None:
    """Where it came from, if that is an address that others may see: none with secrets in it."""
    if not url or not url.startswith(("http://", "https://")):
        return None
    return url if redaction.shown(url) == url and redaction.SEALED not in url else None


def key(package: Package, target: Target, settings: Settings) -> str:
    """What tells whether a package is published already: all that would be seen at the target."""
    content = package.model_dump(mode="json", exclude={"published_at", "files"})
    # The original is the item itself; where it lies changes nothing.
    content["files"] = [
        file.model_dump(mode="json", exclude={"path"})
        for file in package.files
        if file.role != "original"
    ]
    return _hash([content, target_key(target), settings.c2pa.model_dump(mode="json")])


def target_key(target: Target) -> str:
    """What of a target's definition decides what lies there, and where; no secret is in it."""
    told = target.model_dump(mode="json", exclude=_NOT_PUBLISHED | _SECRETS)
    url = getattr(target, "url", None)
    if isinstance(url, SecretStr):
        told["url"] = redaction.bare(url.get_secret_value())
    return _hash(told)


def _hash(document: Any) -> str:
    plain = json.dumps(document, sort_keys=True, ensure_ascii=False, default=str)
    return hashlib.sha256(plain.encode()).hexdigest()
