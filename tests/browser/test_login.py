"""The login page in Chromium: on a phone and a desktop, in both colours, with and without scripts."""

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, expect
from starlette.applications import Starlette
from starlette.routing import Mount

from logster.access import shared_secret
from logster.service import Service
from logster.viewer.app import Viewer
from tests.browser.axe import Audit
from tests.browser.conftest import Problems
from tests.browser.gui import PHONE, SMALLEST, WIDE, row, servers_end_last, service
from tests.viewer.entries import add, key_of

__all__ = ["servers_end_last", "service"]

SECRET, LOOK = "open sesame, please", "only for looking at"


@pytest.fixture
def address(serve: Callable[[Any], str], service: Service) -> str:
    add(service, 1, "Payment failed")
    viewer = Viewer(shared_secret(SECRET, viewers=LOOK), service=service)
    return serve(Starlette(routes=[Mount("/a/logs", viewer)])) + "/a/logs/"


def sign_in(page: Page, secret: str) -> None:
    page.get_by_label("Secret").fill(secret)
    page.get_by_role("button", name="Sign in").click()


@pytest.mark.parametrize("scripts", [True, False])
@pytest.mark.parametrize("screen", [WIDE, PHONE])
def test_signing_in_leads_to_what_was_asked_for(
    new_page: Callable[..., Page], address: str, problems: Problems, screen: Any, scripts: bool
) -> None:
    problems.allow("status of 403")
    page = new_page(viewport=screen, java_script_enabled=scripts)
    page.goto(f"{address}show/{key_of(1)}")
    expect(page.get_by_label("Secret")).to_be_focused()
    sign_in(page, "guess")
    expect(page.get_by_role("alert")).to_have_text("That is not the secret.")
    sign_in(page, SECRET)
    expect(page).to_have_url(f"{address}show/{key_of(1)}")
    expect(page.get_by_role("heading", name="Payment failed")).to_be_visible()
    page.goto(address)
    page.get_by_role("button", name="Sign out").click()
    expect(page).to_have_url(f"{address}login")
    page.goto(address)
    expect(page.get_by_label("Secret")).to_be_visible()


def test_the_login_fits_and_can_be_read(new_page: Callable[..., Page], address: str, problems: Problems) -> None:
    problems.allow("status of 403")
    audit = Audit(new_page(viewport=SMALLEST, bypass_csp=True, reduced_motion="reduce"))
    audit.visit("sign in", address)
    sign_in(audit.page, "guess")
    expect(audit.page.get_by_role("alert")).to_be_visible()
    audit.look("wrong secret")
    audit.page.set_viewport_size(SMALLEST)
    assert audit.page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert audit.found == {}


def test_a_viewer_has_rows_to_read_and_nothing_to_press(new_page: Callable[..., Page], address: str) -> None:
    page = new_page(viewport=WIDE)
    page.goto(address)
    sign_in(page, LOOK)
    expect(row(page, 1)).to_be_visible()
    expect(page.locator(".row .pick").first).to_be_hidden()
    row(page, 1).locator("a").first.focus()
    page.keyboard.press("e")
    page.keyboard.press("p")
    page.keyboard.press("#")
    page.goto(f"{address}show/{key_of(1)}")
    expect(page.get_by_role("button", name="Solve")).to_have_count(0)
    expect(page.get_by_role("button", name="Delete")).to_have_count(0)
    expect(page.locator("[data-form=md]")).to_have_count(1)
