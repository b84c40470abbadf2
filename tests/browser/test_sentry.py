"""The real @sentry/browser in a real browser, on a page of another origin than the log's."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace
from playwright.sync_api import Page
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from logster.entry import Entry
from logster.service import Service
from logster.settings import Settings
from logster.viewer.app import Viewer
from tests.browser import install_sentry
from tests.browser.conftest import Problems, wait_until

KEY = "0123456789abcdef0123456789abcdef"

PAGE = """<!doctype html>
<meta charset="utf-8">
<title>Shop</title>
<script type="importmap">{imports}</script>
<script type="module">
import * as Sentry from "@sentry/browser";
Sentry.init({{dsn: "{dsn}", release: "shop@1.2", enableLogs: true, environment: "staging"}});
Sentry.setTag("shop", "north");
window.Sentry = Sentry;
</script>
<script src="/shop.js"></script>
<p>Shop</p>
"""

# Line numbers matter to the tests below.
SHOP = """\
function pay() { var basket = {}; return basket.customer.name; }
function payLater() { setTimeout(function later() { pay(); }); }
"""


@pytest.fixture(scope="module")
def packages() -> Path:
    return install_sentry.packages()


@pytest.fixture
def service(settings: Settings) -> Iterator[Service]:
    service = Service(settings.with_changes(sentry_keys=(KEY,)))
    yield service
    service.close()


@pytest.fixture
def shop(page: Page, serve: Callable[[Any], str], service: Service, packages: Path, problems: Problems) -> Page:
    """A page whose SDK is ready; its log is served at another origin."""
    log = serve(Starlette(routes=[Mount("/logs", Viewer(service=service))]))
    dsn = log.replace("://", f"://{KEY}@") + "/logs/1"

    async def home(request: Request) -> Response:
        imports = install_sentry.import_map(packages, "/packages/")
        return HTMLResponse(PAGE.format(imports=json.dumps(imports), dsn=dsn))

    async def script(request: Request) -> Response:
        return Response(SHOP, media_type="text/javascript")

    files = Mount("/packages", StaticFiles(directory=packages))
    # The errors are what these tests are about.
    problems.allow(r"^page error|Uncaught")
    page.goto(serve(Starlette(routes=[Route("/", home), Route("/shop.js", script), files])))
    page.wait_for_function("window.Sentry")
    return page


def only(shop: Page, service: Service) -> Entry:
    """Return the one entry there is, as soon as it is there."""

    def found() -> list[Entry]:
        assert service.worker.flush(10)
        return service.store.page().entries

    wait_until(shop, found)
    (row,) = found()
    entry = service.store.entry(row.key)
    assert entry
    return replace(entry, env=service.store.env_samples(entry.key))


def test_an_uncaught_error_arrives(shop: Page, service: Service) -> None:
    shop.evaluate("payLater()")
    entry = only(shop, service)

    assert entry.exception_type == "TypeError"
    assert "Cannot read properties of undefined (reading 'name')" in entry.message
    assert (entry.source, entry.level) == ("sentry", "ERROR")
    assert entry.exception
    assert [each.function for each in entry.exception.frames[-2:]] == ["later", "pay"]
    assert entry.location
    assert entry.location.file.endswith("/shop.js")
    assert entry.location.line == 1
    assert entry.env
    env = entry.env[0]
    assert (env["tags"]["shop"], env["environment"]) == ("north", "staging")
    assert env["sdk"].startswith("sentry.javascript.browser ")
    assert env["url"].startswith("http://127.0.0.1")
    assert "Chrom" in env["headers"]["user-agent"]
    assert entry.versions == ["shop@1.2"]


def test_a_cause_and_what_happened_before_arrive(shop: Page, service: Service) -> None:
    shop.evaluate("""() => {
        console.info("the basket was opened");
        Sentry.captureException(new RangeError("no stock", {cause: new SyntaxError("no item")}));
    }""")
    entry = only(shop, service)

    assert entry.exception
    assert entry.exception.cause
    assert (entry.exception.type, entry.exception.cause.type) == ("RangeError", "SyntaxError")
    assert entry.exception.relation == "cause"
    assert entry.env
    assert "the basket was opened" in [each["message"].partition(" {")[0] for each in entry.env[0]["breadcrumbs"]]


def test_logs_arrive(shop: Page, service: Service) -> None:
    shop.evaluate("async () => { Sentry.logger.warn('stock is low', {item: 7}); await Sentry.flush(5000); }")
    entry = only(shop, service)

    assert (entry.message, entry.level) == ("stock is low", "WARNING")
    assert entry.env
    assert entry.env[0]["item"] == 7
