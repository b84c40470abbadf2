"""A session that ends while the log is open, in Chromium: the page says so, and keeps what was typed."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, expect
from starlette.responses import PlainTextResponse, RedirectResponse

from logster.service import Service
from logster.viewer.app import Viewer
from tests.browser.conftest import Problems
from tests.browser.gui import is_live, row, servers_end_last, service
from tests.viewer.entries import add, key_of

__all__ = ["servers_end_last", "service"]


class Session:
    """Lets everybody in until it ends, and then answers as an app does that wants a login."""

    def __init__(self, answer: str) -> None:
        self._answer = answer
        self.is_over = False

    def __call__(self, request: Any) -> Any:
        if not self.is_over:
            return "Ada"
        return {"refusal": False, "status": PlainTextResponse("Who are you?", 401), "login": LOGIN}[self._answer]


LOGIN = RedirectResponse("/login", 303)


@pytest.fixture
def session(answer: str) -> Session:
    return Session(answer)


@pytest.fixture
def page(
    serve: Callable[[Any], str],
    service: Service,
    session: Session,
    problems: Problems,
    new_page: Callable[..., Page],
) -> Page:
    """A list whose session is over, with half a question in the search field."""
    problems.allow("status of 40[13]|EventSource|MIME")
    viewer = Viewer(session, service=service)

    async def app(scope: Any, receive: Any, send: Any) -> None:
        is_login = scope["type"] == "http" and scope["path"] == "/login"
        await (PlainTextResponse("Sign in") if is_login else viewer)(scope, receive, send)

    for number in range(1, 61):
        add(service, number, f"Payment {number} failed")
    page = new_page()
    page.goto(f"{serve(app)}/?key={key_of(2)}")
    is_live(page)
    page.locator("#q").fill("payment 5")
    page.locator("[data-heading]").click()
    session.is_over = True
    return page


def press_row(page: Page) -> None:
    row(page, 1).locator("a").click()


def press_delete(page: Page) -> None:
    page.locator(".detail-pane").get_by_role("button", name="Delete").click()


def press_tab(page: Page) -> None:
    page.keyboard.press("3")


def press_bulk(page: Page) -> None:
    row(page, 3).locator(".pick").click()
    page.locator("[data-bulk]").get_by_role("button", name="Solve").click()


def press_older(page: Page) -> None:
    page.get_by_role("link", name="Older").click()


@pytest.mark.parametrize(
    ("answer", "press"),
    [
        *((answer, press) for answer in ("refusal", "status", "login") for press in (press_row, press_delete)),
        *(("refusal", press) for press in (press_tab, press_bulk, press_older)),
    ],
)
def test_whatever_is_pressed_says_so_and_reloads_with_what_was_typed(
    page: Page, service: Service, session: Session, press: Callable[[Page], None]
) -> None:
    press(page)
    banner = page.locator("[data-banner]")
    expect(banner).to_contain_text(re.compile("no longer|may not see"))
    expect(page.locator("#q")).to_have_value("payment 5")
    assert len(service.store.page(limit=100).entries) == 60
    session.is_over = False
    banner.get_by_role("button", name="Reload").click()
    expect(page.locator("#q")).to_have_value("payment 5")
    expect(page.locator(".row")).to_have_count(15)
    expect(page.locator("[data-heading]")).to_contain_text("Payment 2 failed")
    is_live(page)
