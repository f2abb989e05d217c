"""The way out: every request of the fetcher goes through here.

    get(url) --> turn at the host --> route (connect map or DNS) --> address allowed? --> connect to that address
             --> headers --> body, unpacked within limits --> Response       (a redirect begins again, at most 5 times)

network.py connects. Cookies, proxies of the environment, HTTP/2 and other schemes do not exist here.
"""

import asyncio
import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field
from time import monotonic
from urllib.parse import urljoin

import httpcore
import httpx

from newswatch_core import metrics
from newswatch_core.settings import Settings
from newswatch_fetcher.bodies import BodyError, unpacker
from newswatch_fetcher.hosts import Hosts
from newswatch_fetcher.network import CheckedNetwork, Connections, EgressError, Route, configured_routes
from newswatch_fetcher.urls import same_place

MAX_REDIRECTS = 5
MAX_BODY = 10_000_000
_PERMANENT = {301, 308}
_REDIRECTS = {301, 302, 303, 307, 308}
_CONNECT_SECONDS = 10.0
_REQUESTS_AT_ONCE = 64


@dataclass(frozen=True)
class Response:
    """`url` is where redirects led, `moved_to` where permanent ones did (from the start on), else ""."""

    status: int
    url: str
    headers: httpx.Headers
    body: bytes
    moved_to: str = ""


@dataclass
class _Hop:
    status: int
    headers: httpx.Headers
    body: bytes = b""
    location: str = field(default="")


class Egress:
    """Fetches with GET. Close it when done."""

    def __init__(self, settings: Settings, routes: Mapping[str, Route] | None = None) -> None:
        self._routes = configured_routes(settings) | dict(routes or {})
        allowed = frozenset(place.lower() for place in settings.egress.allow)
        gaps = {_host(place): route.gap for place, route in self._routes.items() if route.gap is not None}
        self._hosts = Hosts(settings.egress.host_gap, gaps)
        self._agent = f"newswatch/0.1 (+{settings.contact})"
        self._slots = asyncio.Semaphore(_REQUESTS_AT_ONCE)
        self._connections = Connections(CheckedNetwork(self._routes, allowed))

    async def close(self) -> None:
        await self._connections.close()

    async def get(
        self,
        url: str,
        headers: Mapping[str, str] | None = None,
        *,
        seconds: float = 30.0,
        max_body: int = MAX_BODY,
        what: str = "page",
    ) -> Response:
        """The answer to a GET, whatever its status. Raises EgressError.

        `seconds` is for the whole of it, redirects included, but not for waiting until the host's turn comes. `what` is
        feed, page or robots, for the metrics.
        """
        at, moved_to, only_permanent = url, "", True
        for _ in range(MAX_REDIRECTS + 1):
            try:
                place = same_place(at)
            except (ValueError, httpx.InvalidURL) as error:
                raise EgressError(f"not a URL that can be fetched: {error}", "forbidden") from None
            # The host's turn first: a queue at one host must not hold up the others.
            async with self._hosts.turn(_host(place)), self._slots:
                started = monotonic()
                with metrics.FETCH_SECONDS.labels(what).time():
                    hop = await self._hop(at, place, headers or {}, seconds, max_body)
                seconds -= monotonic() - started
            if not hop.location:
                return Response(hop.status, at, hop.headers, hop.body, moved_to)
            only_permanent = only_permanent and hop.status in _PERMANENT
            at = hop.location
            moved_to = at if only_permanent else moved_to
        raise EgressError(f"more than {MAX_REDIRECTS} redirects", "protocol")

    async def _hop(self, url: str, place: str, headers: Mapping[str, str], seconds: float, max_body: int) -> _Hop:
        try:
            async with asyncio.timeout(max(seconds, 0.1)):
                return await self._request(url, place, headers, max_body)
        except (TimeoutError, httpcore.TimeoutException):
            raise EgressError("no whole answer in time", "unreachable") from None
        except BodyError as error:
            raise EgressError(str(error), "body") from None
        except (httpcore.ProtocolError, httpcore.UnsupportedProtocol) as error:
            raise EgressError(f"the answer breaks off or is no HTTP ({error})"[:200], "protocol") from None
        except httpcore.NetworkError as error:
            raise EgressError(_connection_problem(error), "unreachable") from None
        except (httpx.InvalidURL, UnicodeError, ssl.SSLError) as error:
            raise EgressError(str(error)[:200], "protocol") from None

    async def _request(self, url: str, place: str, headers: Mapping[str, str], max_body: int) -> _Hop:
        sent = httpx.URL(url).copy_with(fragment=None, username=None, password=None)
        own = {"Host": sent.netloc.decode("ascii"), "User-Agent": self._agent, "Accept-Encoding": "gzip, deflate"}
        route = self._routes.get(place)
        if route and route.plain and sent.scheme == "https":
            sent = sent.copy_with(scheme="http", port=sent.port or 443)
        timeouts = {"connect": _CONNECT_SECONDS, "read": 20.0, "write": 20.0, "pool": 60.0}
        response = await self._connections.get(sent, {"Accept": "*/*", **headers, **own}, timeouts)
        try:
            answered = httpx.Headers(response.headers)
            location = answered.get("location", "").strip() if response.status in _REDIRECTS else ""
            if location:
                return _Hop(response.status, answered, location=_target(url, location))
            body = await _read(response, answered, max_body) if response.status == 200 else b""
            return _Hop(response.status, answered, body)
        finally:
            await response.aclose()


def _host(place: str) -> str:
    return place.rpartition(":")[0]


def _target(url: str, location: str) -> str:
    try:
        return urljoin(url, location)
    except ValueError:
        raise EgressError("a redirect to something that is no URL", "protocol") from None


async def _read(response: httpcore.Response, headers: httpx.Headers, most: int) -> bytes:
    unpack = unpacker(headers.get("content-encoding", ""))
    packed, body = 0, bytearray()
    async for chunk in response.aiter_stream():
        packed += len(chunk)
        if packed > most:
            raise BodyError(f"the body is larger than {most // 1_000_000} MB")
        for piece in unpack.feed(chunk):
            body += piece
            if len(body) > most:
                raise BodyError(f"the body is larger than {most // 1_000_000} MB")
    unpack.finish()
    return bytes(body)


def _connection_problem(error: httpcore.NetworkError) -> str:
    text = " ".join(str(error).split())[:160]
    return f"cannot be reached: {text}" if text else f"cannot be reached: {type(error).__name__}"
