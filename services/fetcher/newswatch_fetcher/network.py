"""Connecting: from a host and port to a checked address, and to that one only.

The address that is checked is the one that is connected to, so a name cannot mean something else a moment later.
"""

import asyncio
import threading
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from socket import SOCK_STREAM, gaierror, getaddrinfo
from typing import Literal

import httpcore
import httpx

from newswatch_core.settings import Settings
from newswatch_fetcher.addresses import is_public

_LOOKUPS_AT_ONCE = 16
_ADDRESSES_TRIED = 3
_PORTS_BELOW_1024 = {80, 443}

Reason = Literal["unreachable", "forbidden", "body", "protocol"]


class EgressError(Exception):
    """A request came to nothing. `reason` is unreachable (try again later), forbidden, body or protocol."""

    def __init__(self, message: str, reason: Reason) -> None:
        super().__init__(message)
        self.reason: Reason = reason


@dataclass(frozen=True)
class Route:
    """Where to connect for a host:port instead of asking DNS. `plain`: speak HTTP there, also for https URLs.

    `trusted`: the address need not be public. `gap` overrides the desk's pause between requests.
    """

    address: str
    port: int
    plain: bool = False
    trusted: bool = False
    gap: timedelta | None = None


def configured_routes(settings: Settings) -> dict[str, Route]:
    """The desk's connect map. A value is `address:port`, or `http://address:port` to speak plain HTTP there.

    Raises ValueError for one that is neither.
    """
    routes = {}
    allowed = {place.lower() for place in settings.egress.allow}
    for place, value in settings.egress.connect.items():
        address, _, port = value.removeprefix("http://").rpartition(":")
        if not address or not port.isdigit() or not 0 < int(port) < 65_536:
            raise ValueError(f"{value!r} (for {place}) is not address:port")
        plain = value.startswith("http://")
        key = place.lower()
        routes[key] = Route(address.strip("[]"), int(port), plain=plain, trusted=key in allowed)
    return routes


class Connections:
    """Sends requests over connections that `network` makes. Raises httpcore's exceptions, and what `network` raises.

    No client around it: no cookies, no redirects, no proxy of the environment, no log lines with whole URLs.
    """

    def __init__(self, network: httpcore.AsyncNetworkBackend) -> None:
        self._pool = httpcore.AsyncConnectionPool(
            ssl_context=httpx.create_ssl_context(trust_env=False),
            max_connections=100,
            max_keepalive_connections=20,
            keepalive_expiry=5.0,
            network_backend=network,
        )

    async def get(self, url: httpx.URL, headers: Mapping[str, str], timeouts: Mapping[str, float]) -> httpcore.Response:
        """The answer, its body not read yet; close it. `timeouts` are for connect, read, write and pool, in seconds."""
        target = httpcore.URL(scheme=url.raw_scheme, host=url.raw_host, port=url.port, target=url.raw_path)
        # UTF-8, because an ETag goes back as it came, and some are not ASCII.
        fields = [(name.encode("ascii"), value.encode()) for name, value in headers.items()]
        request = httpcore.Request("GET", target, headers=fields, extensions={"timeout": dict(timeouts)})
        return await self._pool.handle_async_request(request)

    async def close(self) -> None:
        await self._pool.aclose()


class CheckedNetwork(httpcore.AsyncNetworkBackend):
    """Finds the address for a host, checks it, and connects to exactly that one."""

    def __init__(self, routes: Mapping[str, Route], allowed: frozenset[str]) -> None:
        self._routes = routes
        self._allowed = allowed
        self._backend = httpcore.AnyIOBackend()
        self._lookups = asyncio.Semaphore(_LOOKUPS_AT_ONCE)

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109 - the signature is httpcore's
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        place = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
        route = self._routes.get(place.lower())
        if route:
            if not route.trusted and not is_public(route.address):
                raise EgressError(_refusal(place, route.address), "forbidden")
            return await self._backend.connect_tcp(route.address, route.port, timeout, local_address, socket_options)
        addresses = await self._addresses(host, port, place)
        for address in addresses[:-1]:
            with suppress(httpcore.ConnectError, httpcore.ConnectTimeout):
                return await self._backend.connect_tcp(address, port, timeout, local_address, socket_options)
        return await self._backend.connect_tcp(addresses[-1], port, timeout, local_address, socket_options)

    async def _addresses(self, host: str, port: int, place: str) -> list[str]:
        allowed = place.lower() in self._allowed
        if not allowed and port < 1024 and port not in _PORTS_BELOW_1024:
            raise EgressError(f"port {port} is not connected to (egress.allow can name {place})", "forbidden")
        async with self._lookups:
            addresses = await _look_up(host, port)
        good = [address for address in addresses if allowed or is_public(address)]
        if not good:
            raise EgressError(_refusal(place, addresses[0]), "forbidden")
        return good[:_ADDRESSES_TRIED]


def _refusal(place: str, address: str) -> str:
    return f"{place} is {address}, which is not on the public internet (egress.allow can name {place})"


async def _look_up(host: str, port: int) -> list[str]:
    """The addresses of a host, in the order of the resolver. Raises httpcore.ConnectError."""
    loop = asyncio.get_running_loop()
    found: asyncio.Future[list[str]] = loop.create_future()

    def settle(result: list[str] | OSError) -> None:
        if found.done():
            return
        if isinstance(result, OSError):
            reason = "name not found" if isinstance(result, gaierror) else str(result)
            found.set_exception(httpcore.ConnectError(reason))
        else:
            found.set_result(result)

    def work() -> None:
        try:
            result: list[str] | OSError = [str(row[4][0]) for row in getaddrinfo(host, port, type=SOCK_STREAM)]
        except OSError as error:
            result = error
        except UnicodeError:
            result = gaierror("not a host name")
        try:
            loop.call_soon_threadsafe(settle, result)
        except RuntimeError:
            return  # the loop is closed: nobody waits any more

    # A thread of its own, and a daemon: a resolver that hangs must not hold up database work or the end of the process.
    threading.Thread(target=work, name="lookup", daemon=True).start()
    return await found
