"""A source as a person defines it: where, what of it, when, and what is done with what it holds."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import date
from enum import StrEnum
from pathlib import Path
from typing import Any

from pydantic import Field, ValidationError, field_validator, model_validator

from utils.models.base import Frozen
from utils.models.options import MAX_VOCABULARY, PipelineOptions, faults, read_value, with_changes
from utils.models.queues import DEFAULT, Queue
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
        default=None,
        ge=1,
        le=604_800,
        description="Network shares: look so often; the system tells it if not.",
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
    sleep_seconds: float = Field(default=0.0, ge=0, le=86_400, description="Between two downloads.")
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

    @field_validator("pipeline")
    @classmethod
    def _known(cls, changes: dict[str, Any]) -> dict[str, Any]:
        found = with_changes(PipelineOptions(), changes).model_dump(mode="json")
        return {name: _at(found, name) for name in changes}


def _at(document: Any, name: str) -> Any:
    """The value of a name with dots."""
    for part in name.split("."):
        document = document[part]
    return document


OPTIONS = tuple(name for name in SourceOptions.model_fields if name != "pipeline")


def with_options(options: SourceOptions, changes: Mapping[str, str]) -> SourceOptions:
    """The same with what a person said: ``{"settle_seconds": "10", "transcription.words": "yes"}``.

    What is empty is as if it had never been said.

    Raises:
        ValueError: a name is no option, or a value is none of it; says which there are.
    """
    document: dict[str, Any] = options.model_dump()
    defaults: dict[str, Any] = SourceOptions().model_dump()
    for name, text in changes.items():
        if name in OPTIONS:
            document[name] = read_value(text, defaults[name]) if text else defaults[name]
        elif text:
            document["pipeline"][name] = text
        else:
            document["pipeline"].pop(name, None)
    try:
        return SourceOptions.model_validate(document)
    except ValidationError as error:
        said = faults(error).removeprefix("pipeline: ")
        own = f". Of a source there are {', '.join(OPTIONS)}" if "is no option" in said else ""
        raise ValueError(said + own) from error


# What no database keeps.
_UNFIT = re.compile(r"[\x00\ud800-\udfff]")


def _texts(value: Any) -> Iterator[str]:
    """The texts in a document."""
    if isinstance(value, dict):
        value = (*value, *value.values())
    if isinstance(value, (list, tuple)):
        for one in value:
            yield from _texts(one)
    elif isinstance(value, (str, Path)):
        yield str(value)


# What the address of each kind looks like, and how that is said.
_ADDRESSES = {
    SourceKind.FOLDER: (r"(?![a-zA-Z][a-zA-Z0-9+.-]+://)", "the path of a folder"),
    SourceKind.BUCKET: (
        r"(s3|s3a|az|abfs|abfss|gs|gcs)://[^/]|https://[^/]+\.blob\.core\.windows\.net/[^/]",
        "s3://, az:// or gs://BUCKET/PREFIX",
    ),
    SourceKind.YOUTUBE: (r"https?://[^/]", "an http(s) address of a channel or playlist"),
    SourceKind.FEED: (r"https?://[^/]", "the http(s) address of a feed"),
    SourceKind.HTTP: (r"https?://[^/]", "an http(s) address"),
}
_SITES = (SourceKind.YOUTUBE, SourceKind.FEED, SourceKind.HTTP)
# Options that do nothing elsewhere.
_KINDS_OF = {
    **dict.fromkeys(("watch", "settle_seconds", "poll_seconds"), (SourceKind.FOLDER,)),
    **dict.fromkeys(
        ("endpoint_url", "region", "account", "anonymous", "events_url"), (SourceKind.BUCKET,)
    ),
    **dict.fromkeys(("format", "cookies_file", "sponsor_segments", "wait_for_live"), _SITES),
}


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
    queue: Queue = DEFAULT
    profile: str | None = Field(
        default=None, max_length=200, description="A profile of rules.yaml, or of items."
    )
    options: SourceOptions = SourceOptions()
    keep_last: int | None = Field(
        default=None, ge=1, le=1_000_000, description="So many of the newest."
    )
    since: date | None = Field(default=None, description="What is of that day or later.")
    vocabulary: str | None = Field(default=None, max_length=MAX_VOCABULARY)

    @field_validator("schedule")
    @classmethod
    def _fires(cls, text: str | None) -> str | None:
        return None if text is None else valid_schedule(text)

    @field_validator("timezone")
    @classmethod
    def _known_zone(cls, name: str | None) -> str | None:
        return None if name is None else valid_zone(name)

    @model_validator(mode="after")
    def _fits(self) -> SourceDefinition:
        if any(_UNFIT.search(text) for text in _texts(self.model_dump())):
            raise ValueError("there is a zero byte or half a character in it")
        pattern, wanted = _ADDRESSES[self.kind]
        if not re.match(pattern, self.url, re.IGNORECASE):
            raise ValueError(f"kind {self.kind.value} wants {wanted} as url")
        for name in self.options.model_fields_set & set(_KINDS_OF):
            is_said = getattr(self.options, name) != SourceOptions.model_fields[name].default
            if is_said and self.kind not in _KINDS_OF[name]:
                kinds = ", ".join(kind.value for kind in _KINDS_OF[name])
                raise ValueError(f"{name} is an option of {kinds} alone")
        return self
