"""What is kept of a tool's output, and whether the tool gets on: no file makes either endless."""

from __future__ import annotations

import re

from utils import clock

# All chosen. Of a log: the detectors' lines of a film of hours are some megabytes.
LOG_HEAD_BYTES = 16 * 2**20
LOG_TAIL_BYTES = 2**20
# ffmpeg's report of where it is comes every few seconds; a slow encoder takes minutes a picture.
STALL_SECONDS = 600.0
_PLACE = re.compile(rb"^(frame|out_time_us|total_size)=(\d+)$", re.MULTILINE)


class HeadAndTail:
    """The first ``head`` bytes of an output and its last ``tail`` ones."""

    def __init__(self, head: int, tail: int) -> None:
        self.total = 0
        self._room, self._tail_size = head, tail
        self._head, self._tail = bytearray(), bytearray()

    def add(self, chunk: bytes) -> None:
        """Take what came next."""
        self.total += len(chunk)
        first = chunk[: self._room]
        self._room -= len(first)
        self._head += first
        self._tail += chunk[len(first) :]
        if len(self._tail) > 2 * self._tail_size:
            del self._tail[: -self._tail_size]

    def text(self) -> str:
        """What was kept; a line of its own says how much was left out."""
        tail = bytes(self._tail[-self._tail_size :]) if self._tail_size else b""
        left_out = self.total - len(self._head) - len(tail)
        between = f"\n… {left_out:,} bytes left out …\n".encode() if left_out else b""
        return (bytes(self._head) + between + tail).decode(errors="replace")


class Motion:
    """Whether a tool moves: by the places that ffmpeg's ``-progress`` names.

    Without ``-progress`` (``is_told`` false) all that it complains of counts, and no stall is seen.
    """

    def __init__(self, is_told: bool) -> None:
        self._is_told = is_told
        self._place: dict[bytes, bytes] = {}
        self._since = clock.monotonic()
        self._complained = 0

    def reported(self, chunk: bytes) -> None:
        """Take a piece of the tool's standard output."""
        now_at = self._place | dict(_PLACE.findall(chunk))
        if now_at != self._place:
            self._place, self._since, self._complained = now_at, clock.monotonic(), 0

    def complained(self, size: int) -> None:
        """Note ``size`` bytes of the tool's log."""
        self._complained += size

    def fault(self) -> str | None:
        """Why the tool is to be ended; None while it gets on."""
        if self._complained > LOG_HEAD_BYTES:
            return f"wrote {self._complained / 2**20:.0f} MiB of messages and got no further"
        if self._is_told and clock.monotonic() - self._since > STALL_SECONDS:
            return f"got no further for {STALL_SECONDS:.0f} s"
        return None
