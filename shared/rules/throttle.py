"""How much one person and one address may post: named policies, used unless a deployment sets others."""

from datetime import timedelta
from ipaddress import IPv6Address, ip_address

from shared.models.throttle import Rate

POSTS_PER_PERSON = Rate(interval=timedelta(seconds=6), burst=20)
"""Ten posts a minute, twenty at once: more than anyone has to say, less than a script wants."""

POSTS_PER_ADDRESS = Rate(interval=timedelta(seconds=6) / 60, burst=1200)
"""Sixty people's worth: a school or an office behind one address must not feel it."""


def network_of(address: str) -> str:
    """What one subscriber holds: an IPv4 address, or an IPv6 /64 (its single addresses are free to change).

    Text that is no address stands for itself, so that a broken front end throttles and does not crash.
    """
    try:
        parsed = ip_address(address)
    except ValueError:
        return address
    if not isinstance(parsed, IPv6Address):
        return str(parsed)
    if parsed.ipv4_mapped is not None:
        return str(parsed.ipv4_mapped)
    return str(IPv6Address(int(parsed) >> 64 << 64)) + "/64"
