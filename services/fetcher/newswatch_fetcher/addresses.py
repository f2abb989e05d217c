"""Which addresses may be connected to: the public internet, and nothing inside.

An own table: `ipaddress.is_global` calls several embedded, multicast and provider addresses global (which ones
depends on Python's version). Sources: the IANA special-purpose registries for IPv4 and IPv6.
"""

from ipaddress import IPv4Network, IPv6Network, ip_address

_FORBIDDEN_4 = tuple(
    IPv4Network(network)
    for network in (
        "0.0.0.0/8",
        "10.0.0.0/8",
        "100.64.0.0/10",
        "127.0.0.0/8",
        "168.63.129.16/32",  # the metadata address of a cloud, in public space
        "169.254.0.0/16",
        "172.16.0.0/12",
        "192.0.0.0/24",
        "192.0.2.0/24",
        "192.88.99.0/24",
        "192.168.0.0/16",
        "198.18.0.0/15",
        "198.51.100.0/24",
        "203.0.113.0/24",
        "224.0.0.0/4",
        "240.0.0.0/4",
    )
)
# Of IPv6 only global unicast is public, and of that not what embeds an IPv4 address or documents something.
_PUBLIC_6 = IPv6Network("2000::/3")
_FORBIDDEN_6 = tuple(IPv6Network(network) for network in ("2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20"))


def is_public(address: str) -> bool:
    """Whether `address` (a literal IPv4 or IPv6 address) belongs to the public internet."""
    try:
        parsed = ip_address(address.partition("%")[0])
    except ValueError:
        return False
    if parsed.version == 4:
        return not any(parsed in network for network in _FORBIDDEN_4)
    return parsed in _PUBLIC_6 and not any(parsed in network for network in _FORBIDDEN_6)
