"""An entry that is gone, in Chromium: its address says what is still known of it, and brings it back where it can."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from logster.service import Service
from tests.browser.conftest import Problems
from tests.browser.gui import PHONE, SMALLEST, WIDE, log, row, servers_end_last, service
from tests.viewer.entries import add, add_error, key_of

__all__ = ["log", "servers_end_last", "service"]

SCRIPTS = pytest.mark.parametrize("options", [{}, {"java_script_enabled": False}], ids=["scripts", "no scripts"])


@pytest.fixture(autouse=True)
def gone_is_an_error_to_the_browser(problems: Problems) -> None:
    problems.allow("status of 404")


def whole(service: Service, key: str) -> Any:
    entry = service.store.entry(key)
    assert entry
    hours = service.store.timeline(key, since_ms=0, until_ms=entry.last_seen)
    return entry, service.store.env_samples(key), hours


@SCRIPTS
def test_a_deleted_entry_says_what_it_was_and_comes_back_whole(
    new_page: Callable[..., Page], log: str, service: Service, options: dict[str, Any]
) -> None:
    key = add_error(service, count=12, version="2.4.0", envs=({"user": 1}, {"user": 2}))
    service.store.protect(key)
    before = whole(service, key)
    service.store.discard([key], by="Grace")
    page = new_page(**options)
    page.goto(f"{log}show/{key}")
    gone = page.locator("[data-gone]")
    expect(gone.get_by_role("heading")).to_have_text("This entry is gone")
    for said in ("Payment failed", "by Grace", "12", "psycopg.OperationalError", "shop.payments.charge"):
        expect(gone).to_contain_text(said)
    gone.get_by_role("button", name="Bring it back").click()
    expect(page.locator("[data-banner]")).to_contain_text("Restored.")
    expect(page.locator(".detail-pane [data-heading]")).to_have_text("Payment failed")
    expect(row(page, 1)).to_be_visible()
    assert whole(service, key) == before


def test_what_was_deleted_together_comes_back_together(page: Page, log: str, service: Service) -> None:
    for number in range(1, 4):
        add(service, number)
    service.store.discard([key_of(1), key_of(2)])
    page.goto(f"{log}?key={key_of(2)}")
    page.get_by_role("button", name="Bring it back, with the 1 other deleted with it").click()
    expect(page.locator(".row")).to_have_count(3)
    expect(page).to_have_url(re.compile(f"key={key_of(2)}"))


def test_what_is_like_it_is_a_search_away(page: Page, log: str, service: Service) -> None:
    add_error(service, 1)
    add_error(service, 2)
    add(service, 3, "Cache is cold")
    service.store.discard([key_of(1)])
    page.goto(f"{log}show/{key_of(1)}")
    page.get_by_role("link", name="Search for what is like it").click()
    expect(page.locator(".row")).to_have_count(1)
    expect(row(page, 2)).to_be_visible()
    expect(page.locator("#q")).to_have_value('type:"psycopg.OperationalError"')


def test_a_clearing_and_a_solution_are_told(page: Page, log: str, service: Service) -> None:
    key = add(service, 1, version="2.4.0")
    service.store.solve([key], by="Ada")
    service.store.clear(by="Grace")
    page.goto(f"{log}?key={key}")
    gone = page.locator("[data-gone]")
    expect(gone).to_contain_text("in 2.4.0; it comes back when another version reports it")
    expect(gone.locator("div", has_text="Solvedby Ada")).to_be_visible()
    expect(gone.locator("div", has_text="Log clearedby Grace")).to_be_visible()
    expect(gone.get_by_role("button")).to_have_count(0)
    gone.get_by_role("link", name="Close").click()
    expect(gone).to_have_count(0)


def test_what_was_never_there_claims_nothing(page: Page, log: str) -> None:
    page.goto(f"{log}show/{key_of(7)}")
    expect(page.locator("[data-gone]")).to_contain_text("This entry is gone")
    expect(page.locator("[data-gone] dl")).to_have_count(0)
    page.get_by_role("main").get_by_role("link", name="All entries").click()
    expect(page.locator("[data-empty]")).to_be_visible()


@pytest.mark.parametrize("viewport", [WIDE, PHONE, SMALLEST], ids=["wide", "phone", "smallest"])
def test_any_text_of_it_fits(
    new_page: Callable[..., Page], log: str, service: Service, viewport: dict[str, int]
) -> None:
    key = add_error(service, 1, message="<script>alert(1)</script>" + "W" * 400, logger="l" * 300)
    service.store.discard([key], by="b" * 90)
    page = new_page(viewport=viewport)
    page.goto(f"{log}show/{key}")
    expect(page.locator("[data-gone] b").first).to_contain_text("<script>")
    assert page.evaluate("document.documentElement.scrollWidth") <= viewport["width"]


def test_rows_deleted_at_once_come_back_whole_and_into_their_group(page: Page, log: str, service: Service) -> None:
    for number in (1, 2, 3):
        add_error(service, number, message=f"Timeout of feed {number}", count=number * 5, envs=({"user": number},))
    service.store.add_pattern("grouping", "/Timeout of feed [23]/")
    service.store.protect(key_of(2))
    before = [whole(service, key_of(number)) for number in (1, 2, 3)]
    page.goto(log)
    expect(page.locator(".row")).to_have_count(2)
    for each in page.locator(".pick").all():
        each.click()
    page.locator("[data-bulk]").get_by_role("button", name="Delete").click()
    expect(page.locator("[data-empty]")).to_be_visible()
    assert service.store.count() == 0
    page.get_by_role("button", name="Undo").click()
    expect(page.locator(".row")).to_have_count(2)
    expect(page.locator(".row .badge.grouped")).to_have_text("2 entries")
    assert [whole(service, key_of(number)) for number in (1, 2, 3)] == before
