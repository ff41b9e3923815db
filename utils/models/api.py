"""What the HTTP API allows: its settings, and the scopes of tokens."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path

from pydantic import Field

from utils.models.base import Frozen

API_PORT = 4280
PREFIX = "/api/v1"


class Scope(StrEnum):
    """What a token may do; each may do what those before it may."""

    READ = "read"
    WRITE = "write"
    ADMIN = "admin"

    @property
    def including(self) -> frozenset[Scope]:
        """The scopes that it stands for."""
        order = list(Scope)
        return frozenset(order[: order.index(self) + 1])


class ApiSettings(Frozen):
    """Limits of `nightshift serve` (``NIGHTSHIFT_API__…``)."""

    port: int | None = Field(
        default=None,
        ge=0,
        le=65535,
        description=f"Where `nightshift up` serves API and pages; {API_PORT} if free; 0: nowhere.",
    )
    names: tuple[str, ...] = Field(
        default=(), description="Host names that it may be asked by, as --name of `serve`."
    )
    processes: int | None = Field(
        default=None, ge=1, le=16, description="That serve; two where there are two cores."
    )
    open_reading: bool = Field(
        default=False, description="Who asks from this machine may read without a token."
    )
    roots: tuple[Path, ...] = Field(
        default=(), description="Folders that paths in requests must lie in, besides the inbox."
    )
    max_body_bytes: int = Field(default=1 << 20, ge=1024, description="Of a request's JSON.")
    max_upload_bytes: int = Field(default=20 * 2**30, ge=1, description="Of one upload.")
    open_uploads: int = Field(default=20, ge=1, description="Of one token, at once.")
    upload_hours: float = Field(
        default=24, gt=0, description="An upload that nothing comes for is removed after so long."
    )
    requests_per_minute: int = Field(default=6_000, ge=1, description="Of one token or address.")
