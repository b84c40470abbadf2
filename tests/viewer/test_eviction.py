"""What a Redis that evicts has torn apart is never an error page, and whole again once it is reported again."""

import random
from collections.abc import Iterator
from typing import Any

import pytest
from starlette.testclient import TestClient

from logster.search import parse
from logster.service import Service
from logster.store import address
from tests.store.eviction import Namespace
from tests.viewer.entries import add, add_error, key_of
from tests.viewer.test_access import PUBLIC, ROUTES, path_of

# A stream does not end.
ENDLESS = {"/api/events"}
QUERIES = ("", "?q=Payment", "?q=charge", "?q=/fail.*/", "?q=is:solved", "?level=error", "?q=nothing-like-it")
SOLVED, PROTECTED, DELETED = 4, 5, 9
HALVES = 10


def report_all(service: Service) -> None:
    """Report one of each: with a shared stack and without, of several levels, in a group, with env samples."""
    env = {"hostname": "app-1", "pid": 1, "application_version": "1.0"}
    for _ in range(2):  # the second time its stack is known, and shared
        add_error(service, 1, message="Payment failed", envs=(env, env | {"pid": 2}), version="1.0")
        add_error(service, 2, message="Payment failed again", version="1.1")
    add(service, 3, "Cache is cold", level=30, logger="shop.cache")
    add(service, SOLVED, "Payment is late", level=50)
    add(service, PROTECTED, "Payment is early", level=20, envs=(env,))
    add(service, 6, "ping of app-1 failed")
    add(service, 7, "ping of app-2 failed", level=30)


@pytest.fixture
def whole(service: Service) -> Iterator[Namespace]:
    """A log that has a key of each kind."""
    report_all(service)
    store = service.store
    store.add_pattern("grouping", "/ping of .* failed/", by="Ada")
    store.add_pattern("suppression", "/never seen/", by="Ada")
    store.solve([key_of(SOLVED)], by="Ada")
    store.protect(key_of(PROTECTED), by="Ada")
    add(service, DELETED, "Payment was lost")
    store.discard([key_of(DELETED)], by="Ada")
    client = address.open_client(service.settings.redis_url, 2)
    yield Namespace(client, service.settings.current_namespace())
    address.close_client(client)


def look_everywhere(client: TestClient) -> None:
    """Ask for every page and answer, of entries that are there and that are not."""
    for key in (key_of(number) for number in (1, SOLVED, 6)):
        for route in ROUTES:
            if route.path in PUBLIC | ENDLESS or "GET" not in (route.methods or ()):
                continue
            if "{key}" not in route.path and key != key_of(1):
                continue
            answer = client.get(path_of(route, key))
            assert answer.status_code < 500, (route.path, answer.text)
    for query in QUERIES:
        for path in ("/", "/api/entries"):
            assert client.get(path + query).status_code == 200, (path, query)


def change_everything(service: Service) -> None:
    """Do all that can be done to entries, whatever is left of them."""
    store, keys = service.store, [key_of(number) for number in range(1, 8)]
    for key in keys:
        store.protect(key, by="Ada")
        store.unprotect(key, by="Ada")
    store.solve(keys, by="Ada")
    store.unsolve(keys, by="Ada")
    if store.patterns("grouping"):
        store.remove_pattern("grouping", "/ping of .* failed/", by="Ada")
    store.add_pattern("grouping", "/ping of .* failed/", by="Ada")
    _, token = store.discard(keys[:2], by="Ada")
    store.restore(token, by="Ada")
    store.delete(keys[2:3], by="Ada")
    assert len(list(store.export())) >= 1


def listed(service: Service, **filters: Any) -> list[str]:
    """Return the keys of all rows, page after page, and of the members of groups in their place."""
    page = service.store.page(limit=2, include_solved=True, **filters)
    rows = list(page.entries)
    while page.next:
        page = service.store.page(limit=2, include_solved=True, before=page.next, **filters)
        rows += page.entries
    return sorted(getattr(row, "key", "") or row.name for row in rows)


def assert_whole(service: Service) -> None:
    """Every entry can be seen, read and found."""
    keys = {key_of(number) for number in range(1, 8)}
    rows = set(listed(service))
    grouped = {member for row in service.store.page().entries if row.group for member in row.group.members}
    assert {row for row in rows if not row.startswith("g-")} | grouped == keys
    assert all(service.store.entry(key) for key in keys)
    found = [*listed(service, query=parse("payment")), *listed(service, query=parse("payment is:solved"))]
    assert set(found) == {key_of(number) for number in (1, 2, SOLVED, PROTECTED)}


@pytest.fixture
def evictions(whole: Namespace) -> list[list[str]]:
    """One key of each kind, and halves of all keys, the same in every run."""
    randomness = random.Random(8)
    names = whole.names()
    halves = [randomness.sample(names, len(names) // 2) for _ in range(HALVES)]
    return [*([name] for name in whole.kinds().values()), *halves]


def test_whatever_is_evicted_no_page_is_an_error_and_what_is_reported_again_is_whole(
    service: Service, client: TestClient, whole: Namespace, evictions: list[list[str]]
) -> None:
    for evicted in evictions:
        whole.bring_back()
        whole.evict(evicted)
        look_everywhere(client)
        report_all(service)
        assert_whole(service)


def test_whatever_is_evicted_entries_can_be_changed_cleared_and_begun_anew(
    service: Service, whole: Namespace, evictions: list[list[str]]
) -> None:
    for evicted in evictions:
        whole.bring_back()
        whole.evict(evicted)
        change_everything(service)
        report_all(service)
        change_everything(service)
        service.store.unprotect(key_of(PROTECTED))
        service.store.clear()
        assert listed(service) == []
        report_all(service)
        assert listed(service)
