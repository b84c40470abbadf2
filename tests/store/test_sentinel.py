"""The store behind Sentinel: it follows the primary, and nothing that was acknowledged is lost or counted twice."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from logster.doctor import examine
from logster.errors import StoreUnavailable
from logster.settings import Settings
from logster.store import address
from logster.store.redis_store import RedisStore
from tests.store.reports import numbers, report, there
from tests.store.sentinels import Watched, running_sentinels
from tests.store.waiting import wait_until


@pytest.fixture
def watched(tmp_path: Path, server_program: Path | None) -> Iterator[Watched]:
    with running_sentinels(tmp_path, server_program) as watched:
        yield watched


@pytest.fixture
def settings(watched: Watched) -> Settings:
    return Settings(redis_url=watched.url, redis_timeout_seconds=1)


def test_after_a_failover_what_was_acknowledged_is_there_and_no_batch_counts_twice(
    watched: Watched, store: RedisStore, settings: Settings
) -> None:
    for sequence in range(1, 51):
        store.report([report(settings, sequence % 10, sender="a", sequence=sequence)])
    client = address.open_client(settings.redis_url, 2)
    # As `min-replicas-to-write` would: what the replica has is safe, and no more is claimed of it.
    assert client.execute_command("WAIT", 1, 10_000) == 1
    address.close_client(client)
    watched.primary.terminate()
    with pytest.raises(StoreUnavailable, match="cannot be used"):
        store.report([report(settings, 1, sender="a", sequence=51)])

    def is_taken() -> bool:
        try:
            # The last batch again, as if its answer had been lost, and the one that was refused.
            store.report([report(settings, 0, sender="a", sequence=50), report(settings, 1, sender="a", sequence=51)])
        except StoreUnavailable:
            return False
        return True

    wait_until(is_taken, 60)
    assert sorted(numbers(store.page().entries)) == list(range(10))
    assert [there(store, number).count for number in range(10)] == [5, 6, *[5] * 8]
    assert {each.check: each.status for each in examine(settings)}["writable"] == "ok"
