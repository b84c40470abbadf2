"""Env samples: stored as differences, returned whole."""

import pytest

from logster.entry import Env
from logster.settings import Settings
from logster.store.address import Client
from logster.store.keys import Keys
from logster.store.redis_store import RedisStore
from tests.store.reports import NOW, key_of, report, there

BASE: Env = {"host": "web1", "url": "/orders/1", "params": {"id": 1, "tags": ["a", "b"]}, "pid": 42}


def test_samples_come_back_whole_and_newest_first(store: RedisStore, settings: Settings) -> None:
    samples: list[Env] = [
        BASE,
        BASE,
        {**BASE, "url": "/orders/2"},
        {"host": "web2"},
        {},
        {**BASE, "extra": None, "params": {}},
    ]
    for second, sample in enumerate(samples):
        store.report([report(settings, last_ms=NOW + second, envs=[sample])])
    expected = [{**sample, "time": NOW + second} for second, sample in enumerate(samples)]
    assert store.env_samples(key_of(1)) == expected[::-1]
    assert there(store).env_count == len(samples)


@pytest.mark.parametrize(
    "env",
    [
        {'a"b': 1, "a\\": 2, '\\"': 3, "": 4, "-x": 5, "new\nline": "new\nline", "ü": "ü\u2028"},
        {"time": "mine is overruled"},
        {"deep": {"er": [{"and": {"deeper": ["]}", '"x":1']}}]}},
    ],
)
def test_any_key_and_value_survives_as_base_and_as_difference(store: RedisStore, settings: Settings, env: Env) -> None:
    store.report([report(settings, 1, envs=[env, {}, env]), report(settings, 2, envs=[BASE, env, {}, env])])
    whole, time = {**env, "time": NOW}, {"time": NOW}
    assert store.env_samples(key_of(1)) == [whole, time, whole]
    assert store.env_samples(key_of(2)) == [whole, time, whole, {**BASE, **time}]


def test_the_newest_samples_are_kept(settings: Settings) -> None:
    store = RedisStore(settings.with_changes(max_env_count_per_entry=3))
    store.report([report(settings, envs=[{"n": number} for number in range(5)])])
    store.report([report(settings, envs=[{"n": 5}])])
    assert [sample["n"] for sample in store.env_samples(key_of(1))] == [5, 4, 3]
    store.close()


def test_no_sample_is_kept_where_none_are_wanted(settings: Settings) -> None:
    store = RedisStore(settings.with_changes(max_env_count_per_entry=0))
    store.report([report(settings, envs=[BASE])])
    assert store.env_samples(key_of(1)) == []
    store.close()


def test_a_limit_gives_the_newest(store: RedisStore, settings: Settings) -> None:
    store.report([report(settings, envs=[{"n": number} for number in range(5)])])
    assert [sample["n"] for sample in store.env_samples(key_of(1), limit=2)] == [4, 3]
    assert store.env_samples(key_of(1), limit=0) == []


def test_an_unknown_key_has_no_samples(store: RedisStore) -> None:
    assert store.env_samples(key_of(9)) == []


def test_samples_that_differ_little_take_little_room(store: RedisStore, settings: Settings, client: Client) -> None:
    fixed = {f"key {number}": "x" * 100 for number in range(10)}
    store.report([report(settings, envs=[{**fixed, "url": f"/orders/{number}"} for number in range(50)])])
    samples = client.lrange(Keys(settings.current_namespace()).env(key_of(1)), 0, -1)
    assert sum(map(len, samples)) < 50 * 50
