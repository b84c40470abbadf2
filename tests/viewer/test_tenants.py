"""One process, two tenants: whatever is asked in the name of one shows and changes nothing of the other."""

import asyncio
import re
from collections.abc import Callable, Iterator
from contextvars import ContextVar
from typing import Any

import pytest
from prometheus_client.parser import text_string_to_metric_families
from starlette.requests import Request
from starlette.testclient import TestClient

from logster.capture.javascript import JavaScriptSnapshot
from logster.errors import ConfigurationError
from logster.service import Service
from logster.settings import Settings
from logster.viewer.app import Viewer
from tests.viewer.entries import add, key_of
from tests.viewer.forms import change_headers
from tests.viewer.test_live import listening

TENANTS = ("blue", "red")


class Site:
    """An app for several tenants: the header says whose request it is, before the viewer is asked."""

    def __init__(self, settings: Settings) -> None:
        self.tenant: ContextVar[str] = ContextVar("tenant")
        base = settings.current_namespace()
        self.service = Service(settings.with_changes(namespace=lambda: f"{base}-{self.tenant.get()}"))
        self.viewer = Viewer(self.authorize, service=self.service)
        self.asked: list[str] = []

    def authorize(self, request: Request) -> str:
        self.asked.append(self.tenant.get())
        return f"somebody of {self.tenant.get()}"

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "http":
            self.tenant.set(dict(scope["headers"])[b"x-tenant"].decode())
        await self.viewer(scope, receive, send)

    def client(self, tenant: str) -> TestClient:
        return TestClient(self, headers={"x-tenant": tenant})

    def within(self, tenant: str, work: Callable[[], Any]) -> Any:
        token = self.tenant.set(tenant)
        try:
            return work()
        finally:
            self.tenant.reset(token)


@pytest.fixture
def site(settings: Settings) -> Iterator[Site]:
    """A site on which blue has two entries, and red has none."""
    site = Site(settings)
    site.within("blue", lambda: add(site.service, 1, "Payment of blue failed", envs=({"customer": "blue-7"},)))
    site.within("blue", lambda: add(site.service, 2, "Stock of blue low", age_ms=60_000))
    yield site
    site.service.close()


@pytest.fixture
def blue(site: Site) -> TestClient:
    return site.client("blue")


@pytest.fixture
def red(site: Site) -> TestClient:
    return site.client("red")


READ = [
    "/", "/?q=blue", f"/?key={key_of(1)}", f"/?key={key_of(1)}&tab=env", f"/show/{key_of(1)}", "/clear", "/settings",
    "/api/entries", "/api/entries?env=1", "/api/entries?q=blue", f"/api/entries/{key_of(1)}",
    f"/api/entries/{key_of(1)}/env", f"/api/entries/{key_of(1)}/timeline", "/api/timeline", "/api/patterns/suppression",
    "/api/patterns/grouping", "/api/history", "/metrics",
]  # fmt: skip


@pytest.mark.parametrize("path", READ)
def test_nothing_that_can_be_read_tells_of_another_tenant(
    site: Site, blue: TestClient, red: TestClient, path: str
) -> None:
    site.within("blue", lambda: site.service.store.add_pattern("suppression", "/noise of blue/", by="blue boss"))
    site.within("blue", lambda: site.service.store.add_pattern("grouping", "/Stock of blue/", by="blue boss"))
    told = red.get(path).text
    assert "of blue" not in told
    assert "blue boss" not in told
    assert "blue-7" not in told
    assert "somebody of blue" not in told
    assert not re.search(r'"(ERROR|total|count)": ?[1-9]', told)


def test_what_belongs_to_a_tenant_is_there_for_it(blue: TestClient) -> None:
    assert "Payment of blue failed" in blue.get("/").text
    assert [entry["key"] for entry in blue.get("/api/entries?q=blue").json()["entries"]] == [key_of(1), key_of(2)]


def test_the_namespace_is_that_of_the_context_in_which_authorize_is_asked(site: Site, red: TestClient) -> None:
    red.get("/api/entries")
    assert set(site.asked) == {"red"}


def test_a_permalink_of_another_tenant_leads_nowhere(red: TestClient, blue: TestClient) -> None:
    assert blue.get(f"/show/{key_of(1)}").status_code == 200
    assert red.get(f"/show/{key_of(1)}").status_code == 404


def test_a_cursor_of_another_tenant_shows_one_s_own_entries(site: Site, blue: TestClient, red: TestClient) -> None:
    site.within("red", lambda: add(site.service, 3, "Payment of red failed", age_ms=90_000))
    cursor = blue.get("/api/entries?limit=1").json()["next"]
    assert cursor
    found = red.get("/api/entries", params={"before": cursor}).json()["entries"]
    assert [entry["message"] for entry in found] == ["Payment of red failed"]


@pytest.mark.parametrize("change", ["protect", "solve", "delete"])
def test_a_change_in_one_tenant_leaves_the_other_as_it_was(site: Site, red: TestClient, change: str) -> None:
    site.within("red", lambda: add(site.service, 1, "The same key in red"))
    answer = red.post(
        "/api/entries/bulk", json={"action": change, "keys": [key_of(1), key_of(2)]}, headers=change_headers(red)
    )
    assert answer.json()["changed"] == 1
    kept = site.within("blue", lambda: site.service.store.entry(key_of(1)))
    assert kept.flags == []


def test_what_undoes_a_deletion_of_one_tenant_undoes_nothing_in_another(
    site: Site, red: TestClient, blue: TestClient
) -> None:
    site.within("red", lambda: add(site.service, 1, "The same key in red"))
    token = blue.delete(f"/api/entries/{key_of(1)}", headers=change_headers(blue)).json()["undo"]
    own = red.delete(f"/api/entries/{key_of(1)}", headers=change_headers(red)).json()["undo"]
    assert token != own
    assert red.post("/api/entries/undo", json={"token": token}, headers=change_headers(red)).status_code == 404
    assert red.get("/api/entries").json()["entries"] == []
    assert blue.get(f"/api/entries/{key_of(1)}").status_code == 404
    # It was not used up either.
    blue.post("/api/entries/undo", json={"token": token}, headers=change_headers(blue))
    assert blue.get(f"/api/entries/{key_of(1)}").json()["message"] == "Payment of blue failed"
    assert red.get("/api/entries").json()["entries"] == []


def test_an_archive_holds_one_tenant(site: Site) -> None:
    site.within("red", lambda: add(site.service, 3, "Payment of red failed"))
    site.within("blue", lambda: site.service.store.add_pattern("suppression", "/noise of blue/", by="blue boss"))
    archives = {tenant: site.within(tenant, lambda: b"".join(site.service.store.export())) for tenant in TENANTS}
    assert b"of blue" in archives["blue"]
    assert b"of red" in archives["red"]
    assert b"of red" not in archives["blue"]
    assert b"blue" not in archives["red"].replace(b"-red", b"")


@pytest.mark.parametrize("word", ["of blue", "blue-7", "*", "/blue/", "customer:blue-7", "key:blue"])
def test_no_search_reaches_another_tenant(site: Site, red: TestClient, word: str) -> None:
    answer = red.get("/api/entries", params={"q": word, "env": "1"})
    assert answer.json().get("entries", []) == []
    for path in ("/", "/api/completions"):
        assert "of blue failed" not in red.get(path, params={"q": word, "text": word}).text


@pytest.mark.parametrize("name", ["blue}:entry", "red}:x{logster:blue", "", "../blue", "blue*", "blue\n", "a" * 500])
def test_a_namespace_that_could_reach_into_another_is_refused(settings: Settings, name: str) -> None:
    site = Service(settings.with_changes(namespace=lambda: name))
    with pytest.raises(ConfigurationError):
        site.store.count()
    site.close()


def test_clearing_clears_one_tenant(site: Site, red: TestClient) -> None:
    site.within("red", lambda: add(site.service, 1))
    assert red.post("/api/clear", headers=change_headers(red)).json() == {"changed": 1}
    assert site.within("blue", lambda: site.service.store.count()) == 2


def test_patterns_hold_for_one_tenant(site: Site, red: TestClient, blue: TestClient) -> None:
    body = {"pattern": "/failed/", "retroactive": True}
    assert red.post("/api/patterns/suppression", json=body, headers=change_headers(red)).json()["deleted"] == 0
    preview = red.post("/api/patterns/suppression/preview", json={"pattern": "/blue/"}, headers=change_headers(red))
    assert preview.json()["count"] == 0
    keys = {"keys": [key_of(1), key_of(2)]}
    suggested = red.post("/api/patterns/grouping/suggest", json=keys, headers=change_headers(red))
    assert suggested.json() == {"pattern": ""}
    for tenant in TENANTS:
        site.within(tenant, lambda: add(site.service, 5, "Import failed"))
    assert len(blue.get("/api/entries").json()["entries"]) == 3
    assert red.get("/api/entries").json()["entries"] == []
    assert red.get("/api/history").json()["history"][0]["by"] == "somebody of red"


def test_the_beacon_reports_and_counts_for_one_tenant(settings: Settings) -> None:
    site = Site(settings.with_changes(beacon_per_minute=2))
    answers = {
        tenant: [
            site.client(tenant).post("/report_js_error", json={"message": f"of {tenant}"}).status_code for _ in "abc"
        ]
        for tenant in TENANTS
    }
    assert answers == {"blue": [204, 204, 429], "red": [204, 204, 429]}
    assert site.service.worker.flush()
    for tenant in TENANTS:
        [entry] = site.client(tenant).get("/api/entries").json()["entries"]
        assert (entry["message"], entry["count"]) == (f"of {tenant}", 2)
    site.service.close()


def test_the_live_stream_tells_of_one_tenant(site: Site) -> None:
    async def scenario() -> None:
        site.tenant.set("red")
        async with listening(site.service) as stream:
            await stream.event("refresh")
            await asyncio.to_thread(site.within, "blue", lambda: add(site.service, 7, "blue"))
            key = await asyncio.to_thread(site.within, "red", lambda: add(site.service, 8, "red"))
            changes = await stream.event("change")
            assert [change["key"] for change in changes] == [key]

    asyncio.run(scenario())


def numbers(client: TestClient) -> dict[str, float]:
    found = {}
    for family in text_string_to_metric_families(client.get("/metrics").text):
        for sample in family.samples:
            found[sample.name + str(sorted(sample.labels.values()))] = sample.value
    return found


def test_the_numbers_are_those_of_one_tenant(site: Site, blue: TestClient, red: TestClient) -> None:
    def report() -> None:
        whose = site.service.settings.current_namespace()
        said = {"message": "of blue", "url": "", "line": 0, "column": 0, "stack": "", "level": 40}
        site.service.worker.submit(JavaScriptSnapshot(**said, env={}, namespace=whose))

    for _ in range(3):
        site.within("blue", report)
    assert site.service.worker.flush()
    shown = {client: numbers(client) for client in (blue, red)}
    for name in ("logster_reports_total[]", "logster_written_total[]", "logster_coalesced_total[]"):
        assert shown[blue][name] > 0
        assert shown[red][name] == 0
    assert shown[blue]["logster_entries['error']"] == 3
    assert shown[red]["logster_entries['error']"] == 0
