"""What a feed or a site says of an entry, before anybody has looked into its file."""

from __future__ import annotations

from datetime import datetime

from utils.models.base import Frozen


class Listing(Frozen):
    """Title, text and date of an entry; ``source`` is who says so, for people: "the feed".

    ``published_at`` is naive where only the day is known.
    """

    source: str
    title: str | None = None
    description: str | None = None
    published_at: datetime | None = None
