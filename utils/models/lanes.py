"""How many steps of a class run at once, and what a profile of the settings changes."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict, Field


class Lanes(BaseModel):
    """How many of each class of step run at once.

    In one process a lane is a semaphore; on a self-hosted server the same numbers become
    Prefect's tag limits.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    download: int = Field(default=2, ge=1)
    probe: int = Field(default=4, ge=1)
    decode: int = Field(default=2, ge=1)
    transcribe: int = Field(default=2, ge=1)
    ai: int = Field(default=1, ge=1)
    compress: int = Field(default=2, ge=1)
    embed: int = Field(default=1, ge=1)
    upload: int = Field(default=2, ge=1)
    database: int = Field(default=1, ge=1)


# What a profile changes; what it does not name keeps the default below.
PROFILES: dict[str, dict[str, Any]] = {
    "development": {},
    "testing": {
        "shift_limit": 10,
        "step_timeout_seconds": 300,
        "lanes": {"transcribe": 1, "compress": 1},
    },
    "production": {
        "shift_limit": 200,
        "step_timeout_seconds": 24 * 3600,
        "lanes": {"download": 4},
    },
}
