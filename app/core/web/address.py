"""Where a request comes from, as far as limits are concerned."""

from __future__ import annotations

import ipaddress

from fastapi import Request

_HOME_NETWORK = 64
"""A subscriber has a whole /64 of IPv6, so one address more costs an attacker nothing."""

_NOBODY = ("unknown", f"::/{_HOME_NETWORK}")


async def client_address(request: Request) -> str:
    """A FastAPI dependency. Behind a proxy the server in front of us (uvicorn) has put it right."""
    if request.client is None:
        return "unknown"
    return network(request.client.host)


async def visitor_address(request: Request) -> str:
    """The same, and empty where the address tells nobody apart: a proxy on this machine that was not named
    would make one visitor of everybody."""
    address = await client_address(request)
    return "" if address in _NOBODY or address.startswith("127.") else address


def network(host: str) -> str:
    try:
        address = ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        return host
    if isinstance(address, ipaddress.IPv4Address):
        return str(address)
    if address.ipv4_mapped is not None:
        return str(address.ipv4_mapped)
    return str(ipaddress.ip_network((address, _HOME_NETWORK), strict=False))
