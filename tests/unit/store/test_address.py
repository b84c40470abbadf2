import sys

import pytest

from logster.errors import ConfigurationError, MissingExtra
from logster.store import address


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("redis://host:1/2", "redis://host:1/2"),
        ("redis://:hidden@host:1/2", "redis://host:1/2"),
        ("rediss://user:hidden@host", "rediss://host"),
        ("redis://user:hid@den@host", "redis://host"),
        ("unix:///run/redis.sock?password=hidden&db=1", "unix:///run/redis.sock"),
        ("redis+sentinel://user:hidden@a:1,b:2/name/0", "redis+sentinel://a:1,b:2/name/0"),
        ("redis+cluster://:hidden@a:1", "redis+cluster://a:1"),
        ("embedded:/srv/data", "embedded:/srv/data"),
        ("memory://", "memory://"),
    ],
)
def test_a_url_is_shown_without_its_secrets(url: str, shown: str) -> None:
    assert address.public(url) == shown


@pytest.mark.parametrize(
    ("url", "password"),
    [
        ("redis://host", ""),
        ("redis://:a%40b@host", "a@b"),
        ("redis://user:secret@host:1", "secret"),
        ("unix:///run/redis.sock?db=1&password=secret", "secret"),
    ],
)
def test_the_password_of_a_url_is_known_for_hiding_it(url: str, password: str) -> None:
    assert address.password(url) == password


def test_a_sentinel_url_names_nodes_master_login_and_database() -> None:
    client = address.open_client("redis+sentinel://us%2Fer:se%40cret@a:1,b,[::1]:3/shop/4", 2)
    pool = client.connection_pool
    nodes = [each.connection_pool.connection_kwargs for each in pool.sentinel_manager.sentinels]
    assert [(node["host"], node["port"]) for node in nodes] == [("a", 1), ("b", 26379), ("::1", 3)]
    login = {name: pool.connection_kwargs[name] for name in ("username", "password", "db")}
    assert (pool.service_name, login) == ("shop", {"username": "us/er", "password": "se@cret", "db": 4})
    assert pool.connection_kwargs["socket_timeout"] == 2


@pytest.mark.parametrize(
    "url",
    [
        "redis+sentinel://:hidden@a:1",
        "redis+sentinel://:hidden@a:b:c/name",
        "redis+sentinel://:hidden@a/name/x",
        "redis://:hidden@host:port/0",
    ],
)
def test_a_url_that_cannot_be_right_is_named_without_its_secrets(url: str) -> None:
    with pytest.raises(ConfigurationError, match="Setting 'redis_url'") as caught:
        address.open_client(url, 2)
    assert "hidden" not in str(caught.value)


def test_tls_is_kept() -> None:
    pool = address.open_client("rediss://host", 2).connection_pool
    assert pool.connection_class.__name__ == "SSLConnection"
    pool = address.open_client("rediss+sentinel://a/name", 2).connection_pool
    assert pool.connection_class.__name__ == "SentinelManagedSSLConnection"


def test_nothing_is_repeated_behind_the_store() -> None:
    assert address.open_client("redis://host", 2).get_retry().get_retries() == 0


def test_memory_without_its_extra_names_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "fakeredis", None)
    with pytest.raises(MissingExtra, match=r"logster-web\[memory\]"):
        address.open_client("memory://", 2)
