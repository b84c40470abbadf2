"""Rates: one breach is told once, however many processes report."""

import subprocess
import sys
import textwrap
from collections.abc import Iterator

import pytest

from logster.settings import Settings
from logster.store import rates
from logster.store.address import Client
from logster.store.keys import Keys
from logster.store.rates import Watch
from logster.store.redis_store import RedisStore
from tests.store.keyspace import names_in
from tests.store.reports import report

Told = list[tuple[int, str]]


@pytest.fixture
def told(settings: Settings) -> Iterator[Told]:
    """Watch for more than ten errors a minute, and collect the breaches of this test's namespaces."""
    found: Told = []
    entry = (Watch((40, 50), 10, "minute"), lambda _, rate, namespace: found.append((rate, namespace)))
    rates.watches.append(entry)
    yield found
    rates.watches.remove(entry)


def test_a_breach_is_told_once(store: RedisStore, settings: Settings, told: Told) -> None:
    store.report([report(settings, count=10), report(settings, 2, level=30, count=1_000)])
    assert told == []
    store.report([report(settings, level=50)])
    store.report([report(settings, count=100)])
    assert told == [(11, settings.namespace)]


def test_it_is_told_again_once_it_was_over(store: RedisStore, settings: Settings, told: Told, client: Client) -> None:
    store.report([report(settings, count=20)])
    keys = Keys(settings.current_namespace())
    [bucket] = client.hkeys(keys.rate("minute", 40))
    client.rename(keys.rate("minute", 40), keys.rate("minute", 0))
    client.hset(keys.rate("minute", 40), int(bucket) - 6, 20)
    store.report([report(settings)])
    assert len(told) == 1, "what is a minute old does not count"
    store.report([report(settings, count=30)])
    assert told[1:] == [(31, settings.namespace)]


def test_what_is_kept_out_does_not_count(store: RedisStore, settings: Settings, told: Told) -> None:
    store.report([report(settings, version="1")])
    store.solve([f"{1:032x}"])
    store.add_pattern("suppression", "Order 2 ")
    store.report([report(settings, version="1", count=50), report(settings, 2, count=50)])
    assert told == []


def test_a_repetition_does_not_count(store: RedisStore, settings: Settings, told: Told) -> None:
    for _ in range(3):
        store.report([report(settings, count=6, sender="a", sequence=1)])
    assert told == []


def test_namespaces_have_rates_of_their_own(store: RedisStore, settings: Settings, told: Told) -> None:
    other = settings.with_changes(namespace=f"{settings.namespace}-other")
    store.report([report(settings, count=9), report(other, count=9)])
    assert told == []
    store.report([report(other, count=9)])
    assert told == [(18, other.namespace)]


def test_nothing_is_counted_where_nobody_watches(store: RedisStore, settings: Settings, client: Client) -> None:
    store.report([report(settings)])
    assert not [name for name in names_in(client, str(settings.namespace)) if name.startswith("rates")]


PROCESS = """
    from logster.settings import Settings
    from logster.store import rates
    from logster.store.rates import Watch
    from logster.store.redis_store import RedisStore
    from tests.store.reports import report

    settings = Settings(redis_url={url!r}, namespace={namespace!r})
    rates.watches.append((Watch((40,), 500, "hour"), lambda *breach: print(breach[1], flush=True)))
    store = RedisStore(settings)
    for number in range(400):
        store.report([report(settings, number % 5)])
"""


@pytest.mark.parametrize("backend_url", ["valkey", "cluster"], indirect=True)
def test_a_breach_is_told_to_one_of_many_processes(settings: Settings) -> None:
    program = textwrap.dedent(PROCESS).format(url=settings.redis_url, namespace=settings.namespace)
    processes = [subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True) for _ in range(4)]
    outputs = [process.communicate(timeout=60)[0] for process in processes]
    assert [process.returncode for process in processes] == [0] * 4
    assert len("".join(outputs).split()) == 1
    assert int("".join(outputs)) > 500
