"""Live and not: pausing, pages in the background, sessions that end, the empty log, and what assistive tools find."""

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import axe_playwright_python
import pytest
from playwright.sync_api import Page, expect

from logster.service import Service
from logster.viewer.app import Viewer
from tests.browser.conftest import Problems
from tests.browser.gui import PHONE, WIDE, is_live, log, row, servers_end_last, service
from tests.viewer.entries import add, add_error, key_of

__all__ = ["log", "servers_end_last", "service"]

AXE = (Path(axe_playwright_python.__file__).parent / "axe.min.js").read_text(encoding="utf-8")
HIDE = """hidden => {
    Object.defineProperty(document, "hidden", { value: hidden, configurable: true });
    document.dispatchEvent(new Event("visibilitychange"));
}"""


def test_a_paused_list_stays_as_it_is(page: Page, log: str, service: Service) -> None:
    add(service, 1)
    page.goto(log)
    is_live(page)
    button = page.locator("logster-live button")
    button.click()
    is_live(page, "paused")
    expect(button).to_have_attribute("aria-pressed", "true")
    add(service, 2)
    # What is written after the pause would have been told by now: another page has it.
    other = page.context.new_page()
    other.goto(log)
    expect(row(other, 2)).to_be_visible()
    expect(row(page, 2)).to_have_count(0)
    button.click()
    is_live(page)
    expect(row(page, 2)).to_be_visible()


def test_the_title_of_a_page_in_the_background_counts(page: Page, log: str, service: Service) -> None:
    add(service, 1, age_ms=60_000)
    page.goto(log)
    is_live(page)
    page.evaluate("document.querySelector('logster-live').dataset.hiddenMs = 300")
    page.evaluate(HIDE, True)
    add(service, 2, age_ms=-1)
    add(service, 3, age_ms=-1)
    expect(page).to_have_title("(2) Logster")
    expect(page.locator(".row")).to_have_count(1)
    page.evaluate(HIDE, False)
    expect(page).to_have_title("Logster")
    expect(page.locator(".row")).to_have_count(3)


def test_who_is_no_longer_let_in_is_told_and_offered_to_reload(
    page: Page, serve: Callable[[Any], str], service: Service, problems: Problems
) -> None:
    problems.allow("status of 403|EventSource")
    allowed = [True]
    address = serve(Viewer(lambda request: allowed[0], service=service)) + "/"
    add(service, 1)
    page.goto(address)
    is_live(page)
    allowed[0] = False
    row(page, 1).locator("a").click()
    expect(page.locator("[data-banner]")).to_contain_text("no longer let in")
    page.evaluate(HIDE, True)
    page.evaluate(HIDE, False)
    expect(page.get_by_role("button", name="Reload")).to_be_visible()
    allowed[0] = True
    page.get_by_role("button", name="Reload").click()
    is_live(page)
    expect(row(page, 1)).to_be_visible()


@pytest.mark.parametrize("options", [{}, {"java_script_enabled": False}], ids=["scripts", "no scripts"])
def test_the_empty_log_reports_a_first_error(
    new_page: Callable[..., Page], log: str, service: Service, options: dict[str, Any]
) -> None:
    page = new_page(**options)
    page.goto(log)
    page.get_by_role("button", name="Report a first error").click()
    expect(page.locator(".row")).to_contain_text("First light")
    expect(page.locator("[data-banner]")).to_contain_text("came all the way")


def test_what_matches_nothing_leads_back_to_everything(page: Page, log: str, service: Service) -> None:
    add(service, 1)
    page.goto(f"{log}?q=nothing&level=INFO&during=0-3600000")
    expect(page.get_by_role("heading", name="Nothing matches")).to_be_visible()
    page.get_by_role("link", name="Show all entries").click()
    expect(row(page, 1)).to_be_visible()


PAGES = {
    "empty": "",
    "list": "",
    "search": "?q=payment",
    "mistake": "?q=level:nonsense",
    "info": f"?key={key_of(1)}",
    "traceback": f"?key={key_of(1)}&tab=traceback",
    "env": f"?key={key_of(1)}&tab=env",
    "timeline": f"?key={key_of(1)}&tab=timeline",
    "entry": f"show/{key_of(1)}",
    "gone": "show/" + "f" * 32,
    "clear": "clear",
    "settings": "settings",
    "suppress": f"show/{key_of(1)}/suppress",
    "group": "group?q=/payment/",
}


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("name", PAGES)
def test_assistive_tools_find_nothing_wrong(
    new_page: Callable[..., Page], log: str, service: Service, problems: Problems, name: str, scheme: str
) -> None:
    problems.allow("status of 40[04]")
    if name != "empty":
        add_error(service, 1, version="2.4.0", envs=({"user": 1, "headers": {"a": 1}}, {"user": 2}))
        add(service, 2, "Cache is cold", level=30)
        add(service, 3, "Parsed 7 lines", level=10)
        service.store.protect(key_of(2))
        service.store.add_pattern("suppression", "/ping/", by="Ada")
    for viewport in (WIDE, PHONE):
        page = new_page(viewport=viewport, color_scheme=scheme, bypass_csp=True)
        page.goto(log + PAGES[name])
        if name in ("list", "info"):
            is_live(page)
        page.evaluate(AXE + "; 0")
        found = page.evaluate("async () => (await axe.run(document, { resultTypes: ['violations'] })).violations")
        said = [(each["id"], [node["html"][:160] for node in each["nodes"]][:3]) for each in found]
        assert said == [], json.dumps(said, indent=1)


def test_panels_have_nothing_wrong_either(new_page: Callable[..., Page], log: str, service: Service) -> None:
    for number in range(1, 4):
        add(service, number)
    page = new_page(viewport=WIDE, bypass_csp=True)
    page.goto(log)
    is_live(page)
    row(page, 1).locator(".pick").click()
    page.evaluate(AXE + "; 0")
    for opened in (
        lambda: page.get_by_role("button", name="How to search").click(),
        lambda: page.get_by_role("button", name="View").click(),
        lambda: page.keyboard.press("Escape"),
        lambda: page.locator("#q").press_sequentially("level:"),
    ):
        opened()
        found = page.evaluate("async () => (await axe.run()).violations.map(each => [each.id, each.nodes[0].html])")
        assert found == []
    expect(page.get_by_role("option")).to_have_count(5)
    page.locator("#q").fill("")
    row(page, 1).locator("a").focus()
    page.keyboard.press("?")
    expect(page.get_by_role("dialog")).to_have_text(re.compile("Search"))
    assert page.evaluate("async () => (await axe.run()).violations.map(each => [each.id, each.nodes[0].html])") == []
