"""Identifiers of other services, checked before they go into a path or a row.

Spotify: 22 characters of base 62. ISRC: ISO 3901, 12 characters without hyphens. MusicBrainz: a
UUID.
"""

from __future__ import annotations

import re
from uuid import UUID

_SPOTIFY = re.compile(r"(?:spotify:track:|https?://open\.spotify\.com/(?:intl-[a-z]+/)?track/)?"
                      r"([0-9A-Za-z]{22})(?:\?.*)?")  # fmt: skip
_ISRC = re.compile(r"[A-Z]{2}[A-Z0-9]{3}\d{7}")


def spotify_id(text: object) -> str | None:
    """An id of Spotify, or that in a track's URI or address; None if there is none."""
    found = _SPOTIFY.fullmatch(text.strip()) if isinstance(text, str) else None
    return found[1] if found else None


def isrc(text: object) -> str | None:
    """An ISRC in capitals without hyphens and blanks; None if it is none."""
    if not isinstance(text, str):
        return None
    plain = re.sub(r"[\s-]", "", text).upper().removeprefix("ISRC").lstrip(":")
    return plain if _ISRC.fullmatch(plain) else None


def mbid(text: object) -> str | None:
    """A MusicBrainz id in small letters; None if it is none."""
    if not isinstance(text, str) or not re.fullmatch(r"[0-9a-fA-F-]{36}", text.strip()):
        return None
    try:
        return str(UUID(text.strip()))
    except ValueError:
        return None
