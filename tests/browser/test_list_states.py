"""Live and not: pausing, pages in the background, sessions that end, and the empty log."""

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, Route, expect

from logster.service import Service
from logster.viewer.app import Viewer
from tests.browser.conftest import Problems, wait_until
from tests.browser.gui import is_live, log, row, servers_end_last, service
from tests.viewer.entries import add, key_of

__all__ = ["log", "servers_end_last", "service"]

HIDE = """hidden => {
    Object.defineProperty(document, "hidden", { value: hidden, configurable: true });
    document.dispatchEvent(new Event("visibilitychange"));
}"""

DRAWN = "new Promise(done => setTimeout(() => requestAnimationFrame(() => requestAnimationFrame(done)), 50))"


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


@pytest.mark.parametrize("way", ["paused", "in the background"])
def test_an_answer_that_comes_after_the_list_came_to_rest_is_not_drawn(
    page: Page, log: str, service: Service, way: str
) -> None:
    held: list[Route] = []
    page.route("**/*fragment=list*", lambda route: route.continue_() if held else held.append(route))
    add(service, 1)
    page.goto(log)
    is_live(page)
    wait_until(page, lambda: held)
    add(service, 2)
    button = page.locator("logster-live button")
    button.click() if way == "paused" else page.evaluate(HIDE, True)
    with page.expect_response("**/*fragment=list*") as answer:
        held[0].continue_()
    assert key_of(2) in answer.value.text()
    page.evaluate(DRAWN)
    expect(row(page, 2)).to_have_count(0)
    button.click() if way == "paused" else page.evaluate(HIDE, False)
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
    expect(page.locator("[data-banner]")).to_contain_text("This could not be opened.")
    reload = page.get_by_role("button", name="Reload")
    reload.evaluate("button => { button.dataset.kept = '' }")
    page.evaluate(HIDE, True)
    page.evaluate(HIDE, False)
    expect(page.locator("[data-banner]")).not_to_contain_text("This could not be opened.")
    # Who is about to press it must not lose it to a new one.
    expect(reload).to_have_attribute("data-kept", "")
    allowed[0] = True
    reload.click()
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
