"""`loopback_only`: this machine gets in, and nobody who came through a proxy on it."""

import pytest
from starlette.requests import Request

import logster


def request(client: tuple[str, int] | None, headers: dict[str, str]) -> Request:
    raw = [(name.lower().encode(), value.encode()) for name, value in headers.items()]
    return Request({"type": "http", "client": client, "headers": raw})


@pytest.mark.parametrize("address", ["127.0.0.1", "127.9.9.9", "::1", "::ffff:127.0.0.1"])
def test_this_machine_gets_in(address: str) -> None:
    assert logster.loopback_only(request((address, 5000), {}))


@pytest.mark.parametrize("address", ["192.0.2.7", "10.0.0.1", "0.0.0.0", "::ffff:192.0.2.7", "testclient", ""])
def test_another_machine_does_not(address: str) -> None:
    assert not logster.loopback_only(request((address, 5000), {}))


@pytest.mark.parametrize("header", ["X-Forwarded-For", "Forwarded", "X-Real-IP", "Via", "X-Forwarded-Host"])
def test_a_visitor_through_a_proxy_on_this_machine_does_not(header: str) -> None:
    assert not logster.loopback_only(request(("127.0.0.1", 5000), {header: "127.0.0.1"}))


def test_a_request_of_unknown_origin_does_not() -> None:
    assert not logster.loopback_only(request(None, {}))
