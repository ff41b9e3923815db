"""A source and how it is, as JSON; what is secret in its address is not shown."""

from __future__ import annotations

from typing import Any

from utils.db.source_tables import SourceLook
from utils.privacy import redaction


def looked_into(location: str, look: SourceLook | None) -> dict[str, Any]:
    """How a source is, as JSON."""
    state = "never looked into" if look is None else "failed" if look.failing_since else "ok"
    return {
        "location": redaction.shown(location),
        "state": state,
        "looked_at": look.looked_at.isoformat() if look else None,
        "found": look.found if look else None,
        "error_class": look.error_class if look else None,
        "error": redaction.shown(look.error) if look and look.error else None,
        "failing_since": look.failing_since.isoformat() if look and look.failing_since else None,
    }
