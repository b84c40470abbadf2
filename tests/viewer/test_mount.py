"""The viewer works wherever it is mounted, and whatever the proxy in front of it does to addresses."""

import re
from typing import Any
from urllib.parse import urljoin, urlsplit

import pytest
from starlette.applications import Starlette
from starlette.routing import Mount
from starlette.testclient import TestClient

from logster.service import Service
from logster.viewer.app import Viewer
from tests.viewer.entries import add
from tests.viewer.forms import change_headers, fields

PREFIXES = ["", "/logs", "/a/b/logs", "/wörter/log s"]


def mounted(service: Service, prefix: str) -> TestClient:
    viewer: Any = Viewer(lambda request: True, service=service)
    return TestClient(Starlette(routes=[Mount(prefix, viewer)]) if prefix else viewer)


def stripped(service: Service, prefix: str, root_path: str) -> TestClient:
    """A reader behind a proxy that takes `prefix` away; `root_path` is what the server was told of it."""
    viewer = Viewer(lambda request: True, service=service)

    async def proxy(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "http":
            path = scope["path"].removeprefix(prefix)
            scope = {**scope, "path": path, "raw_path": path.encode(), "root_path": root_path}
        await viewer(scope, receive, send)

    return TestClient(proxy)


def addresses(page: str) -> set[str]:
    return set(re.findall(r'(?:href|src|action|formaction|data-events)="([^"#][^"]*)"', page))


def followed(page: str) -> set[str]:
    """Return those that a browser fetches; the others take a form, or never end."""
    return set(re.findall(r' (?:href|src)="([^"#][^"]*)"', page))


def check_every_address(client: TestClient, start: str, prefix: str) -> None:
    """Follow what the page at `start` refers to, and make sure that it is there and inside the mount."""
    page = client.get(start)
    assert page.status_code == 200
    found = addresses(page.text)
    assert len(found) > 10
    for address in found - {"/"}:
        target = urlsplit(urljoin(f"http://testserver{start}", address.replace("&amp;", "&")))
        assert target.netloc == "testserver"
        assert target.path.startswith(f"{prefix}/"), address
        if address in followed(page.text):
            assert client.get(target._replace(scheme="", netloc="").geturl()).status_code == 200, address


@pytest.mark.parametrize("prefix", PREFIXES)
def test_every_address_of_every_page_stays_inside_the_mount(service: Service, prefix: str) -> None:
    key = add(service, envs=({"a": 1}, {"a": 2}))
    client = mounted(service, prefix)
    for page in ("/", f"/?key={key}&q=payment", f"/show/{key}", f"/show/{key}?tab=env", f"/?key={key}&tab=env"):
        check_every_address(
            client, prefix + page, prefix.replace("ö", "%C3%B6").replace(" ", "%20") if False else prefix
        )


@pytest.mark.parametrize("root_path", ["", "/logs", "/logs/", "/elsewhere"])
def test_a_proxy_may_strip_the_prefix_and_tell_what_it_wants(service: Service, root_path: str) -> None:
    key = add(service)
    client = stripped(service, "/logs", root_path)
    for page in ("/", f"/?key={key}", f"/show/{key}"):
        check_every_address(client, f"/logs{page}", "/logs")


def test_without_the_trailing_slash_the_reader_is_led_to_it(service: Service) -> None:
    viewer = Viewer(lambda request: True, service=service)

    async def host(scope: Any, receive: Any, send: Any) -> None:
        await viewer({**scope, "root_path": "/logs"}, receive, send)

    answer = TestClient(host).get("/logs?q=a%26b", headers={"Host": "evil.example"}, follow_redirects=False)
    assert answer.status_code == 307
    assert answer.headers["location"] == "./logs/?q=a%26b"


@pytest.mark.parametrize("prefix", PREFIXES)
def test_forms_and_changes_work_under_a_prefix(service: Service, prefix: str) -> None:
    key = add(service)
    client = mounted(service, prefix)
    page = client.get(f"{prefix}/show/{key}").text
    form = fields(page, '<form class="actions"')
    answer = client.post(
        f"{prefix}/show/{key}/protect", data=form, headers={"Origin": "http://testserver"}, follow_redirects=False
    )
    assert answer.status_code == 303
    assert urljoin(f"{prefix}/show/{key}/protect", answer.headers["location"]) == f"{prefix}/show/{key}?done=protect"
    headers = change_headers(client, f"{prefix}/")
    assert client.delete(f"{prefix}/api/entries/{key}", headers=headers).status_code == 200
    assert service.store.entry(key) is None


def test_no_address_is_built_from_the_host_header(client: TestClient, service: Service) -> None:
    key = add(service)
    for path in ("/", f"/show/{key}", "/unknown", "/clear"):
        answer = client.get(path, headers={"Host": "evil.example"})
        assert "evil.example" not in answer.text + str(answer.headers)
    assert client.get("/", headers={"Host": "[broken"}).status_code == 200


def test_an_encoded_slash_does_not_mislead_the_way_back(client: TestClient) -> None:
    page = client.get("/show/a%2Fb").text
    assert 'href="../static/' in page
