"""Who the client is behind a proxy on this machine, and that nobody else can claim to be somebody."""

import asyncio
from typing import Any

import pytest

from web.proxy import LocalProxy


def seen(client: Any, *headers: tuple[str, str]) -> tuple[Any, str]:
    """Return client and scheme as an app behind the proxy sees them."""
    found: list[Any] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        found.append((scope["client"], scope["scheme"]))

    encoded = [(name.encode(), value.encode()) for name, value in headers]
    scope = {"type": "http", "client": client, "scheme": "http", "headers": encoded}
    asyncio.run(LocalProxy(app)(scope, None, None))  # type: ignore[arg-type]
    return found[0]


FORWARDED = ("x-forwarded-for", "203.0.113.7")


@pytest.mark.parametrize("client", [("127.0.0.1", 4), ("::1", 4), None, ("", 0)])
def test_a_proxy_on_this_machine_is_believed(client: Any) -> None:
    assert seen(client, FORWARDED, ("x-forwarded-proto", "https")) == (("203.0.113.7", 0), "https")


@pytest.mark.parametrize("client", [("198.51.100.1", 4), ("10.0.0.1", 4), ("nonsense", 1)])
def test_nobody_else_is_believed(client: Any) -> None:
    assert seen(client, FORWARDED, ("x-forwarded-proto", "https")) == (client, "http")


def test_of_several_addresses_the_one_that_the_proxy_saw_counts() -> None:
    client, _ = seen(None, ("x-forwarded-for", "1.1.1.1, 203.0.113.7"))
    assert client == ("203.0.113.7", 0)
    client, _ = seen(None, ("x-forwarded-for", "1.1.1.1"), FORWARDED)
    assert client == ("203.0.113.7", 0)


@pytest.mark.parametrize("value", ["", "unknown", "203.0.113.7:80", "<script>"])
def test_what_is_no_address_is_none(value: str) -> None:
    assert seen(("127.0.0.1", 4), ("x-forwarded-for", value))[0] == ("127.0.0.1", 4)


def test_what_is_no_scheme_is_none() -> None:
    assert seen(None, ("x-forwarded-proto", "javascript"))[1] == "http"
