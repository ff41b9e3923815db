"""A source as a person defines it: where, what of it, when, and what is done with what it holds."""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum
from pathlib import Path
from typing import Any, Literal

from pydantic import Field, field_validator

from utils.models.base import Frozen
from utils.models.schedule import valid_schedule
from utils.models.window import valid_zone

NAME = r"^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$"  # it names a deployment of Prefect too

# What SponsorBlock knows and can be cut out.
SEGMENTS = frozenset(
    {"sponsor", "intro", "outro", "selfpromo", "preview", "filler", "interaction",
     "music_offtopic", "hook"}
)  # fmt: skip


class SourceKind(StrEnum):
    """What a source is; ``youtube``: a channel or playlist of any site that yt-dlp knows."""

    FOLDER = "folder"
    BUCKET = "bucket"
    YOUTUBE = "youtube"
    FEED = "feed"
    HTTP = "http"


class FileStatus(StrEnum):
    """What became of an object of a source; ``skipped``: a copy, or left out by a rule."""

    DISCOVERED = "discovered"
    PROCESSING = "processing"
    SUCCESS = "success"
    FAILED = "failed"
    SKIPPED = "skipped"


class Trigger(StrEnum):
    """Why a source is looked into."""

    SCHEDULED = "scheduled"
    MANUAL = "manual"
    RETRY = "retry"
    API = "api"


class FoundObject(Frozen):
    """An object of a source as a listing has it: what is not told is None.

    ``key``: its name within the source, as the source spells it: nobody's path.
    """

    key: str
    size_bytes: int | None = None
    etag: str | None = None
    modified_at: datetime | None = None


class Refresh(StrEnum):
    """What a person has a source do again: all, what is new, or what has changed."""

    FULL = "full"
    NEW_ONLY = "new-only"
    CHANGED = "changed"


class IngestionMetrics(Frozen):
    """What a run found in its source, and what came of it.

    ``changed``: objects with another content than before; ``moved``: under another key.
    ``is_whole``: False where the listing broke off, and goes on there the next time.
    """

    listed: int = 0
    new: int = 0
    changed: int = 0
    unchanged: int = 0
    moved: int = 0
    vanished: int = 0
    success: int = 0
    failed: int = 0
    skipped: int = 0
    is_whole: bool = True


class SourceOptions(Frozen):
    """What a source does in its own way: the keys of ``--option``.

    A key that is none of these names an option of the pipeline (``transcription.model=small``)
    and lands in ``pipeline``.
    """

    pipeline: dict[str, Any] = Field(
        default_factory=dict, description="Options of the pipeline, with dots in their names."
    )
    watch: bool = Field(default=False, description="Folders: take what comes as it comes.")
    settle_seconds: float = Field(
        default=5.0, ge=0, le=86_400, description="A file that grew within so long waits."
    )
    poll_seconds: float | None = Field(
        default=None, ge=1, description="Network shares: look so often; the system tells it if not."
    )
    endpoint_url: str | None = Field(default=None, description="Of a server that speaks S3.")
    region: str | None = None
    account: str | None = Field(default=None, description="Azure: the storage account.")
    anonymous: bool = Field(default=False, description="Buckets that everybody may read.")
    events_url: str | None = Field(
        default=None, description="An SQS queue that the bucket notifies, beside listing."
    )
    format: str | None = Field(default=None, description="A yt-dlp format selector.")
    cookies_file: Path | None = Field(default=None, description="In Netscape's format.")
    sleep_seconds: float = Field(default=0.0, ge=0, description="Between two downloads.")
    rate_limit: int | None = Field(default=None, ge=1024, description="Bytes a second.")
    sponsor_segments: tuple[str, ...] = Field(
        default=(), description="Cut these out, such as sponsor; asks SponsorBlock."
    )
    wait_for_live: bool = Field(default=True, description="A stream that runs is taken once over.")

    @field_validator("cookies_file")
    @classmethod
    def _whole(cls, path: Path | None) -> Path | None:
        return path.expanduser().absolute() if path else None  # workers stand in another folder

    @field_validator("sponsor_segments")
    @classmethod
    def _known_segments(cls, names: tuple[str, ...]) -> tuple[str, ...]:
        if unknown := sorted(set(names) - SEGMENTS):
            raise ValueError(f"{', '.join(unknown)}: segments are {', '.join(sorted(SEGMENTS))}")
        return names


class SourceDefinition(Frozen):
    """A source, as ``source add`` and a file of definitions have it."""

    name: str = Field(pattern=NAME)
    kind: SourceKind
    url: str = Field(min_length=1, max_length=8192, description="An address, or a folder's path.")
    pattern: str | None = Field(
        default=None, max_length=1024, description="Which of its files: *.mp4, 2024/**/*.mov."
    )
    schedule: str | None = None
    timezone: str | None = Field(default=None, description="That of the settings when not given.")
    queue: Literal["default", "high-memory"] = "default"
    profile: str | None = Field(default=None, description="A profile of rules.yaml, or of items.")
    options: SourceOptions = SourceOptions()
    keep_last: int | None = Field(default=None, ge=1, description="So many of the newest.")
    since: date | None = Field(default=None, description="What is of that day or later.")
    vocabulary: str | None = None

    @field_validator("schedule")
    @classmethod
    def _fires(cls, text: str | None) -> str | None:
        return None if text is None else valid_schedule(text)

    @field_validator("timezone")
    @classmethod
    def _known_zone(cls, name: str | None) -> str | None:
        return None if name is None else valid_zone(name)
