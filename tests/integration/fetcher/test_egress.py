"""What leaves the fetcher, and what must not; against listening sockets on loopback."""

import asyncio
import socket
from contextlib import asynccontextmanager
from datetime import timedelta
from itertools import pairwise

import pytest

from newswatch_core.events import utc_now
from newswatch_core.settings import Egress as EgressSettings
from newswatch_core.settings import Settings
from newswatch_fetcher import network
from newswatch_fetcher.egress import Egress
from newswatch_fetcher.network import EgressError, Route
from newswatch_fetcher.pages import RobotsCache
from tests.support.newsstand import Newsstand
from tests.support.standserver import Trouble

pytestmark = pytest.mark.asyncio(loop_scope="package")

URL = "http://news.example/feed.xml"


def settings(**egress) -> Settings:
    return Settings(version="1", egress=EgressSettings(host_gap=timedelta(0), **egress), contact="https://us.example")


@asynccontextmanager
async def going_out(made: Settings, routes=None):
    egress = Egress(made, routes)
    try:
        yield egress
    finally:
        await egress.close()


@asynccontextmanager
async def to_the(stand: Newsstand, **more):
    known = stand.egress()
    allow = (*known["allow"], *more.get("allow", ()))
    async with going_out(settings(allow=allow, connect=known["connect"] | more.get("connect", {}))) as egress:
        yield egress


@pytest.fixture
def listener():
    """A socket that nobody may connect to, on all of this machine's addresses."""
    with socket.create_server(("", 0), family=socket.AF_INET6, dualstack_ipv6=True) as server:
        server.setblocking(False)
        yield server
        with pytest.raises(BlockingIOError):
            server.accept()


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1", "localhost", "LOCALHOST", "127.1", "2130706433", "0x7f000001", "0177.0.0.1", "0", "0.0.0.0",
        "[::1]", "[::ffff:7f00:1]", "[::]", "127。0。0。1",
    ],
)  # fmt: skip
async def test_this_machine_is_not_connected_to(listener, host):
    port = listener.getsockname()[1]
    async with going_out(settings()) as egress:
        with pytest.raises(EgressError) as caught:
            await egress.get(f"http://{host}:{port}/")
    assert caught.value.reason in {"forbidden", "unreachable", "protocol"}


async def test_a_name_for_an_inside_address_is_not_connected_to(listener, monkeypatch):
    port = listener.getsockname()[1]
    rows = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", port))]
    monkeypatch.setattr(network, "getaddrinfo", lambda *_, **__: rows)
    async with going_out(settings()) as egress:
        with pytest.raises(EgressError, match="not on the public internet"):
            await egress.get(f"http://innocent.example:{port}/")


async def test_a_redirect_inside_is_not_followed(listener, stand):
    port = listener.getsockname()[1]
    stand.order(URL, Trouble("redirect", location=f"http://127.0.0.1:{port}/"))
    async with to_the(stand) as egress:
        with pytest.raises(EgressError, match="not on the public internet"):
            await egress.get(URL)


async def test_a_connect_entry_alone_does_not_allow_an_inside_address(listener):
    port = listener.getsockname()[1]
    async with going_out(settings(connect={"news.example:80": f"127.0.0.1:{port}"})) as egress:
        with pytest.raises(EgressError, match=r"egress\.allow can name news\.example:80"):
            await egress.get(URL)


async def test_a_proxy_of_the_environment_is_not_used(listener, stand, monkeypatch):
    proxy = f"http://127.0.0.1:{listener.getsockname()[1]}"
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, proxy)
    async with to_the(stand) as egress:
        assert (await egress.get(URL)).status == 200


async def test_an_allowed_host_and_port_may_be_inside(stand):
    async with going_out(settings(allow=(f"127.0.0.1:{stand.port}",))) as egress:
        assert (await egress.get(f"http://127.0.0.1:{stand.port}/nothing")).status == 404


async def test_allowing_one_port_allows_no_other(listener):
    port = listener.getsockname()[1]
    async with going_out(settings(allow=(f"127.0.0.1:{port + 1}",))) as egress:
        with pytest.raises(EgressError):
            await egress.get(f"http://127.0.0.1:{port}/")


@pytest.mark.parametrize("port", [22, 25, 111, 993])
async def test_ports_of_other_services_are_not_connected_to(port):
    async with going_out(settings()) as egress:
        with pytest.raises(EgressError, match="port"):
            await egress.get(f"http://8.8.8.8:{port}/")


@pytest.mark.parametrize(
    "url", ["file:///etc/passwd", "ftp://news.example/", "gopher://news.example/", "http:///a", "news"]
)
async def test_other_schemes_do_not_exist(url):
    async with going_out(settings()) as egress:
        with pytest.raises(EgressError) as caught:
            await egress.get(url)
    assert caught.value.reason == "forbidden"


async def test_a_request_says_who_asks_and_nothing_else(stand):
    stand.order(URL, Trouble("redirect", location="/other.xml", headers={"Set-Cookie": "a=b"}))
    async with to_the(stand) as egress:
        await egress.get(URL)
    first, second = stand.requests
    assert first.headers == {
        "host": "news.example",
        "accept": "*/*",
        "accept-encoding": "gzip, deflate",
        "user-agent": "newswatch/0.1 (+https://us.example)",
    }
    assert second.headers == first.headers


async def test_redirects_are_followed_and_permanent_ones_told(stand):
    stand.add_feed("last", url="http://last.example/feed")
    for status, at, to in ((301, URL, "/second"), (308, "http://news.example/second", "http://last.example/feed")):
        stand.order(at, Trouble("redirect", status=status, location=to))
    async with to_the(stand) as egress:
        response = await egress.get(URL)
    assert (response.status, response.url, response.moved_to) == (
        200,
        "http://last.example/feed",
        "http://last.example/feed",
    )


async def test_what_comes_after_a_temporary_redirect_is_not_permanent(stand):
    stand.order(URL, Trouble("redirect", status=301, location="/second"))
    stand.order("http://news.example/second", Trouble("redirect", status=302, location="/third"))
    stand.order("http://news.example/third", Trouble("redirect", status=301, location="/fourth"))
    async with to_the(stand) as egress:
        response = await egress.get(URL)
    assert (response.url, response.moved_to) == ("http://news.example/fourth", "http://news.example/second")


async def test_five_redirects_are_enough(stand):
    stand.order(URL, Trouble("redirect", location=URL), times=None)
    async with to_the(stand) as egress:
        with pytest.raises(EgressError, match="more than 5 redirects"):
            await egress.get(URL)
    assert len(stand.requests) == 6


@pytest.mark.parametrize("kind", ["hang", "drip"])
async def test_the_whole_answer_must_come_in_time(stand, kind):
    stand.order(URL, Trouble(kind))
    async with to_the(stand) as egress:
        with pytest.raises(EgressError, match="in time") as caught:
            await asyncio.wait_for(egress.get(URL, seconds=0.5), 5)
    assert caught.value.reason == "unreachable"


async def test_a_closed_port_is_unreachable(stand):
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    async with to_the(stand, connect={"news.example:80": f"127.0.0.1:{port}"}) as egress:
        with pytest.raises(EgressError) as caught:
            await egress.get(URL)
    assert caught.value.reason == "unreachable"


async def test_robots_txt_is_remembered_for_the_hosts_asked_for_last(stand):
    hosts = ["a.example", "b.example", "c.example"]
    for host in hosts:
        stand.robots(host, "User-agent: *\nDisallow: /private")
    async with to_the(stand) as egress:
        cache = RobotsCache(egress, utc_now, kept=2)
        for host in [*hosts, "c.example", "a.example"]:
            assert await cache.allows(f"http://{host}/news")
            assert not await cache.allows(f"http://{host}/private")
    asked = [request.url.split("/")[2] for request in stand.requests]
    assert asked == [*hosts, "a.example"]


async def test_a_host_is_asked_one_thing_at_a_time(stand):
    stand.order(URL, Trouble("slow", seconds=0.2), times=3)
    async with to_the(stand) as egress:
        await asyncio.gather(*(egress.get(URL) for _ in range(3)))
    times = [request.at for request in stand.requests]
    assert all(later - earlier > timedelta(seconds=0.15) for earlier, later in pairwise(times))


async def test_a_route_may_speak_plain_http_for_an_https_url(stand):
    route = Route("127.0.0.1", stand.port, plain=True, trusted=True)
    async with going_out(settings(), {"news.example:443": route}) as egress:
        response = await egress.get("https://news.example/feed.xml")
    assert (response.status, response.url) == (200, "https://news.example/feed.xml")
    assert stand.requests[0].headers["host"] == "news.example"
