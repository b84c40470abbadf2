"""The website in Chromium: the log live on the front page, a log for each visitor, and pages that everybody can use."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import FrameLocator, Page, expect
from starlette.applications import Starlette

from tests.browser.axe import Audit
from tests.browser.conftest import Problems
from tests.browser.gui import PHONE, SMALLEST, WIDE
from tests.web.conftest import database, service, site  # noqa: F401 - fixtures

PAGES = ["/", "/demo", "/docs/", "/docs/readme", "/docs/gui", "/docs/configuration", "/docs/python", "/docs/http_api"]
PAGE_FAULTS = ["A thrown error", "A rejected promise", "A caught error"]


@pytest.fixture(autouse=True)
def servers_end_last(service: Any, serve: Callable[[Any], str]) -> None:  # noqa: F811
    """Pages that listen complain when their server goes before them, and it needs its service to the last."""


@pytest.fixture
def address(serve: Callable[[Any], str], site: Callable[..., Starlette]) -> str:  # noqa: F811
    """The address of a website that gives each visitor a log of his own."""
    return serve(site())


def log_in(page: Page) -> FrameLocator:
    return page.frame_locator("iframe[name=log]")


def is_live(log: Page | FrameLocator) -> None:
    expect(log.locator("logster-live")).to_have_attribute("data-now", "live")


@pytest.mark.parametrize("size", [WIDE, PHONE], ids=["wide", "phone"])
def test_one_screen_shows_words_code_buttons_and_rows_of_the_log(address: str, new_page: Any, size: Any) -> None:
    page = new_page(viewport=size)
    page.goto(address)
    for shown in (page.get_by_role("heading", level=1), page.locator("pre"), page.get_by_role("button").first):
        expect(shown).to_be_in_viewport(ratio=1)
    expect(log_in(page).locator(".row").first).to_be_in_viewport(ratio=1)


@pytest.mark.parametrize(("button", "message"), [("Failing query", "no such table"), ("In this page", "undefined")])
def test_an_error_caused_on_the_front_page_arrives_in_the_log_on_it(
    address: str, page: Page, problems: Problems, button: str, message: str
) -> None:
    problems.allow("page error|Uncaught")
    page.goto(address)
    log = log_in(page)
    is_live(log)
    page.get_by_role("button", name=button).click()
    link = page.get_by_role("link", name="See it in the log")
    expect(link).to_have_attribute("href", re.compile(r"\?key=\w+$"))
    expect(log.locator(".row", has_text=message).first).to_be_visible()
    link.click()
    expect(log.locator(".entry-message")).to_contain_text(message)
    expect(page).to_have_url(f"{address}/")


def test_without_javascript_the_log_on_the_front_page_shows_the_error(address: str, new_page: Any) -> None:
    page = new_page(java_script_enabled=False)
    page.goto(address)
    expect(page.get_by_role("button", name="In this page")).to_be_hidden()
    page.get_by_role("button", name="Lost order").click()
    expect(log_in(page).locator(".entry-message")).to_contain_text("Order 1138 cannot be charged")
    expect(page).to_have_url(f"{address}/")


def test_the_way_back_out_of_the_log_on_the_front_page_leads_to_the_front_page(address: str, page: Page) -> None:
    page.goto(address)
    log_in(page).get_by_role("link", name="Back to site").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("The error log inside your app")
    is_live(log_in(page))


@pytest.mark.parametrize("button", PAGE_FAULTS)
def test_an_error_of_the_page_is_led_to(address: str, page: Page, problems: Problems, button: str) -> None:
    problems.allow("page error|Uncaught")
    page.goto(f"{address}/demo")
    page.get_by_role("button", name=re.compile(f"^{button}")).click()
    link = page.get_by_role("status").get_by_role("link")
    expect(link).to_have_attribute("href", re.compile(r"\?key=\w+$"))
    with page.expect_popup() as opened:
        link.click()
    expect(opened.value.locator(".entry")).to_contain_text("JavaScript")


def test_what_one_visitor_does_another_does_not_see(address: str, new_page: Any) -> None:
    ada, bob = new_page(viewport=WIDE), new_page(viewport=WIDE)
    for page in (ada, bob):
        page.goto(f"{address}/logs/")
        is_live(page)
    rows = bob.locator(".row").count()
    assert rows > 5
    rows_of_ada = ada.locator(".row").count()
    bob.evaluate("window.neverReloaded = true")
    ada.locator(".row-link").first.click()
    ada.locator(".detail-pane").get_by_role("button", name="Solve").first.click()
    expect(ada.locator(".row")).to_have_count(rows_of_ada - 1)
    ada.goto(f"{address}/logs/settings")
    ada.get_by_label("Pattern").first.fill("/.+/")
    ada.get_by_role("button", name="Add").first.click()
    expect(ada.locator("body")).to_contain_text("/.+/")
    ada.goto(f"{address}/logs/clear")
    ada.get_by_role("button", name="Clear").click()
    expect(ada.locator(".row")).to_have_count(0)
    ada.goto(f"{address}/demo")
    ada.get_by_role("button", name=re.compile("^A failing query")).click()
    expect(ada.get_by_role("status")).to_be_visible()
    ada.goto(f"{address}/logs/")
    expect(ada.locator(".row")).to_have_count(0)
    # Bob's page has heard nothing, and what he causes himself still arrives.
    other = bob.context.new_page()
    other.goto(f"{address}/demo")
    other.get_by_role("button", name=re.compile("^A timeout")).click()
    expect(bob.locator(".row")).to_have_count(rows + 1)
    assert bob.evaluate("window.neverReloaded")


def test_a_visitor_begins_anew(address: str, page: Page) -> None:
    page.goto(f"{address}/demo")
    page.get_by_role("button", name=re.compile("^A timeout")).click()
    page.goto(f"{address}/logs/")
    expect(page.locator(".row", has_text="timed out")).to_have_count(1)
    page.goto(f"{address}/demo")
    page.get_by_role("button", name="Begin with a fresh one").click()
    page.goto(f"{address}/logs/")
    expect(page.locator(".row").nth(5)).to_be_visible()
    expect(page.locator(".row", has_text="timed out")).to_have_count(0)


def test_the_log_says_that_it_is_a_demo(address: str, page: Page) -> None:
    page.goto(f"{address}/logs/")
    assert "Logster demo" in page.title()
    expect(page.get_by_role("complementary", name="About this log")).to_contain_text(
        "gone an hour after your last visit"
    )


def test_the_pages_are_accessible_in_both_themes_wide_and_on_a_phone(
    address: str, page: Page, problems: Problems
) -> None:
    problems.allow("404")
    audit = Audit(page)
    for path in [*PAGES, "/missing"]:
        audit.visit(path, address + path)
    assert audit.found == {}


def test_no_page_scrolls_sideways_on_the_smallest_screen(address: str, new_page: Any, problems: Problems) -> None:
    problems.allow("404")
    page = new_page(viewport=SMALLEST)
    for path in [*PAGES, "/missing", "/logs/"]:
        page.goto(address + path)
        assert page.evaluate("document.documentElement.scrollWidth") <= SMALLEST["width"], path


def test_keys_alone_lead_to_everything(address: str, page: Page) -> None:
    page.goto(f"{address}/docs/gui")
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to the content")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("main")).to_be_focused()
    page.keyboard.press("Tab")
    expect(page.get_by_role("navigation", name="All pages").get_by_role("link").first).to_be_focused()
