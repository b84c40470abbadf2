"""What strangers put into the website's addresses gets into no other header, and leads to no other site."""

from collections.abc import Callable, Iterator

import pytest
from starlette.applications import Starlette

from tests.integrations.raw_http import PAYLOADS, Site, bare, escaped, uvicorn_with
from tests.web.conftest import BROWSER

SOME = PAYLOADS[::5]
"""The website makes headers as the log does, for which all are tried."""
FORMS = [
    "/docs", "/docs?{}", "/docs{}", "/docs/{}", "//docs{}", "/demo/{}", "/demo?caused={}&key={}", "/favicon.ico?{}",
    "/static/{}", "/{}", "{}", "/logs?{}", "/logs{}", "/logs/show/{}?{}", "/sitemap.xml?{}", "/pictures/{}",
]  # fmt: skip
HEADERS = "".join(f"{name}: {value}\r\n" for name, value in BROWSER.items()).encode()


@pytest.fixture
def served(site: Callable[..., Starlette]) -> Iterator[Site]:
    with uvicorn_with(site(new_per_minute=100_000, searches_per_minute=100_000, reads_per_minute=100_000)) as served:
        yield served


@pytest.mark.parametrize("form", FORMS)
def test_no_address_of_the_website_gets_into_a_header(served: Site, form: str) -> None:
    for payload in SOME:
        for each in {escaped(payload), bare(payload).replace(b"#", b"%23")}:
            target = form.encode().replace(b"{}", each)
            if target.startswith(b"/"):
                served.check("GET", target, HEADERS + b"Cookie: logster_demo=%s\r\n" % bare(payload))


def test_a_cause_leads_back_to_the_demo(served: Site) -> None:
    for payload in SOME[::3]:
        for path in (b"/demo/fresh", b"/demo/query"):
            answer = served.check("POST", path + b"?show=" + escaped(payload), HEADERS, b"show=" + escaped(payload))
            assert answer.status == 303
            assert answer.get("location").startswith("/demo")
