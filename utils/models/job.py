"""Jobs on demand: what somebody asks to have done with a video of theirs, and what became of it."""

from __future__ import annotations

import json
import re
from datetime import datetime
from enum import StrEnum
from fractions import Fraction
from pathlib import Path
from typing import Any

from pydantic import ValidationError, field_validator

from utils.errors import UsageError
from utils.models.base import Frozen

# A frame's index counts tenths of a second: no more frames a second can be told apart.
INDEXES_PER_SECOND = 10
MAX_TRIES = 3
# The name of the worker of jobs: it serves no night, and is no worker that one could wait for.
WORKER_NAME = "jobs"
_VIDEO_ID = re.compile(r"^[^\x00-\x1f\x7f]{1,200}$")


class JobKind(StrEnum):
    """What is to be done: the name of a flow and of its deployment."""

    FULL_FRAMES = "full-frames"
    CROP_FRAMES = "crop-frames"

    @property
    def default_rate(self) -> float:
        """Frames a second, where nobody says how many."""
        return 0.1 if self is JobKind.FULL_FRAMES else 10.0


class Priority(StrEnum):
    """How soon: the name of a work queue. Somebody waits for what is interactive."""

    INTERACTIVE = "interactive"
    BACKGROUND = "background"


class JobStatus(StrEnum):
    """What became of a job."""

    QUEUED = "queued"
    RUNNING = "running"
    COMPLETED = "completed"
    FAILED = "failed"
    CANCELLED = "cancelled"

    @property
    def is_over(self) -> bool:
        """True if nothing more will come of it."""
        return self not in {JobStatus.QUEUED, JobStatus.RUNNING}


class CropBounds(Frozen):
    """A part of the picture as it is seen, in pixels from its left and its top."""

    left: int
    top: int
    right: int
    bottom: int

    def within(self, width: int, height: int) -> CropBounds:
        """The bounds inside a picture of this size.

        Raises:
            UsageError: they are inverted, empty, or wholly outside.
        """
        if self.right <= self.left or self.bottom <= self.top:
            raise UsageError(
                f"The crop bounds {self} hold nothing: right must be greater than left, and bottom "
                "greater than top."
            )
        left, right = max(0, self.left), min(width, self.right)
        top, bottom = max(0, self.top), min(height, self.bottom)
        if right <= left or bottom <= top:
            raise UsageError(
                f"The crop bounds {self} lie outside of the picture, which is {width} × {height}."
            )
        return CropBounds(left=left, top=top, right=right, bottom=bottom)

    def __str__(self) -> str:
        return f"{self.left},{self.top}–{self.right},{self.bottom}"


class Job(Frozen):
    """The parameters of a job, as the flows have them."""

    kind: JobKind
    video_id: str
    video_path: Path
    db_path: Path
    output_dir: Path
    frame_rate: float
    crop_bounds: CropBounds | None = None
    crop_bounds_version: int = 1

    @field_validator("video_id")
    @classmethod
    def _is_an_id(cls, text: str) -> str:
        if not _VIDEO_ID.match(text) or not text.strip():
            raise ValueError("It is empty, longer than 200 characters, or has control characters")
        return text

    @field_validator("frame_rate")
    @classmethod
    def _is_a_rate(cls, rate: float) -> float:
        if not 0.001 <= rate <= INDEXES_PER_SECOND:  # not true of what is no number
            raise ValueError(
                f"It must be from 0.001 to {INDEXES_PER_SECOND} frames a second: a frame's index "
                "counts tenths of a second"
            )
        return rate

    @field_validator("crop_bounds_version")
    @classmethod
    def _is_a_version(cls, number: int) -> int:
        if not 0 <= number < 2**63:
            raise ValueError("It must be a whole number from 0 on")
        return number

    @property
    def rate(self) -> Fraction:
        """Frames a second, exactly."""
        return Fraction(self.frame_rate).limit_denominator(1000)

    @property
    def parameters(self) -> dict[str, Any]:
        """What the flow is given, as JSON."""
        given = self.model_dump(mode="json", exclude={"kind"})
        if self.kind is JobKind.FULL_FRAMES:
            del given["crop_bounds"], given["crop_bounds_version"]
        return given


class JobRecord(Frozen):
    """A job as it is told: ``progress`` 0–1, ``attempts`` so far."""

    flow_run_id: str
    kind: JobKind
    video_id: str
    status: JobStatus
    priority: Priority
    progress: float
    attempts: int
    error: str | None
    created_at: datetime
    started_at: datetime | None
    ended_at: datetime | None


def of(kind: JobKind, **given: Any) -> Job:
    """A job that can be done as far as its parameters say.

    Raises:
        UsageError: they do not fit together; says which, and why.
    """
    rate = given.pop("frame_rate", None)
    rate = kind.default_rate if rate is None else rate
    try:
        job = Job(kind=kind, frame_rate=rate, **given)
    except ValidationError as error:
        wrong = "; ".join(
            f"{'.'.join(map(str, fault['loc'])) or kind}: {_said(fault)}"
            for fault in error.errors(include_input=False, include_url=False)
        )
        raise UsageError(f"The job can't be meant: {wrong}.") from None
    if kind is JobKind.CROP_FRAMES:
        if job.crop_bounds is None:
            raise UsageError("Crop frames need bounds: left, top, right and bottom, in pixels.")
        job.crop_bounds.within(2**31, 2**31)
    return job


def bounds_of(text: str) -> CropBounds:
    """Bounds out of JSON such as ``{"left": 0, "top": 600, "right": 1920, "bottom": 800}``.

    Raises:
        UsageError: it is no JSON, or lacks a side.
    """
    try:
        given = json.loads(text)
    except (ValueError, RecursionError):
        raise UsageError("The crop bounds are no JSON.") from None
    try:
        return CropBounds.model_validate(given)
    except ValidationError as error:
        wrong = "; ".join(
            f"{'.'.join(map(str, fault['loc'])) or 'bounds'}: {_said(fault)}"
            for fault in error.errors(include_input=False, include_url=False)
        )
        raise UsageError(
            f"The crop bounds need left, top, right and bottom, whole pixels each: {wrong}."
        ) from None


def _said(fault: Any) -> str:
    """What pydantic has against a value, in our own words where they are ours."""
    return str(fault["msg"]).removeprefix("Value error, ")
