"""What a row says in Chromium, what the search field completes, what bars count, and what is done to entries."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Locator, Page, expect

from logster.entry import LEVEL_NUMBERS
from logster.service import Service
from tests.browser.gui import WIDE, is_live, log, row, servers_end_last, service
from tests.viewer.entries import add, add_error, key_of

__all__ = ["log", "servers_end_last", "service"]

DAY_MS = 86_400_000
HOST = {"hostname": "web-7"}


def badges(found: Locator) -> list[str]:
    return found.locator(".badge").all_inner_texts()


def test_a_row_tells_count_message_place_and_when(page: Page, log: str, service: Service) -> None:
    add_error(service, 1, count=1_234)
    add(service, 2, "Cache is cold", logger="shop.cache", count=56_789)
    page.goto(log)
    is_live(page)
    expect(row(page, 1).locator(".row-message")).to_have_text("Payment failed")
    expect(row(page, 1).locator(".where")).to_have_text("shop.payments.charge")
    expect(row(page, 2).locator(".where")).to_have_text("shop.cache")
    expect(row(page, 1).locator("[data-count]")).to_have_text("1,234")
    expect(row(page, 2).locator("[data-count]")).to_have_attribute("title", "56,789 times")
    expect(row(page, 1).locator(".spark path")).to_have_attribute("d", re.compile("^M"))
    time = row(page, 2).locator("time")
    expect(time).to_have_text(re.compile(r"^(now|\d+[sm])$"))
    spelled = page.evaluate(
        "moment => new Date(moment).toLocaleString(undefined, { dateStyle: 'full', timeStyle: 'long' })",
        time.get_attribute("datetime"),
    )
    time.hover()
    expect(time).to_have_attribute("title", spelled)


def test_a_level_has_an_icon_a_colour_and_a_name_of_its_own(page: Page, log: str, service: Service) -> None:
    for number, level in enumerate(LEVEL_NUMBERS.values(), 1):
        add(service, number, level=level)
    page.goto(log)
    rows = page.locator(".row .level")
    assert len({each.locator("use").get_attribute("href") for each in rows.all()}) == 5
    assert len(set(rows.all_inner_texts())) == 5
    stripe = "level => getComputedStyle(level).color"
    # What is for developers alone keeps the quiet colour.
    assert len({each.evaluate(stripe) for each in rows.all()}) >= 4


def test_each_badge_is_shown(page: Page, log: str, service: Service) -> None:
    add(service, 1)
    add(service, 2, age_ms=2 * DAY_MS, version="1")
    service.store.solve([key_of(2)])
    add(service, 2, age_ms=DAY_MS, version="2")
    add(service, 3, age_ms=3 * DAY_MS)
    service.store.protect(key_of(3))
    add(service, 4, age_ms=4 * DAY_MS)
    service.store.solve([key_of(4)])
    page.goto(log)
    assert [badges(row(page, number)) for number in (1, 2, 3)] == [["new"], ["regressed"], ["protected"]]
    expect(row(page, 4)).to_have_count(0)
    page.goto(f"{log}?q=is:solved")
    assert badges(row(page, 4)) == ["solved"]
    service.store.add_pattern("grouping", "/Payment/")
    page.goto(log)
    assert "3 entries" in badges(page.locator(".row"))


@pytest.mark.parametrize(
    ("typed", "offered", "found"),
    [
        ("level:cri", ["critical"], 1),
        ("logger:shop.p", ["shop.payments"], 1),
        ("type:psy", ["psycopg.OperationalError"], 1),
        ("host:web", ["web-7"], 1),
        ("version:2", ["2.4.0"], 1),
    ],
)
def test_each_field_is_completed_from_the_entries(
    page: Page, log: str, service: Service, typed: str, offered: list[str], found: int
) -> None:
    add_error(service, 1, level=50, logger="shop.payments", version="2.4.0", envs=(HOST,))
    add(service, 2, "Cache is cold", logger="cache", version="1.0", envs=({"hostname": "db-1"},))
    page.goto(log)
    page.get_by_role("combobox").press_sequentially(typed)
    expect(page.get_by_role("option")).to_have_text(offered)
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    page.keyboard.press("Enter")
    expect(page.locator(".row")).to_have_count(found)
    expect(row(page, 1)).to_be_visible()


def test_bars_count_what_the_query_finds(page: Page, log: str, service: Service) -> None:
    add_error(service, 1, count=7)
    add(service, 2, "Cache is cold", level=30, count=40)
    page.goto(f"{log}?q=payment")
    expect(page.locator(".bars")).to_have_accessible_name(re.compile("^7 occurrences"))
    expect(page.locator(".bar rect.is-warning")).to_have_count(0)
    page.goto(log)
    expect(page.locator(".bars")).to_have_accessible_name(re.compile("^47 occurrences"))
    expect(page.locator(".bar rect.is-warning")).to_have_count(1)


def test_clearing_says_how_many_go_and_stay(page: Page, log: str, service: Service) -> None:
    for number in range(1, 6):
        add(service, number)
    service.store.protect(key_of(1))
    page.goto(log)
    page.get_by_role("link", name="Clear…").click()
    expect(page.get_by_role("main")).to_contain_text("4 entries go")
    expect(page.get_by_role("main")).to_contain_text("1 protected entry stays")
    page.get_by_role("link", name="Keep all").click()
    expect(page.locator(".row")).to_have_count(5)
    page.get_by_role("link", name="Clear…").click()
    page.get_by_role("button", name="Clear 4 entries").click()
    expect(page.locator(".row")).to_have_count(1)
    expect(row(page, 1)).to_be_visible()


def test_without_scripts_every_action_is_a_form(new_page: Callable[..., Page], log: str, service: Service) -> None:
    for number in range(1, 5):
        add(service, number, f"Timeout of feed {number}")
    page = new_page(java_script_enabled=False, viewport=WIDE)
    said = page.locator("[data-banner]")
    page.goto(f"{log}?key={key_of(1)}")
    for button, tells in (("Protect", "Protected"), ("Unprotect", "No longer protected"), ("Solve", "Solved")):
        page.locator(".detail-pane").get_by_role("button", name=button, exact=True).click()
        expect(said).to_contain_text(tells)
    expect(row(page, 1)).to_have_count(0)
    page.goto(f"{log}show/{key_of(1)}")
    page.get_by_role("button", name="Not solved").click()
    expect(said).to_contain_text("No longer solved")
    page.goto(log)
    for number in (1, 2):
        row(page, number).locator("input").check()
    page.locator("[data-bulk]").get_by_role("button", name="Group…").click()
    page.get_by_role("button", name="Group", exact=True).click()
    expect(page.locator(".row .badge.grouped")).to_have_text("4 entries")
    page.locator(".row-link").click()
    page.get_by_role("button", name="Solve all").click()
    expect(page.locator(".row")).to_have_count(0)


def test_solving_a_group_solves_all_of_it(page: Page, log: str, service: Service) -> None:
    for number in range(1, 4):
        add(service, number, f"Timeout of feed {number}")
    add(service, 4, "Cache is cold")
    service.store.add_pattern("grouping", "/Timeout of/")
    page.goto(log)
    is_live(page)
    page.locator(".row", has_text="Timeout").locator(".row-link").click()
    page.get_by_role("button", name="Solve all").click()
    expect(page.locator(".row")).to_have_count(1)
    expect(row(page, 4)).to_be_visible()
    solved = service.store.entries([key_of(number) for number in range(1, 4)])
    assert [each.has("solved") for each in solved] == [True] * 3
