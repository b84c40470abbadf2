"""Errors of minified bundles, thrown in a real browser, are seen in their sources on the detail page.

tests/bundles/build.sh made the bundles, by real bundlers and minifiers.
"""

import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import FileResponse, HTMLResponse, Response
from starlette.routing import Mount, Route

from logster.entry import Entry
from logster.service import Service
from logster.settings import Settings
from logster.viewer.app import Viewer
from tests.browser.conftest import Problems, wait_until

BUNDLES = Path(__file__).parents[1] / "bundles"

PAGE = """<!doctype html>
<meta charset="utf-8">
<title>Shop</title>
<script src="/logs/logster.js"></script>
<script src="/assets/{script}"></script>
<p>Shop</p>
"""
THROW = "document.dispatchEvent(new Event('pay'))"


class Shop:
    """A site whose page has one bundle, and a log that knows a directory of maps."""

    def __init__(self, page: Page, serve: Callable[[Any], str], service: Service, bundle: Path) -> None:
        self.page = page
        self.service = service
        self.bundle = bundle
        self.url = serve(
            Starlette(
                routes=[
                    Route("/", self._home),
                    Route("/assets/{name}", self._asset),
                    Mount("/logs", Viewer(lambda request: "Ada", service=service)),
                ]
            )
        )

    async def _home(self, request: Request) -> Response:
        return HTMLResponse(PAGE.format(script=self.script))

    async def _asset(self, request: Request) -> Response:
        return FileResponse(self.bundle / request.path_params["name"])

    @property
    def script(self) -> str:
        return next(self.bundle.glob("*.js")).name

    def throw(self) -> None:
        """Have the page run into its bug, and wait until that arrived."""
        taken = self.service.worker.stats["submitted"]
        self.page.goto(self.url)
        self.page.evaluate(THROW)
        wait_until(self.page, lambda: self.service.worker.stats["submitted"] > taken)

    def entries(self) -> list[Entry]:
        assert self.service.worker.flush(10)
        return [self.service.store.entry(each.key) for each in self.service.store.page().entries]  # type: ignore[misc]

    def open_detail(self, tab: str) -> None:
        (entry,) = self.entries()
        self.page.goto(f"{self.url}/logs/show/{entry.key}?tab={tab}")


@pytest.fixture
def shop(
    page: Page, serve: Callable[[Any], str], settings: Settings, problems: Problems
) -> Iterator[Callable[[Path, Path], Shop]]:
    """Make a shop of a bundle and a directory of maps; all of one test report to the same log."""
    # The errors are what these tests are about.
    problems.allow(r"^page error|Uncaught")
    with ExitStack() as stack:

        def make(bundle: Path, maps: Path) -> Shop:
            service = Service(settings.with_changes(source_maps_directory=str(maps)))
            stack.callback(service.close)
            return Shop(page, serve, service, bundle)

        yield make


def places(entry: Entry) -> list[tuple[str, str, str]]:
    """Return function, file and text of the line for each frame that is in a source, innermost first."""
    assert entry.exception
    frames = [frame for frame in reversed(entry.exception.frames) if frame.source]
    return [(frame.function, frame.file.removeprefix("src/"), frame.source.strip()) for frame in frames]


EXPECTED = [
    ("greeting", "cart.ts", 'return "Dear " + this.customer!.name;'),
    ("addressee", "cart.ts", "const greeting = basket.greeting();"),
    ("pay", "cart.ts", "return addressee(basket) + total + password.length;"),
    ("checkout", "shop.ts", "document.title = pay(basket);"),
]


@pytest.mark.parametrize("bundle", ["esbuild-first", "esbuild-second", "esbuild-terser"])
def test_a_minified_stack_is_shown_in_its_sources(shop: Callable[[Path, Path], Shop], page: Page, bundle: str) -> None:
    site = shop(BUNDLES / bundle, BUNDLES / bundle)
    site.throw()
    (entry,) = site.entries()

    assert places(entry) == EXPECTED
    assert entry.exception_type == "TypeError"
    assert entry.location
    assert (entry.location.file, entry.location.function) == ("src/cart.ts", "greeting")

    site.open_detail("traceback")
    heads = page.locator(".frame.in-app summary")
    expect(heads).to_have_count(4)
    expect(heads.last).to_contain_text("greeting")
    expect(heads.last).to_contain_text(f"src/cart.ts:{entry.location.line}")
    failing = page.locator(".frame.in-app").last.locator("mark.line")
    expect(failing).to_contain_text('return "Dear " + this.customer!.name;')
    expect(page.locator(".note")).to_have_count(0)


def test_without_the_script_beside_its_map_the_callers_say_the_names(
    shop: Callable[[Path, Path], Shop], tmp_path: Path
) -> None:
    shutil.copy(next((BUNDLES / "esbuild-first").glob("*.map")), tmp_path)
    site = shop(BUNDLES / "esbuild-first", tmp_path)
    site.throw()
    (entry,) = site.entries()

    assert places(entry) == [*EXPECTED[:3], ("", *EXPECTED[3][1:])]


def test_two_builds_of_one_bug_are_one_entry(shop: Callable[[Path, Path], Shop], tmp_path: Path) -> None:
    site = shop(BUNDLES / "esbuild-first", tmp_path)
    for build in ("esbuild-first", "esbuild-second"):
        site.bundle = BUNDLES / build
        shutil.copytree(site.bundle, tmp_path, dirs_exist_ok=True)
        site.throw()
    (entry,) = site.entries()

    assert entry.count == 2


def test_without_maps_the_two_builds_are_two_entries(shop: Callable[[Path, Path], Shop], tmp_path: Path) -> None:
    """So that the test above is about something."""
    site = shop(BUNDLES / "esbuild-first", tmp_path)
    for build in ("esbuild-first", "esbuild-second"):
        site.bundle = BUNDLES / build
        site.throw()

    assert [entry.count for entry in site.entries()] == [1, 1]


def test_a_map_of_another_name_is_found_by_the_debug_id_in_the_script(
    shop: Callable[[Path, Path], Shop], tmp_path: Path
) -> None:
    shutil.copy(BUNDLES / "rollup-terser/shop.js", tmp_path)
    (tmp_path / "maps").mkdir()
    shutil.copy(BUNDLES / "rollup-terser/shop.js.map", tmp_path / "maps/0815.map")
    site = shop(BUNDLES / "rollup-terser", tmp_path)
    site.throw()
    (entry,) = site.entries()

    assert places(entry)[0] == EXPECTED[0]
    assert places(entry)[-1] == EXPECTED[-1]


def test_a_map_is_found_by_the_debug_id_that_the_page_knows(shop: Callable[[Path, Path], Shop], tmp_path: Path) -> None:
    """A build tool put it into the script, whose own stack leads to it."""
    shutil.copy(BUNDLES / "esbuild-injected/shop.js.map", tmp_path / "0815.map")
    site = shop(BUNDLES / "esbuild-injected", tmp_path)
    site.throw()
    (entry,) = site.entries()

    assert [place[1:] for place in places(entry)] == [place[1:] for place in EXPECTED]


@pytest.mark.parametrize("bundle", ["rollup-terser", "webpack-terser"])
def test_functions_that_the_minifier_put_into_others_keep_their_places(
    shop: Callable[[Path, Path], Shop], bundle: str
) -> None:
    site = shop(BUNDLES / bundle, BUNDLES / bundle)
    site.throw()
    (entry,) = site.entries()

    found = places(entry)
    assert [place[1:] for place in found] == [place[1:] for place in EXPECTED]
    assert (found[0], found[-1]) == (EXPECTED[0], EXPECTED[-1])


@pytest.mark.parametrize(
    ("content", "hint"),
    [
        (None, "Shown as it is minified: there is no {script}.map in 'source_maps_directory'."),
        ("{", "Shown as it is minified: {script}.map is not a source map."),
    ],
    ids=["missing", "broken"],
)
def test_without_a_usable_map_the_stack_stays_and_the_page_says_why(
    shop: Callable[[Path, Path], Shop], page: Page, tmp_path: Path, content: str | None, hint: str
) -> None:
    bundle = BUNDLES / "esbuild-terser"
    if content is not None:
        (tmp_path / "shop.js.map").write_text(content)
    site = shop(bundle, tmp_path)
    site.throw()
    (entry,) = site.entries()
    assert entry.exception
    assert {frame.file for frame in entry.exception.frames} == {f"{site.url}/assets/shop.js"}

    for tab in ("info", "traceback"):
        site.open_detail(tab)
        expect(page.locator(".note")).to_have_text(hint.format(script=site.script))
