"""The delay that a service names in ``Retry-After``: seconds, or a date (RFC 9110, 10.2.3)."""

from __future__ import annotations

import math
from datetime import UTC
from email.utils import parsedate_to_datetime

from utils import clock


def seconds(header: str | None) -> float | None:
    """Seconds from now, 0 at least; None where nothing, or nonsense, is said."""
    if header is None:
        return None
    try:
        delay = float(header)
    except ValueError:
        try:
            date = parsedate_to_datetime(header)
        except ValueError:
            return None
        delay = (date.replace(tzinfo=date.tzinfo or UTC) - clock.now()).total_seconds()
    return max(0.0, delay) if math.isfinite(delay) else None
