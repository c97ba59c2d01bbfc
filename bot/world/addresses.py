"""Which addresses are of the open internet, and which only look like it."""

import asyncio
import ipaddress
import socket

from baton.connector import NotStarted

Address = ipaddress.IPv4Address | ipaddress.IPv6Address

# Forms in which an address of the old protocol hides in one of the new: what counts is where it leads.
NAT64 = (
    ipaddress.IPv6Network("64:ff9b::/96"),
    ipaddress.IPv6Network("64:ff9b:1::/48"),
)
SITE_LOCAL = ipaddress.IPv6Network("fec0::/10")
# Blocks for special use that `ipaddress` takes for the open internet, in this Python or an older one.
# In the first of them a cloud answers for the machine's own secrets.
# Source: https://www.iana.org/assignments/iana-ipv4-special-registry, and that of IPv6.
SPECIAL = (
    ipaddress.IPv4Network("192.0.0.0/24"),
    ipaddress.IPv4Network("192.31.196.0/24"),
    ipaddress.IPv4Network("192.52.193.0/24"),
    ipaddress.IPv4Network("192.88.99.0/24"),
    ipaddress.IPv4Network("192.175.48.0/24"),
    ipaddress.IPv6Network("2001::/23"),
    ipaddress.IPv6Network("2620:4f:8000::/48"),
    ipaddress.IPv6Network("3fff::/20"),
    ipaddress.IPv6Network("5f00::/16"),
)


async def resolve(host: str, port: int, *, public: bool) -> str:
    """Return one address of *host*; with *public*, each of them must be of the open internet.

    Raises:
        NotStarted: it has none, or one that is not.
    """
    try:
        found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise NotStarted(f"{host} cannot be found: {error}", type="resolve") from None
    addresses = [ipaddress.ip_address(entry[4][0]) for entry in found]
    for address in addresses:
        if public and not is_public(address):
            raise NotStarted(
                f"{host} is at {address}, which is not a public address. "
                f"Name {host}:{port} in BATON_HTTP_ALLOW to allow it.",
                type="not_allowed",
            )
    return str(addresses[0])


def is_public(address: Address) -> bool:
    """Say whether *address* is of the open internet, by itself and by no other that it stands for."""
    if isinstance(address, ipaddress.IPv6Address) and stands_for_another(address):
        return False
    ours = address.is_multicast or address.is_reserved or address.is_unspecified
    special = any(address.version == each.version and address in each for each in SPECIAL)
    return address.is_global and not ours and not special


def stands_for_another(address: ipaddress.IPv6Address) -> bool:
    """Say whether *address* leads through a gateway to an address of the old protocol."""
    hidden = address.ipv4_mapped or address.sixtofour or address.teredo
    return bool(hidden) or address in SITE_LOCAL or any(address in net for net in NAT64)
