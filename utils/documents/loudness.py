"""How loud an item is along its time, for players: measured once, kept in the item's folder."""

from __future__ import annotations

import json
import threading
from pathlib import Path

from utils.config import Settings
from utils.errors import PermanentError, from_os_error
from utils.storage import files
from utils.visuals import waveforms

MOST = 1_800  # parts of an item
_measuring = threading.Lock()  # an hour of sound takes a core some seconds: one at a time


def kept(item_id: str, settings: Settings) -> list[float] | None:
    """The loudnesses that were measured before, 0-1; None if none were."""
    try:
        found = json.loads(_place(item_id, settings).read_text())
    except (OSError, ValueError):
        return None
    return found if isinstance(found, list) else None


def measured(item_id: str, sound: Path, settings: Settings) -> list[float] | None:
    """The same, measured now; None while another item is being measured. Empty: nothing is heard.

    Raises:
        ResourceError: the disk is full.
    """
    if not _measuring.acquire(blocking=False):
        return None
    try:
        found = _levels(sound)
    finally:
        _measuring.release()
    target = _place(item_id, settings)
    try:
        with files.whole_file(target) as temporary:
            temporary.write_text(json.dumps(found))
    except OSError as error:
        raise from_os_error(error, f"writing {target.name}") from error
    return found


def _levels(sound: Path) -> list[float]:
    try:
        return [round(one, 3) for one in waveforms.levels(sound, MOST)]
    except PermanentError:  # nothing of it decodes: that is kept, too
        return []


def _place(item_id: str, settings: Settings) -> Path:
    return files.item_folder(settings.home, item_id) / "loudness.json"
