"""Which addresses are hosts of the internet, and which lead into a local network."""

from __future__ import annotations

import ipaddress

Ip = ipaddress.IPv4Address | ipaddress.IPv6Address

# Where `is_global` of Python 3.11 says yes to what is no host of the internet, or leads to one
# of IPv4: the anycast of 6to4 relays; protocols (Teredo is one of them), documentation, 6to4.
_NO_HOSTS_4 = tuple(map(ipaddress.IPv4Network, ("192.88.99.0/24", "192.0.0.0/24")))
_NO_HOSTS_6 = tuple(
    map(ipaddress.IPv6Network, ("2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20"))
)
# All that is given to hosts of IPv6 lies in here; NAT64, mapped, multicast and so on do not.
_UNICAST_6 = ipaddress.IPv6Network("2000::/3")


def is_public(ip: Ip) -> bool:
    """True for a host of the internet: nothing local, and no IPv4 inside an IPv6."""
    if isinstance(ip, ipaddress.IPv6Address):
        return ip in _UNICAST_6 and ip.is_global and not any(ip in net for net in _NO_HOSTS_6)
    return (
        ip.is_global
        and not ip.is_multicast
        and not ip.is_reserved
        and not any(ip in net for net in _NO_HOSTS_4)
    )
