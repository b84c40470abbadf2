"""Takes the pictures of the GUI that the README shows: `make screenshots`."""

import logging
import socket
import sys
import tempfile
import threading
import time
from pathlib import Path

import uvicorn
from playwright.sync_api import Page, sync_playwright

ROOT = Path(__file__).resolve().parents[2]

# Tracebacks show where the code lies, and nobody wants to see whose home that was.
PLACE = Path(tempfile.gettempdir()) / "shop"
PLACE.unlink(missing_ok=True)
PLACE.symlink_to(ROOT)
sys.path.insert(0, str(PLACE))

import logster  # noqa: E402
from logster import service  # noqa: E402
from tests.browser import install_chromium  # noqa: E402
from tests.browser.conftest import FLAGS  # noqa: E402
from web import jobs  # noqa: E402
from web.site import create  # noqa: E402

VIEWPORT = {"width": 1280, "height": 800}


def main() -> None:
    """Serve the demo, cause some errors, and take the pictures."""
    with tempfile.TemporaryDirectory(prefix="logster-") as directory, socket.socket() as listener:
        logster.configure(redis_url=f"embedded:{directory}/data", application_version="1.4.2", title="Shop")
        logging.getLogger().addHandler(logster.LogsterHandler())
        listener.bind(("127.0.0.1", 0))
        server = uvicorn.Server(uvicorn.Config(create(jobs=False), log_config=None, access_log=False, ws="none"))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
        thread.start()
        try:
            take("http://{}:{}".format(*listener.getsockname()))
        finally:
            server.should_exit = True
            thread.join()
            service.current().close()
            PLACE.unlink()


def take(url: str) -> None:
    """Take every picture, light and dark."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=install_chromium.find(), args=FLAGS)
        page = browser.new_page(viewport=VIEWPORT)
        cause_errors(page, url)
        for scheme, suffix in (("light", ""), ("dark", "-dark")):
            context = browser.new_context(viewport=VIEWPORT, color_scheme=scheme, device_scale_factor=1)
            page = context.new_page()
            page.goto(f"{url}/logs/")
            page.get_by_text("cannot be charged").first.click()
            page.get_by_role("heading", name="cannot be charged").wait_for()
            page.get_by_text("led to").wait_for()
            page.screenshot(path=ROOT / f"docs/screenshots/log{suffix}.png")
            context.close()
        browser.close()


def cause_errors(page: Page, url: str) -> None:
    """Let everything fail that the demo knows, some of it more than once."""
    for _ in range(40):
        jobs.run(jobs.random.choice(jobs.JOBS))
    page.goto(f"{url}/demo")
    buttons = page.get_by_role("button")
    for repeat in range(3):
        for number in range(buttons.count()):
            if repeat <= number % 3:
                buttons.nth(number).click()
                time.sleep(0.3)
    buttons.nth(2).click()
    time.sleep(1)


if __name__ == "__main__":
    main()
