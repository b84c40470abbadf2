"""The focus in Chromium: seen wherever it is, and never lost when what had it goes away."""

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from logster.service import Service
from tests.browser.gui import PHONE, WIDE, is_live, log, row, servers_end_last, service
from tests.viewer.entries import add, add_error, key_of

__all__ = ["log", "servers_end_last", "service"]

# Whether what has the focus is drawn otherwise than without: by an outline, or by the line around its shape or field.
OUTLINE = """() => {
    const looks = (element) => {
        const style = getComputedStyle(element);
        const outline = style.outlineStyle === "none" ? 0 : parseFloat(style.outlineWidth);
        return [outline, style.stroke, style.strokeWidth].join();
    };
    const active = document.activeElement;
    const drawn = [active, active.parentElement, ...active.querySelectorAll("rect")];
    const focused = drawn.map(looks);
    active.blur();
    const blurred = drawn.map(looks);
    active.focus({ focusVisible: true, preventScroll: true });
    return focused.some((each, place) => each !== blurred[place]);
}"""
SAID = "() => document.activeElement.outerHTML.slice(0, 120)"


def is_at(page: Page, selector: str) -> None:
    """Wait until what `selector` finds has the focus."""
    expect(page.locator(selector).and_(page.locator(":focus"))).to_have_count(1)


def several(service: Service, page: Page, address: str, viewport: Any = None) -> None:
    for number in range(1, 5):
        add(service, number)
    page.goto(address)
    is_live(page)


def row_link(number: int) -> str:
    return f'[data-key="{key_of(number)}"] .row-link'


@pytest.mark.parametrize("button", ["Delete", "Solve"])
def test_what_leaves_the_list_hands_the_focus_to_the_next_row(
    new_page: Callable[..., Page], log: str, service: Service, button: str
) -> None:
    page = new_page(viewport=WIDE)
    several(service, page, log)
    row(page, 2).locator("a").click()
    page.locator(".detail-pane").get_by_role("button", name=button).click()
    expect(row(page, 2)).to_have_count(0)
    is_at(page, row_link(3))
    page.keyboard.press("u") if button == "Delete" else page.get_by_role("button", name="Undo").click()
    expect(page.locator("[data-banner]")).to_contain_text("Restored." if button == "Delete" else "No longer solved.")
    is_at(page, "[data-heading]")


def test_the_last_row_hands_the_focus_to_the_one_before(page: Page, log: str, service: Service) -> None:
    several(service, page, log)
    row(page, 4).locator("a").click()
    expect(page.locator("[data-heading]")).to_be_visible()
    page.keyboard.press("#")
    is_at(page, row_link(3))


def test_the_only_row_hands_the_focus_to_the_entries(page: Page, log: str, service: Service) -> None:
    add(service, 1)
    page.goto(log)
    is_live(page)
    row(page, 1).locator("a").click()
    page.locator(".detail-pane").get_by_role("button", name="Delete").click()
    expect(page.locator("[data-empty]")).to_be_visible()
    is_at(page, "#entries")


def test_closing_on_a_phone_leads_back_to_the_row(new_page: Callable[..., Page], log: str, service: Service) -> None:
    page = new_page(viewport=PHONE)
    several(service, page, log)
    row(page, 2).locator("a").click()
    is_at(page, "[data-heading]")
    page.locator(".detail-pane").get_by_role("button", name="Delete").click()
    is_at(page, row_link(3))


def test_rows_that_are_changed_at_once_hand_the_focus_on(page: Page, log: str, service: Service) -> None:
    several(service, page, log)
    for number in (1, 2):
        row(page, number).locator(".pick").click()
    page.locator("[data-bulk]").get_by_role("button", name="Delete").click()
    expect(page.locator(".row")).to_have_count(2)
    is_at(page, row_link(3))
    page.get_by_role("button", name="Undo").click()
    expect(page.locator(".row")).to_have_count(4)
    is_at(page, "[data-said]")
    page.keyboard.press("j")
    is_at(page, row_link(1))


def test_choosing_no_row_leads_back_to_the_rows(page: Page, log: str, service: Service) -> None:
    several(service, page, log)
    row(page, 2).locator(".pick").click()
    page.locator("[data-bulk]").get_by_role("button", name="Cancel").click()
    expect(page.locator("[data-bulk]")).to_be_hidden()
    is_at(page, row_link(2))


def test_the_dialog_of_keys_gives_the_focus_back(page: Page, log: str, service: Service) -> None:
    several(service, page, log)
    page.keyboard.press("j")
    page.keyboard.press("j")
    page.keyboard.press("?")
    page.get_by_role("dialog").get_by_role("button", name="Close").click()
    is_at(page, row_link(2))


def test_news_leave_the_focus_where_it_is(page: Page, log: str, service: Service) -> None:
    several(service, page, log)
    row(page, 2).locator("a").focus()
    service.store.protect(key_of(2))
    add(service, 9, "Something new", age_ms=0)
    expect(row(page, 2).locator(".badge", has_text="protected")).to_be_visible()
    expect(row(page, 9)).to_be_visible()
    is_at(page, row_link(2))


def test_a_row_that_another_reader_deletes_hands_the_focus_on(page: Page, log: str, service: Service) -> None:
    several(service, page, log)
    row(page, 2).locator("a").focus()
    service.store.delete([key_of(2)])
    is_at(page, row_link(3))


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("path", ["?key={key}", "?key={key}&tab=env", "settings", "clear", "show/{key}/suppress"])
def test_whatever_has_the_focus_is_outlined(
    new_page: Callable[..., Page], log: str, service: Service, scheme: str, path: str
) -> None:
    key = add_error(service, 1, envs=({"user": 1}, {"user": 2}))
    service.store.add_pattern("suppression", "/ping/")
    page = new_page(viewport=WIDE, color_scheme=scheme)
    page.goto(log + path.format(key=key))
    seen = set()
    for _ in range(60):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement === document.body"):
            break
        said = page.evaluate(SAID)
        seen.add(said)
        assert page.evaluate(OUTLINE), said
    assert len(seen) > 2
