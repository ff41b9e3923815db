"""How long a step may take for an item, and how much memory: by the kind of work and of media."""

from __future__ import annotations

import psutil
from pydantic import BaseModel

from utils.config import Settings
from utils.models.item import MediaItem, MediaKind
from utils.models.steps import BY_NAME
from utils.processes.deadline import Limit
from utils.processes.memory import Bound

# Work on the file alone: the same file takes as long again. All other lanes wait for somebody.
_LOCAL = frozenset({"probe", "decode", "transcribe", "compress"})
# What a slow network drive delivers: who reads all of a large file has so much longer.
_BYTES_PER_SECOND = 4 * 2**20
# ffmpeg holds the file, its frame, and a frame of each filter. Chosen.
_TIMES_THE_FILE = 4


def of_step(step: str, item: BaseModel, settings: Settings) -> Limit:
    """The time of one execution of ``step``, never more than the settings give to any.

    Args:
        step: Its name.
        item: What it works on; of a ``MediaItem`` kind and size are considered.
        settings: The limits.
    """
    lane = BY_NAME[step].lane
    longest = Limit(settings.step_timeout_seconds, is_final=lane in _LOCAL)
    if not isinstance(item, MediaItem) or lane not in {"probe", "decode"}:
        return longest
    if lane == "probe":
        own = of_reading(item.size_bytes, settings)
    elif item.kind is MediaKind.IMAGE:
        seconds = settings.still_timeout_seconds + item.size_bytes / _BYTES_PER_SECOND
        own = Limit(seconds, "NIGHTSHIFT_STILL_TIMEOUT_SECONDS", is_final=True)
    else:
        return longest
    return min(own, longest, key=lambda limit: limit.seconds)


def memory_of_tool(item: BaseModel, settings: Settings) -> Bound:
    """The memory of one tool that works on ``item``; of a film's, half the machine's if unset.

    A still has several times its file's size besides: a scan without compression is no bomb.
    """
    if isinstance(item, MediaItem) and item.kind is MediaKind.IMAGE:
        size = settings.still_memory_mb * 10**6 + _TIMES_THE_FILE * item.size_bytes
        return Bound(size, "NIGHTSHIFT_STILL_MEMORY_MB")
    given = settings.tool_memory_mb
    size = given * 10**6 if given else psutil.virtual_memory().total // 2
    return Bound(size, "NIGHTSHIFT_TOOL_MEMORY_MB")


def of_reading(size_bytes: int, settings: Settings) -> Limit:
    """The time for looking into a file, all of it if need be."""
    seconds = settings.probe_timeout_seconds + size_bytes / _BYTES_PER_SECOND
    return Limit(seconds, "NIGHTSHIFT_PROBE_TIMEOUT_SECONDS", is_final=True)
