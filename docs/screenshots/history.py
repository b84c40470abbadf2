"""History: lets the shop's day happen at its times, with two versions of the app and a few decisions of its admin."""

import random
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

import shop

import logster
from logster.search import parse
from logster.service import Service, current

HOUR = 3_600.0
RELEASED_HOURS_AGO = 5.4
BEFORE, NOW = "1.4.1", "1.4.2"
ADMIN = "Ada"

# What happens, how often in a busy hour, and how many times at once.
USUAL: tuple[tuple[Callable[[], None], float, int], ...] = (
    (shop.send_order, 3, 9),
    (shop.send_mail, 3, 9),
    (shop.run_low, 1, 2),
    (shop.refuse_card, 1.5, 3),
    (shop.fail_login, 1.5, 4),
    (shop.bounce_mail, 0.7, 2),
    (shop.search_slowly, 0.8, 2),
    (shop.hold_order, 0.6, 2),
    (shop.retry_charge, 0.8, 3),
    (shop.report_script, 0.8, 4),
    (shop.work, 2.5, 1),
    (partial(shop.ask, "timeout"), 0.7, 2),
)
ONCE: tuple[tuple[Callable[[], None], float, int], ...] = (
    (shop.build_index, 14, 1),
    (shop.greet_in_arabic, 9, 3),
    (shop.lose_order, 7.5, 1),
    (shop.count_wrong, 3.2, 2),
    (partial(shop.ask, "chained"), 20, 2),
    (partial(shop.ask, "query"), 16, 3),
)
SINCE_THE_RELEASE: tuple[tuple[Callable[[], None], float, int], ...] = (
    (partial(shop.ask, "chained"), 4.6, 3),
    (partial(shop.ask, "chained"), 2.7, 7),
    (partial(shop.ask, "query"), 2.2, 2),
    (partial(shop.ask, "chained"), 1.4, 11),
    (shop.stop_payments, 0.6, 1),
    (partial(shop.ask, "group"), 0.4, 2),
    (partial(shop.ask, "group"), 0.2, 1),
    (partial(shop.ask, "timeout"), 0.15, 1),
    (partial(shop.ask, "query"), 0.09, 1),
    (partial(shop.ask, "chained"), 0.05, 4),
    (partial(shop.ask, "chained"), 0.03, 5),
)


def tell(hours: float = 25) -> None:
    """Let everything happen, oldest first."""
    for age in _hours(hours, RELEASED_HOURS_AGO):
        _usual(age)
    _all(ONCE)
    _decide()
    logster.configure(application_version=NOW)
    for age in _hours(RELEASED_HOURS_AGO, 0.1):
        _usual(age)
    _all([each for each in ONCE if each[1] < RELEASED_HOURS_AGO])
    _all(SINCE_THE_RELEASE)
    store = current().store
    for query in ('"negative"', '"has no address"'):
        store.protect(key_of(query), by=ADMIN)
    store.add_pattern("grouping", r"/^Job \w+ failed/", by=ADMIN)


def key_of(query: str) -> str:
    """Return the key of the newest entry that a query finds."""
    found = current().store.page(query=parse(query, now_ms=int(time.time() * 1_000)), limit=1).entries
    return found[0].key


def key_of_group() -> str:
    """Return the key of the newest row that stands for a group."""
    return next(entry.key for entry in current().store.page().entries if entry.group)


def _decide() -> None:
    """Do what the admin did before the release."""
    store = current().store
    store.solve([key_of('"cannot be charged"')], by=ADMIN)
    store.add_pattern("suppression", "/^Ping of/", by=ADMIN)
    store.add_pattern("suppression", r"/^Index built: \d+ articles/i", by="Grace")
    for _ in range(9):
        _happen(shop.ping, RELEASED_HOURS_AGO, 23)
    _happen(shop.build_index, RELEASED_HOURS_AGO, 2)


def _hours(start: float, end: float) -> Iterator[float]:
    age = start
    while age > end:
        yield age
        age -= 0.5


def _usual(age: float) -> None:
    # Few buy coffee at night.
    clock = time.localtime(time.time() - age * HOUR).tm_hour
    busy = 0.25 if clock < 7 else 1.0 if clock < 20 else 0.6
    for act, often, at_once in USUAL:
        if random.random() < often * busy / 2:
            _happen(act, max(age - random.uniform(0, 0.5), 0.02), random.randint(1, at_once))


def _all(acts: Any) -> None:
    for act, age, count in sorted(acts, key=lambda each: -each[1]):
        _happen(act, age, count)


def _happen(act: Callable[[], None], age: float, count: int) -> None:
    with _dated(current(), time.time() - age * HOUR, count):
        act()


@contextmanager
def _dated(service: Service, moment: float, count: int) -> Iterator[None]:
    """Let what is reported meanwhile have happened at `moment`, `count` times."""
    worker = service.worker
    submit = worker.submit

    def dated(snapshot: Any) -> bool:
        if hasattr(snapshot, "timestamp"):
            snapshot.timestamp = moment
        else:
            snapshot.timestamp_ms = int(moment * 1_000)
        snapshot.count = count
        return submit(snapshot)

    worker.submit = dated  # type: ignore[method-assign]
    try:
        yield
        logster.flush()
    finally:
        del worker.submit
