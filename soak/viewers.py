"""Viewers: many readers of one log at once, each with a live view, who do what a browser and a person do with it."""

import asyncio
import json
import random
import re
import time
from typing import Any
from urllib.parse import quote

from benchmarks.child import wait_for_go

# What list.js waits between two fetches that changes make necessary, at the least and in terms of the last one.
_PAUSE_SECONDS, _PAUSE_TIMES = 0.4, 4
_KEY = re.compile(rb'data-key="([0-9a-f]{32})"')
_SEARCHES = (
    "left",
    "level:error",
    "never had",
    "level:>=warning bc",
    '"no b is left"',
    "nothing at all",
    "/no [a-f]+ is/",
)

Found = dict[str, Any]


class Viewer:
    """One reader: a stream of events, and one more connection for what is asked. `found` has what came of it."""

    def __init__(self, port: int, found: Found, chance: random.Random, think_seconds: float) -> None:
        self._port = port
        self._found = found
        self._chance = chance
        self._think_seconds = think_seconds
        self._shown: set[str] = set()
        self._turn = asyncio.Lock()
        self._stale = asyncio.Event()

    async def look(self, end: float) -> None:
        """Come some time or other, and read the log until `end`, a moment of the monotonic clock."""
        await asyncio.sleep(self._chance.uniform(0, self._think_seconds))
        self._reader, self._writer = await asyncio.open_connection("127.0.0.1", self._port)
        await self._ask("/logs/")
        live = [asyncio.create_task(self._listen()), asyncio.create_task(self._keep_up())]
        while (left := end - time.monotonic()) > 0:
            await asyncio.sleep(min(self._chance.expovariate(1 / self._think_seconds), left))
            if time.monotonic() < end:
                await self._ask(self._chance.choice((self._search, self._search, self._detail, self._page))())
        self._found["ended"] += any(each.done() for each in live)
        for each in live:
            each.cancel()
        self._writer.close()

    def _search(self) -> str:
        return f"/logs/?q={quote(self._chance.choice(_SEARCHES))}"

    def _detail(self) -> str:
        return f"/logs/e/{self._chance.choice(sorted(self._shown))}" if self._shown else "/logs/"

    def _page(self) -> str:
        return self._chance.choice(("/logs/", "/logs/api/entries", "/logs/?level=error"))

    async def _listen(self) -> None:
        """Hear what changes, and note where the list has to be fetched for it, as list.js does."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self._port)
        writer.write(b"GET /logs/api/events HTTP/1.1\r\nHost: shop\r\n\r\n")
        kind = ""
        try:
            while line := await reader.readline():
                if line.startswith(b"event:"):
                    kind = line[6:].strip().decode()
                    self._found["events"] += 1
                elif line.startswith(b"data:") and (kind == "refresh" or self._is_news(json.loads(line[5:]))):
                    self._stale.set()
        finally:
            writer.close()

    def _is_news(self, changes: Any) -> bool:
        return any(each.get("new") and each["key"] not in self._shown for each in changes or ())

    async def _keep_up(self) -> None:
        while True:
            await self._stale.wait()
            self._stale.clear()
            seconds = await self._ask("/logs/?fragment=list")
            await asyncio.sleep(max(_PAUSE_SECONDS, _PAUSE_TIMES * seconds))

    async def _ask(self, path: str) -> float:
        """Ask for something, note how long it took and whether it went well, and return the seconds."""
        async with self._turn:
            began = time.monotonic()
            head = f"GET {path} HTTP/1.1\r\nHost: shop\r\nAccept-Encoding: gzip\r\n\r\n"
            self._writer.write(head.encode())
            status, length = 0, 0
            while (line := await self._reader.readline()) not in (b"\r\n", b""):
                if not status:
                    status = int(line.split()[1])
                elif line.lower().startswith(b"content-length:"):
                    length = int(line[15:])
            body = await self._reader.readexactly(length)
        seconds = time.monotonic() - began
        self._found["milliseconds"].append(1e3 * seconds)
        # What is searched for with 404 is an entry that was trimmed meanwhile.
        if status != 200 and not (status == 404 and path.startswith("/logs/e/")):
            self._found["wrong"].append(f"{status} {path}")
        self._shown.update(key.decode() for key in _KEY.findall(body))
        return seconds


def view(port: int, viewers: int, seconds: float, think_seconds: float) -> Found:
    """Have viewers read for some seconds, and return how long each answer took and what went wrong.

    Arguments:
        port: where the app is.
        viewers: how many.
        seconds: for how long.
        think_seconds: how long each thinks on average before asking for something else.
    """
    found: Found = {"milliseconds": [], "wrong": [], "events": 0, "ended": 0}
    wait_for_go()
    asyncio.run(_view(port, viewers, seconds, think_seconds, found))
    return found | {"cpu": time.process_time(), "wrong": found["wrong"][:20], "wrongs": len(found["wrong"])}


async def _view(port: int, viewers: int, seconds: float, think_seconds: float, found: Found) -> None:
    end = time.monotonic() + seconds
    readers = [Viewer(port, found, random.Random(number), think_seconds) for number in range(viewers)]
    await asyncio.gather(*(each.look(end) for each in readers))
