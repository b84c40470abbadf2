"""A real Chromium against a real server: pages that fail their test on anything the browser complains about."""

import os
import re
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any
from urllib.parse import urlsplit

import pytest
import uvicorn
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, Request, expect, sync_playwright

from tests.browser import install_chromium

FLAGS = [
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    *(["--no-sandbox"] if os.geteuid() == 0 else []),
]

# Chromium prints violations to the console already; this also tells which directive and where.
REPORT_VIOLATIONS = """
document.addEventListener("securitypolicyviolation", (event) => {
    console.error(`CSP violation: ${event.violatedDirective} by ${event.blockedURI} at ${event.sourceFile}`);
});
"""


# How long a page may take to come to what is expected: a machine may have other work, and nothing here measures time.
PATIENCE_MS = 20_000
expect.set_options(timeout=PATIENCE_MS)


class Problems:
    """What the browser complained about: console errors and warnings, page errors, requests that leave the host."""

    def __init__(self) -> None:
        self._found: list[str] = []
        self._allowed: list[re.Pattern[str]] = []

    def allow(self, pattern: str) -> None:
        """Expect problems whose text matches `pattern`."""
        self._allowed.append(re.compile(pattern))

    def found(self) -> list[str]:
        """Return the problems that nobody allowed."""
        return [text for text in self._found if not any(pattern.search(text) for pattern in self._allowed)]

    def watch(self, context: BrowserContext) -> None:
        context.on("console", self._on_console)
        context.on("weberror", lambda error: self._found.append(f"page error: {error.error}"))
        context.on("request", self._on_request)

    def _on_console(self, message: ConsoleMessage) -> None:
        url = message.location.get("url", "")
        # The browser asks for /favicon.ico of its own accord; a page without one is no mistake.
        if message.type in ("error", "warning") and urlsplit(url).path != "/favicon.ico":
            self._found.append(f"console {message.type}: {message.text} ({url})")

    def _on_request(self, request: Request) -> None:
        parts = urlsplit(request.url)
        if parts.scheme not in ("data", "blob") and parts.hostname not in ("127.0.0.1", "localhost"):
            self._found.append(f"request leaves the host: {request.url}")


# Not for the whole session: playwright's event loop counts as running on this thread for as long as it lives, and
# tests of other folders want to run their own.
@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """A running Chromium."""
    path = install_chromium.find()
    assert path, install_chromium.ADVICE
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture
def problems() -> Problems:
    """What the browser complained about in this test; `problems.allow(regex)` expects some of it."""
    return Problems()


@pytest.fixture
def new_page(chromium: Browser, problems: Problems) -> Iterator[Callable[..., Page]]:
    """Open pages, each in a browser profile of its own; options go to playwright's `new_context`."""
    contexts: list[BrowserContext] = []

    def new(**options: Any) -> Page:
        context = chromium.new_context(**options)
        contexts.append(context)
        context.set_default_timeout(PATIENCE_MS)
        context.add_init_script(REPORT_VIOLATIONS)
        problems.watch(context)
        return context.new_page()

    yield new
    for context in contexts:
        context.close()
    assert problems.found() == []


@pytest.fixture
def page(new_page: Callable[..., Page]) -> Page:
    """A page; the test fails if anything in it goes wrong unexpectedly."""
    return new_page()


def wait_until(page: Page, condition: Callable[[], object], *, seconds: float = PATIENCE_MS / 1_000) -> None:
    """Let the browser go on until `condition` holds; for what happens outside the page."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"not so after {seconds} seconds"
        page.wait_for_timeout(20)


@contextmanager
def serving(app: Any) -> Iterator[str]:
    """Serve `app` by uvicorn on a free loopback port; yields its URL without a trailing slash."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        config = uvicorn.Config(app, log_config=None, ws="none", timeout_graceful_shutdown=1)
        server = uvicorn.Server(config)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, name="uvicorn")
        ready = _announce(server)
        thread.start()
        try:
            assert ready.wait(10), "uvicorn did not start within ten seconds"
            yield "http://{}:{}".format(*listener.getsockname())
        finally:
            server.should_exit = True
            thread.join(10)
            assert not thread.is_alive(), "uvicorn did not stop within ten seconds"


def _announce(server: uvicorn.Server) -> threading.Event:
    """Return an event that is set once `server` accepts connections."""
    ready = threading.Event()
    startup = server.startup

    async def announced(sockets: list[socket.socket] | None = None) -> None:
        await startup(sockets)
        ready.set()

    server.startup = announced  # type: ignore[method-assign]
    return ready


@pytest.fixture
def serve() -> Iterator[Callable[[Any], str]]:
    """Serve an app for the length of the test: `url = serve(app)`; call again for more."""
    with ExitStack() as stack:
        yield lambda app: stack.enter_context(serving(app))
