"""An object of a source, as a listing has it."""

from __future__ import annotations

from datetime import datetime

from utils.models.base import Frozen


class FoundObject(Frozen):
    """An object of a source as a listing has it: what is not told is None.

    ``key``: its name within the source, as the source spells it: nobody's path.
    """

    key: str
    size_bytes: int | None = None
    etag: str | None = None
    modified_at: datetime | None = None
