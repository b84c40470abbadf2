"""Looking for entries in Chromium: bars over time, completions, what was asked before, and the syntax at hand."""

import json
import re
import time
from collections.abc import Callable
from urllib.parse import parse_qs, urlsplit

from playwright.sync_api import Page, expect

from logster.service import Service
from tests.browser.conftest import Problems, wait_until
from tests.browser.gui import WIDE, is_live, lists, log, row, servers_end_last, service, store_of
from tests.viewer.entries import add, add_error, key_of

__all__ = ["log", "servers_end_last", "service"]

HOUR = 3_600_000


def during(page: Page) -> list[int]:
    found = parse_qs(urlsplit(page.url).query).get("during", [""])[0]
    return [int(each) for each in found.split("-")] if found else []


def three_hours(service: Service) -> None:
    """Report entry 1 three hours ago and now, 2 two hours ago, 3 now, and 4 six hours ago."""
    for number, age in ((1, 3), (1, 0), (2, 2), (3, 0), (4, 6)):
        add(service, number, age_ms=age * HOUR)


def test_dragging_over_bars_shows_what_occurred_then(new_page: Callable[..., Page], log: str, service: Service) -> None:
    three_hours(service)
    page = new_page(viewport=WIDE)
    page.goto(f"{log}?level=ERROR")
    bars = page.locator(".bar")
    expect(bars).to_have_count(4)
    # Bars under the pointer stay as they are.
    bars.nth(1).hover(position={"x": 4, "y": 10})
    last = bars.nth(2).bounding_box()
    assert last
    page.mouse.down()
    page.mouse.move(last["x"] + 8, last["y"] + 10, steps=6)
    page.mouse.up()
    expect(page.locator(".bar.is-chosen")).to_have_count(2)
    lists(page, [1, 2])
    start, end = during(page)
    assert end - start == 2 * HOUR - 1
    expect(page).to_have_url(re.compile("level=ERROR"))
    page.get_by_role("link", name="Any time").click()
    expect(page.locator(".row")).to_have_count(4)
    page.go_back()
    expect(page.locator(".row")).to_have_count(2)


def test_a_bar_is_followed_by_click_and_by_keys(new_page: Callable[..., Page], log: str, service: Service) -> None:
    three_hours(service)
    page = new_page(viewport=WIDE)
    page.goto(log)
    page.locator(".bar").nth(1).click()
    expect(page.locator(".row")).to_have_count(1)
    lists(page, [1])
    page.goto(log)
    page.locator(".bar[tabindex='0']").focus()
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("Shift+ArrowLeft")
    page.keyboard.press("Enter")
    expect(page.locator(".row")).to_have_count(2)
    lists(page, [1, 2])


def test_bars_are_links_without_scripts(new_page: Callable[..., Page], log: str, service: Service) -> None:
    three_hours(service)
    page = new_page(viewport=WIDE, java_script_enabled=False)
    page.goto(log)
    page.get_by_role("link", name=re.compile("1 hour: 1 error")).nth(1).click()
    lists(page, [1])


def test_bars_keep_up_with_what_arrives(page: Page, log: str, service: Service) -> None:
    add(service, 1, age_ms=0)
    page.goto(log)
    is_live(page)
    expect(page.locator(".bars")).to_have_accessible_name(re.compile("^1 occurrence"))
    add(service, 2, age_ms=0)
    expect(page.locator(".bars")).to_have_accessible_name(re.compile("^2 occurrences"))


def test_a_deploy_is_marked(page: Page, log: str, service: Service) -> None:
    add(service, 1, age_ms=2 * HOUR, version="2.4.0")
    add(service, 1, age_ms=0, version="2.5.0")
    page.goto(log)
    expect(page.locator(".deploy")).to_have_count(2)
    expect(page.locator(".deploy-note")).to_have_text("2.4.0, 2.5.0 first seen")


def test_a_field_is_completed_from_the_entries(page: Page, log: str, service: Service) -> None:
    add(service, 1, logger="shop.payments")
    add(service, 2, logger="shop cache")
    page.goto(log)
    field = page.get_by_role("combobox")
    field.press_sequentially("log")
    expect(page.get_by_role("option")).to_have_text(["logger:"])
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    expect(field).to_have_value("logger:")
    expect(page.get_by_role("option")).to_have_count(2)
    field.press_sequentially("shop c")
    expect(page.get_by_role("option")).to_have_count(0)
    for _ in range(2):
        page.keyboard.press("Backspace")
    expect(page.get_by_role("option")).to_have_count(2)
    page.get_by_role("option", name="shop cache").click()
    expect(field).to_have_value('logger:"shop cache" ')
    page.keyboard.press("Enter")
    expect(page.locator(".row")).to_have_count(1)
    lists(page, [2])


def test_what_was_typed_since_an_offer_is_part_of_what_it_replaces(page: Page, log: str, service: Service) -> None:
    add(service, 1, level=50)
    page.goto(log)
    field = page.get_by_role("combobox")
    field.press_sequentially("level:cr")
    expect(page.get_by_role("option")).to_have_text("critical")
    # All in one go: the answer to the last letter cannot be here yet.
    page.evaluate("""() => {
        const field = document.querySelector("#q");
        field.setRangeText("i", field.value.length, field.value.length, "end");
        field.dispatchEvent(new InputEvent("input", { bubbles: true }));
        for (const key of ["ArrowDown", "Enter"]) {
            field.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true }));
        }
    }""")
    expect(field).to_have_value("level:critical ")


def test_enter_searches_for_what_was_typed_while_options_show(page: Page, log: str, service: Service) -> None:
    add(service, 1, logger="shop.payments")
    page.goto(log)
    page.get_by_role("combobox").press_sequentially("logger:shop")
    expect(page.get_by_role("option")).to_have_count(1)
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile("q=logger%3Ashop"))
    expect(page.locator(".row")).to_have_count(1)


def test_what_was_searched_for_is_offered_again_and_forgotten(
    page: Page, log: str, service: Service, problems: Problems
) -> None:
    problems.allow("status of 400")
    add(service, 1)
    for query in ("payment", "level:error", "nonsense:x", "payment"):
        page.goto(f"{log}?q={query}")
        is_live(page)
    wait_until(page, lambda: json.loads(store_of(page, "searches")) == ["payment", "level:error"])
    page.goto(log)
    page.keyboard.press("/")
    expect(page.get_by_role("option")).to_have_text(["payment", "level:error", "Forget these searches"])
    page.get_by_role("option", name="level:error").click()
    expect(page).to_have_url(re.compile("q=level%3Aerror"))
    page.goto(log)
    page.keyboard.press("/")
    page.get_by_role("option", name="Forget").click()
    expect(page.get_by_role("option")).to_have_count(0)
    page.reload()
    page.keyboard.press("/")
    expect(page.locator("#q")).to_be_focused()
    wait_until(page, lambda: json.loads(store_of(page, "searches")) == [])


def test_the_syntax_is_at_hand_without_scripts(new_page: Callable[..., Page], log: str) -> None:
    for options in ({}, {"java_script_enabled": False}):
        page = new_page(**options)
        page.goto(log)
        panel = page.locator("#syntax")
        expect(panel).to_be_hidden()
        page.get_by_role("button", name="How to search").click()
        expect(panel).to_contain_text("level:>=warning")
        page.keyboard.press("Escape")
        expect(panel).to_be_hidden()


def test_matches_are_marked_in_list_and_detail(new_page: Callable[..., Page], log: str, service: Service) -> None:
    add_error(service, 1, message="Payment <failed> for order 7")
    page = new_page(viewport=WIDE)
    page.goto(f"{log}?q=payment&key={key_of(1)}")
    expect(row(page, 1).locator("mark")).to_have_text(["Payment"])


def test_the_whole_state_is_in_the_address(new_page: Callable[..., Page], log: str, service: Service) -> None:
    three_hours(service)
    page = new_page(viewport=WIDE)
    hour = time.time_ns() // 1_000_000 // HOUR
    address = (
        f"{log}?q=payment&level=ERROR&during={(hour - 3) * HOUR}-{(hour - 2) * HOUR - 1}&key={key_of(1)}&tab=timeline"
    )
    page.goto(address)
    expect(page.locator("#q")).to_have_value("payment")
    expect(page.locator(".chip.is-error")).to_have_attribute("aria-current", "true")
    lists(page, [1])
    expect(page.locator(".tabs [aria-current]")).to_have_text("Timeline")
    page.get_by_role("combobox").press("Enter")
    expect(page.locator(".row")).to_have_count(1)
    assert len(during(page)) == 2
