"""How often somebody may try to log in: counted for an address and for a name, by all processes.

Whoever is counted has not been verified yet, so that tries at once are counted, too; a success is
taken back.
"""

from __future__ import annotations

from ipaddress import IPv6Network, ip_address

from limits import RateLimitItemPerMinute

from nightshift.api.rate_limit_storage import SharedMemoryStorage
from utils.db import users

WAIT_SECONDS = 60
_IPV6_BITS = 64  # of a network, of which one household has all addresses


class LoginLimits:
    """The counts, in memory that the processes of a server share."""

    def __init__(self, per_minute: int) -> None:
        self._storage, self._rate = SharedMemoryStorage(), RateLimitItemPerMinute(per_minute)

    async def may(self, address: str, name: str) -> bool:
        """Count a try; False if there were too many within a minute."""
        counts = [await self._storage.incr(key, WAIT_SECONDS) for key in self._keys(address, name)]
        return max(counts) <= self._rate.amount

    async def succeeded(self, address: str, name: str) -> None:
        """Take back a try that was right."""
        for key in self._keys(address, name):
            await self._storage.decr(key)

    def _keys(self, address: str, name: str) -> list[str]:
        wanted = [("address", _network(address)), *([("name", users.key_of(name))] if name else [])]
        return [self._rate.key_for("login", *one) for one in wanted]


def _network(address: str) -> str:
    try:
        found = ip_address(address)
    except ValueError:
        return address
    return str(found if found.version == 4 else IPv6Network((int(found), _IPV6_BITS), strict=False))
