"""Whom one bucket stands for: a subscriber, not an address that can be changed at will."""

from datetime import timedelta
from ipaddress import IPv4Address, IPv6Address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.models.throttle import parse_rate
from shared.rules.throttle import POSTS_PER_ADDRESS, POSTS_PER_PERSON, network_of
from tests.support.texts import PROPERTY, texts


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("203.0.113.7", "203.0.113.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:DB8:1:2::", "2001:db8:1:2::/64"),
        ("::1", "::/64"),
        ("::ffff:203.0.113.7", "203.0.113.7"),
        ("::FFFF:cb00:7107", "203.0.113.7"),
        ("fe80::1%eth0", "fe80::/64"),
        ("2001:db8::1%25", "2001:db8::/64"),
        ("unknown", "unknown"),
        ("", ""),
        ("203.0.113.7:4711", "203.0.113.7:4711"),
        ("[2001:db8::1]", "[2001:db8::1]"),
        ("203.0.113.007", "203.0.113.007"),
        ("999.1.1.1", "999.1.1.1"),
        ("2001:db8::/64", "2001:db8::/64"),
    ],
)
def test_an_address_stands_for_its_network_and_nonsense_for_itself(address: str, network: str) -> None:
    assert network_of(address) == network


@PROPERTY
@given(st.integers(0, 2**64 - 1), st.integers(0, 2**64 - 1), st.integers(0, 2**64 - 1))
def test_the_addresses_of_one_64_are_one_network_and_no_other(prefix: int, one: int, other: int) -> None:
    first, second = (IPv6Address(prefix << 64 | host) for host in (one, other))
    next_door = IPv6Address(((prefix + 1) % 2**64) << 64 | one)
    if first.ipv4_mapped is None and second.ipv4_mapped is None:
        assert network_of(str(first)) == network_of(second.exploded.upper())
    assert network_of(str(first)) != network_of(str(next_door))


@PROPERTY
@given(st.ip_addresses(v=4))
def test_an_ipv4_address_is_the_same_in_both_of_its_forms(address: IPv4Address) -> None:
    assert network_of(str(address)) == network_of(f"::ffff:{address}") == str(address)


@PROPERTY
@given(texts | st.ip_addresses().map(str))
def test_naming_a_network_twice_changes_nothing(text: str) -> None:
    assert network_of(network_of(text)) == network_of(text)


def test_the_policies_are_ten_a_minute_with_twenty_at_once_and_sixty_times_that_for_an_address() -> None:
    assert parse_rate("10/minute burst 20") == POSTS_PER_PERSON
    assert POSTS_PER_ADDRESS.interval * 60 == POSTS_PER_PERSON.interval
    assert POSTS_PER_ADDRESS.fill == POSTS_PER_PERSON.fill == timedelta(minutes=2)
