"""Where files of an item can be seen by others."""

from __future__ import annotations

from utils.models.base import Frozen


class PublishedFile(Frozen):
    """One file and its address, which holds no credentials.

    The path is text: a published file that is gone here is published all the same.
    """

    path: str
    url: str


class Publication(Frozen):
    """What was published of an item."""

    item_id: str
    files: tuple[PublishedFile, ...]
