"""Each visitor has a log of his own: what one does, no other sees, and all of them together stay small."""

import re
import time
from collections.abc import Callable

import pytest
import redis
from starlette.applications import Starlette
from starlette.testclient import TestClient

from logster.service import Service
from tests.viewer.forms import SAME_ORIGIN, change_headers
from tests.web.conftest import BROWSER, Visitor
from web import jobs, registry, sandbox
from web.housekeeping import Housekeeping
from web.visitors import COOKIE

ROBOTS = [
    {"User-Agent": "Mozilla/5.0 (compatible; Googlebot/2.1)"},
    {"User-Agent": "curl/8.5", "Accept": "*/*"},
    {"User-Agent": "ELB-HealthChecker/2.0"},
    {"User-Agent": ""},
]


def entries(client: TestClient, query: str = "") -> list[str]:
    found = client.get("/logs/api/entries", params={"q": query, "limit": 100}).json()["entries"]
    return [entry["message"] for entry in found]


def sandboxes(database: redis.Redis) -> set[str]:
    return {name.decode() for name in database.zrange(registry.VISITED, 0, -1)}


def kept(database: redis.Redis) -> set[str]:
    """Return the sandboxes that have keys."""
    keys = (key.decode() for key in database.keys("{logster:demo-*"))
    return {key.partition("demo-")[2].partition("}")[0] for key in keys}


def test_a_first_visit_finds_the_failures_of_a_day(visitor: Visitor) -> None:
    ada = visitor()
    assert len(entries_on(ada.get("/logs/").text)) > 5
    found = ada.get("/logs/api/entries").json()["entries"]
    assert "shop.jobs" in {entry["logger"] for entry in found}
    assert max(entry["last_seen"] - entry["first_seen"] for entry in found) > 3_600_000


def entries_on(html: str) -> list[str]:
    return re.findall(r'<li class="row [^>]*data-key="(\w+)"', html)


def test_a_visitor_comes_back_to_his_log(visitor: Visitor, database: redis.Redis) -> None:
    ada = visitor()
    for path in ("/", "/demo", "/logs/", "/logs/settings", "/"):
        assert ada.get(path).status_code == 200
    assert sandboxes(database) == {ada.cookies[COOKIE]}


def test_the_cookie_is_kept_from_scripts_and_other_sites(visitor: Visitor) -> None:
    cookie = visitor().get("/demo").headers["set-cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=lax" in cookie


def test_the_cookie_goes_over_https_only_where_the_site_does(site: Callable[..., Starlette]) -> None:
    client = TestClient(site(), base_url="https://testserver", headers=BROWSER)
    assert "Secure" in client.get("/demo").headers["set-cookie"]


@pytest.mark.parametrize("name", ["", "x", "1795392290-AAAAAAAAAAAAAAAAAAAAAA", "../default", "site"])
def test_nobody_chooses_the_name_of_his_log(visitor: Visitor, database: redis.Redis, name: str) -> None:
    ada = visitor()
    ada.cookies.set(COOKIE, name)
    ada.get("/logs/")
    assert name not in sandboxes(database)
    assert kept(database) == sandboxes(database)


def test_what_one_changes_another_does_not_see(visitor: Visitor) -> None:
    ada, bob = visitor(), visitor()
    for client in (ada, bob):
        client.get("/logs/")
    before = entries(bob)
    ada.post("/demo/timeout", headers=SAME_ORIGIN)
    assert "timed out" in str(entries(ada))
    assert "timed out" not in str(entries(bob))
    pattern = {"pattern": "/.+/", "retroactive": True}
    made = ada.post("/logs/api/patterns/suppression", json=pattern, headers=change_headers(ada, "/logs/"))
    assert made.json()["deleted"] > 0
    assert entries(ada) == []
    assert ada.post("/logs/api/clear", headers=change_headers(ada, "/logs/")).status_code == 200
    bob.post("/demo/query", headers=SAME_ORIGIN)
    assert "no such table: invoices" in str(entries(bob))
    assert set(before) <= set(entries(bob))
    assert bob.get("/logs/api/patterns/suppression").json()["patterns"] == []
    assert bob.get("/logs/api/history").json()["history"] == []


def test_what_one_solves_another_still_has(visitor: Visitor) -> None:
    ada, bob = visitor(), visitor()
    for client in (ada, bob):
        client.get("/logs/")
        key = client.post("/demo/timeout", headers=SAME_ORIGIN).url.params["key"]
    answer = ada.post(f"/logs/api/entries/{key}/solve", headers=change_headers(ada, "/logs/"))
    assert answer.json() == {"changed": 1}
    assert entries(ada, '"timed out"') == []
    assert len(entries(bob, '"timed out"')) == 1


def test_what_a_page_reports_stays_with_its_visitor(visitor: Visitor, service: Service) -> None:
    ada, bob = visitor(), visitor()
    for client in (ada, bob):
        client.get("/logs/")
    report = {"message": "<script>alert(1)</script> of Ada"}
    assert ada.post("/logs/report_js_error", json=report, headers=SAME_ORIGIN).status_code == 204
    assert service.worker.flush()
    assert entries(ada, '"of Ada"') == ["<script>alert(1)</script> of Ada"]
    assert entries(bob, '"of Ada"') == []
    assert "<script>alert(1)</script> of Ada" not in ada.get("/logs/").text


def test_a_report_without_a_log_of_its_own_goes_nowhere(visitor: Visitor, database: redis.Redis) -> None:
    answer = visitor().post("/logs/report_js_error", json={"message": "x"}, headers={"Accept": "*/*", **SAME_ORIGIN})
    assert answer.status_code == 403
    assert kept(database) == set()


@pytest.mark.parametrize("headers", ROBOTS)
@pytest.mark.parametrize("path", ["/", "/demo", "/logs/", "/logs/api/entries", "/docs/", "/healthz", "/robots.txt"])
def test_a_robot_gets_no_log(visitor: Visitor, database: redis.Redis, headers: dict[str, str], path: str) -> None:
    answer = visitor(**headers).get(path)
    assert answer.status_code == (403 if path.startswith("/logs") else 200)
    assert sandboxes(database) == set()
    assert "set-cookie" not in answer.headers


def test_the_front_page_shows_robots_a_picture_of_the_log(visitor: Visitor) -> None:
    page = visitor(**ROBOTS[0]).get("/").text
    assert "<iframe" not in page
    assert re.search(r'<img src="/docs/screenshots/\w+/list-1440-light.webp"', page)


def test_what_happens_outside_of_a_visit_is_shown_to_nobody(
    visitor: Visitor, service: Service, database: redis.Redis
) -> None:
    ada = visitor()
    ada.get("/logs/")
    logged = service.store.at(sandbox.OUTSIDE)
    sandbox.enter("")
    assert service.settings.current_namespace() == sandbox.OUTSIDE
    assert logged.count() == 0
    assert ada.get("/logs/?namespace=site").status_code == 200


def test_a_fresh_log_replaces_the_visitor_s_own(visitor: Visitor, database: redis.Redis) -> None:
    ada = visitor()
    ada.get("/logs/")
    first = ada.cookies[COOKIE]
    ada.post("/demo/timeout", headers=SAME_ORIGIN)
    assert ada.post("/demo/fresh", headers=SAME_ORIGIN).url.path == "/demo"
    assert ada.cookies[COOKIE] != first
    assert len(entries_on(ada.get("/logs/").text)) > 5
    assert entries(ada, '"timed out"') == []
    assert first not in kept(database)
    assert sandboxes(database) == {ada.cookies[COOKIE]}


def test_there_are_never_more_logs_than_allowed(
    visitor: Visitor, site: Callable[..., Starlette], service: Service, database: redis.Redis
) -> None:
    app = site(sandboxes=3)
    visitors = [visitor(app) for _ in range(3)]
    for each in visitors:
        assert each.get("/logs/").status_code == 200
    refused = visitor(app).get("/logs/")
    assert refused.status_code == 503
    assert "All demo logs are in use" in refused.text
    assert visitor(app).get("/").status_code == 200
    assert len(sandboxes(database)) == 3
    assert service.worker.flush()
    left = visitors[1].cookies[COOKIE]
    database.zadd(registry.VISITED, {left: time.time() - registry.SETTLED_SECONDS - 1})
    assert visitor(app).get("/logs/").status_code == 200
    assert len(sandboxes(database)) == 3
    assert left not in sandboxes(database)
    assert kept(database) == sandboxes(database)


@pytest.mark.parametrize("late", ["visit", "birth"])
def test_a_log_goes_with_its_time(
    visitor: Visitor, site: Callable[..., Starlette], service: Service, database: redis.Redis, late: str
) -> None:
    app = site(idle_seconds=60, life_seconds=600)
    ada, bob = visitor(app), visitor(app)
    for client in (ada, bob):
        client.get("/logs/")
    assert service.worker.flush()
    name = ada.cookies[COOKIE]
    if late == "visit":
        database.zadd(registry.VISITED, {name: time.time() - 61})
    else:
        old = f"{int(time.time()) - 601:010}{name[10:]}"
        for key in database.keys(f"*{name}*"):
            database.rename(key, key.replace(name.encode(), old.encode()))
        database.zrem(registry.VISITED, name)
        database.zadd(registry.VISITED, {old: time.time()})
    Housekeeping(app.state.site.lodgers).clean()
    assert sandboxes(database) == kept(database) == {bob.cookies[COOKIE]}
    assert sandbox.namespace_of(name) not in service.store._tenants
    assert database.hexists(registry.USED, name) is False


def test_what_is_written_late_is_swept_away(
    visitor: Visitor, site: Callable[..., Starlette], database: redis.Redis
) -> None:
    app = site()
    visitor(app).get("/logs/")
    database.set("{logster:demo-1700000000-BBBBBBBBBBBBBBBBBBBBBB}:counters", 1)
    Housekeeping(app.state.site.lodgers).clean()
    assert kept(database) == sandboxes(database)


def test_jobs_go_on_where_somebody_looks(
    visitor: Visitor,
    site: Callable[..., Starlette],
    service: Service,
    database: redis.Redis,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def sweep_floor() -> None:
        raise ValueError

    app = site()
    client = visitor(app)
    client.get("/logs/")
    housekeeping = Housekeeping(app.state.site.lodgers)
    monkeypatch.setattr("web.jobs.JOBS", (sweep_floor,))
    housekeeping.run_jobs()
    [turn] = database.keys(f"{registry.TURN}:*")
    assert 0 < database.pttl(turn) <= 12_000
    housekeeping.run_jobs()
    assert database.keys(f"{registry.TURN}:*") == [turn]
    assert service.worker.flush()
    [found] = client.get("/logs/api/entries", params={"q": "sweep_floor"}).json()["entries"]
    assert found["count"] == 1


def test_a_log_takes_only_so_much_and_stays_small(
    visitor: Visitor, site: Callable[..., Starlette], service: Service, database: redis.Redis
) -> None:
    app = site(changes=150)
    service.settings = service.settings.with_changes(beacon_per_minute=1_000)
    ada = visitor(app)
    ada.get("/logs/")
    headers = change_headers(ada, "/logs/")
    large = {str(i): "x" * 800 for i in range(10)}
    for number in range(60):
        report = {
            "message": f"{number} {'y' * 1_900}",
            "stacktrace": f"    at f{number} (shop.js:1:2)\n{'z' * 3_900}",
            "env": large,
        }
        assert ada.post("/logs/report_js_error", json=report, headers=SAME_ORIGIN).status_code == 204
    assert service.worker.flush()
    found = ada.get("/logs/api/entries?limit=60").json()["entries"]
    assert len(found) == 60
    for entry in found:
        assert ada.post(f"/logs/api/entries/{entry['key']}/protect", headers=headers).status_code == 200
    statuses = {
        ada.post("/logs/api/patterns/suppression", json={"pattern": f"/{i}{'p' * 480}/"}, headers=headers).status_code
        for i in range(60)
    }
    assert statuses == {200, 429}
    full = ada.post("/demo/query", headers=SAME_ORIGIN)
    assert full.status_code == 429
    assert "Begin with a fresh one" in full.text
    size = sum(database.memory_usage(key) for key in database.keys(f"*{ada.cookies[COOKIE]}*"))
    assert size < 2_000_000
    assert ada.post("/demo/fresh", headers=SAME_ORIGIN).status_code == 200


def test_without_redis_the_site_still_answers(
    visitor: Visitor, service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    from web.site import create

    away = Service(service.settings.with_changes(redis_url="redis://127.0.0.1:1/0"))
    monkeypatch.setattr("logster.service._service", away)
    ada = visitor(create(jobs=False, sandboxes=True))
    assert ada.get("/").status_code == 200
    assert ada.get("/docs/").status_code == 200
    assert ada.get("/logs/").status_code == 503
    assert ada.get("/healthz").status_code == 503
    away.close()


def test_a_job_s_failures_are_one_entry_however_they_came(
    visitor: Visitor, service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Those of the first day and those that happen while somebody looks."""

    def sweep_floor() -> None:
        raise ValueError

    monkeypatch.setattr("web.jobs.JOBS", (sweep_floor,))
    client = visitor()
    client.get("/logs/")
    sandbox.enter(client.cookies[COOKIE])
    jobs.run(sweep_floor)
    sandbox.enter("")
    assert service.worker.flush()
    [found] = client.get("/logs/api/entries", params={"q": "sweep_floor"}).json()["entries"]
    assert found["count"] > 1
