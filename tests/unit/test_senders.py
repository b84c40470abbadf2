"""Under which name an address is counted, whoever wrote it: a server, a proxy, or a client that makes one up."""

import pytest

from logster.capture.request import client_address
from logster.viewer.quota import sender_of


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("192.0.2.1", "192.0.2.1"),
        ("192.0.2.1:50123", "192.0.2.1"),
        # What a socket for both families says of an IPv4 client.
        ("::ffff:192.0.2.1", "192.0.2.1"),
        ("[::ffff:192.0.2.1]:50123", "192.0.2.1"),
        ("2001:db8::1", "2001:db8::"),
        ("2001:DB8:0:0:ffff::1", "2001:db8::"),
        ("[2001:db8::1]", "2001:db8::"),
        ("[2001:db8::1]:50123", "2001:db8::"),
        ("2001:db8:0:1::1", "2001:db8:0:1::"),
        ("fe80::1%eth0", "fe80::"),
        ("fe80::1%another", "fe80::"),
        ("", "unknown"),
        ("unknown", "unknown"),
        ("_hidden", "unknown"),
        ("192.0.2.1:x:y", "unknown"),
        ("192.0.2.256", "unknown"),
        ("192.0.2.01", "unknown"),
        ("0x7f.1", "unknown"),
        ("[192.0.2.1", "unknown"),
        ("1" * 5_000, "unknown"),
        ("\u0661\u0669\u0662.0.2.1", "unknown"),
    ],
)
def test_one_client_has_one_name(address: str, expected: str) -> None:
    assert sender_of(address) == expected


@pytest.mark.parametrize(
    "claimed", ["", "198.51.100.7", "198.51.100.7, 198.51.100.8", "::1", "[::1]:80", "127.0.0.1, , ", ",", "a" * 1_000]
)
def test_what_a_client_claims_of_itself_gives_it_no_other_name(claimed: str) -> None:
    assert client_address("192.0.2.1", claimed, 0) == "192.0.2.1"
    for hops, appended in ((1, "192.0.2.1"), (2, "192.0.2.1, 10.0.0.2"), (3, "192.0.2.1,10.0.0.2,10.0.0.3")):
        assert client_address("10.0.0.9", f"{claimed}, {appended}", hops) == "192.0.2.1"
