"""A deletion that is undone leaves everything as it was."""

import pytest

from logster.settings import Settings
from logster.store import trash
from logster.store.address import Client
from logster.store.redis_store import RedisStore
from tests.store.reports import EXCEPTION, NOW, TRACEBACK, key_of, report, there

HOUR_MS = 3_600_000


def filled(store: RedisStore, settings: Settings, number: int = 1) -> str:
    """Report an entry with all that an entry can have."""
    store.report(
        [
            report(settings, number, count=3, last_ms=NOW - HOUR_MS, envs=({"a": 1}, {"b": [1, {"c": "ü"}]})),
            report(settings, number, exception=EXCEPTION, traceback=TRACEBACK, version="1.2", envs=({"a": 2},)),
        ]
    )
    key = key_of(number)
    store.protect(key)
    return key


def everything(store: RedisStore, key: str) -> object:
    hours = store.timeline(key, since_ms=NOW - 5 * HOUR_MS, until_ms=NOW)
    return store.entry(key), store.env_samples(key), hours, [each.key for each in store.page().entries]


def test_what_is_restored_is_the_same_in_every_respect(store: RedisStore, settings: Settings) -> None:
    key = filled(store, settings)
    before = everything(store, key)
    count, token = store.discard([key])
    assert count == 1
    assert store.entry(key) is None
    assert store.page().entries == []
    assert store.restore(token) == [key]
    assert everything(store, key) == before


def test_a_deletion_is_undone_once(store: RedisStore, settings: Settings) -> None:
    key = filled(store, settings)
    _, token = store.discard([key])
    assert store.restore(token) == [key]
    assert store.restore(token) == []
    assert there(store).count == 4


def test_what_was_reported_meanwhile_is_kept(store: RedisStore, settings: Settings) -> None:
    key = filled(store, settings)
    _, token = store.discard([key])
    store.report([report(settings, 1, message="Once more", envs=({"a": 3},))])
    store.restore(token)
    assert there(store).count == 5
    assert "protected" in there(store).flags
    assert {"a": 3} in [{name: value for name, value in env.items() if name == "a"} for env in store.env_samples(key)]
    assert len(store.env_samples(key)) == 4


def test_a_solved_mark_stays(store: RedisStore, settings: Settings) -> None:
    key = filled(store, settings)
    store.solve([key])
    _, token = store.discard([key])
    store.restore(token)
    assert "solved" in there(store).flags
    assert store.page().entries == []


def test_several_entries_come_back_together(store: RedisStore, settings: Settings) -> None:
    keys = [filled(store, settings, number) for number in range(1, 6)]
    count, token = store.discard([*keys, key_of(99)])
    assert count == 5
    assert sorted(store.restore(token)) == keys


@pytest.mark.parametrize("token", ["", "x", "../../x", "A" * 16, "*", "a\r\nb"])
def test_a_token_that_was_never_given_brings_nothing_back(store: RedisStore, token: str) -> None:
    assert store.restore(token) == []


def test_what_is_gone_leaves_nothing_to_undo(store: RedisStore) -> None:
    assert store.discard([key_of(1)]) == (0, "")


def test_no_more_than_a_few_deletions_are_kept_and_none_for_long(
    store: RedisStore, settings: Settings, client: Client
) -> None:
    tokens = [store.discard([filled(store, settings, number)])[1] for number in range(1, 14)]
    keys = store._tenant.keys
    kept = [token for token in tokens if client.exists(keys.deleted(token))]
    assert kept == tokens[-10:]
    assert all(0 < client.ttl(keys.deleted(token)) <= trash.KEPT_SECONDS for token in kept)
    assert 0 < client.ttl(keys.deletions) <= trash.KEPT_SECONDS


def test_a_very_large_deletion_is_not_kept(
    store: RedisStore, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(trash, "_BYTES_AT_MOST", 100)
    assert store.discard([filled(store, settings)]) == (1, "")
