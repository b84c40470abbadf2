"""Live views are bounded: each costs a thread and a connection of the demo's."""

import asyncio
from contextlib import suppress
from typing import Any

import pytest

from web import sandbox, streams
from web.streams import Streams


class Opened:
    """Live views over an app whose streams never end by themselves."""

    def __init__(self) -> None:
        self._streams = Streams(self._stream)
        self.tasks: list[asyncio.Task[Any]] = []

    async def _stream(self, scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await asyncio.Event().wait()

    async def open(self, name: str, path: str = streams.PATH) -> int:
        """Open a live view of a sandbox, and return the status of the answer."""
        answered: asyncio.Queue[int] = asyncio.Queue()

        async def send(message: Any) -> None:
            if message["type"] == "http.response.start":
                answered.put_nowait(message["status"])

        async def ask() -> None:
            sandbox.enter(name)
            await self._streams({"type": "http", "method": "GET", "path": path, "headers": []}, None, send)

        self.tasks.append(asyncio.create_task(ask()))
        return await answered.get()

    async def close(self, task: asyncio.Task[Any]) -> None:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


async def ended(opened: Opened) -> None:
    for task in opened.tasks:
        await opened.close(task)
    assert not opened._streams._open


def test_a_visitor_opens_a_few_live_views_and_more_when_some_are_closed() -> None:
    async def scenario() -> None:
        opened = Opened()
        most = streams.IN_ONE_SANDBOX
        assert [await opened.open("ada") for _ in range(most + 1)] == [200] * most + [204]
        assert await opened.open("bob") == 200
        await opened.close(opened.tasks[0])
        assert await opened.open("ada") == 200
        assert await opened.open("ada") == 204
        await ended(opened)

    asyncio.run(scenario())


def test_all_visitors_together_open_only_so_many(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(streams, "TOGETHER", 3)

    async def scenario() -> None:
        opened = Opened()
        assert [await opened.open(str(number)) for number in range(4)] == [200, 200, 200, 204]
        assert await opened.open("4", "/logs/") == 200
        await ended(opened)

    asyncio.run(scenario())
