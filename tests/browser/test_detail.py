"""The detail in Chromium: keys, copies, undo and small screens."""

import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Page, expect
from starlette.applications import Starlette
from starlette.routing import Mount

from logster.entry import ExceptionInfo, Frame
from logster.service import Service
from logster.settings import Settings
from logster.viewer.app import Viewer
from tests.browser.conftest import wait_until
from tests.viewer.entries import APP_FRAME, add, add_error, key_of

REQUEST = {"method": "GET", "url": "https://shop.example/?q=it's", "headers": {"user-agent": "x"}}
PHONE = {"width": 390, "height": 844}
SMALLEST = {"width": 320, "height": 640}
TABS = ("info", "traceback", "env", "timeline")


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
    return serve(Starlette(routes=[Mount("/a/logs", Viewer(lambda request: True, service=service))])) + "/a/logs/"


def opened(page: Page, address: str) -> Page:
    page.goto(address)
    expect(page.locator("logster-copies:defined")).to_be_attached()
    return page


def focused(page: Page, selector: str) -> None:
    """Wait until what `selector` finds has the focus: pages move it once what they fetched is there."""
    expect(page.locator(selector).locator("visible=true").and_(page.locator(":focus"))).to_have_count(1)


def clipboard(page: Page) -> str:
    return str(page.evaluate("navigator.clipboard.readText()"))


def test_a_phone_shows_the_failing_line_without_a_click_or_a_scroll(
    new_page: Callable[..., Page], log: str, service: Service
) -> None:
    key = add_error(service, envs=(REQUEST,), version="1.4.2")
    page = opened(new_page(viewport=PHONE), f"{log}show/{key}")
    expect(page.locator("mark.line")).to_be_in_viewport(ratio=1)
    expect(page.get_by_text("connection refused").first).to_be_in_viewport()


@pytest.mark.parametrize("tab", TABS)
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_nothing_goes_sideways_on_the_smallest_phone(
    new_page: Callable[..., Page], log: str, service: Service, tab: str, scheme: str
) -> None:
    word = "W" * 3_000
    frame = Frame(f"/srv/{'d' * 300}.py", "f" * 300, 1, source="x = " + "y" * 400, in_app=True, locals={"a" * 90: word})
    exception = ExceptionInfo("E" * 300, word, (frame,), exceptions=(ExceptionInfo("F", word, (frame,)),))
    add(service, 1, word, logger="l" * 400, exception=exception, traceback=word, location=frame, envs=({word: word},))
    page = opened(new_page(viewport=SMALLEST, color_scheme=scheme), f"{log}show/{key_of(1)}?tab={tab}")
    assert page.evaluate("document.documentElement.scrollWidth") <= SMALLEST["width"]


def test_twice_the_size_still_fits(new_page: Callable[..., Page], log: str, service: Service) -> None:
    add_error(service, envs=(REQUEST,))
    page = new_page(viewport={"width": 640, "height": 450}, device_scale_factor=2)
    for tab in TABS:
        page.goto(f"{log}show/{key_of(1)}?tab={tab}")
        assert page.evaluate("document.documentElement.scrollWidth") <= 640


@pytest.mark.parametrize(
    ("form", "says"),
    [("md", "# Payment failed"), ("txt", "Payment failed"), ("json", '"message": "Payment failed"'), ("curl", "curl ")],
)
def test_a_copy_is_on_the_clipboard_and_said(
    new_page: Callable[..., Page], log: str, service: Service, form: str, says: str
) -> None:
    key = add_error(service, envs=(REQUEST,))
    page = new_page(permissions=["clipboard-read", "clipboard-write"])
    opened(page, f"{log}?key={key}")
    page.get_by_text("Copy", exact=True).click()
    page.locator(f"[data-form={form}]").click()
    expect(page.locator("[data-copied]")).to_have_text("Copied")
    assert says in clipboard(page)
    focused(page, ".copies summary")
    if form == "md":
        assert f"{log}show/{key}" in clipboard(page)


def test_the_key_c_copies_markdown(new_page: Callable[..., Page], log: str, service: Service) -> None:
    key = add_error(service)
    page = opened(new_page(permissions=["clipboard-read", "clipboard-write"]), f"{log}?key={key}")
    page.keyboard.press("c")
    expect(page.locator("[data-copied]")).to_have_text("Copied")
    assert clipboard(page).startswith("# Payment failed")


def test_without_a_clipboard_the_browser_s_own_copying_does(
    new_page: Callable[..., Page], log: str, service: Service
) -> None:
    """As over plain HTTP, where pages have no clipboard."""
    key = add_error(service)
    page = new_page()
    page.add_init_script("delete Navigator.prototype.clipboard; document.execCommand = () => (window.copied ="
                         " document.activeElement.value, true)")  # fmt: skip
    opened(page, f"{log}?key={key}")
    page.keyboard.press("c")
    expect(page.locator("[data-copied]")).to_have_text("Copied")
    assert page.evaluate("window.copied").startswith("# Payment failed")


def test_numbers_lead_through_the_tabs_and_brackets_through_the_samples(page: Page, log: str, service: Service) -> None:
    add_error(service, envs=({"a": 1}, {"a": 2}, {"a": 3}))
    opened(page, f"{log}?key={key_of(1)}")
    for number, tab in enumerate(TABS, 1):
        page.keyboard.press(str(number))
        expect(page.locator("[data-tab][aria-current]")).to_have_attribute("data-tab", tab)
        focused(page, f"[data-tab={tab}]")
    page.keyboard.press("]")
    expect(page.locator(".samples")).to_contain_text("1 of 3")
    page.keyboard.press("]")
    expect(page.locator(".samples")).to_contain_text("2 of 3")
    expect(page).to_have_url(re.compile("env=2"))
    page.keyboard.press("[")
    expect(page.locator(".samples")).to_contain_text("1 of 3")
    focused(page, ".samples a")


def test_frames_are_unfolded_by_the_address(page: Page, log: str, service: Service) -> None:
    library = Frame("site-packages/anyio/x.py", "call", 1, "anyio.x", "go()")
    add_error(service, exception=ExceptionInfo("E", "m", (library, library, APP_FRAME)))
    opened(page, f"{log}?key={key_of(1)}&tab=traceback")
    expect(page.get_by_text("2 frames")).to_be_visible()
    expect(page.get_by_text("go()").first).to_be_hidden()
    page.get_by_role("link", name="All frames").click()
    expect(page.get_by_text("go()").first).to_be_visible()
    focused(page, ".views a[aria-current]")
    page.reload()
    expect(page.get_by_text("go()").first).to_be_visible()
    page.get_by_role("link", name="Raw").click()
    expect(page.get_by_text("Traceback (most recent call last)")).to_be_visible()


@pytest.mark.parametrize("presses", ["click", "key"])
def test_a_deletion_is_undone(page: Page, log: str, service: Service, presses: str) -> None:
    key = add_error(service, count=5)
    opened(page, f"{log}?key={key}")
    page.keyboard.press("#")
    expect(page.locator("[data-banner]")).to_contain_text("Deleted.")
    wait_until(page, lambda: service.store.entry(key) is None)
    if presses == "click":
        page.get_by_role("button", name="Undo").click()
    else:
        page.keyboard.press("u")
    expect(page.locator("[data-banner]")).to_contain_text("Restored.")
    expect(page.locator("[data-count]").first).to_be_visible()
    expect(page.locator(f'.row[data-key="{key}"]')).to_be_visible()
    focused(page, "[data-heading]")


def test_on_a_page_of_its_own_a_deletion_leads_to_the_list_that_undoes_it(
    page: Page, log: str, service: Service
) -> None:
    key = add_error(service)
    opened(page, f"{log}show/{key}")
    page.get_by_role("button", name="Delete").click()
    page.get_by_role("button", name="Undo").click()
    expect(page.locator("[data-banner]")).to_contain_text("Restored.")
    assert service.store.entry(key)
    wait_until(page, lambda: "undo=" not in page.url)


def test_solving_says_in_which_version_and_can_be_undone(page: Page, log: str, service: Service) -> None:
    key = add_error(service, version="1.4.2")
    opened(page, f"{log}?key={key}")
    page.keyboard.press("e")
    expect(page.locator("[data-banner]")).to_contain_text("Solved in 1.4.2.")
    page.get_by_role("button", name="Undo").click()
    expect(page.locator("[data-banner]")).to_contain_text("No longer solved.")
    entry = service.store.entry(key)
    assert entry
    assert entry.flags == []


def test_protecting_by_key_keeps_the_focus(page: Page, log: str, service: Service) -> None:
    key = add_error(service)
    opened(page, f"{log}?key={key}")
    page.keyboard.press("p")
    expect(page.get_by_role("button", name="Unprotect")).to_be_visible()
    focused(page, "button[value=unprotect]")


def test_without_scripts_copies_are_pages_and_an_undo_is_a_form(
    new_page: Callable[..., Page], log: str, service: Service
) -> None:
    key = add_error(service)
    page = new_page(java_script_enabled=False)
    page.goto(f"{log}?key={key}")
    page.get_by_text("Copy", exact=True).click()
    assert page.get_by_role("link", name="Text").get_attribute("href") == f"./show/{key}.txt"
    page.get_by_role("button", name="Delete").click()
    page.get_by_role("button", name="Undo").click()
    expect(page.locator("[data-banner]")).to_contain_text("Restored.")
    assert service.store.entry(key)


def test_suppressing_without_scripts_says_what_it_hits(
    new_page: Callable[..., Page], log: str, service: Service
) -> None:
    key = add(service, 1, "Order 17 failed")
    add(service, 2, "Order 18 failed")
    page = new_page(java_script_enabled=False, viewport=PHONE)
    page.goto(f"{log}show/{key}")
    page.get_by_role("link", name="Suppress").click()
    expect(page.get_by_role("status")).to_contain_text("2 entries")
    page.get_by_text("Also delete").click()
    page.get_by_role("button", name="Suppress").click()
    expect(page.locator("[data-banner]")).to_contain_text("Suppressed")
    assert service.store.page().entries == []
