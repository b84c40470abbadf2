"""What a real browser reports by itself: by CSP's `report-uri`, and by the Reporting API where there is TLS."""

import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
import trustme
import uvicorn
from playwright.sync_api import sync_playwright
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Mount, Route

from logster.service import Service
from logster.settings import Settings
from logster.viewer.app import Viewer
from tests.browser import install_chromium
from tests.browser.conftest import FLAGS, serving, wait_until

POLICY = "default-src 'self'; report-uri /logs/browser_reports"
# The headers of docs/http_api.md.
REPORTING = {
    "Content-Security-Policy": f"{POLICY}; report-to logster",
    "Reporting-Endpoints": 'logster="/logs/browser_reports", default="/logs/browser_reports"',
}
# A style of its own line, which the policy forbids; a script that does what is deprecated, and what browsers prevent.
PAGE = "<!doctype html><title>Shop</title>\n<style>p { color: red }</style>\n<script src='/shop.js'></script>"
SHOP = """\
var request = new XMLHttpRequest();
request.open("GET", "/stock", false);
request.send();
navigator.vibrate(10);
"""


@pytest.fixture
def service(settings: Settings) -> Iterator[Service]:
    service = Service(settings)
    yield service
    service.close()


@pytest.fixture
def shop(service: Service) -> Starlette:
    async def old(request: Request) -> Response:
        return HTMLResponse(PAGE.partition("<script")[0], headers={"Content-Security-Policy": POLICY})

    async def page(request: Request) -> Response:
        return HTMLResponse(PAGE, headers=REPORTING)

    async def script(request: Request) -> Response:
        return Response(SHOP, media_type="text/javascript")

    viewer = Mount("/logs", Viewer(service=service))
    routes = [Route("/old", old), Route("/shop.js", script), Route("/stock", script), Route("/", page), viewer]
    return Starlette(routes=routes)


@pytest.fixture
def secure_url(shop: Starlette, tmp_path: Path) -> Iterator[str]:
    """The shop behind TLS, which the Reporting API asks for."""
    authority, path = trustme.CA(), tmp_path / "shop.pem"
    authority.issue_cert("localhost").private_key_and_cert_chain_pem.write_to_path(path)
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        server = uvicorn.Server(uvicorn.Config(shop, log_config=None, ws="none", ssl_certfile=path))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
        thread.start()
        yield f"https://localhost:{listener.getsockname()[1]}"
        server.should_exit = True
        thread.join(20)
        assert not thread.is_alive()


def messages(service: Service) -> list[str]:
    """Return what each entry says, up to where the browser's own words begin to differ from version to version."""
    assert service.worker.flush(20)
    found = service.store.page().entries
    assert {(entry.count, entry.logger, entry.level) for entry in found} <= {(1, "browser", "WARNING")}
    return sorted(entry.message[:54] for entry in found)


def test_what_the_browser_itself_reports_is_in_the_log(service: Service, shop: Starlette, secure_url: str) -> None:
    switches = ["--ignore-certificate-errors", "--short-reporting-delay"]
    violation = "Content security policy: style-src-elem blocked inline"
    with serving(shop) as url, sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=install_chromium.find(), args=[*FLAGS, *switches])
        page = chromium.new_page(ignore_https_errors=True)
        page.goto(f"{url}/old")
        wait_until(page, lambda: messages(service) == [violation])
        page.goto(secure_url)
        wait_until(page, lambda: len(messages(service)) == 4)
        chromium.close()
    assert messages(service) == [
        violation,
        violation,
        "Deprecation: Synchronous `XMLHttpRequest` on the main ",
        "Intervention: Blocked call to navigator.vibrate becaus",
    ]
