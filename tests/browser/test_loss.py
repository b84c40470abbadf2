"""A server that is lost, in Chromium: the page says so quietly, keeps what it shows, and goes on by itself."""

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
import uvicorn
from playwright.sync_api import Page, expect

from logster.service import Service
from logster.viewer.app import Viewer
from tests.browser.conftest import Problems
from tests.browser.gui import is_live, row, servers_end_last, service
from tests.viewer.entries import add, key_of

__all__ = ["servers_end_last", "service"]


@contextmanager
def serving_at(port: int, app: Any) -> Iterator[int]:
    """Serve `app` at a port, or at a free one for 0, and cut every connection at the end as a crash does."""
    with socket.socket() as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(("127.0.0.1", port))
        listener.listen()
        server = uvicorn.Server(uvicorn.Config(app, log_config=None, ws="none", timeout_graceful_shutdown=1))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
        thread.start()
        try:
            yield listener.getsockname()[1]
        finally:
            server.should_exit = True
            thread.join(10)
            assert not thread.is_alive()


def test_a_lost_server_shows_a_banner_and_the_list_goes_on_with_what_came_meanwhile(
    new_page: Callable[..., Page], service: Service, problems: Problems
) -> None:
    problems.allow("ERR_|EventSource|Failed to load resource|503")
    viewer = Viewer(lambda request: True, service=service)
    page = new_page()
    add(service, 2)
    with serving_at(0, viewer) as port:
        page.goto(f"http://127.0.0.1:{port}/")
        is_live(page)
        page.locator("#q").fill("half a question")
        page.evaluate("window.notReloaded = true")
    banner = page.locator("[data-banner]")
    expect(banner).to_contain_text("connection to the server is lost")
    expect(banner).to_have_class("banner is-away")
    expect(row(page, 2)).to_be_visible()
    row(page, 2).locator("a").click()
    expect(banner).to_contain_text("could not be opened")
    add(service, 1, "Came meanwhile", age_ms=0)
    with serving_at(port, viewer):
        expect(row(page, 1)).to_be_visible(timeout=30_000)
        is_live(page)
        expect(banner).to_be_hidden()
        expect(page.locator("#q")).to_have_value("half a question")
        assert page.evaluate("window.notReloaded")
        row(page, 1).locator("a").click()
        expect(page.locator("[data-heading]")).to_have_text("Came meanwhile")
        page.close()


@pytest.mark.parametrize("button", ["Delete", "Solve", "Protect"])
def test_what_could_not_be_done_is_said_and_can_be_tried_again(
    new_page: Callable[..., Page], serve: Callable[[Any], str], service: Service, problems: Problems, button: str
) -> None:
    problems.allow("ERR_FAILED|Failed to load resource")
    key = add(service, 1)
    page = new_page()
    page.goto(f"{serve(Viewer(lambda request: True, service=service))}/?key={key}")
    is_live(page)
    page.route("**/api/entries/**", lambda route: route.abort())
    pressed = page.locator(".detail-pane").get_by_role("button", name=button)
    pressed.click()
    expect(page.locator("[data-banner]")).to_contain_text("Not done. The server does not answer.")
    expect(pressed).to_be_enabled()
    assert service.store.entry(key_of(1))
    page.unroute("**/api/entries/**")
    pressed.click()
    expect(page.locator("[data-banner]")).not_to_contain_text("Not done")
    if button == "Protect":
        expect(page.get_by_role("button", name="Unprotect")).to_be_visible()
    else:
        expect(row(page, 1)).to_have_count(0)


def test_older_rows_that_could_not_be_fetched_are_asked_for_again(
    new_page: Callable[..., Page], serve: Callable[[Any], str], service: Service, problems: Problems
) -> None:
    problems.allow("ERR_FAILED|Failed to load resource")
    for number in range(1, 61):
        add(service, number)
    page = new_page()
    page.goto(serve(Viewer(lambda request: True, service=service)) + "/")
    is_live(page)
    page.route("**/*before=*", lambda route: route.abort())
    page.get_by_role("link", name="Older").click()
    expect(page.locator("[data-banner]")).to_contain_text("Older entries could not be fetched.")
    page.unroute("**/*before=*")
    page.get_by_role("link", name="Older").click()
    expect(page.locator(".row")).to_have_count(60)
    expect(page.locator("[data-older]")).to_have_count(0)
