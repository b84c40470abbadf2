"""Many who ask the same at once are answered together, with nothing that was before they asked."""

import asyncio
import threading
from collections.abc import Iterator
from contextvars import ContextVar
from typing import Any

import httpx2
import pytest

from logster.service import Service
from logster.settings import Settings
from logster.viewer import hub, overview, sharing
from logster.viewer.app import Viewer
from logster.viewer.hub import PAUSE_SECONDS, TOLD_AT_ONCE, Channel
from logster.viewer.sharing import MANY, shared
from tests.viewer.entries import add

tenant: ContextVar[str] = ContextVar("tenant", default="nobody")


class Store:
    """Answers with how often it was asked, each time only when it is told to."""

    def __init__(self) -> None:
        self.asked = 0
        self.turns = threading.Semaphore(0)

    def answer(self) -> int:
        self.asked += 1
        number = self.asked
        self.turns.acquire()
        return number


async def until(condition: Any) -> None:
    while not condition():  # noqa: ASYNC110 - it is met on another thread
        await asyncio.sleep(0.001)


def test_who_asks_meanwhile_is_answered_by_the_next_question() -> None:
    async def scenario() -> None:
        store = Store()
        first = asyncio.create_task(shared("list", store.answer))
        await until(lambda: store.asked == 1)
        later = [asyncio.create_task(shared("list", store.answer)) for _ in range(20)]
        await asyncio.sleep(0.01)
        store.turns.release()
        assert await first == 1
        await until(lambda: store.asked == 2)
        last = asyncio.create_task(shared("list", store.answer))
        await asyncio.sleep(0.01)
        store.turns.release(2)
        assert await asyncio.gather(*later) == [2] * 20
        assert await last == 3
        assert sharing._lines[asyncio.get_running_loop()] == {}

    asyncio.run(scenario())


def test_where_many_wait_those_who_come_a_moment_later_are_answered_with_them() -> None:
    async def scenario() -> None:
        store = Store()
        first = asyncio.create_task(shared("list", store.answer))
        await until(lambda: store.asked == 1)
        later = [asyncio.create_task(shared("list", store.answer)) for _ in range(MANY)]
        await asyncio.sleep(0.01)
        store.turns.release()
        assert await first == 1
        later.append(asyncio.create_task(shared("list", store.answer)))
        await asyncio.sleep(0.01)
        assert store.asked == 1
        store.turns.release()
        assert await asyncio.gather(*later) == [2] * (MANY + 1)

    asyncio.run(scenario())


def test_where_few_wait_nothing_is_put_off(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sharing, "PAUSE_SECONDS", 3_600)

    async def scenario() -> None:
        store = Store()
        first = asyncio.create_task(shared("list", store.answer))
        await until(lambda: store.asked == 1)
        later = [asyncio.create_task(shared("list", store.answer)) for _ in range(MANY - 1)]
        await asyncio.sleep(0.01)
        store.turns.release(2)
        assert await asyncio.wait_for(asyncio.gather(first, *later), 60) == [1, *([2] * (MANY - 1))]

    asyncio.run(scenario())


def test_another_question_does_not_wait() -> None:
    async def scenario() -> None:
        slow, fast = Store(), Store()
        waiting = asyncio.create_task(shared("list", slow.answer))
        fast.turns.release()
        assert await shared("search", fast.answer) == 1
        slow.turns.release()
        assert await waiting == 1

    asyncio.run(scenario())


def test_an_error_reaches_everybody_and_the_next_is_asked_anew() -> None:
    async def scenario() -> None:
        store = Store()

        def fail() -> int:
            store.answer()
            raise LookupError("gone")

        first = asyncio.create_task(shared("list", fail))
        await until(lambda: store.asked == 1)
        later = [asyncio.create_task(shared("list", fail)) for _ in range(2)]
        store.turns.release(9)
        found = await asyncio.gather(first, *later, return_exceptions=True)
        assert [repr(each) for each in found] == ["LookupError('gone')"] * 3
        assert await shared("list", store.answer) == 3

    asyncio.run(scenario())


def test_who_leaves_takes_no_answer_from_others() -> None:
    async def scenario() -> None:
        store = Store()
        first = asyncio.create_task(shared("list", store.answer))
        await until(lambda: store.asked == 1)
        second, third = (asyncio.create_task(shared("list", store.answer)) for _ in range(2))
        await asyncio.sleep(0.01)
        first.cancel()
        second.cancel()
        store.turns.release(2)
        assert await third == 2
        found = await asyncio.gather(first, second, return_exceptions=True)
        assert [type(each) for each in found] == [asyncio.CancelledError] * 2

    asyncio.run(scenario())


@pytest.fixture
def calls(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Which queries the lists were made for."""
    made: list[str] = []
    listed = overview.listed

    def noting(store: Any, listing: Any, now_ms: int) -> Any:
        made.append(listing.text)
        return listed(store, listing, now_ms)

    monkeypatch.setattr(overview, "listed", noting)
    return made


async def pages(viewer: Viewer, addresses: Iterator[str] | list[str]) -> list[str]:
    transport = httpx2.ASGITransport(app=viewer)
    async with httpx2.AsyncClient(transport=transport, base_url="http://shop") as client:
        return [answer.text for answer in await asyncio.gather(*(client.get(each) for each in addresses))]


def test_readers_of_the_same_list_share_it(service: Service, calls: list[str]) -> None:
    add(service, 1, "Payment failed")
    add(service, 2, "Mail bounced")
    viewer = Viewer(lambda request: "Ada", service=service)
    asked = ["/?fragment=list", "/?q=mail&fragment=list&key=x"] * 20

    found = asyncio.run(pages(viewer, asked))

    assert all("Payment failed" in each and "Mail bounced" in each for each in found[::2])
    assert all("Payment failed" not in each and "Mail" in each for each in found[1::2])
    assert 2 <= len(calls) < 40


def test_what_is_drawn_is_each_reader_s_own(service: Service) -> None:
    for number in (1, 2):
        add(service, number, f"Payment {'ab'[number - 1]} failed")
    keys = [entry.key for entry in service.store.page().entries]
    viewer = Viewer(lambda request: "Ada", service=service)
    found = asyncio.run(pages(viewer, [f"/?key={key}&fragment=list" for key in keys] * 20))
    for key, other, each in zip(keys * 20, keys[::-1] * 20, found, strict=True):
        assert f'href="./?key={key}" aria-current="true"' in each
        assert f'href="./?key={other}"\n' in each or f'href="./?key={other}">' in each
        assert f"key={key}&amp;during=" in each


def test_no_list_is_shared_by_tenants(settings: Settings) -> None:
    service = Service(settings.with_changes(namespace=lambda: f"tenant-{tenant.get()}"))
    for name in ("one", "two"):
        tenant.set(name)
        add(service, 1, f"A secret of {name}")

    def authorize(request: Any) -> str:
        tenant.set(request.query_params["tenant"])
        return "Ada"

    viewer = Viewer(authorize, service=service)

    async def app(scope: Any, receive: Any, send: Any) -> None:
        # As a middleware of the host's does.
        tenant.set("one" if b"one" in scope["query_string"] else "two")
        await viewer(scope, receive, send)

    asked = ["/?tenant=one", "/?tenant=two"] * 10
    found = asyncio.run(pages(app, asked))  # type: ignore[arg-type]
    for name, other, each in zip(["one", "two"] * 10, ["two", "one"] * 10, found, strict=True):
        assert f"A secret of {name}" in each
        assert f"A secret of {other}" not in each
    service.close()


def test_many_listeners_are_told_one_after_the_other(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    slept: list[float] = []
    monkeypatch.setattr(hub.time, "sleep", slept.append)
    told: list[int] = []

    class Listener:
        def __init__(self, number: int) -> None:
            self.number = number

        def send(self, message: bytes) -> None:
            told.append(self.number)

    channel = Channel(service.store)
    channel._subscribers = {Listener(number) for number in range(2 * TOLD_AT_ONCE + 1)}  # type: ignore[misc]
    channel._publish(b"news")
    assert sorted(told) == list(range(2 * TOLD_AT_ONCE + 1))
    assert slept == [PAUSE_SECONDS] * 2
