"""Ports for servers that are killed and started again on the same one.

Below those that the system gives to outgoing connections: while its server is away, such a port could be taken by
anybody's connection, even by that of a client which tries to reach it.
"""

import random
import socket
from pathlib import Path

_LOWEST = 10_000
_RANGE = Path("/proc/sys/net/ipv4/ip_local_port_range")
_OTHERWISE = 32_768


def free_ports(number: int) -> list[int]:
    """Different ports of 127.0.0.1 that nobody listens on at the moment."""
    found: list[int] = []
    candidates = random.sample(range(_LOWEST, _first_outgoing()), 1_000)
    while len(found) < number:
        port = candidates.pop()
        if _can_be_bound(port):
            found.append(port)
    return found


def free_port() -> int:
    return free_ports(1)[0]


def _can_be_bound(port: int) -> bool:
    with socket.socket() as probe:
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def _first_outgoing() -> int:
    if not _RANGE.exists():
        return _OTHERWISE
    first = int(_RANGE.read_text().split()[0])
    return first if first > _LOWEST + 1_000 else _OTHERWISE
