"""What the pages allow: their settings, the roles of people, what a saved view is."""

from __future__ import annotations

from enum import StrEnum
from ipaddress import IPv4Network, IPv6Network

from pydantic import Field

from utils.models.api import Scope
from utils.models.base import Frozen

PREFIX_PATTERN = r"^(/[A-Za-z0-9._~-]+)*$"
LANGUAGES = ("en", "de")  # that the pages are written in; the first where none fits


class Role(StrEnum):
    """What a person may do on the pages; each may do what those before it may."""

    VIEWER = "viewer"
    EDITOR = "editor"
    ADMIN = "admin"

    @property
    def scopes(self) -> frozenset[Scope]:
        """The same as scopes of the API."""
        return _SCOPE[self].including


_SCOPE = {Role.VIEWER: Scope.READ, Role.EDITOR: Scope.WRITE, Role.ADMIN: Scope.ADMIN}


class Theme(StrEnum):
    """The colours of the pages."""

    AUTO = "auto"
    LIGHT = "light"
    DARK = "dark"


class PageSettings(Frozen):
    """How people reach the pages (``NIGHTSHIFT_PAGES__…``)."""

    path_prefix: str = Field(
        default="",
        pattern=PREFIX_PATTERN,
        description="Before every address, where a proxy serves them at a path: /nightshift.",
    )
    trusted_proxies: tuple[IPv4Network | IPv6Network, ...] = Field(
        default=(), description="Whose X-Forwarded-… headers and user header are believed."
    )
    user_header: str | None = Field(
        default=None,
        pattern=r"^[A-Za-z0-9-]{1,60}$",
        description="In which those proxies name who logged in there: Remote-User.",
    )
    user_header_role: Role = Field(
        default=Role.VIEWER, description="Of a person whom such a proxy names for the first time."
    )
    session_days: float = Field(default=30, gt=0, le=400, description="Until a login is asked.")
    logins_per_minute: int = Field(
        default=10, ge=1, description="Failed ones of an address or of a name, before it waits."
    )
    audit_days: int = Field(default=365, ge=1, description="That the audit log is kept.")
