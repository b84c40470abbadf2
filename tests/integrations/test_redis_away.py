"""Whatever is wrong with Redis, every occurrence is counted once, nothing is raised, and what is dropped is said."""

import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from logster.errors import StoreUnavailable
from logster.settings import Settings
from logster.store.redis_store import RedisStore
from soak.siege import Reported, Stopwatch, besiege
from tests.integrations.faults import FAULTS, PASSWORD, Place
from tests.integrations.proxy import Disturbance

# As many as a proxy disturbs for sure within the time.
_BY_PROXY = [name for name in FAULTS if name not in ("SIGKILL", "SIGSTOP", "restart", "wrong password")]


@pytest.fixture
def place() -> Iterator[Place]:
    with Place() as place:
        yield place


def in_a_thread(function: Callable[..., Reported], arguments: dict[str, Any]) -> Callable[[], Reported]:
    results: list[Reported] = []
    thread = threading.Thread(target=lambda: results.append(function(**arguments)))
    thread.start()

    def result() -> Reported:
        thread.join()
        return results[0]

    return result


@pytest.mark.parametrize("name", FAULTS)
def test_every_occurrence_is_counted_once(place: Place, name: str, capfd: pytest.CaptureFixture[str]) -> None:
    siege = besiege(
        place,
        FAULTS[name],
        in_a_thread,
        processes=2,
        rate=500,
        well_seconds=0.2,
        ill_seconds=0.7,
        rounds=2,
        flush_interval_seconds=0.01,
        redis_timeout_seconds=0.5,
    )

    assert siege.sent > 0
    assert siege.is_written
    assert siege.wrong == {}
    assert siege.counted == siege.sent
    assert (siege.raised, siege.dropped, siege.told) == ([], 0, 0)
    assert PASSWORD not in "".join(capfd.readouterr())
    if name in _BY_PROXY:
        assert place.proxy.disturbed


def test_what_has_no_room_while_redis_is_away_is_dropped_and_the_log_says_how_much(place: Place) -> None:
    siege = besiege(
        place,
        FAULTS["restart"],
        in_a_thread,
        processes=2,
        rate=500,
        well_seconds=0.1,
        ill_seconds=1,
        rounds=1,
        is_distinct=True,
        flush_interval_seconds=0.01,
        max_pending_entries=50,
    )

    assert siege.is_written
    assert siege.dropped > 0
    assert siege.told == siege.dropped
    assert siege.counted + siege.dropped == siege.sent
    assert siege.raised == []


def test_a_slow_server_is_waited_for_as_long_as_set(place: Place) -> None:
    siege = besiege(
        place,
        FAULTS["2 s of delay"],
        in_a_thread,
        processes=1,
        rate=100,
        well_seconds=0,
        ill_seconds=3,
        rounds=1,
        redis_timeout_seconds=20,
    )

    assert siege.counted == siege.sent
    assert siege.wrong == {}


def test_a_node_of_a_cluster_says_which_url_is_right(place: Place) -> None:
    store = RedisStore(Settings(redis_url=place.url))
    with FAULTS["MOVED"](place), pytest.raises(StoreUnavailable, match=r"node of a cluster.*redis\+cluster://"):
        store.page()
    store.close()


def test_what_says_that_a_script_is_missing_where_none_was_called_is_an_outage(place: Place) -> None:
    store = RedisStore(Settings(redis_url=place.url))
    place.proxy.disturbance = Disturbance(refusals=("NOSCRIPT No matching script.",))
    with pytest.raises(StoreUnavailable):
        store.page()
    store.close()


def test_the_siege_sees_a_call_that_waits_and_one_that_works() -> None:
    asleep, at_work = Stopwatch(), Stopwatch()
    asleep.measure(lambda: time.sleep(0.5))
    at_work.measure(lambda: sum(range(1_000_000)) and None)
    assert asleep.longest["held"] > 0.1 > asleep.longest["cpu"]
    assert at_work.longest["cpu"] > 0.001
    assert at_work.longest["held"] >= at_work.longest["cpu"]
