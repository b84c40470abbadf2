"""What tests of the GUI have in common: a log that lets everybody in, screens, and ways to look at its rows."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, ViewportSize, expect
from starlette.applications import Starlette
from starlette.routing import Mount

from logster.service import Service
from logster.settings import Settings
from logster.viewer.app import Viewer
from tests.browser.conftest import wait_until
from tests.viewer.entries import key_of

WIDE: ViewportSize = {"width": 1440, "height": 900}
PHONE: ViewportSize = {"width": 390, "height": 844}
SMALLEST: ViewportSize = {"width": 320, "height": 640}


@pytest.fixture(autouse=True)
def servers_end_last(service: Service, serve: Callable[[Any], str]) -> None:
    """Pages that listen complain when their server goes before them, and it needs its service to the last."""


@pytest.fixture
def service(settings: Settings) -> Iterator[Service]:
    service = Service(settings)
    yield service
    service.close()


@pytest.fixture
def log(serve: Callable[[Any], str], service: Service) -> str:
    """The address of a log that lets everybody in."""
    viewer = Viewer(lambda request: "Ada", service=service)
    return serve(Starlette(routes=[Mount("/a/logs", viewer)])) + "/a/logs/"


def row(page: Page, number: int) -> Locator:
    return page.locator(f'[data-key="{key_of(number)}"].row')


def numbers(page: Page) -> list[int]:
    """Return the numbers of the entries that are listed."""
    keys = page.locator(".row").evaluate_all("rows => rows.map(row => row.dataset.key)")
    return [int(key, 16) for key in keys]


def lists(page: Page, expected: list[int]) -> None:
    """Wait until just the entries of these numbers are listed, in this order."""
    wait_until(page, lambda: numbers(page) == expected)


def is_live(page: Page, state: str = "live") -> None:
    expect(page.locator("logster-live")).to_have_attribute("data-now", state)


def store_of(page: Page, name: str) -> Any:
    """Return what the page keeps in this browser under a name."""
    return page.evaluate("name => localStorage.getItem(name)", f"logster.{name}")
