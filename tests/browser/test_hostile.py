"""Any string in any field is text in Chromium: none of it runs, loads, leads elsewhere or hides what is beside it."""

import json
import re
from collections.abc import Callable, Iterator, Sequence
from itertools import product
from typing import Any
from urllib.parse import quote, urlsplit

import pytest
from playwright.sync_api import Dialog, Locator, Page, Request, expect
from playwright.sync_api import Frame as BrowserFrame
from starlette.testclient import TestClient

from logster import patterns
from logster.entry import LEVEL_NUMBERS, ExceptionInfo, Frame
from logster.errors import InvalidPattern
from logster.service import Service
from logster.settings import Settings
from logster.viewer.app import Viewer
from logster.viewer.rendering import headline
from tests.browser.conftest import Problems
from tests.browser.gui import WIDE, is_live, log, row, servers_end_last, service
from tests.viewer.corpus import CANARY, STRINGS
from tests.viewer.entries import add, key_of

__all__ = ["log", "servers_end_last", "service"]

# What runs sets window.pwned, in its own window or in the one around it.
TRAP = """
Object.defineProperty(window, "pwned", { set() { console.error(`a string ran in ${location.href}`); } });
"""
# Elements and attributes that no page of the log has, so that what a policy keeps from running is seen, too.
STRANGE = """() => [...document.querySelectorAll("*")].filter((each) =>
    /^(iframe|frame|object|embed|base|style|video|audio|math|foreignobject|portal|marquee)$/i.test(each.localName)
    || (each.localName === "script" && !/\\/static\\/[^/]+\\/\\w+\\.js$/.test(each.src))
    || [...each.attributes].some(({ name, value }) => /^on|^srcdoc$|^style$/i.test(name)
        || (/(href|src|action)$/i.test(name) && /^[\\s\\x00-\\x1f]*(javascript|data|vbscript):/i.test(value)))
).map((each) => each.outerHTML.slice(0, 200))"""

SUFFIXES = (".py", ".js", ".html", "", ".ts")
CHUNK = 45
NUMBERS = {text: number for number, text in enumerate(STRINGS, start=1)}
CHUNKS = [STRINGS[start : start + CHUNK] for start in range(0, len(STRINGS), CHUNK)]


@pytest.fixture
def page(new_page: Callable[..., Page]) -> Iterator[Page]:
    """A page that fails its test when anything escapes from where it is shown."""
    page = new_page(viewport=WIDE, permissions=["clipboard-read", "clipboard-write"])
    page.add_init_script(TRAP)
    escaped: list[str] = []

    def look(request: Request) -> None:
        if urlsplit(request.url).path == CANARY:
            escaped.append(f"a string was asked for: {request.url}")

    def follow(frame: BrowserFrame) -> None:
        if frame.parent_frame or not urlsplit(frame.url).path.startswith("/a/logs/"):
            escaped.append(f"a string led to {frame.url}")

    def dismiss(dialog: Dialog) -> None:
        escaped.append(f"a string said {dialog.message}")
        dialog.dismiss()

    page.context.on("request", look)
    page.on("framenavigated", follow)
    page.on("frameattached", lambda frame: escaped.append("a string became a frame"))
    page.on("dialog", dismiss)
    page.on("popup", lambda popup: escaped.append(f"a string opened {popup.url}"))
    page.on("download", lambda download: escaped.append(f"a string loaded {download.url}"))
    yield page
    assert escaped == []


def plain(text: str) -> str:
    """Return what is left of a text wherever it goes: without white space, and what is none of a page's characters."""
    return "".join(survivor(text).replace("\0", "").replace("\ufffd", "").split())


def survivor(text: str) -> str:
    """Return what is left of a text where it is stored: halves of surrogate pairs are no characters."""
    return text.encode("utf-8", "replace").decode()


def texts(found: Locator) -> list[str]:
    return [plain(text) for text in found.evaluate_all("all => all.map((each) => each.textContent)")]


def shows(found: Locator, wanted: Sequence[str]) -> None:
    """Every one of the strings stands whole in what is found."""
    there = plain("\n".join(found.evaluate_all("all => all.map((each) => each.textContent)")))
    assert [text[:80] for text in wanted if plain(text) not in there] == []


def is_clean(page: Page) -> None:
    assert page.evaluate(STRANGE) == []


def add_chunk(service: Service, number: int, chunk: tuple[str, ...]) -> str:
    """Report one entry that has the strings wherever an entry can have many."""
    frames = tuple(
        Frame(
            file=text + SUFFIXES[place % len(SUFFIXES)],
            function=text,
            line=place + 1,
            module=text,
            source=text,
            in_app=place % 3 > 0,
            locals={text: text},
        )
        for place, text in enumerate(chunk)
    )
    members = tuple(ExceptionInfo(text, text) for text in chunk)
    cause = ExceptionInfo(chunk[-1], chunk[-2], frames[-2:], chunk)
    exception = ExceptionInfo(chunk[0], chunk[1], frames, chunk, cause, "cause", members)
    nested = {text: {"nested": [text, {text: text}], "plain": text} for text in chunk}
    details: dict[str, Any] = {
        "message": chunk[0],
        "logger": chunk[1],
        "template": chunk[2],
        "exception": exception,
        "traceback": "\n".join(chunk),
        "location": frames[3],
    }
    for version in chunk[:20]:
        add(service, number, version=version, **details)
    request = {
        "url": f"https://shop.example/{chunk[3]}",
        "method": "POST",
        "headers": {text: text for text in chunk},
        "user_id": chunk[5],
    }
    return add(service, number, envs=({text: text for text in chunk}, nested | request), **details)


def test_a_row_that_arrives_shows_any_string(page: Page, log: str, service: Service) -> None:
    page.goto(log)
    is_live(page)
    third = STRINGS[::3]
    for start in range(0, len(third), CHUNK):
        add_rows(service, third[start : start + CHUNK], age_ms=0)
        expect(row(page, number_of(third[: start + CHUNK][-1]))).to_be_attached()
    rows_show(page, third)


def test_a_row_that_is_fetched_shows_any_string(page: Page, log: str, service: Service) -> None:
    add_rows(service, STRINGS)
    for name in LEVEL_NUMBERS:
        page.goto(f"{log}?level={name}&q=-nowhere")
        while (older := page.locator("[data-older] a")).count():
            shown = page.locator(".row").count()
            older.click()
            expect(page.locator(".row").nth(shown)).to_be_attached()
        rows_show(page, [text for text in STRINGS if level_of(text) == LEVEL_NUMBERS[name]])


def test_what_is_found_in_any_string_is_marked_and_nothing_else(page: Page, log: str, service: Service) -> None:
    add_rows(service, STRINGS)
    for word in ("pwned", "script", "<", '"\'"', "&", "/[<>]/"):
        page.goto(f"{log}?q={quote(word)}")
        assert page.locator(".row mark").count() > 10
        is_clean(page)
        shown = dict(
            page.locator(".row").evaluate_all(
                "rows => rows.map((row) => [row.dataset.key, row.querySelector('.row-message').textContent])"
            )
        )
        for text in STRINGS:
            if key_of(number_of(text)) in shown:
                assert plain(shown[key_of(number_of(text))]) == plain(headline(survivor(text)) or "(no message)")


def add_rows(service: Service, wanted: Sequence[str], **details: Any) -> None:
    for text in wanted:
        add(service, number_of(text), text, level=level_of(text), logger=text, version=text, **details)


def level_of(text: str) -> int:
    return list(LEVEL_NUMBERS.values())[number_of(text) % 5]


def number_of(text: str) -> int:
    return NUMBERS[text]


def rows_show(page: Page, wanted: Sequence[str]) -> None:
    found = page.locator(".row").evaluate_all(
        """rows => rows.map((row) => [row.dataset.key, ...[".row-message", ".where"].map(
            (part) => row.querySelector(part).textContent), row.querySelector(".pick input").ariaLabel])"""
    )
    shown = {key: [plain(text) for text in rest] for key, *rest in found}
    assert len(shown) == len(wanted)
    for text in wanted:
        message, logger, label = shown[key_of(number_of(text))]
        assert message == plain(headline(survivor(text)) or "(no message)")
        assert label == f"Select:{message}"
        assert logger == plain(text)
    is_clean(page)


@pytest.mark.parametrize("place", range(len(CHUNKS)))
def test_every_part_of_an_entry_shows_any_string(page: Page, log: str, service: Service, place: int) -> None:
    chunk = CHUNKS[place]
    key = add_chunk(service, 1, chunk)
    page.goto(f"{log}show/{key}?tab=traceback&frames=all")
    shows(page.locator("[data-heading], .exception"), chunk)
    is_clean(page)
    follow(page, ".views", "Raw")
    shows(page.locator("pre.raw"), chunk)
    follow(page, ".tabs", "Env")
    shows(page.locator("th"), chunk)
    shows(page.locator("td"), chunk)
    follow(page, ".tabs", "Timeline")
    page.goto(f"{log}?key={key}")
    shows(page.locator(".note"), chunk)
    is_clean(page)


def follow(page: Page, nav: str, name: str) -> None:
    """Follow a link that scripts replace a part of the page for."""
    page.locator(nav).get_by_role("link", name=name).click()
    expect(page.locator(f"{nav} [aria-current]")).to_contain_text(name)
    is_clean(page)


@pytest.mark.parametrize("place", range(0, len(CHUNKS), 5))
def test_copies_are_text_whatever_stands_in_them(page: Page, log: str, service: Service, place: int) -> None:
    chunk = CHUNKS[place]
    address = f"{log}show/{add_chunk(service, 1, chunk)}"
    for form, kind in (("md", "text/"), ("txt", "text/plain"), ("json", "application/json"), ("curl", "text/plain")):
        page.goto(f"{address}.{form}")
        assert page.evaluate("document.contentType").startswith(kind)
        if form == "txt":
            shows(page.locator("body"), chunk)
    page.goto(address)
    page.locator("logster-copies summary").click()
    page.get_by_role("link", name="Text", exact=True).click()
    expect(page.locator("logster-copies [data-label]")).to_have_text("Copied")
    copied = plain(page.evaluate("navigator.clipboard.readText()"))
    assert [text for text in chunk if plain(text) not in copied] == []


def test_what_was_done_is_told_of_any_string(page: Page, log: str, service: Service) -> None:
    for chunk in CHUNKS[::9]:
        service.store.clear()
        key = add_chunk(service, 1, chunk)
        page.goto(f"{log}?key={key}")
        page.get_by_role("button", name="Solve").click()
        expect(page.locator("[data-said]")).to_contain_text("Solved in")
        said = plain(page.locator("[data-said]").text_content() or "")
        entry = service.store.entry(key)
        assert entry
        assert all(plain(version) in said for version in entry.versions)
        page.get_by_role("button", name="Undo").click()
        expect(page.locator("[data-said]")).to_have_text("No longer solved.")
        page.get_by_role("button", name="Delete").first.click()
        page.get_by_role("button", name="Undo").click()
        expect(page.locator("[data-said]")).to_have_text("Restored.")
        is_clean(page)


def test_no_query_is_more_than_text(page: Page, log: str, problems: Problems, service: Service) -> None:
    problems.allow("status of 400")
    add(service, 1)
    page.goto(log)
    for place, text in enumerate(STRINGS[::8]):
        if place % 4:
            page.goto(f"{log}?q={quote(survivor(text))}", wait_until="domcontentloaded")
        else:
            page.locator("#q").fill(survivor(text))
            with page.expect_navigation(wait_until="domcontentloaded"):
                page.keyboard.press("Enter")
        is_clean(page)
        assert plain(page.locator("#q").input_value()) == plain(text) or len(text) > 400


@pytest.mark.parametrize(
    "address", ["./?q=", "./group?q=", f"./show/{key_of(1)}/suppress?pattern=", "./?done=delete&undo="]
)
def test_no_address_is_more_than_text(page: Page, service: Service, address: str) -> None:
    """Read by Chromium without being opened: all strings in the time that opening takes for a few."""
    add(service, 1)
    client = TestClient(Viewer(lambda request: True, service=service))
    read = f"""pages => pages.map((text) => {{
        const document = new DOMParser().parseFromString(text, "text/html");
        return [[...document.querySelectorAll("input, textarea")].map((each) => each.value), ({STRANGE})()];
    }})"""
    answers = [client.get(address + quote(survivor(text))).text for text in STRINGS]
    for text, (values, strange) in zip(STRINGS, page.evaluate(read, answers), strict=True):
        assert strange == []
        assert any(plain(text) in plain(value) for value in values) or len(text) > 400 or "pattern" in address


def test_recent_searches_and_completions_are_text(page: Page, log: str, service: Service) -> None:
    fields = ("logger", "type", "host", "version")
    for number in range(50):
        logger, kind, host, version = (f"{number:02}{text}" for text in STRINGS[number * 16 : number * 16 + 16 : 4])
        details: dict[str, Any] = {"exception": ExceptionInfo(kind), "version": version}
        add(service, number, logger=logger, envs=({"hostname": host},), **details)
    page.goto(log)
    page.evaluate("searches => localStorage.setItem('logster.searches', searches)", json.dumps(STRINGS))
    page.locator("#q").click()
    options = page.locator("#completions li")
    expect(options).to_have_count(len(STRINGS) + 1)
    assert texts(options)[:-1] == [plain(text) for text in STRINGS]
    is_clean(page)
    for field, tens in product(fields, range(5)):
        page.locator("#q").fill(f'{field}:"{tens}')
        expect(options.nth(9)).to_have_text(re.compile(f"^{tens}"))
        place = fields.index(field) * 4
        wanted = {plain(f"{number:02}{STRINGS[number * 16 + place]}") for number in range(tens * 10, tens * 10 + 10)}
        assert all(any(whole.startswith(text) for whole in wanted) for text in texts(options)[:10])
        is_clean(page)


def test_no_pattern_is_more_than_text(page: Page, log: str, settings: Settings, service: Service) -> None:
    accepted = list({patterns.parse(text).text: text for text in STRINGS if is_pattern(text)}.values())[::2]
    assert len(accepted) > 200
    for place, text in enumerate(accepted):
        service.store.add_pattern(("suppression", "grouping")[place % 2], text, by=text)
    page.goto(f"{log}settings")
    values = page.locator("input.pattern-text[name=new_pattern]").evaluate_all("all => all.map((each) => each.value)")
    assert {plain(value) for value in values} == {plain(patterns.parse(text).text) for text in accepted}
    shows(page.locator(".changes"), [patterns.parse(text).text for text in accepted[-100:]])
    is_clean(page)


def test_no_pattern_that_is_refused_is_more_than_text(
    page: Page, log: str, problems: Problems, service: Service
) -> None:
    problems.allow("status of 400")
    refused = [text for text in STRINGS if not is_pattern(text) and len(plain(text)) > 3 and len(text) < 499]
    page.goto(f"{log}settings")
    for place, text in enumerate(refused[::2]):
        field = page.locator("#new-suppression" if place % 2 else "#new-grouping")
        field.fill(survivor(text))
        with page.expect_navigation(wait_until="domcontentloaded"):
            field.press("Enter")
        expect(page.get_by_role("alert")).to_be_visible()
        assert plain(page.locator("input[aria-invalid]").input_value()) == plain(text)
        is_clean(page)


def is_pattern(text: str) -> bool:
    try:
        patterns.parse(survivor(text))
    except InvalidPattern:
        return False
    return text == survivor(text)
