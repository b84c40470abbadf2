"""The log in Chromium: what scripts add to pages that work without them."""

import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Page, expect
from starlette.applications import Starlette
from starlette.routing import Mount

from logster.entry import ExceptionInfo
from logster.service import Service
from logster.settings import Settings
from logster.viewer.app import Viewer
from tests.browser.conftest import Problems, wait_until
from tests.viewer.entries import APP_FRAME, add, add_error, key_of
from tests.viewer.test_hostile import STRINGS, hostile_entry

WIDE = {"width": 1440, "height": 900}
MEDIUM = {"width": 900, "height": 1000}
PHONE = {"width": 390, "height": 844}
SMALLEST = {"width": 320, "height": 640}


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
    """The address of a log that lets everybody in."""
    viewer = Viewer(lambda request: True, service=service)
    return serve(Starlette(routes=[Mount("/a/logs", viewer)])) + "/a/logs/"


def mark(page: Page) -> None:
    """Leave something in the page that a reload would wipe out."""
    page.evaluate("window.notReloaded = true")


def is_marked(page: Page) -> bool:
    return bool(page.evaluate("window.notReloaded === true"))


def row(page: Page, number: int) -> Any:
    return page.locator(f'[data-key="{key_of(number)}"].row')


def test_a_row_opens_beside_the_list_without_a_reload(
    new_page: Callable[..., Page], log: str, service: Service
) -> None:
    add_error(service, 1)
    add(service, 2, "Cache is cold")
    page = new_page(viewport=WIDE)
    page.goto(log)
    mark(page)
    row(page, 1).locator("a").click()
    expect(page.locator(".detail-pane [data-heading]")).to_have_text("Payment failed")
    expect(page.locator("mark.line")).to_be_visible()
    expect(row(page, 2)).to_be_visible()
    expect(page).to_have_title("Payment failed · Logster")
    expect(page).to_have_url(re.compile(f"key={key_of(1)}"))
    expect(page.locator(".row-link[aria-current]")).to_be_focused()
    page.get_by_role("link", name="Traceback").click()
    expect(page.locator(".frames").first).to_be_visible()
    expect(page).to_have_url(re.compile("tab=traceback$"))
    assert is_marked(page)


def test_back_and_reload_lead_where_the_address_says(new_page: Callable[..., Page], log: str, service: Service) -> None:
    add_error(service, 1)
    add(service, 2, "Cache is cold")
    page = new_page(viewport=WIDE)
    page.goto(log)
    mark(page)
    row(page, 1).locator("a").click()
    expect(page.locator("[data-heading]")).to_have_text("Payment failed")
    row(page, 2).locator("a").click()
    expect(page.locator("[data-heading]")).to_have_text("Cache is cold")
    page.go_back()
    expect(page.locator("[data-heading]")).to_have_text("Payment failed")
    expect(row(page, 1).locator("a")).to_have_attribute("aria-current", "true")
    page.go_back()
    expect(page.locator("[data-heading]")).to_have_count(0)
    assert is_marked(page)
    page.go_forward()
    expect(page.locator("[data-heading]")).to_have_text("Payment failed")
    page.reload()
    expect(page.locator("[data-heading]")).to_have_text("Payment failed")


def test_on_a_phone_an_entry_is_a_page_of_its_own(new_page: Callable[..., Page], log: str, service: Service) -> None:
    for number in range(1, 31):
        add(service, number)
    page = new_page(viewport=PHONE, has_touch=True)
    page.goto(log)
    row(page, 25).scroll_into_view_if_needed()
    scrolled = page.evaluate("scrollY")
    row(page, 25).locator("a").click()
    expect(page.locator("[data-heading]")).to_be_in_viewport()
    expect(row(page, 1)).to_be_hidden()
    expect(page.locator("[data-heading]")).to_be_focused()
    page.get_by_role("link", name="All entries").click()
    expect(row(page, 25)).to_be_in_viewport()
    wait_until(page, lambda: abs(page.evaluate("scrollY") - scrolled) < 5)
    expect(row(page, 25).locator("a")).to_be_focused()


def test_older_rows_are_appended_on_demand(page: Page, log: str, service: Service) -> None:
    for number in range(1, 121):
        add(service, number)
    page.goto(log)
    mark(page)
    for expected in (100, 120):
        page.get_by_role("link", name="Older").click()
        expect(page.locator(".row")).to_have_count(expected)
    expect(page.get_by_role("link", name="Older")).to_have_count(0)
    keys = page.locator(".row").evaluate_all("rows => rows.map(row => row.dataset.key)")
    assert keys == [key_of(number) for number in range(1, 121)]
    assert is_marked(page)


def test_env_samples_are_leafed_through_without_a_reload(page: Page, log: str, service: Service) -> None:
    add(service, 1, envs=tuple({"user": number} for number in range(3)))
    page.goto(f"{log}?key={key_of(1)}&tab=env")
    mark(page)
    page.get_by_role("link", name="Older").click()
    expect(page.locator(".samples")).to_contain_text("2 of 3")
    expect(page.locator(".samples a[rel=next]")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator(".samples")).to_contain_text("3 of 3")
    assert is_marked(page)


def test_protecting_changes_the_detail_and_its_row_in_place(page: Page, log: str, service: Service) -> None:
    add(service, 1)
    page.goto(f"{log}?key={key_of(1)}")
    mark(page)
    page.get_by_role("button", name="Protect").click()
    expect(page.get_by_role("button", name="Unprotect")).to_be_focused()
    expect(row(page, 1).locator(".badge:not(.new)")).to_have_text("protected")
    page.get_by_role("button", name="Unprotect").click()
    expect(row(page, 1).locator(".badge:not(.new)")).to_have_count(0)
    assert is_marked(page)


@pytest.mark.parametrize("button", ["Delete", "Solve"])
def test_what_is_done_with_leaves_the_list(page: Page, log: str, service: Service, button: str) -> None:
    add(service, 1)
    add(service, 2)
    page.goto(log)
    mark(page)
    row(page, 1).locator("a").click()
    page.get_by_role("button", name=button).click()
    expect(row(page, 1)).to_have_count(0)
    expect(row(page, 2)).to_be_visible()
    expect(page.locator("[data-heading]")).to_have_count(0)
    expect(page.locator("[data-banner]")).to_be_visible()
    wait_until(page, lambda: key_of(1) not in page.url)
    assert is_marked(page)


def test_a_page_of_its_own_has_actions_too(page: Page, log: str, service: Service) -> None:
    add(service, 1)
    page.goto(f"{log}show/{key_of(1)}")
    page.get_by_role("button", name="Protect").click()
    expect(page.get_by_role("button", name="Unprotect")).to_be_visible()
    page.get_by_role("link", name="Env").click()
    expect(page.locator(".tabs [aria-current]")).to_contain_text("Env")
    page.get_by_role("button", name="Delete").click()
    expect(page.locator("[data-empty]")).to_be_visible()
    # A script takes what was done out of the address, so that a reload does not say it again.
    expect(page).to_have_url(log)


def test_a_permalink_is_copied(new_page: Callable[..., Page], log: str, service: Service) -> None:
    add(service, 1)
    page = new_page(permissions=["clipboard-read", "clipboard-write"])
    page.goto(f"{log}?key={key_of(1)}")
    page.get_by_role("link", name="Link").click()
    expect(page.get_by_role("link", name="Copied")).to_be_visible()
    assert page.evaluate("navigator.clipboard.readText()") == f"{log}show/{key_of(1)}"


def test_the_list_is_walked_by_keys(page: Page, log: str, service: Service) -> None:
    for number in range(1, 4):
        add(service, number, f"Entry {number}")
    page.goto(log)
    for key in ("j", "j", "j", "k"):
        page.keyboard.press(key)
    page.keyboard.press("Enter")
    expect(page.locator("[data-heading]")).to_have_text("Entry 2")
    page.keyboard.press("Escape")
    expect(page.locator("[data-heading]")).to_have_count(0)
    page.keyboard.press("/")
    page.keyboard.type("j/k entry")
    expect(page.locator("#q")).to_have_value("j/k entry")


def test_without_scripts_everything_works(new_page: Callable[..., Page], log: str, service: Service) -> None:
    add_error(service, 1, envs=({"user": 1}, {"user": 2}))
    add(service, 2, "Cache is cold", level=30)
    page = new_page(java_script_enabled=False, viewport=WIDE)
    page.goto(log)
    page.get_by_role("link", name="Warning", exact=True).click()
    expect(page.locator(".row")).to_have_count(1)
    page.get_by_role("link", name="All levels").click()
    page.locator("#q").fill("payment")
    page.get_by_role("button", name="Search", exact=True).click()
    expect(page.locator(".row")).to_have_count(1)
    page.locator(".row-link").click()
    expect(page.locator("mark.line")).to_be_visible()
    page.get_by_role("link", name="Env").click()
    page.get_by_role("link", name="Older").click()
    expect(page.locator(".samples")).to_contain_text("2 of 2")
    page.get_by_role("button", name="Protect").click()
    expect(page.locator("[data-banner]")).to_contain_text("Protected")
    expect(page.locator("#q")).to_have_value("payment")
    page.get_by_role("button", name="Delete").click()
    expect(page.locator(".row")).to_have_count(0)
    page.get_by_role("link", name="Show all", exact=True).click()
    page.get_by_role("link", name="Clear…").click()
    page.get_by_role("button", name="Clear 1 entry").click()
    expect(page.locator("[data-empty]")).to_be_visible()


def test_a_query_mistake_is_shown_under_its_place(page: Page, log: str, problems: Problems) -> None:
    problems.allow("status of 400")
    page.goto(log)
    page.locator("#q").fill("payment level:nonsense")
    page.keyboard.press("Enter")
    expect(page.locator("#mistake mark")).to_contain_text("nonsense")
    expect(page.locator("#q")).to_have_value("payment level:nonsense")


@pytest.mark.parametrize("viewport", [WIDE, MEDIUM, PHONE, SMALLEST], ids=["wide", "medium", "phone", "smallest"])
def test_no_string_breaks_a_row_or_scrolls_the_list_sideways(
    new_page: Callable[..., Page], log: str, service: Service, viewport: dict[str, int]
) -> None:
    for number, text in enumerate(STRINGS, start=1):
        add(service, number, text, logger=text, version=text)
    page = new_page(viewport=viewport)
    page.goto(log)
    assert page.evaluate("document.documentElement.scrollWidth") <= viewport["width"]
    heights = page.locator(".row").evaluate_all("rows => rows.map(row => row.offsetHeight)")
    assert len(heights) == len(STRINGS)
    assert max(heights) < 120


@pytest.mark.parametrize("viewport", [WIDE, SMALLEST], ids=["wide", "smallest"])
def test_no_string_in_an_entry_scrolls_sideways(
    new_page: Callable[..., Page], log: str, service: Service, viewport: dict[str, int]
) -> None:
    page = new_page(viewport=viewport)
    for text in STRINGS:
        service.store.clear()
        key = hostile_entry(service, text)
        for path in (f"?key={key}", f"?key={key}&tab=traceback", f"show/{key}?tab=env"):
            page.goto(log + path)
            assert page.evaluate("document.documentElement.scrollWidth") <= viewport["width"], (path, text[:30])


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_is_readable_on_its_ground(new_page: Callable[..., Page], log: str, service: Service, scheme: str) -> None:
    add_error(service, 1, envs=({"user": 1},))
    page = new_page(viewport=WIDE, color_scheme=scheme)
    page.goto(f"{log}?key={key_of(1)}")
    for selector in (".row-message", ".row-where .where", ".row time", ".chip", ".facts dt", ".tabs a", ".danger"):
        ratio = page.locator(selector).first.evaluate(CONTRAST)
        assert ratio >= 4.5, (selector, ratio)


CONTRAST = """element => {
    const brush = new OffscreenCanvas(1, 1).getContext("2d", { willReadFrequently: true });
    const channels = (color) => {
        brush.fillStyle = color;
        brush.fillRect(0, 0, 1, 1);
        return [...brush.getImageData(0, 0, 1, 1).data].slice(0, 3);
    };
    const luminance = (color) => {
        const [red, green, blue] = channels(color).map((each) => {
            const share = each / 255;
            return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
        });
        return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
    };
    let ground = element;
    while (["rgba(0, 0, 0, 0)", "transparent"].includes(getComputedStyle(ground).backgroundColor)) {
        ground = ground.parentElement;
    }
    const pair = [luminance(getComputedStyle(element).color), luminance(getComputedStyle(ground).backgroundColor)];
    return (Math.max(...pair) + 0.05) / (Math.min(...pair) + 0.05);
}"""


def test_the_address_forgets_what_was_done(page: Page, log: str) -> None:
    page.goto(f"{log}?done=clear")
    expect(page.locator("[data-banner]")).to_contain_text("Cleared")
    expect(page).to_have_url(re.compile(r"http://127\.0\.0\.1:\d+/a/logs/$"))


def test_beside_a_long_traceback_the_page_itself_does_not_scroll(
    new_page: Callable[..., Page], log: str, service: Service
) -> None:
    add_error(service, 1, exception=ExceptionInfo("ValueError", "no", frames=(APP_FRAME,) * 30))
    page = new_page(viewport=WIDE)
    page.goto(f"{log}?key={key_of(1)}&tab=traceback")
    expect(page.locator(".detail-pane .line").first).to_be_visible()
    assert page.evaluate("document.scrollingElement.scrollHeight") == WIDE["height"]


def test_the_undo_of_a_deletion_is_in_sight_on_a_phone(
    new_page: Callable[..., Page], log: str, service: Service
) -> None:
    for number in range(1, 41):
        add(service, number)
    page = new_page(viewport=PHONE)
    page.goto(log)
    row(page, 30).scroll_into_view_if_needed()
    row(page, 30).locator(".row-link").click()
    page.locator(".detail-pane").get_by_role("button", name="Delete").click()
    expect(page.get_by_role("button", name="Undo")).to_be_in_viewport()
