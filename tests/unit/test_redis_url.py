"""Of a `redis_url` the place is shown, and nothing else of which it is not sure that it is none."""

import pytest

from logster.redis_url import parts_of, public, public_text
from logster.settings import Settings


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("redis://cache:6379/0", "redis://cache:6379/0"),
        ("rediss://bob:hunter2@cache.example:6379/0?x=1", "rediss://cache.example:6379/0"),
        ("redis://:a/hunter2@cache/0", "redis://cache/0"),
        ("redis://[::1]:6379/0", "redis://[::1]:6379/0"),
        ("redis+sentinel://:hunter2@a:1,b:2/shop/0", "redis+sentinel://a:1,b:2/shop/0"),
        ("unix:///run/a@b.sock?password=hunter2", "unix:///run/a@b.sock"),
        ("embedded:/var/lib/shop", "embedded:/var/lib/shop"),
        ("memory://", "memory://"),
        ("localhost:6379", "localhost:6379"),
        ("redis://:hunter2", "redis://…"),
        ("redis://:a?hunter2@cache", "redis://…"),
        ("redis://cache?password=a@hunter2", "redis://…"),
    ],
)
def test_the_place_is_shown_and_nothing_secret(url: str, shown: str) -> None:
    assert public(url) == shown


def test_an_error_quotes_nothing_that_is_not_shown() -> None:
    url = "redis://:hunter2/x@cache/0"
    assert public_text("Port could not be cast to integer value as 'hunter2'", url) == (
        "Port could not be cast to integer value as '…'"
    )
    assert public_text("'cache' is no port", url) == "'cache' is no port"


@pytest.mark.parametrize(
    ("url", "parts"),
    [
        ("redis://user:a%2Fb@cache:1/2?ssl_cert_reqs=none", ("redis", "user:a%2Fb@cache:1", "/2")),
        ("redis+sentinel://a:1,b,[::1]:3/shop/4", ("redis+sentinel", "a:1,b,[::1]:3", "/shop/4")),
        ("unix:///run/redis.sock", ("unix", "", "/run/redis.sock")),
        ("redis://[::1", ("redis", "[::1", "")),
        ("cache:6379", ("cache", "", "6379")),
        ("/run/redis.sock", ("", "", "/run/redis.sock")),
        ("", ("", "", "")),
    ],
)
def test_a_url_has_parts(url: str, parts: tuple[str, str, str]) -> None:
    assert parts_of(url) == parts


def test_a_list_of_nodes_may_have_addresses_of_ipv6() -> None:
    assert Settings(redis_url="redis+sentinel://[::1]:1,[::2]:2/shop")
