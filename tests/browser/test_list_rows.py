"""The list in Chromium: how rows look, how many there are, and what is chosen of them."""

import gzip
import re
import time
from collections.abc import Callable
from urllib.request import Request, urlopen

import pytest
from playwright.sync_api import APIResponse, Page, Route, expect

from logster.entry import Occurrence, Report
from logster.service import Service
from tests.browser.conftest import Problems, wait_until
from tests.browser.gui import PHONE, SMALLEST, WIDE, is_live, lists, log, row, servers_end_last, service, store_of
from tests.viewer.entries import add, add_error, key_of

__all__ = ["log", "servers_end_last", "service"]

NO_SHIFT = """
window.shifts = [];
new PerformanceObserver((list) => {
    for (const each of list.getEntries()) window.shifts.push([each.value, each.hadRecentInput]);
}).observe({ type: "layout-shift", buffered: true });
"""


# Scroll through the list, and return how many of its rows the browser laid out on the way.
LAID_OUT = """async () => {
    const pane = document.querySelector("[data-list]");
    const frame = () => new Promise(requestAnimationFrame);
    const seen = new Set();
    const note = (event) => event.skipped || seen.add(event.target);
    pane.addEventListener("contentvisibilityautostatechange", note, { capture: true });
    for (const top of [0, 200_000, 0, 200, 400, 600, 800, 1_000]) {
        pane.scrollTop = top;
        await frame();
        await frame();
    }
    return seen.size;
}"""


def fill(service: Service, count: int) -> None:
    """Report many entries at once; number 1 is the newest."""
    reports = []
    namespace = service.settings.current_namespace()
    now = int(time.time())
    for number in range(1, count + 1):
        moment = 1_000 * (now - number)
        occurrence = Occurrence(
            key=key_of(number),
            level=40,
            logger="shop",
            message=f"No {number}",
            timestamp_ms=moment,
            namespace=namespace,
        )
        reports.append(Report(occurrence, 1, moment, moment, occurrence.message))
    for start in range(0, count, 500):
        service.store.report(reports[start : start + 500])


def choose_looks(page: Page, name: str) -> None:
    page.get_by_role("button", name="View").click()
    page.get_by_label(name, exact=True).check()
    page.keyboard.press("Escape")


def test_dense_shows_25_rows_beside_an_entry(new_page: Callable[..., Page], log: str, service: Service) -> None:
    for number in range(1, 41):
        add_error(service, number)
    page = new_page(viewport=WIDE)
    page.goto(f"{log}?key={key_of(1)}")
    choose_looks(page, "Dense")
    visible = "rows => rows.filter(row => row.getBoundingClientRect().bottom <= innerHeight).length"
    assert page.locator(".row").evaluate_all(visible) >= 25
    expect(page.locator(".detail-pane [data-heading]")).to_be_visible()


def test_looks_are_kept_and_set_before_anything_is_drawn(
    new_page: Callable[..., Page], log: str, service: Service, problems: Problems
) -> None:
    problems.allow("ERR_FAILED")
    add_error(service, 1)
    page = new_page(viewport=WIDE, color_scheme="light")
    page.goto(log)
    choose_looks(page, "Dark")
    choose_looks(page, "Dense")
    ground = "getComputedStyle(document.body).backgroundColor"
    dark = page.evaluate(ground)
    page.route("**/*.js", lambda route: route.continue_() if "appearance" in route.request.url else route.abort())
    page.goto(f"{log}settings")
    assert page.evaluate(ground) == dark
    page.unroute("**/*.js")
    page.goto(f"{log}?key={key_of(1)}")
    assert page.evaluate("document.documentElement.dataset.density") == "dense"
    choose_looks(page, "As the system")
    assert page.evaluate(ground) != dark
    assert store_of(page, "theme") is None


def test_nothing_moves_while_the_page_loads(new_page: Callable[..., Page], log: str, service: Service) -> None:
    for number in range(1, 60):
        # Of days: how many seconds ago something was takes more room each second.
        add_error(service, number, version="1.0", age_ms=3 * 86_400_000 + number)
    for viewport in (WIDE, PHONE):
        page = new_page(viewport=viewport)
        page.add_init_script(NO_SHIFT)
        page.goto(log)
        is_live(page)
        page.evaluate("new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")
        assert sum(value for value, _ in page.evaluate("window.shifts")) < 0.001


def test_the_whole_page_is_below_60_kb_gzipped(page: Page, log: str, service: Service) -> None:
    for number in range(1, 60):
        add_error(service, number, version="1.0", envs=({"hostname": "web-1"},))
    addresses = {log}
    page.on("request", lambda request: addresses.add(request.url))
    page.goto(log)
    is_live(page)
    total = 0
    for address in addresses:
        if "api/events" not in address and "fragment" not in address:
            with urlopen(Request(address, headers={"Accept-Encoding": "gzip"}), timeout=10) as answer:
                body = answer.read()
                total += len(body) if answer.headers.get("Content-Encoding") == "gzip" else len(gzip.compress(body))
    assert 10_000 < total < 60_000


def test_ten_thousand_rows_stay_smooth(new_page: Callable[..., Page], log: str, service: Service) -> None:
    fill(service, 400)
    page = new_page(viewport=WIDE)
    page.goto(log)
    is_live(page)
    for shown in (100, 150, 200):
        page.get_by_role("link", name="Older").click()
        expect(page.locator(".row")).to_have_count(shown)
    lists(page, list(range(1, 201)))
    page.evaluate("""() => {
        const rows = document.querySelector("[data-rows]");
        const all = [...rows.children];
        for (let i = all.length; i < 10_000; i++) {
            const copy = all[i % all.length].cloneNode(true);
            copy.dataset.key = "copy" + i;
            rows.append(copy);
        }
    }""")
    assert 20 < page.evaluate(LAID_OUT) < 500
    page.locator("[data-list]").evaluate("pane => { pane.scrollTop = 0; }")
    row(page, 3).locator("a").click()
    # Not by `expect`: where its first look comes too early it describes the whole page, which takes it for ever.
    page.wait_for_function("() => document.querySelector('[data-heading]')?.textContent === 'No 3'")


def test_what_arrives_fades_without_drawing_the_list_anew(page: Page, log: str, service: Service) -> None:
    add(service, 1)
    page.goto(log)
    is_live(page)
    add(service, 2, age_ms=-1)
    expect(row(page, 2)).to_be_visible()
    animated = "row => row.getAnimations({ subtree: true }).map(each => each.effect.getKeyframes().map(Object.keys))"
    frames = row(page, 2).evaluate(animated)
    assert frames
    assert all("opacity" in names and "backgroundColor" not in names for keyframes in frames for names in keyframes)


def test_shift_chooses_all_rows_between(page: Page, log: str, service: Service) -> None:
    for number in range(1, 8):
        add(service, number)
    page.goto(log)
    is_live(page)
    expect(page.locator("[data-bulk]")).to_be_hidden()
    row(page, 2).locator(".pick").click()
    row(page, 5).locator(".pick").click(modifiers=["Shift"])
    expect(page.locator("[data-chosen]")).to_have_text("4 selected")
    page.locator("[data-bulk]").get_by_role("button", name="Delete").click()
    expect(page.locator(".row")).to_have_count(3)
    lists(page, [1, 6, 7])
    expect(page.locator("[data-banner]")).to_contain_text("Deleted: 4 entries.")
    page.get_by_role("button", name="Undo").click()
    expect(page.locator(".row")).to_have_count(7)
    expect(page.locator("[data-bulk]")).to_be_hidden()


def test_chosen_rows_stay_chosen_when_news_arrive(page: Page, log: str, service: Service) -> None:
    for number in range(1, 4):
        add(service, number)
    page.goto(log)
    is_live(page)
    row(page, 2).locator(".pick").click()
    add(service, 2, age_ms=0)
    add(service, 9, "Something new", age_ms=0)
    expect(row(page, 9)).to_be_visible()
    expect(row(page, 2).locator("input")).to_be_checked()


def test_chosen_rows_become_one(page: Page, log: str, service: Service) -> None:
    for number in range(1, 4):
        add(service, number, f"Timeout of feed {number}")
    page.goto(log)
    row(page, 1).locator(".pick").click()
    row(page, 2).locator(".pick").click()
    page.locator("[data-bulk]").get_by_role("button", name="Group…").click()
    expect(page.locator("main [role=status]")).to_contain_text("3 entries")
    page.get_by_role("button", name="Group", exact=True).click()
    expect(page.locator(".row")).to_have_count(1)
    expect(page.locator(".row .badge.grouped")).to_have_text("3 entries")


def test_rows_are_chosen_and_deleted_without_scripts(new_page: Callable[..., Page], log: str, service: Service) -> None:
    for number in range(1, 4):
        add(service, number)
    page = new_page(java_script_enabled=False)
    page.goto(log)
    bulk = page.locator("[data-bulk]")
    expect(bulk).to_be_hidden()
    row(page, 1).locator("input").check()
    row(page, 3).locator("input").check()
    bulk.get_by_role("button", name="Delete").click()
    expect(page.locator(".row")).to_have_count(1)
    lists(page, [2])
    page.get_by_role("button", name="Undo").click()
    expect(page.locator(".row")).to_have_count(3)


def test_keys_choose_solve_protect_and_delete_rows(page: Page, log: str, service: Service) -> None:
    for number in range(1, 7):
        add(service, number, version="1.0")
    page.goto(log)
    is_live(page)
    page.keyboard.press("j")
    page.keyboard.press("x")
    page.keyboard.press("j")
    page.keyboard.press("x")
    expect(page.locator("[data-chosen]")).to_have_text("2 selected")
    page.keyboard.press("e")
    expect(page.locator(".row")).to_have_count(4)
    focused = "document.activeElement.closest('.row')?.dataset.key"
    wait_until(page, lambda: page.evaluate(focused) == key_of(3))
    page.keyboard.press("p")
    expect(row(page, 3).locator(".badge", has_text="protected")).to_be_visible()
    # Solved entries are hidden, not gone.
    assert service.store.clearable() == (5, 1)
    page.keyboard.press("j")
    page.keyboard.press("#")
    expect(row(page, 4)).to_have_count(0)
    wait_until(page, lambda: page.evaluate(focused) == key_of(5))
    expect(page.locator("[data-banner]")).to_contain_text("Deleted.")
    page.keyboard.press("u")
    expect(row(page, 4)).to_be_visible()


def open_and_listen(page: Page, log: str) -> None:
    """Open the log and let it have what a live view asks for first, in which nothing that comes later may be."""
    with page.expect_response("**/*fragment=list*"):
        page.goto(log)
    is_live(page)


class Held:
    """What the server answers at an address, kept on the way until it is let go."""

    def __init__(self, page: Page, address: str) -> None:
        self._page = page
        self._address = address
        self._answers: list[tuple[Route, APIResponse]] = []
        page.route(address, lambda route: self._answers.append((route, route.fetch())))

    def wait(self) -> None:
        """Wait until the server answered."""
        wait_until(self._page, lambda: self._answers)

    def let_go(self) -> None:
        for route, answer in self._answers:
            route.fulfill(response=answer)
        self._page.unroute(self._address)


def test_rows_that_went_while_the_list_was_fetched_stay_away(page: Page, log: str, service: Service) -> None:
    for number in range(1, 5):
        add(service, number)
    open_and_listen(page, log)
    held = Held(page, "**/*fragment=list*")
    add(service, 9, "Something new", age_ms=0)
    held.wait()
    row(page, 2).locator("a").focus()
    page.keyboard.press("#")
    expect(row(page, 2)).to_have_count(0)
    held.let_go()
    expect(row(page, 9)).to_be_visible()
    lists(page, [9, 1, 3, 4])


def test_what_was_counted_while_the_list_was_fetched_stays_counted(page: Page, log: str, service: Service) -> None:
    add(service, 1, count=41)
    open_and_listen(page, log)
    held = Held(page, "**/*fragment=list*")
    add(service, 9, "Something new", age_ms=0)
    held.wait()
    add(service, 1, age_ms=0)
    expect(row(page, 1).locator("[data-count]")).to_have_text("42")
    held.let_go()
    expect(row(page, 9)).to_be_visible()
    expect(row(page, 1).locator("[data-count]")).to_have_text("42")


def test_rows_chosen_while_others_are_changed_stay_chosen(page: Page, log: str, service: Service) -> None:
    for number in range(1, 5):
        add(service, number)
    page.goto(log)
    is_live(page)
    row(page, 1).locator(".pick").click()
    held = Held(page, "**/api/entries/bulk")
    page.locator("[data-bulk]").get_by_role("button", name="Protect").click()
    held.wait()
    row(page, 3).locator(".pick").click()
    held.let_go()
    expect(row(page, 1).locator("input")).not_to_be_checked()
    expect(row(page, 3).locator("input")).to_be_checked()
    expect(page.locator("[data-chosen]")).to_have_text("1 selected")


def test_the_question_mark_lists_all_keys(page: Page, log: str, service: Service) -> None:
    add(service, 1)
    page.goto(log)
    page.keyboard.press("j")
    page.keyboard.press("?")
    dialog = page.get_by_role("dialog")
    expect(dialog).to_be_visible()
    for key in ("/", "j", "k", "e", "p", "#", "x", "?", "Esc"):
        expect(dialog.locator("kbd", has_text=re.compile(f"^{re.escape(key)}$"))).to_have_count(1)
    page.keyboard.press("j")
    page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    expect(page.locator(".row-link:focus")).to_have_count(1)


def test_the_border_moves_by_pointer_and_keys_and_is_kept(
    new_page: Callable[..., Page], log: str, service: Service
) -> None:
    add_error(service, 1)
    page = new_page(viewport=WIDE)
    page.goto(f"{log}?key={key_of(1)}")
    width = "document.querySelector('[data-list]').offsetWidth"
    before = page.evaluate(width)
    splitter = page.get_by_role("separator")
    box = splitter.bounding_box()
    assert box
    page.mouse.move(box["x"] + 4, 400)
    page.mouse.down()
    page.mouse.move(box["x"] + 154, 400, steps=5)
    page.mouse.up()
    wait_until(page, lambda: page.evaluate(width) == pytest.approx(before + 150, abs=8))
    page.keyboard.press("ArrowLeft")
    wait_until(page, lambda: page.evaluate(width) == pytest.approx(before + 150 - 29, abs=8))
    kept = page.evaluate(width)
    page.reload()
    wait_until(page, lambda: page.evaluate(width) == kept)
    expect(splitter).to_have_attribute("aria-valuenow", re.compile(r"\d\d"))
    splitter.dblclick()
    wait_until(page, lambda: page.evaluate(width) == before)


@pytest.mark.parametrize("viewport", [WIDE, PHONE, SMALLEST], ids=["wide", "phone", "smallest"])
@pytest.mark.parametrize("density", ["Comfortable", "Dense"])
def test_nothing_scrolls_sideways(
    new_page: Callable[..., Page], log: str, service: Service, viewport: dict[str, int], density: str
) -> None:
    add_error(service, 1, version="2.4.0")
    add(service, 2, "فشل الاتصال بقاعدة البيانات db-3")
    add(service, 3, "x" * 500, logger="y" * 200)
    page = new_page(viewport=viewport)
    page.goto(log)
    choose_looks(page, density)
    row(page, 1).locator(".pick input").check(force=True)
    expect(page.locator("[data-bulk]")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= viewport["width"]
    pane = page.locator("[data-list]")
    assert pane.evaluate("pane => pane.scrollWidth <= pane.clientWidth")


def test_at_200_percent_nothing_scrolls_sideways(new_page: Callable[..., Page], log: str, service: Service) -> None:
    add_error(service, 1)
    page = new_page(viewport={"width": 720, "height": 450}, device_scale_factor=2)
    page.goto(log)
    assert page.evaluate("document.documentElement.scrollWidth") <= 720
    expect(row(page, 1)).to_be_in_viewport()


def test_with_reduced_motion_nothing_is_animated(new_page: Callable[..., Page], log: str, service: Service) -> None:
    add(service, 1)
    page = new_page(reduced_motion="reduce")
    page.goto(log)
    is_live(page)
    add(service, 1, age_ms=0)
    expect(row(page, 1).locator("[data-count]")).to_have_text("2")
    assert page.evaluate("document.getAnimations().length") == 0
