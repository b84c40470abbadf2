"""The website as a visitor meets it: `python -m web` itself, in a process of its own, and a browser."""

import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from logster.settings import Settings
from logster.store.redis_store import RedisStore
from tests.browser.conftest import Problems, wait_until

ROOT = Path(__file__).parents[2]
NAMESPACE = "test-demo"


def start(*arguments: str, **environment: str) -> tuple[subprocess.Popen[str], str]:
    """Start the website, and return its process and its address."""
    process = subprocess.Popen(
        [sys.executable, "-W", "error", "-m", "web", "--address", "127.0.0.1:0", *arguments],
        cwd=ROOT,
        env=os.environ | environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout
    line = process.stdout.readline()
    found = re.search(r"http://127\.0\.0\.1:\d+", line)
    if not found:
        process.kill()
        pytest.fail(f"no address: {line} {process.communicate()}")
    return process, found[0]


def stop(process: subprocess.Popen[str]) -> str:
    """Press Ctrl-C, and return what the website said on stderr."""
    process.send_signal(signal.SIGINT)
    try:
        _, errors = process.communicate(timeout=20)
    except subprocess.TimeoutExpired:
        process.kill()
        process.communicate()
        raise
    assert process.returncode == 0, errors
    assert "Traceback" not in errors
    return errors


def leave(page: Page) -> None:
    """Close the log before its server goes, which the page would rightly complain about."""
    page.goto("about:blank")


@pytest.fixture(scope="module")
def address(redis_url: str) -> Iterator[str]:
    """The website's address; without the jobs, so that what arrives is what a test caused."""
    process, url = start("--no-jobs", LOGSTER_REDIS_URL=redis_url, LOGSTER_NAMESPACE=NAMESPACE)
    yield url
    stop(process)


@pytest.fixture
def site(address: str, redis_url: str) -> str:
    """The website's address, with an empty log."""
    store = RedisStore(Settings(redis_url=redis_url, namespace=NAMESPACE))
    store.clear()
    store.close()
    return address


SERVER_FAULTS = [
    ("A failing query", "no such table: invoices"),
    ("A timeout", "timed out"),
    ("An error from an error", "Order 1138 cannot be charged"),
    ("Several errors at once", "unhandled errors in a TaskGroup (2 sub-exceptions)"),
    ("A warning", "Stock of espresso beans is down to 3"),
]
PAGE_FAULTS = [
    ("A thrown error", "Cannot read properties of undefined (reading 'name')"),
    ("A rejected promise", "is not valid JSON"),
    ("A caught error", "URI malformed"),
]


@pytest.mark.parametrize(("button", "message"), SERVER_FAULTS + PAGE_FAULTS, ids=lambda each: each)
def test_a_click_shows_the_error_in_the_open_log_without_a_reload(
    site: str, page: Page, problems: Problems, button: str, message: str
) -> None:
    """Two pages side by side; nobody reloads the log."""
    if (button, message) in PAGE_FAULTS:
        problems.allow("page error|Uncaught")
    log = page.context.new_page()
    log.goto(f"{site}/logs/")
    log.evaluate("window.neverReloaded = true")
    page.goto(f"{site}/demo")
    page.get_by_role("button", name=re.compile(f"^{button}")).click()
    expect(log.get_by_text(message).first).to_be_visible()
    assert log.evaluate("window.neverReloaded")
    expect(page.get_by_role("status")).to_be_visible()
    expect(page).to_have_url(f"{site}/demo")


@pytest.mark.parametrize(("button", "message"), SERVER_FAULTS, ids=lambda each: each)
def test_without_javascript_a_button_leads_back_with_a_link_to_the_log(
    site: str, new_page: Callable[..., Page], button: str, message: str
) -> None:
    page = new_page(java_script_enabled=False)
    page.goto(f"{site}/demo")
    page.get_by_role("button", name=re.compile(f"^{button}")).click()
    note = page.get_by_role("status")
    expect(note).to_contain_text("Done")
    link = note.get_by_role("link", name="See it in the log").get_attribute("href")

    def shown() -> bool:
        page.goto(f"{site}{link}")
        return page.get_by_text(message).first.is_visible()

    wait_until(page, shown)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [320, 1280])
@pytest.mark.parametrize("path", ["/", "/demo", "/missing"])
def test_a_page_fits_the_screen_and_offers_the_log(
    site: str, new_page: Callable[..., Page], problems: Problems, path: str, width: int, scheme: str
) -> None:
    if path == "/missing":
        problems.allow("404")
    page = new_page(viewport={"width": width, "height": 720}, color_scheme=scheme)
    page.goto(site + path)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    expect(page.get_by_role("navigation").get_by_role("link", name="Log")).to_be_visible()


def test_the_landing_page_leads_to_the_demo_and_to_the_log(site: str, page: Page) -> None:
    page.goto(site)
    page.get_by_role("link", name="Cause an error").click()
    expect(page.get_by_role("heading", name="Cause an error")).to_be_visible()
    page.goto(site)
    page.get_by_role("link", name="Open the log").click()
    expect(page).to_have_url(f"{site}/logs/")


def test_jobs_fail_by_themselves(page: Page, tmp_path: Path) -> None:
    process, url = start("--data", str(tmp_path / "demo"))
    page.goto(f"{url}/logs/")
    expect(page.get_by_text("Job ").first).to_be_visible()
    leave(page)
    stop(process)


def test_what_was_recorded_is_there_at_the_next_start(page: Page, tmp_path: Path) -> None:
    data = str(tmp_path / "demo")
    process, url = start("--no-jobs", "--data", data)
    page.goto(f"{url}/demo")
    page.get_by_role("button", name="A failing query").click()
    expect(page.get_by_role("status")).to_be_visible()
    stop(process)
    process, url = start("--no-jobs", "--data", data)
    page.goto(f"{url}/logs/")
    expect(page.get_by_text("no such table: invoices").first).to_be_visible()
    leave(page)
    stop(process)


def test_an_address_in_use_is_said_so(site: str) -> None:
    address = site.removeprefix("http://")
    command = [sys.executable, "-m", "web", "--address", address]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=20, check=False)
    assert done.returncode == 1
    assert f"{address} is in use" in done.stderr
    assert "make demo ADDRESS=" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("address", ["8000", "127.0.0.1:", "127.0.0.1:99999", "127.0.0.1:http"])
def test_what_is_no_address_is_said_so(address: str) -> None:
    command = [sys.executable, "-m", "web", "--address", address]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=20, check=False)
    assert done.returncode == 2
    assert "write HOST:PORT" in done.stderr
