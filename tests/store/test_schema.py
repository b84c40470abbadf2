"""Data of an older Logster are brought to the newest form, whoever comes first; those of a newer one are left alone."""

import re
import threading

import pytest

from logster.errors import SchemaMismatch
from logster.settings import Settings
from logster.store import schema
from logster.store.address import Client
from logster.store.connection import Connection
from logster.store.keys import Keys
from logster.store.redis_store import RedisStore
from logster.store.script import all_scripts, script
from tests.store.reports import key_of, report


def louder(connection: Connection, keys: Keys) -> None:
    """Change something of every entry, as a migration would."""
    for key in connection.run(["ZRANGE", keys.trimmable, 0, -1]):
        connection.run(["HSET", keys.entry(key.decode()), "message", "migrated"])


@pytest.fixture
def newer(monkeypatch: pytest.MonkeyPatch) -> int:
    """Make this Logster one that knows two forms more than there are, and return the last."""
    monkeypatch.setattr(schema, "SCHEMA", 3)
    monkeypatch.setitem(schema.MIGRATIONS, 1, louder)
    monkeypatch.setitem(schema.MIGRATIONS, 2, lambda connection, keys: connection.run(["SET", keys.doctor, "seen"]))
    return 3


def form(client: Client, settings: Settings) -> bytes | None:
    found: bytes | None = client.get(Keys(settings.current_namespace()).schema)
    return found


def written_by_the_older(settings: Settings) -> None:
    store = RedisStore(settings)
    store.report([report(settings)])
    store.close()


@pytest.fixture
def old_data(settings: Settings, request: pytest.FixtureRequest) -> int:
    """Write an entry before this Logster becomes a newer one."""
    written_by_the_older(settings)
    return int(request.getfixturevalue("newer"))


def test_older_data_are_migrated_when_first_asked_for(
    store: RedisStore, settings: Settings, client: Client, old_data: int
) -> None:
    found = store.entry(key_of(1))
    assert found is not None
    assert found.message == "migrated"
    assert form(client, settings) == str(old_data).encode()
    assert client.get(Keys(settings.current_namespace()).doctor) == b"seen"


def test_older_data_are_migrated_before_a_report_is_added(
    store: RedisStore, settings: Settings, client: Client, old_data: int
) -> None:
    assert [each.count for each in store.report([report(settings)])] == [2]
    assert form(client, settings) == str(old_data).encode()


def test_an_interrupted_migration_goes_on(
    store: RedisStore, settings: Settings, client: Client, old_data: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(connection: Connection, keys: Keys) -> None:
        raise RuntimeError("killed")

    with monkeypatch.context() as patch:
        patch.setitem(schema.MIGRATIONS, 2, interrupted)
        with pytest.raises(RuntimeError, match="killed"):
            store.page()
    assert form(client, settings) == b"2"
    store.page()
    assert form(client, settings) == str(old_data).encode()


def test_several_processes_may_migrate_at_once(settings: Settings, client: Client, old_data: int) -> None:
    barrier = threading.Barrier(4)

    def migrate() -> None:
        connection = Connection(settings.redis_url, 5)
        barrier.wait()
        schema.migrate(connection, Keys(settings.current_namespace()))
        connection.close()

    threads = [threading.Thread(target=migrate) for _ in range(4)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert form(client, settings) == str(old_data).encode()


def test_the_form_never_goes_back(store: RedisStore, settings: Settings, client: Client, old_data: int) -> None:
    keys = Keys(settings.current_namespace())
    connection = Connection(settings.redis_url, 5)
    schema.migrate(connection, keys)
    assert connection.run(script("migrated").words([keys.prefix], (), {"form": 2})) == old_data
    connection.close()


def test_an_empty_namespace_stays_empty(store: RedisStore, settings: Settings, client: Client, newer: int) -> None:
    assert store.page().entries == []
    assert form(client, settings) is None


def test_newer_data_are_refused_with_both_forms(store: RedisStore, settings: Settings, client: Client) -> None:
    client.set(Keys(settings.current_namespace()).schema, 7)
    with pytest.raises(SchemaMismatch, match=rf"has form 7, .*knows form {schema.SCHEMA}\. Upgrade"):
        store.page()
    with pytest.raises(SchemaMismatch):
        store.report([report(settings)])
    assert client.exists(Keys(settings.current_namespace()).entry(key_of(1))) == 0


def test_a_running_older_process_stops_writing_when_the_data_are_migrated(
    store: RedisStore,
    settings: Settings,
    client: Client,
    monkeypatch: pytest.MonkeyPatch,
    request: pytest.FixtureRequest,
) -> None:
    store.report([report(settings, 1)])
    with monkeypatch.context() as patch:
        patch.setattr(schema, "SCHEMA", 2)
        patch.setitem(schema.MIGRATIONS, 1, louder)
        connection = Connection(settings.redis_url, 5)
        schema.migrate(connection, Keys(settings.current_namespace()))
        connection.close()
    with pytest.raises(SchemaMismatch, match=r"form 2, .*knows form 1"):
        store.report([report(settings, 2)])
    assert client.exists(Keys(settings.current_namespace()).entry(key_of(2))) == 0


def test_every_namespace_is_found(settings: Settings, client: Client) -> None:
    names = {settings.current_namespace(), f"{settings.current_namespace()}-other"}
    for name in names:
        client.set(Keys(name).schema, 1)
    connection = Connection(settings.redis_url, 5)
    assert names <= set(schema.namespaces(connection))
    connection.close()


def test_there_is_a_step_from_every_form_to_the_next() -> None:
    assert sorted(schema.MIGRATIONS) == list(range(1, schema.SCHEMA))


def test_scripts_write_the_newest_form() -> None:
    forms = {int(each) for one in all_scripts() for each in re.findall(r"'schema', (\d+), 'NX'", one.source)}
    assert forms == {schema.SCHEMA}
