"""What every kind of target is given beside the package: one call of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from utils.config import Settings
from utils.models.publishing import PublishedObject


class Call(NamedTuple):
    """One call of a target for one item, or of a target's index for all of them.

    ``name``: the target's name in ``targets.yaml``. ``work``: a folder for temporary files that
    lives as long as the call. ``state``: what an interrupted call of the same publication kept,
    ``save`` keeps it now (all of it, as JSON), so that the next call goes on there after kill -9;
    ``files`` in it is ``place``'s own. ``quota`` reserves units of the target's day or raises
    DeferredError. ``former``: what lies at the target for this item from earlier publications.
    ``remote_id``: the target's own id of what lies there. ``is_repair``: something of it was seen
    gone or damaged, and is sent anew. ``item_id`` is empty in the call of an index.
    """

    settings: Settings
    name: str
    work: Path
    state: Mapping[str, Any]
    save: Callable[[Mapping[str, Any]], None]
    quota: Callable[[int], None]
    item_id: str = ""
    former: tuple[PublishedObject, ...] = ()
    remote_id: str | None = None
    is_repair: bool = False
