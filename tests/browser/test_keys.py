"""Every key that the list of keys names does what it says, in Chromium."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from logster.service import Service
from tests.browser.conftest import wait_until
from tests.browser.gui import WIDE, is_live, log, row, servers_end_last, service
from tests.viewer.entries import add, add_error, key_of

__all__ = ["log", "servers_end_last", "service"]


@pytest.fixture
def page(log: str, service: Service, new_page: Callable[..., Page]) -> Page:
    """A list of three, of which the first has all parts and is open."""
    add_error(service, 1, version="2.4.0", envs=({"user": 1}, {"user": 2}, {"user": 3}))
    add(service, 2)
    add(service, 3)
    page = new_page(viewport=WIDE, permissions=["clipboard-read", "clipboard-write"])
    page.goto(f"{log}?key={key_of(1)}")
    is_live(page)
    return page


def focused(page: Page) -> str | None:
    found: str | None = page.evaluate("document.activeElement.closest('.row')?.dataset.key")
    return found


def tab_is(page: Page, name: str) -> None:
    expect(page.locator("[data-tab][aria-current]")).to_have_attribute("data-tab", name)


def press_search(page: Page, service: Service) -> None:
    page.keyboard.press("/")
    expect(page.locator("#q")).to_be_focused()


def press_next(page: Page, service: Service) -> None:
    page.keyboard.press("j")
    wait_until(page, lambda: focused(page) == key_of(2))


def press_previous(page: Page, service: Service) -> None:
    page.keyboard.press("j")
    page.keyboard.press("j")
    page.keyboard.press("k")
    wait_until(page, lambda: focused(page) == key_of(2))


def press_enter(page: Page, service: Service) -> None:
    page.keyboard.press("j")
    page.keyboard.press("Enter")
    expect(row(page, 2).locator("a")).to_have_attribute("aria-current", "true")


def press_choose(page: Page, service: Service) -> None:
    page.keyboard.press("x")
    expect(row(page, 1).locator("input")).to_be_checked()
    page.keyboard.press("x")
    expect(row(page, 1).locator("input")).not_to_be_checked()


def press_help(page: Page, service: Service) -> None:
    page.keyboard.press("?")
    expect(page.get_by_role("dialog")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_be_hidden()


def press_close(page: Page, service: Service) -> None:
    page.keyboard.press("Escape")
    expect(page.locator(".detail-pane [data-heading]")).to_have_count(0)


def press_tabs(page: Page, service: Service) -> None:
    for key, name in (("2", "traceback"), ("3", "env"), ("4", "timeline"), ("1", "info")):
        page.keyboard.press(key)
        tab_is(page, name)


def press_samples(page: Page, service: Service) -> None:
    page.keyboard.press("]")
    tab_is(page, "env")
    page.keyboard.press("]")
    expect(page.locator(".samples")).to_contain_text("2 of 3")
    page.keyboard.press("[")
    expect(page.locator(".samples")).to_contain_text("1 of 3")


def press_copy(page: Page, service: Service) -> None:
    page.keyboard.press("c")
    expect(page.locator("[data-copied]")).to_have_text("Copied")
    assert page.evaluate("navigator.clipboard.readText()").startswith("# Payment failed")


def press_solve(page: Page, service: Service) -> None:
    page.keyboard.press("e")
    expect(row(page, 1)).to_have_count(0)
    entry = service.store.entry(key_of(1))
    assert entry
    assert entry.has("solved")


def press_protect(page: Page, service: Service) -> None:
    for flags in (["protected"], []):
        page.keyboard.press("p")
        expect(page.locator(".entry-head .badge", has_text="protected")).to_have_count(len(flags))
        wait_until(page, lambda flags=flags: (each := service.store.entry(key_of(1))) and each.flags == flags)


def press_delete_and_undo(page: Page, service: Service) -> None:
    page.keyboard.press("#")
    expect(row(page, 1)).to_have_count(0)
    expect(page.get_by_role("button", name="Undo")).to_be_visible()
    assert service.store.entry(key_of(1)) is None
    page.keyboard.press("u")
    expect(row(page, 1)).to_be_visible()
    assert service.store.entry(key_of(1))


PRESSED = {
    ("/",): press_search,
    ("j",): press_next,
    ("k",): press_previous,
    ("Enter",): press_enter,
    ("x",): press_choose,
    ("?",): press_help,
    ("Esc",): press_close,
    ("1", "2", "3", "4"): press_tabs,
    ("[", "]"): press_samples,
    ("c",): press_copy,
    ("e",): press_solve,
    ("p",): press_protect,
    ("#", "u"): press_delete_and_undo,
}


@pytest.mark.parametrize("keys", PRESSED, ids=" ".join)
def test_a_key_does_what_the_list_of_keys_says(page: Page, service: Service, keys: tuple[str, ...]) -> None:
    PRESSED[keys](page, service)


def test_no_key_of_the_list_is_left_out_here(page: Page) -> None:
    page.keyboard.press("?")
    listed = page.get_by_role("dialog").locator("kbd").all_inner_texts()
    assert sorted(listed) == sorted(key for keys in PRESSED for key in keys)


def test_on_a_page_of_its_own_the_keys_are_listed_too(page: Page, log: str) -> None:
    page.goto(f"{log}show/{key_of(1)}")
    expect(page.locator("logster-copies:defined")).to_be_attached()
    page.keyboard.press("?")
    expect(page.get_by_role("dialog")).to_contain_text("Copy as Markdown")
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_be_hidden()
    page.keyboard.press("2")
    tab_is(page, "traceback")


def test_a_key_right_after_the_list_of_keys_was_closed_is_heard(page: Page, log: str) -> None:
    page.goto(f"{log}show/{key_of(1)}")
    page.keyboard.press("?")
    expect(page.get_by_role("dialog")).to_be_visible()
    page.evaluate("""() => {
        const dialog = document.querySelector("dialog");
        dialog.close();
        dialog.dispatchEvent(new KeyboardEvent("keydown", { key: "2", bubbles: true }));
    }""")
    tab_is(page, "traceback")


def test_keys_stay_text_in_fields_and_leave_the_browsers_own_alone(page: Page) -> None:
    page.keyboard.press("/")
    page.keyboard.type("jk#e?x")
    expect(page.locator("#q")).to_have_value("jk#e?x")
    page.locator("[data-heading]").click()
    page.keyboard.press("Control+c")
    expect(page.locator("[data-copied]")).to_have_text("")
    expect(page.locator(".row")).to_have_count(3)
    expect(page).to_have_url(re.compile(key_of(1)))
