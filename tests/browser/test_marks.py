"""What was searched for is marked in Chromium wherever it is read: in rows and in each part of an entry."""

from collections.abc import Callable

import pytest
from msgspec.structs import replace
from playwright.sync_api import Page, expect

from logster.entry import ExceptionInfo
from logster.service import Service
from tests.browser.gui import WIDE, log, row, servers_end_last, service
from tests.viewer.entries import APP_FRAME, TRACEBACK, add_error, key_of

__all__ = ["log", "servers_end_last", "service"]

FRAME = replace(APP_FRAME, source="    provider.charge(order_total, 'EUR')", locals={"order_total": "<Decimal 12.50>"})
ENV = {
    "user": "grace@shop.example",
    "cart": {"items": [{"sku": "kettle-17"}]},
    "order": 48123,
    "params": {"note": "leave the kettle"},
    "body": "tea " * 200 + "saucer",
}


@pytest.fixture
def opened(log: str, service: Service, new_page: Callable[..., Page]) -> Callable[..., Page]:
    """Open an entry beside a list that looks for something."""
    add_error(
        service,
        message="Payment <failed> for order 7",
        exception=ExceptionInfo("shop.Refused", "card declined", frames=(FRAME,), notes=("ask the bank",)),
        traceback=TRACEBACK + "\ncard declined",
        envs=(ENV,),
    )

    def open_(query: str, tab: str = "info", more: str = "") -> Page:
        page = new_page(viewport=WIDE)
        page.goto(f"{log}?q={query}&key={key_of(1)}&tab={tab}{more}")
        return page

    return open_


def marks(page: Page) -> list[str]:
    """Return what is marked in the entry, and seen."""
    return [each.inner_text() for each in page.locator(".detail-pane mark:not(.line)").all() if each.is_visible()]


def test_the_message_is_marked_in_its_row_and_as_the_heading(opened: Callable[..., Page]) -> None:
    page = opened("<failed>")
    expect(row(page, 1).locator("mark")).to_have_text("<failed>")
    expect(page.locator("[data-heading] mark")).to_have_text("<failed>")


def test_the_failing_line_and_its_variables_are_marked_across_colours(opened: Callable[..., Page]) -> None:
    page = opened("/total, 'E/")
    assert "".join(marks(page)) == "total, 'E"
    expect(page.locator("mark.line mark").first).to_be_visible()
    assert marks(opened("12.50")) == ["12.50"]


def test_the_traceback_is_marked_in_frames_notes_and_raw(opened: Callable[..., Page]) -> None:
    assert marks(opened("provider", "traceback")) == ["provider"]
    assert "declined" in marks(opened("declined", "traceback"))
    assert "bank" in marks(opened('"ask the" bank', "traceback"))
    assert marks(opened("psycopg", "traceback", "&frames=raw")) == ["psycopg"]


def test_env_values_are_marked_and_unfolded_where_they_hide(opened: Callable[..., Page]) -> None:
    page = opened("grace kettle 48123 saucer", "env")
    assert marks(page) == ["grace", "kettle", "48123", "kettle", "saucer"]


def test_what_is_marked_appears_without_a_reload_too(opened: Callable[..., Page]) -> None:
    page = opened("kettle")
    page.keyboard.press("3")
    expect(page.locator(".detail-pane mark").first).to_have_text("kettle")


def test_a_query_that_is_not_understood_or_about_fields_marks_nothing(
    opened: Callable[..., Page],
) -> None:
    assert marks(opened("level:error", "traceback")) == []
    assert marks(opened("-nowhere", "env")) == []
