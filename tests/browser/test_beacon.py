"""logster.js in a real browser: what it reports, how often, and that the page never notices."""

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from msgspec.structs import replace
from playwright.sync_api import Page
from starlette.applications import Starlette
from starlette.requests import Request as ServerRequest
from starlette.responses import HTMLResponse, Response
from starlette.routing import Mount, Route
from starlette.types import Message, Receive, Scope, Send

from logster.entry import Entry
from logster.service import Service
from logster.settings import Settings
from logster.viewer.app import Viewer
from tests.browser.conftest import Problems, wait_until

PAGE = """<!doctype html>
<meta charset="utf-8">
<title>Shop</title>
<script src="/logs/logster.js"{attributes}></script>
<script src="/shop.js"></script>
<p>Shop</p>
"""

# Line numbers matter to the tests below.
SHOP = """\
window.seen = [];
window.onerror = function (message) { seen.push(message); };
function pay() { var basket = {}; return basket.customer.name; }
function payLater() { setTimeout(pay); }
function refuse() { Promise.reject(new RangeError("no stock")); }
function refuseWith(reason) { Promise.reject(reason); }
function fail(text) { setTimeout(function () { throw new Error(text); }); }
function failWith(thing) { setTimeout(function () { throw thing; }); }
"""


@pytest.fixture
def service(settings: Settings) -> Iterator[Service]:
    service = Service(settings)
    yield service
    service.close()


class Watched:
    """The viewer, and the reports that reach it: a browser shows nobody what it sends by sendBeacon."""

    def __init__(self, service: Service) -> None:
        self._viewer = Viewer(service=service)
        self.sent: list[dict[str, Any]] = []

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        body = b""

        async def watch() -> Message:
            nonlocal body
            message = await receive()
            if message["type"] == "http.request" and scope["path"].endswith("/report_js_error"):
                body += message["body"]
                if not message.get("more_body"):
                    self.sent.append(json.loads(body))
            return message

        await self._viewer(scope, watch, send)


class Shop:
    """A page with logster.js, what it sent, and what arrived."""

    def __init__(self, page: Page, url: str, service: Service, sent: list[dict[str, Any]]) -> None:
        self.page = page
        self.url = url
        self._service = service
        self.sent = sent
        self.requests = 0
        self.failures: list[str] = []
        self.answers: list[int] = []
        page.on("request", lambda request: self._on_request(request.url))
        page.on("requestfailed", lambda request: self.failures.append(request.url))
        page.on("response", lambda answer: self._on_response(answer.url, answer.status))

    def _on_request(self, url: str) -> None:
        if url.endswith("/report_js_error"):
            self.requests += 1

    def _on_response(self, url: str, status: int) -> None:
        if url.endswith("/report_js_error"):
            self.answers.append(status)

    def open(self, path: str = "/") -> "Shop":
        self.page.goto(self.url + path)
        return self

    def run(self, script: str) -> None:
        self.page.evaluate(script)

    def wait_for_reports(self, count: int) -> None:
        """Wait until `count` reports were sent and answered."""
        wait_until(self.page, lambda: len(self.answers) >= count)
        assert len(self.answers) == count, self.sent

    def entries(self) -> list[Entry]:
        assert self._service.worker.flush(10)
        found = [self._service.store.entry(each.key) for each in self._service.store.page().entries]
        assert all(found)
        return [replace(entry, env=self._service.store.env_samples(entry.key)) for entry in found if entry]


@pytest.fixture
def shop(page: Page, serve: Callable[[Any], str], service: Service, problems: Problems) -> Shop:
    async def home(request: ServerRequest) -> Response:
        return HTMLResponse(PAGE.format(attributes=""))

    async def with_resources(request: ServerRequest) -> Response:
        return HTMLResponse(PAGE.format(attributes=" data-resources"))

    async def script(request: ServerRequest) -> Response:
        return Response(SHOP, media_type="text/javascript")

    viewer = Watched(service)
    app = Starlette(
        routes=[
            Route("/", home),
            Route("/resources", with_resources),
            Route("/shop.js", script),
            Mount("/logs", viewer),
        ]
    )
    # The errors are what these tests are about.
    problems.allow(r"^page error|Uncaught")
    return Shop(page, serve(app), service, viewer.sent)


def test_a_thrown_error_arrives_with_its_place_and_surroundings(shop: Shop) -> None:
    shop.open("/?step=2").run("payLater()")
    shop.wait_for_reports(1)
    (entry,) = shop.entries()
    assert (entry.source, entry.level) == ("javascript", "ERROR")
    assert "Cannot read properties of undefined (reading 'name')" in entry.message
    assert entry.exception_type == "TypeError"
    assert entry.location
    assert entry.location.file == f"{shop.url}/shop.js"
    assert (entry.location.line, entry.location.function) == (3, "pay")
    assert entry.exception
    assert "pay" in [frame.function for frame in entry.exception.frames]
    assert entry.env
    assert "Chrom" in entry.env[0]["headers"]["user-agent"]
    assert f"{shop.url}/?step=2" in json.dumps(entry.env[0])


def test_a_rejected_promise_arrives(shop: Shop) -> None:
    shop.open().run("refuse()")
    shop.wait_for_reports(1)
    (entry,) = shop.entries()
    assert (entry.exception_type, entry.level) == ("RangeError", "ERROR")
    assert "no stock" in entry.message


def test_what_the_page_caught_arrives_with_its_level_and_env(shop: Shop) -> None:
    shop.open().run("Logster.report(new Error('slow'), {level: 'warning', env: {order: 7}})")
    shop.wait_for_reports(1)
    (entry,) = shop.entries()
    assert entry.level == "WARNING"
    assert "slow" in entry.message
    assert entry.env
    assert entry.env[0]["order"] == 7


def test_the_pages_own_handler_is_still_called(shop: Shop) -> None:
    shop.open().run("fail('boom')")
    shop.wait_for_reports(1)
    assert shop.page.evaluate("seen") == ["Uncaught Error: boom"]


def test_the_same_error_is_sent_once_a_minute(shop: Shop) -> None:
    shop.page.clock.install()
    shop.open().run("for (var n = 0; n < 5; n++) Logster.report('again')")
    shop.wait_for_reports(1)
    shop.page.clock.run_for(59_000)
    shop.run("Logster.report('again')")
    shop.run("Logster.report('another')")
    shop.wait_for_reports(2)
    shop.page.clock.run_for(2_000)
    shop.run("Logster.report('again')")
    shop.wait_for_reports(3)
    assert [report["message"] for report in shop.sent] == ["again", "another", "again"]


def test_different_errors_are_all_sent(shop: Shop) -> None:
    shop.open().run("fail('one'); fail('two')")
    shop.wait_for_reports(2)
    assert sorted(report["message"] for report in shop.sent) == ["Error: one", "Error: two"]


def test_a_page_gone_wild_sends_a_bounded_number(shop: Shop) -> None:
    shop.open().run("for (var n = 0; n < 500; n++) Logster.report('error ' + n)")
    shop.wait_for_reports(50)


@pytest.mark.parametrize(
    ("thing", "message"),
    [
        ("'a text'", "a text"),
        ("{code: 7}", '{"code":7}'),
        ("null", "Uncaught null"),
        ("undefined", "Uncaught undefined"),
        ("0", "0"),
        ("Object.create(null)", "{}"),
        ("new DOMException('gone', 'AbortError')", "AbortError: gone"),
    ],
)
def test_what_is_no_error_can_be_thrown_too(shop: Shop, thing: str, message: str) -> None:
    shop.open().run(f"failWith({thing})")
    shop.wait_for_reports(1)
    assert shop.sent[0]["message"] == message


@pytest.mark.parametrize("reason", ["undefined", "null", "'a text'", "{code: 7}"])
def test_a_promise_can_be_rejected_with_anything(shop: Shop, reason: str) -> None:
    shop.open().run(f"refuseWith({reason})")
    shop.wait_for_reports(1)
    assert shop.sent[0]["message"]
    assert shop.answers == [204]


@pytest.mark.parametrize(
    "call",
    [
        "Logster.report()",
        "Logster.report(null, null)",
        "Logster.report({get message() { throw 1 }})",
        "Logster.report({toString() { throw 1 }})",
        "Logster.report(Symbol('s'))",
        "var ring = {}; ring.self = ring; Logster.report(ring, {env: ring})",
        "Logster.report('x'.repeat(1e6), {env: {long: 'y'.repeat(1e6)}})",
    ],
)
def test_reporting_never_throws(shop: Shop, call: str) -> None:
    shop.open().run(f"(function () {{ {call} }})()")
    shop.run("Logster.report('afterwards')")
    wait_until(shop.page, lambda: any(report["message"] == "afterwards" for report in shop.sent))


def test_its_own_failures_are_not_reported(shop: Shop, problems: Problems) -> None:
    problems.allow("Failed to load resource")
    shop.open()
    shop.page.route("**/report_js_error", lambda route: route.abort())
    shop.run("navigator.sendBeacon = undefined; Logster.report('boom')")
    wait_until(shop.page, lambda: shop.failures)
    shop.page.unroute("**/report_js_error")
    shop.run("Logster.report('afterwards')")
    wait_until(shop.page, lambda: shop.sent)
    assert [report["message"] for report in shop.sent] == ["afterwards"]
    assert shop.requests == 2


def test_without_send_beacon_a_fetch_carries_the_report(shop: Shop) -> None:
    shop.open().run("navigator.sendBeacon = function () { return false; }; Logster.report('boom')")
    shop.wait_for_reports(1)
    assert shop.answers == [204]


def test_an_image_that_does_not_load_is_reported_only_where_wanted(shop: Shop, problems: Problems) -> None:
    problems.allow("Failed to load resource")
    image = "new Promise(done => { var i = new Image(); i.onerror = done; document.body.append(i); i.src = '/no.png' })"
    shop.open().run(image)
    shop.run("Logster.report('afterwards')")
    shop.wait_for_reports(1)
    assert [report["message"] for report in shop.sent] == ["afterwards"]
    shop.open("/resources").run(image)
    shop.wait_for_reports(2)
    assert shop.sent[1]["message"] == f"Could not load {shop.url}/no.png"
    assert shop.sent[1]["severity"] == "warning"


def test_an_error_hidden_by_another_origin_says_so(shop: Shop, serve: Callable[[Any], str]) -> None:
    async def script(request: ServerRequest) -> Response:
        return Response("setTimeout(function () { throw new Error('secret'); });", media_type="text/javascript")

    elsewhere = serve(Starlette(routes=[Route("/", script)]))
    shop.open().run(f"document.head.append(Object.assign(document.createElement('script'), {{src: '{elsewhere}/'}}))")
    shop.wait_for_reports(1)
    assert shop.sent[0]["message"].startswith("Script error.")
    assert "crossorigin" in shop.sent[0]["message"]


def test_loading_the_script_twice_reports_once(shop: Shop) -> None:
    shop.open()
    shop.page.add_script_tag(url="/logs/logster.js")
    shop.run("fail('boom')")
    shop.wait_for_reports(1)
    assert len(shop.sent) == 1


def test_a_report_survives_leaving_the_page(shop: Shop) -> None:
    shop.open().run("addEventListener('pagehide', function () { Logster.report('leaving'); })")
    shop.page.goto("about:blank")
    wait_until(shop.page, lambda: shop.entries())
    assert [entry.message for entry in shop.entries()] == ["leaving"]
