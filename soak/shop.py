"""Shop: the programs of a busy site: one that serves its log, one that is a host app, and those that report errors."""

import asyncio
import itertools
import logging
import random
import socket
import threading
import time
from collections import Counter
from statistics import median
from typing import Any

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Mount, Route

from benchmarks import workload
from benchmarks.child import wait_for_go
from logster.capture.handler import LogsterHandler
from logster.service import Service
from logster.settings import Settings
from logster.viewer.app import Viewer

_TICK_SECONDS = 0.01
_SECONDS_TO_FLUSH = 60
_MILLISECONDS = 1e3
# A page that takes some milliseconds.
_ROWS = 2_000


def serve_log(settings: dict[str, Any], descriptor: int) -> dict[str, float]:
    """Serve the log at /logs on a socket until told to end."""
    service = Service(Settings(**settings))
    _serve(Starlette(routes=[Mount("/logs", Viewer(lambda _: "Ada", service=service))]), descriptor)
    return {"cpu": time.process_time()}


def serve_shop(settings: dict[str, Any] | None, descriptor: int) -> dict[str, float]:
    """Serve a page that logs an error each time, on a socket until told to end; to nowhere without settings."""
    logger = logging.Logger("shop")
    logger.addHandler(LogsterHandler(service=Service(Settings(**settings))) if settings else logging.NullHandler())

    async def order(_: Request) -> JSONResponse:
        try:
            raise ValueError("no such order")
        except ValueError:
            logger.exception("Order failed")
        return JSONResponse({"orders": [{"number": each, "price": each * 1.5} for each in range(_ROWS)]})

    _serve(Starlette(routes=[Route("/", order)]), descriptor)
    return {"cpu": time.process_time()}


def _serve(app: Starlette, descriptor: int) -> None:
    config = uvicorn.Config(app, log_level="warning", timeout_keep_alive=75, timeout_graceful_shutdown=1)
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [socket.socket(fileno=descriptor)]}, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(_TICK_SECONDS)
    wait_for_go()
    server.should_exit = True
    thread.join()


def report(settings: dict[str, Any], who: int, rate: float, seconds: float, new_rate: float) -> dict[str, Any]:
    """Report errors at a rate, most of them of the same fifty and some that are new, and return what was sent."""
    service = Service(Settings(**settings))
    logger = logging.Logger("shop")
    logger.addHandler(LogsterHandler(service=service))
    sent: Counter[str] = Counter()
    ranks = itertools.cycle(workload.ZIPF)
    wait_for_go()
    began, done, new = time.monotonic(), 0, 0
    while (passed := time.monotonic() - began) < seconds:
        for _ in range(int(passed * rate) - done):
            message = f"no {word(next(ranks))} is left"
            logger.error(message)
            sent[message] += 1
            done += 1
        for _ in range(int(passed * new_rate) - new):
            message = f"{word(who)} never had a {word(new)}"
            logger.error(message)
            sent[message] += 1
            new += 1
        time.sleep(_TICK_SECONDS)
    reported_seconds = time.monotonic() - began
    is_written = service.worker.flush(_SECONDS_TO_FLUSH)
    dropped = service.worker.stats["dropped"]
    service.close()
    cpu = time.process_time()
    return {"sent": sent, "seconds": reported_seconds, "is_written": is_written, "dropped": dropped, "cpu": cpu}


def word(number: int) -> str:
    """Return a word for a number: errors that differ by their numbers alone are one."""
    letter = chr(ord("a") + number % 26)
    return f"{word(number // 26)}{letter}" if number >= 26 else letter


def order(ports: list[int], rate: float, seconds: float) -> list[dict[str, float]]:
    """Ask the same of several apps in turns, whose order changes, and return the milliseconds that each takes."""
    wait_for_go()
    times = asyncio.run(_order(ports, rate, seconds))
    return [{"median": median(each), "p99": percentile(each, 99)} for each in times]


async def _order(ports: list[int], rate: float, seconds: float) -> list[list[float]]:
    connections = [await asyncio.open_connection("127.0.0.1", port) for port in ports]
    times: list[list[float]] = [[] for _ in ports]
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        # Who comes later finds the machine's caches as the other left them.
        turns = list(zip(connections, times, strict=True))
        random.shuffle(turns)
        for (reader, writer), taken in turns:
            began = time.perf_counter()
            writer.write(b"GET / HTTP/1.1\r\nHost: shop\r\n\r\n")
            head = await reader.readuntil(b"\r\n\r\n")
            await reader.readexactly(int(head.lower().partition(b"content-length:")[2].split(b"\r\n")[0]))
            taken.append(_MILLISECONDS * (time.perf_counter() - began))
            await asyncio.sleep(1 / rate / len(ports))
    return times


def percentile(values: list[float], percent: float) -> float:
    """Return the value that so many percent of `values` are not above."""
    return sorted(values)[min(int(len(values) * percent / 100), len(values) - 1)]
