"""No request reaches an address that is not on the public internet.

It stands at the socket: whatever the URL, its spelling, its DNS answer or a redirect said, this sees the address that
is about to be dialled. An IPv6 address must be global unicast (2000::/3) to pass at all, so every form that wraps
an IPv4 address (mapped, NAT64, 6to4, Teredo, compatible) is refused with the rest.
`ipaddress.is_global` alone is not enough: it is True for 64:ff9b::/96, 2002::/16, multicast and 168.63.129.16.
Only a host that the configuration names may be private, and it gets a session of its own.
"""

import socket
from collections.abc import Mapping
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address

import aiohttp
from aiohttp.abc import AbstractResolver

REFUSED_V4 = tuple(
    map(
        IPv4Network,
        (
            "192.0.0.0/24",  # protocol assignments; 192.0.0.192 is a cloud's metadata service
            "192.88.99.0/24",  # 6to4 relays
            "168.63.129.16/32",  # a cloud's wire server, in public address space
            "224.0.0.0/3",  # multicast, reserved, broadcast
        ),
    )
)
GLOBAL_UNICAST = IPv6Network("2000::/3")
REFUSED_V6 = tuple(
    map(
        IPv6Network,
        (
            "2001::/23",  # Teredo, ORCHID, benchmarking and other protocol assignments
            "2001:db8::/32",  # documentation
            "2002::/16",  # 6to4: carries an IPv4 address
            "3fff::/20",  # documentation
        ),
    )
)

AddressInfo = tuple[int | socket.AddressFamily, int | socket.SocketKind, int, str, tuple[object, ...]]


class RefusedAddressError(OSError):
    """An address that must not be dialled. address: as the resolver gave it."""

    def __init__(self, address: str) -> None:
        self.address = address
        super().__init__(f"{MARK} {address}")


# asyncio joins the errors of several addresses into one text, which is all that then remains of this class.
MARK = "refused address"


def is_public(address: str) -> bool:
    """Whether a literal IP address is on the public internet. Anything that is not one is not."""
    try:
        parsed = ip_address(address)
    except ValueError:
        return False
    if isinstance(parsed, IPv4Address):
        return parsed.is_global and not any(parsed in network for network in REFUSED_V4)
    return _is_public_v6(parsed)


def _is_public_v6(address: IPv6Address) -> bool:
    if address.scope_id is not None or address not in GLOBAL_UNICAST:
        return False
    return address.is_global and not any(address in network for network in REFUSED_V6)


def guarded_socket(info: AddressInfo) -> socket.socket:
    """A socket for that address, for aiohttp's `socket_factory`. Raises RefusedAddressError instead of opening one."""
    family, kind, protocol, _, target = info
    address = str(target[0])
    if family not in (socket.AF_INET, socket.AF_INET6) or not is_public(address):
        raise RefusedAddressError(address)
    return socket.socket(family, kind, protocol)


def open_session(
    headers: Mapping[str, str], *, guarded: bool, resolver: AbstractResolver | None = None
) -> aiohttp.ClientSession:
    """A session without cookies, proxies or limits of its own: times and sizes are the caller's to bound.

    guarded: it reaches public addresses only. resolver: the system's where None.
    """
    connector = aiohttp.TCPConnector(
        socket_factory=guarded_socket if guarded else None,
        resolver=resolver or aiohttp.ThreadedResolver(),
        limit=0,
        ttl_dns_cache=300,
    )
    return aiohttp.ClientSession(
        connector=connector,
        cookie_jar=aiohttp.DummyCookieJar(),
        headers=headers,
        timeout=aiohttp.ClientTimeout(total=None),
        trust_env=False,
    )
