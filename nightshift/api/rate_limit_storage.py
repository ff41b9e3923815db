"""Counts for limits of rate, in memory that the processes of one server share."""

from __future__ import annotations

import mmap
import struct
import time
from hashlib import blake2b

from limits.aio.storage import MemoryStorage

_ROW = struct.Struct("<QdI")  # hash of the key, when it is forgotten, its count
_ROWS = 8192  # two of each caller are needed. Chosen.
_LOOKED_AT = 16  # from where the hash points to; the least lasting of them gives way


class SharedMemoryStorage(MemoryStorage):
    """Counts by key, which processes share that are forked after it was made.

    Nothing is locked, so that one that is killed stops no other: of two who count the same caller
    in the same microsecond one may be lost, and of very many callers the counts of some.
    """

    def __init__(self) -> None:
        super().__init__()
        self._memory = mmap.mmap(-1, _ROWS * _ROW.size)

    async def incr(self, key: str, expiry: float, amount: int = 1) -> int:
        """Count ``amount`` more; the count is forgotten ``expiry`` seconds after its first."""
        place, known = self._place(key)
        count, ends = known or (0, time.time() + expiry)
        _ROW.pack_into(self._memory, place, _hash(key), ends, max(0, count + amount))
        return count + amount

    async def decr(self, key: str, amount: int = 1) -> int:
        """Take back what was counted."""
        return await self.incr(key, 0, -amount)

    async def get(self, key: str) -> int:
        """A count; 0 of one that is not known."""
        _, known = self._place(key)
        return known[0] if known else 0

    def _place(self, key: str) -> tuple[int, tuple[int, float] | None]:
        """Where a count stands or may stand; it and when it is forgotten, if it is there."""
        wanted, now, free = _hash(key), time.time(), (float("inf"), 0)
        for number in range(_LOOKED_AT):
            place = (wanted + number) % _ROWS * _ROW.size
            found, ends, count = _ROW.unpack_from(self._memory, place)
            if found == wanted and ends > now:
                return place, (count, ends)
            free = min(free, (ends, place))
        return free[1], None


def _hash(key: str) -> int:
    return int.from_bytes(blake2b(key.encode(errors="replace"), digest_size=8).digest())
