"""Nobody does anything in the demo more often than the demo bears."""

import re
from collections.abc import Callable
from dataclasses import fields
from pathlib import Path

import pytest
from starlette.applications import Starlette
from starlette.testclient import TestClient

from logster.errors import ConfigurationError
from tests.viewer.forms import SAME_ORIGIN, change_headers
from tests.web.conftest import Visitor
from web.options import Options

Make = Callable[..., Starlette]


def statuses(client: TestClient, times: int, method: str, path: str, **rest: object) -> list[int]:
    return [client.request(method, path, **rest).status_code for _ in range(times)]


def test_errors_are_limited_for_each_client(visitor: Visitor, site: Make) -> None:
    app = site(errors_per_minute=2)
    ada, neighbour, bob = visitor(app), visitor(app), visitor(app, address="203.0.113.8")
    for client in (ada, neighbour, bob):
        client.get("/demo")
    assert statuses(ada, 3, "POST", "/demo/warning", headers=SAME_ORIGIN) == [200, 200, 429]
    assert statuses(neighbour, 1, "POST", "/demo/warning", headers=SAME_ORIGIN) == [429]
    assert statuses(bob, 2, "POST", "/demo/warning", headers=SAME_ORIGIN) == [200, 200]
    assert ada.post("/demo/warning").headers["retry-after"] == "60"


def test_reports_of_pages_count_as_errors(visitor: Visitor, site: Make) -> None:
    ada = visitor(site(errors_per_minute=2))
    ada.get("/demo")
    body = {"message": "x"}
    found = statuses(ada, 3, "POST", "/logs/report_js_error", json=body, headers=SAME_ORIGIN)
    assert found == [204, 204, 429]


def test_changes_are_limited(visitor: Visitor, site: Make) -> None:
    ada = visitor(site(changes_per_minute=2))
    ada.get("/logs/")
    headers = change_headers(ada, "/logs/")
    assert statuses(ada, 3, "POST", "/logs/api/clear", headers=headers) == [200, 200, 429]
    problem = ada.post("/logs/api/clear", headers=headers)
    assert problem.headers["content-type"] == "application/problem+json"
    assert problem.json()["title"] == "Too often"


def test_searches_are_limited_and_looking_goes_on(visitor: Visitor, site: Make) -> None:
    ada = visitor(site(searches_per_minute=2))
    ada.get("/logs/")
    assert statuses(ada, 3, "GET", "/logs/?q=x") == [200, 200, 429]
    assert ada.get("/logs/").status_code == 200


def test_a_refusal_is_shown_where_the_log_would_be_and_leads_out_of_there(visitor: Visitor, site: Make) -> None:
    ada = visitor(site(reads_per_minute=1))
    assert ada.get("/logs/").status_code == 200
    refused = ada.get("/logs/")
    assert refused.status_code == 429
    assert "frame-ancestors 'self'" in refused.headers["content-security-policy"]
    assert refused.headers["x-frame-options"] == "SAMEORIGIN"
    assert refused.headers["x-robots-tag"] == "noindex"
    assert '<base target="_top">' in refused.text


def test_new_logs_are_limited_and_the_site_stays_open(visitor: Visitor, site: Make) -> None:
    app = site(new_per_minute=2)
    assert [visitor(app).get("/logs/").status_code for _ in range(3)] == [200, 200, 429]
    assert visitor(app).get("/").status_code == 200
    assert visitor(app, address="203.0.113.8").get("/logs/").status_code == 200


@pytest.mark.parametrize("path", ["/demo/query", "/demo/fresh", "/logs/report_js_error", "/logs/api/clear"])
def test_another_site_causes_nothing(visitor: Visitor, path: str) -> None:
    ada = visitor()
    ada.get("/demo")
    before = dict(ada.cookies)
    answer = ada.post(path, json={"message": "x"}, headers={"Sec-Fetch-Site": "cross-site"})
    assert answer.status_code == 403
    assert dict(ada.cookies) == before


def test_every_option_is_documented_with_its_default() -> None:
    text = (Path(__file__).parents[2] / "docs/architecture.md").read_text()
    rows = dict(re.findall(r"^\| `SITE_(\w+)` \| (\S*) ?.*\|$", text, re.MULTILINE))
    options = {each.name.upper(): each.default for each in fields(Options)}
    assert rows.keys() == options.keys()
    assert {name: int(value) for name, value in rows.items() if value.isdigit()} == {
        name: value for name, value in options.items() if isinstance(value, int)
    }


@pytest.mark.parametrize(
    ("name", "value", "allowed"),
    [("SITE_URL", "logster.example", "begins with https://"), ("SITE_CHANGES", "0", "a whole number above zero")],
)
def test_an_option_that_is_not_allowed_is_said_so(name: str, value: str, allowed: str) -> None:
    with pytest.raises(ConfigurationError, match=f"{name} is {value!r}.*{allowed}"):
        Options.from_environment({name: value})


def test_options_come_from_the_environment() -> None:
    environ = {"SITE_URL": "https://logster.example/", "SITE_CHANGES": "7", "PATH": "/bin"}
    assert Options.from_environment(environ) == Options(url="https://logster.example", changes=7)
