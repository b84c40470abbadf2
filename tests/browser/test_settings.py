"""The settings in Chromium: patterns are tried, kept, counted and taken back, with and without scripts."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect
from starlette.responses import PlainTextResponse

from logster.entry import Occurrence, Report
from logster.service import Service
from logster.settings import Settings
from logster.viewer.app import Viewer
from tests.browser.conftest import Problems
from tests.browser.gui import SMALLEST, WIDE, log, servers_end_last
from tests.viewer.entries import add, add_error, key_of

__all__ = ["log", "servers_end_last"]

SCRIPTS = pytest.mark.parametrize("options", [{}, {"java_script_enabled": False}], ids=["scripts", "no scripts"])


@pytest.fixture
def service(settings: Settings) -> Iterator[Service]:
    service = Service(settings.with_changes(ignore=["wp-login"]))
    yield service
    service.close()


def section(page: Page, kind: str) -> Locator:
    return page.locator(f'section[aria-labelledby="{kind}"]')


def submitted(form: Locator, pattern: str, button: str) -> None:
    form.get_by_role("textbox").fill(pattern)
    form.get_by_role("button", name=button, exact=True).click()


@SCRIPTS
def test_a_suppression_is_tested_kept_changed_and_removed(
    new_page: Callable[..., Page], log: str, service: Service, options: dict[str, Any]
) -> None:
    for number in range(1, 4):
        add(service, number, f"ping {number}")
    add(service, 4, "Payment failed")
    page = new_page(**options)
    page.goto(f"{log}settings")
    suppression = section(page, "suppression")
    submitted(suppression.locator(".new"), "ping [12]", "Test")
    expect(suppression.get_by_role("status")).to_contain_text("matches 2 entries")
    expect(suppression.get_by_role("status").get_by_role("link")).to_have_text(["ping 2", "ping 1"])
    assert len(service.store.page().entries) == 4
    suppression.get_by_label("Delete what matches now").check()
    suppression.locator(".new").get_by_role("button", name="Add").click()
    expect(page.locator("[data-banner]")).to_contain_text("2 entries deleted")
    assert [each.key for each in service.store.page().entries] == [key_of(3), key_of(4)]
    row = suppression.locator(".pattern", has=page.get_by_role("button", name="Save"))
    submitted(row, "/ping/i", "Test")
    expect(suppression.get_by_role("status")).to_contain_text("matches 1 entry")
    row.get_by_role("button", name="Save").click()
    expect(row.get_by_role("textbox")).to_have_value("/ping/i")
    assert [each.pattern for each in service.store.patterns("suppression")][-1] == "/ping/i"
    row.get_by_role("button", name="Remove").click()
    expect(row).to_have_count(0)
    expect(section(page, "changes").get_by_role("listitem")).to_have_count(3)
    expect(section(page, "changes")).to_contain_text("Ada")


@SCRIPTS
def test_a_grouping_is_tested_and_kept(
    new_page: Callable[..., Page], log: str, service: Service, options: dict[str, Any]
) -> None:
    for number in range(1, 4):
        add(service, number, f"Timeout of feed {number}")
    page = new_page(**options)
    page.goto(f"{log}settings")
    grouping = section(page, "grouping")
    submitted(grouping.locator(".new"), "Timeout of", "Test")
    expect(grouping.get_by_role("status")).to_contain_text("matches 3 entries")
    grouping.locator(".new").get_by_role("button", name="Add").click()
    expect(grouping.locator(".pattern-count").first).to_have_text("3 entries")
    page.goto(log)
    expect(page.locator(".row .badge.grouped")).to_have_text("3 entries")


@SCRIPTS
def test_rules_of_the_code_are_fixed_and_their_hits_counted_and_reset(
    new_page: Callable[..., Page], log: str, service: Service, options: dict[str, Any]
) -> None:
    kept_out(service, "GET /wp-login.php")
    page = new_page(**options)
    page.goto(f"{log}settings")
    rule = section(page, "suppression").locator(".pattern", has_text="wp-login")
    expect(rule.locator(".badge")).to_have_text("from the code")
    expect(rule.get_by_role("textbox")).to_have_count(0)
    expect(rule.get_by_role("button")).to_have_text(["Reset count"])
    expect(rule).to_contain_text("1 hit")
    rule.get_by_role("button", name="Reset count").click()
    expect(rule).to_contain_text("0 hits")


def kept_out(service: Service, message: str) -> None:
    occurrence = Occurrence(
        key=key_of(9),
        level=40,
        logger="shop",
        message=message,
        timestamp_ms=1_700_000_000_000,
        namespace=service.settings.current_namespace(),
    )
    service.store.filter(occurrence.namespace)
    service.store.report([Report(occurrence, 1, occurrence.timestamp_ms, occurrence.timestamp_ms, message)])


def test_the_last_hundred_changes_are_told(page: Page, log: str, service: Service) -> None:
    for number in range(1, 106):
        service.store.add_pattern("suppression", f"/number {number}/", by=f"Reader {number}")
    page.goto(f"{log}settings")
    changes = section(page, "changes").get_by_role("listitem")
    expect(changes).to_have_count(100)
    expect(changes.first).to_contain_text("Reader 105")
    expect(changes.last).to_contain_text("Reader 6")


def test_a_pattern_that_cannot_be_tested_stays_in_its_field(
    page: Page, log: str, service: Service, problems: Problems
) -> None:
    problems.allow("status of 400")
    page.goto(f"{log}settings")
    submitted(section(page, "grouping").locator(".new"), "(half", "Test")
    expect(section(page, "grouping").get_by_role("alert")).to_be_visible()
    expect(section(page, "grouping").locator(".new").get_by_role("textbox")).to_have_value("(half")


@pytest.mark.parametrize("answer", ["refusal", "login"])
def test_a_pattern_that_was_sent_after_the_session_ended_is_in_its_field_again(
    page: Page, serve: Callable[[Any], str], service: Service, problems: Problems, answer: str
) -> None:
    problems.allow("status of 403")
    allowed: list[Any] = ["Ada"]
    address = serve(Viewer(lambda request: allowed[0], service=service)) + "/settings"
    page.goto(address)
    allowed[0] = False if answer == "refusal" else PlainTextResponse("Sign in")
    submitted(section(page, "grouping").locator(".new"), "^timeout of feed", "Add")
    expect(page.locator("body")).to_contain_text("You may not see this log" if answer == "refusal" else "Sign in")
    allowed[0] = "Ada"
    page.goto(address)
    field = section(page, "grouping").locator(".new").get_by_role("textbox")
    expect(field).to_have_value("^timeout of feed")
    expect(field).to_be_focused()
    expect(page.locator("[data-banner]")).to_contain_text("in its field again")
    section(page, "grouping").locator(".new").get_by_role("button", name="Add").click()
    expect(page.locator("[data-banner]")).to_have_text("Added.")
    page.goto(address)
    expect(field).to_have_value("")
    expect(page.locator("[data-banner]")).to_be_hidden()


def test_changes_tell_the_readers_own_time(page: Page, log: str, service: Service) -> None:
    service.store.add_pattern("suppression", "/ping/", by="Grace")
    page.goto(f"{log}settings")
    time = section(page, "changes").locator("time")
    own = "moment => new Date(moment).toLocaleString(undefined, { dateStyle: 'full', timeStyle: 'long' })"
    time.hover()
    expect(time).to_have_attribute("title", page.evaluate(own, time.get_attribute("datetime")))


# 320 px is also a screen of 640 at twice, and of 1,280 at four times the size.
@pytest.mark.parametrize("viewport", [WIDE, {"width": 720, "height": 450}, SMALLEST], ids=["wide", "200 %", "320 px"])
@pytest.mark.parametrize(
    "path", ["settings", "clear", "show/{key}/suppress", "group?q={long}", "show/none", "?q=level:x"]
)
def test_no_page_goes_sideways(
    new_page: Callable[..., Page],
    log: str,
    service: Service,
    problems: Problems,
    viewport: dict[str, int],
    path: str,
) -> None:
    problems.allow("status of 40[04]")
    long = "x" * 400
    key = add_error(service, 1, message=f"{long} failed 1", logger=long)
    add(service, 2, f"{long} failed 2")
    for kind in ("suppression", "grouping"):
        service.store.add_pattern(kind, f"/{'y' * 300} {kind}/", by="z" * 90)
    page = new_page(viewport=viewport)
    page.goto(log + path.format(key=key, long=long))
    assert page.evaluate("document.documentElement.scrollWidth") <= viewport["width"]
    if path == "settings":
        submitted(section(page, "suppression").locator(".new"), "failed", "Test")
        expect(section(page, "suppression").get_by_role("status")).to_contain_text("2 entries")
        assert page.evaluate("document.documentElement.scrollWidth") <= viewport["width"]
