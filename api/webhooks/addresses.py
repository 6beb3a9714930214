"""Where messages may be sent: to public addresses over TLS, so that nobody makes the server knock at its own network.

OWASP, Server-Side Request Forgery Prevention: the name is looked up once, every address it has must be public, and the
connection goes to the address that was looked at, not to whatever the name means a moment later.
"""

import asyncio
import ipaddress
import socket
from collections.abc import Awaitable, Callable

import httpx2

from graph.errors import BadInput

Lookup = Callable[[str, int], Awaitable[list[str]]]
LONGEST_URL = 2_048


def check_url(url: str, *, private: bool) -> httpx2.URL:
    """The address; BadInput says what is wrong with it. Plain HTTP only where `private` addresses are allowed."""
    try:
        found = httpx2.URL(url)
    except httpx2.InvalidURL as error:
        raise BadInput(
            f"`url` {url[:100]!r} is no address ({error}): give one such as https://crm.example/hooks."
        ) from error
    allowed = ("https", "http") if private else ("https",)
    if found.scheme not in allowed or not found.host:
        raise BadInput(f"`url` must begin with {' or '.join(f'{one}://' for one in allowed)}, not {url[:100]!r}.")
    if found.userinfo or found.fragment or len(url) > LONGEST_URL:
        raise BadInput(f"`url` must carry no password and no fragment and have at most {LONGEST_URL:,} characters.")
    return found


async def look_up(host: str, port: int) -> list[str]:
    """The addresses that a name has now; OSError where it has none."""
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return [str(address[0]) for *_, address in found]


_NAT64, _6TO4 = ipaddress.ip_network("64:ff9b::/96"), ipaddress.ip_network("2002::/16")


def is_public(address: str) -> bool:
    """Whether an address is somebody else's in the Internet: no own network, no group, no old address in a new one.

    A translator (RFC 6052), a 6to4 relay (RFC 3056) or the system itself reads an IPv4 address out of some of IPv6.
    """
    found = ipaddress.ip_address(address)
    if isinstance(found, ipaddress.IPv6Address):
        number = int(found)
        inner = found.ipv4_mapped or (ipaddress.IPv4Address(number & 0xFFFFFFFF) if found in _NAT64 else None)
        inner = inner or (ipaddress.IPv4Address(number >> 80 & 0xFFFFFFFF) if found in _6TO4 else None)
        if inner is not None:
            return is_public(str(inner))
        if found.is_site_local or number >> 32 == 0:
            return False
    return found.is_global and not found.is_multicast


class PublicOnly(httpx2.AsyncBaseTransport):
    """Sends to public addresses alone; ConnectError for any other."""

    def __init__(self, inner: httpx2.AsyncBaseTransport, lookup: Lookup = look_up) -> None:
        """`inner` does the sending."""
        self._inner = inner
        self._lookup = lookup

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        """The answer of the address that was looked at."""
        host, url = request.url.host, request.url
        try:
            addresses = await self._lookup(host, url.port or (443 if url.scheme == "https" else 80))
        except OSError as error:
            raise httpx2.ConnectError(f"{host} has no address") from error
        if not addresses or not all(map(is_public, addresses)):
            raise httpx2.ConnectError(f"{host} is no public address")
        request.url = url.copy_with(host=addresses[0])
        request.extensions = {**request.extensions, "sni_hostname": host}
        return await self._inner.handle_async_request(request)

    async def aclose(self) -> None:
        """Closes what it sends with."""
        await self._inner.aclose()
