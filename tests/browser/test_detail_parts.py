"""What an entry's parts show, in Chromium: the failing line, frames, causes, groups, variables, links, env, alike."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from msgspec.structs import replace
from playwright.sync_api import Page, expect

from logster.entry import ExceptionInfo, Frame
from logster.service import Service
from logster.settings import Settings
from tests.browser.gui import PHONE, WIDE, log, row, servers_end_last
from tests.viewer.entries import APP_FRAME, ERROR, LIBRARY_FRAME, add, add_error, key_of

__all__ = ["log", "servers_end_last"]

SCRIPTS = pytest.mark.parametrize("options", [{}, {"java_script_enabled": False}], ids=["scripts", "no scripts"])
REPOSITORY = {"path": "shop/", "url": "https://github.com/example/shop", "main_app": True}
DEEPEST = ExceptionInfo("KeyError", "'currency'", frames=(APP_FRAME,))
FIRST = ExceptionInfo("ValueError", "bad order", frames=(APP_FRAME,), cause=DEEPEST, relation="cause")
INNER = ExceptionInfo("ExceptionGroup", "feeds", exceptions=(ExceptionInfo("TimeoutError", "feed 2"),))
TREE = ExceptionInfo("ExceptionGroup", "unhandled errors", frames=(APP_FRAME,), exceptions=(FIRST, INNER))


@pytest.fixture
def service(settings: Settings) -> Iterator[Service]:
    changed = {"project_directories": [REPOSITORY], "editor": "vscode", "env_expandable_keys": ["params"]}
    service = Service(settings.with_changes(**changed))
    yield service
    service.close()


@pytest.mark.parametrize("viewport", [WIDE, PHONE], ids=["1440 × 900", "390 × 844"])
@SCRIPTS
def test_the_failing_line_is_in_sight_without_a_click(
    new_page: Callable[..., Page], log: str, service: Service, viewport: dict[str, int], options: dict[str, Any]
) -> None:
    message = "Payment of order 48123 failed for the third time, and the customer was told so by mail " * 2
    key = add_error(service, 1, message=message, version="2.4.0", envs=({"url": "https://shop.example/pay"},))
    page = new_page(viewport=viewport, **options)
    for path in (f"?key={key}", f"show/{key}"):
        page.goto(log + path)
        expect(page.locator("mark.line").first).to_be_in_viewport(ratio=1)


def test_library_frames_are_folded_and_open_on_demand(page: Page, log: str, service: Service) -> None:
    exception = ExceptionInfo("E", "m", (APP_FRAME, LIBRARY_FRAME, LIBRARY_FRAME, APP_FRAME))
    page.goto(f"{log}?key={add_error(service, exception=exception)}&tab=traceback")
    expect(page.locator(".frame.in-app mark.line")).to_have_count(2)
    expect(page.locator(".frame.in-app mark.line").first).to_be_visible()
    library = page.locator(".frame.library")
    expect(library.first).to_be_hidden()
    page.get_by_text("2 frames").click()
    expect(library.first).to_be_visible()


@SCRIPTS
def test_causes_and_groups_are_a_tree(
    new_page: Callable[..., Page], log: str, service: Service, options: dict[str, Any]
) -> None:
    page = new_page(viewport=WIDE, **options)
    page.goto(f"{log}?key={add_error(service, exception=TREE)}")
    tree = page.get_by_role("region", name="Exceptions")
    members = tree.locator(".cause > .members > li")
    expect(members).to_have_count(2)
    expect(members.nth(0).locator("li")).to_contain_text("caused by KeyError 'currency'")
    expect(members.nth(1).locator("li")).to_have_text("TimeoutError feed 2")
    page.get_by_role("link", name="Traceback").click()
    group = page.locator(".tab > .exception > .group > li")
    expect(group).to_have_count(2)
    expect(group.nth(0).locator(".exception")).to_contain_text(["KeyError", "ValueError"])
    expect(group.nth(0)).to_contain_text("led to")
    expect(group.nth(1).locator(".group > li .exception")).to_contain_text("TimeoutError")


def test_a_chain_of_causes_stands_under_the_failing_line(page: Page, log: str, service: Service) -> None:
    page.goto(f"{log}?key={add_error(service, exception=ERROR)}")
    causes = page.get_by_role("region", name="Exceptions")
    expect(causes.locator(".cause")).to_contain_text(["KeyError", "psycopg.OperationalError"])
    expect(causes).to_contain_text("led to")
    expect(causes).to_contain_text("order 48123 stays open")


@pytest.mark.parametrize("tab", ["info", "traceback"])
def test_variables_of_the_failing_frame_are_shown(page: Page, log: str, service: Service, tab: str) -> None:
    frame = replace(APP_FRAME, locals={"total": "Decimal('12.50')"})
    page.goto(f"{log}?key={add_error(service, exception=ExceptionInfo('E', 'm', (frame,)))}&tab={tab}")
    expect(page.get_by_role("row", name="total Decimal('12.50')")).to_be_visible()


def test_lines_lead_to_the_code_host_and_the_editor(page: Page, log: str, service: Service) -> None:
    page.goto(f"{log}?key={add_error(service, version='v2.4.0')}")
    place = page.locator(".culprit a.frame-place")
    expect(place).to_have_text("shop/payments.py:64")
    expect(place).to_have_attribute("href", "https://github.com/example/shop/blob/v2.4.0/payments.py#L64")
    here = Frame(file=__file__, function="test", line=3, source="x", in_app=True)
    page.goto(f"{log}?key={add_error(service, 2, exception=ExceptionInfo('E', 'm', (here,)), location=here)}")
    expect(page.get_by_role("link", name="Open in editor")).to_have_attribute("href", f"vscode://file/{__file__}:3")


@SCRIPTS
def test_env_shows_differences_tables_and_folded_keys(
    new_page: Callable[..., Page], log: str, service: Service, options: dict[str, Any]
) -> None:
    older = {"user": 1, "cart": {"items": [{"sku": "tea"}]}, "params": {"a": 1, "b": 2}, "coupon": "X", "host": "web"}
    newer = {"user": 2, "cart": {"items": [{"sku": "tea"}]}, "params": {"a": 1, "b": 2}, "host": "web"}
    page = new_page(viewport=WIDE, **options)
    page.goto(f"{log}?key={add(service, 1, envs=(older, newer))}&tab=env")
    shown = page.locator(".tab")
    expect(page.locator(".samples")).to_contain_text("1 of 2")
    expect(shown.locator("tr.is-changed th")).to_have_text(["user changed"])
    expect(shown).to_contain_text("which also has coupon")
    expect(shown.locator("tr", has_text="host").locator(".difference")).to_have_count(0)
    expect(shown.locator("table table table table").get_by_text("tea")).to_be_visible()
    folded = shown.locator(".folded-value")
    expect(folded.locator("summary")).to_have_text("2 keys")
    expect(folded.get_by_role("cell", name="2")).to_be_hidden()
    folded.locator("summary").click()
    expect(folded.get_by_role("cell", name="2")).to_be_visible()


@SCRIPTS
def test_the_timeline_leads_to_other_spans_and_to_what_is_similar(
    new_page: Callable[..., Page], log: str, service: Service, options: dict[str, Any]
) -> None:
    add_error(service, 1, count=3)
    add_error(service, 2, message="Refund failed")
    add(service, 3, "Cache is cold", logger="cache")
    page = new_page(viewport=WIDE, **options)
    page.goto(f"{log}?key={key_of(1)}&tab=timeline")
    expect(page.locator(".chart rect")).to_have_count(1)
    page.get_by_role("link", name="30 days").click()
    expect(page.locator(".tab")).to_contain_text("3 in the last 30 days")
    similar = page.get_by_role("region", name="Similar entries")
    expect(similar.get_by_role("listitem")).to_have_count(1)
    similar.get_by_role("link", name="Refund failed").click()
    expect(page.locator("[data-heading]")).to_have_text("Refund failed")
    expect(row(page, 1)).to_have_count(0)
