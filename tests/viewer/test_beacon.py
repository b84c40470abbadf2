"""What the public part of the GUI accepts, and what it refuses and why."""

import asyncio
import gzip
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
from msgspec.structs import replace
from starlette.testclient import TestClient

from logster.capture import source_map
from logster.entry import Entry
from logster.service import Service
from logster.settings import Settings
from logster.viewer.app import Viewer
from logster.viewer.beacon import SCRIPT
from logster.viewer.quota import Quota

JSON = {"Content-Type": "application/json"}


@pytest.fixture
def service(settings: Settings) -> Iterator[Service]:
    service = Service(settings)
    yield service
    service.close()


@pytest.fixture
def client(service: Service) -> TestClient:
    """A visitor whom no `authorize` lets in."""
    return TestClient(Viewer(service=service))


@pytest.fixture
def recorded(service: Service) -> Callable[[], list[Entry]]:
    def entries() -> list[Entry]:
        assert service.worker.flush(10)
        found = [service.store.entry(each.key) for each in service.store.page().entries]
        assert all(found)
        return [replace(entry, env=service.store.env_samples(entry.key)) for entry in found if entry]

    return entries


def changed(settings: Settings, **changes: Any) -> Service:
    return Service(settings.with_changes(**changes))


def test_the_script_is_at_most_two_kilobytes_gzipped() -> None:
    assert len(gzip.compress(SCRIPT, 9)) <= 2_048


def test_the_script_may_be_loaded_from_anywhere_and_kept(client: TestClient) -> None:
    answer = client.get("/logster.js")
    assert answer.content == SCRIPT
    assert answer.headers["content-type"] == "text/javascript; charset=utf-8"
    assert answer.headers["cross-origin-resource-policy"] == "cross-origin"
    assert "max-age" in answer.headers["cache-control"]
    again = client.get("/logster.js", headers={"If-None-Match": answer.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")


def test_a_report_in_json_becomes_an_entry(client: TestClient, recorded: Callable[[], list[Entry]]) -> None:
    report = {
        "message": "TypeError: basket.customer is undefined",
        "url": "http://testserver/static/shop.js",
        "line": 12,
        "column": 9,
        "stacktrace": "TypeError: basket.customer is undefined\n    at pay (http://testserver/static/shop.js:12:9)",
        "window_location": "http://testserver/basket?step=2",
        "severity": "warning",
        "env": {"order": 7},
    }
    answer = client.post("/report_js_error", json=report, headers={"User-Agent": "browser/1"})
    assert (answer.status_code, answer.content) == (204, b"")
    (entry,) = recorded()
    assert (entry.source, entry.level, entry.count) == ("javascript", "WARNING", 1)
    assert "basket.customer is undefined" in entry.message
    assert entry.location
    assert (entry.location.file, entry.location.line, entry.location.function) == (
        "http://testserver/static/shop.js",
        12,
        "pay",
    )
    assert entry.env
    assert entry.env[0]["order"] == 7
    assert entry.env[0]["headers"]["user-agent"] == "browser/1"
    assert "http://testserver/basket?step=2" in json.dumps(entry.env[0])


def test_the_form_fields_of_ruby_logster_are_understood(
    client: TestClient, recorded: Callable[[], list[Entry]]
) -> None:
    form = {
        "message": "x is undefined",
        "url": "http://testserver/shop.js",
        "line": "12",
        "column": "9",
        "window_location": "http://testserver/basket",
        "stacktrace": "pay@http://testserver/shop.js:12:9",
        "severity": "fatal",
    }
    assert client.post("/report_js_error", data=form).status_code == 204
    (entry,) = recorded()
    assert (entry.level, entry.source) == ("CRITICAL", "javascript")
    assert "x is undefined" in entry.message
    assert entry.location
    assert entry.location.line == 12


def test_what_an_old_browser_sends_as_text_is_read_as_json(
    client: TestClient, recorded: Callable[[], list[Entry]]
) -> None:
    answer = client.post(
        "/report_js_error", content=b'{"message": "boom"}', headers={"Content-Type": "text/plain;charset=UTF-8"}
    )
    assert answer.status_code == 204
    assert [entry.message for entry in recorded()] == ["boom"]


@pytest.mark.parametrize(
    ("severity", "level"),
    [
        ("fatal", "CRITICAL"),
        ("critical", "CRITICAL"),
        ("error", "ERROR"),
        ("WARN", "WARNING"),
        ("warning", "WARNING"),
        ("info", "INFO"),
        ("debug", "DEBUG"),
        ("nonsense", "ERROR"),
        (7, "ERROR"),
        (None, "ERROR"),
    ],
)
def test_a_severity_is_a_level(
    client: TestClient, recorded: Callable[[], list[Entry]], severity: object, level: str
) -> None:
    client.post("/report_js_error", json={"message": "boom", "severity": severity})
    assert [entry.level for entry in recorded()] == [level]


BAD_BODIES = {
    "no object": (b"[1]", JSON),
    "no json": (b"{message}", JSON),
    "nothing": (b"", JSON),
    "no utf-8": (b'{"message": "\xff"}', JSON),
    "deeper than anyone reads": (b"[" * 20_000, JSON),
    "no message": (b"{}", JSON),
    "empty message": (b'{"message": "  "}', JSON),
    "message that is no text": (b'{"message": {"a": 1}}', JSON),
    "form without message": (b"url=a", {"Content-Type": "application/x-www-form-urlencoded"}),
    "form that is no utf-8": (b"message=%ff", {"Content-Type": "application/x-www-form-urlencoded"}),
    "form of too many fields": (
        urlencode({f"field{n}": n for n in range(60)} | {"message": "boom"}).encode(),
        {"Content-Type": "application/x-www-form-urlencoded"},
    ),
}


@pytest.mark.parametrize("what", BAD_BODIES)
def test_a_report_that_cannot_be_read_is_a_bad_request(
    client: TestClient, recorded: Callable[[], list[Entry]], what: str
) -> None:
    body, headers = BAD_BODIES[what]
    answer = client.post("/report_js_error", content=body, headers=headers)
    assert answer.status_code == 400
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["detail"]
    assert recorded() == []


@pytest.mark.parametrize("line", ["x", "-1", -1, 10**12, "9" * 500, 1.5, True, None, [1], {"a": 1}])
def test_a_line_that_is_no_number_is_left_out(
    client: TestClient, recorded: Callable[[], list[Entry]], line: object
) -> None:
    answer = client.post("/report_js_error", json={"message": "boom", "url": "/shop.js", "line": line, "column": line})
    assert answer.status_code == 204
    assert len(recorded()) == 1


@pytest.mark.parametrize("kind", ["application/xml", "multipart/form-data; boundary=x", ""])
def test_another_type_is_refused(client: TestClient, kind: str) -> None:
    answer = client.post("/report_js_error", content=b"message=boom", headers={"Content-Type": kind})
    assert answer.status_code == 415
    assert "application/json" in answer.json()["detail"]


def test_a_report_at_the_limit_is_taken_and_one_byte_more_is_not(
    client: TestClient, service: Service, recorded: Callable[[], list[Entry]]
) -> None:
    limit = service.settings.beacon_max_bytes
    frame = b'{"message": "%b"}'
    fits = frame % (b"x" * (limit - len(frame) + 2))
    assert len(fits) == limit
    assert client.post("/report_js_error", content=fits, headers=JSON).status_code == 204
    answer = client.post("/report_js_error", content=fits + b" ", headers=JSON)
    assert (answer.status_code, answer.json()["status"]) == (413, 413)
    assert len(recorded()) == 1


def test_a_body_of_unknown_length_is_cut_off_at_the_limit(client: TestClient) -> None:
    def endless() -> Iterator[bytes]:
        for _ in range(1_000):
            yield b" " * 10_000

    assert client.post("/report_js_error", content=endless(), headers=JSON).status_code == 413


def test_an_address_may_send_so_many_a_minute_and_others_still_may(settings: Settings) -> None:
    service = changed(settings, beacon_per_minute=3, trusted_hops=1)
    try:
        client = TestClient(Viewer(service=service))

        def send(address: str) -> Any:
            forwarded = {"X-Forwarded-For": f"10.9.8.7, {address}"}
            return client.post("/report_js_error", json={"message": "boom"}, headers=forwarded)

        assert [send("192.0.2.1").status_code for _ in range(3)] == [204] * 3
        refused = send("192.0.2.1")
        assert refused.status_code == 429
        assert 0 < int(refused.headers["retry-after"]) <= 60
        assert "3 reports a minute" in refused.json()["detail"]
        assert send("192.0.2.2").status_code == 204
        assert [send(f"2001:db8::{n}").status_code for n in range(4)] == [204, 204, 204, 429]
        assert send("2001:db8:0:1::1").status_code == 204
    finally:
        service.close()


def test_without_trusted_hops_a_forged_address_buys_no_quota(settings: Settings) -> None:
    service = changed(settings, beacon_per_minute=2)
    try:
        client = TestClient(Viewer(service=service))
        answers = [
            client.post(
                "/report_js_error", json={"message": "boom"}, headers={"X-Forwarded-For": f"192.0.2.{n}"}
            ).status_code
            for n in range(3)
        ]
        assert answers == [204, 204, 429]
    finally:
        service.close()


def test_while_redis_is_away_reports_are_taken_within_the_limit(settings: Settings) -> None:
    service = changed(settings, redis_url="unix:///nowhere/redis.sock", beacon_per_minute=2, drain_seconds=0)
    try:
        client = TestClient(Viewer(service=service))
        answers = [client.post("/report_js_error", json={"message": "boom"}).status_code for _ in range(3)]
        assert answers == [204, 204, 429]
    finally:
        service.close()


def test_switched_off_reports_are_refused_and_the_script_sends_none(settings: Settings) -> None:
    service = changed(settings, beacon=False)
    try:
        client = TestClient(Viewer(service=service))
        answer = client.post("/report_js_error", json={"message": "boom"})
        assert answer.status_code == 403
        assert "'beacon'" in answer.json()["detail"]
        script = client.get("/logster.js")
        assert "report_js_error" not in script.text
        assert "Logster.report" in script.text
    finally:
        service.close()


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Origin": "http://testserver"},
        {"Sec-Fetch-Site": "same-origin", "Origin": "null"},
        {"Sec-Fetch-Site": "same-origin", "Origin": "https://public.example"},  # the proxy changed Host
    ],
)
def test_pages_of_the_same_site_may_report(client: TestClient, headers: dict[str, str]) -> None:
    assert client.post("/report_js_error", json={"message": "boom"}, headers=headers).status_code == 204


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "http://evil.example"},
        {"Origin": "null"},
        {"Origin": "http://["},
        {"Origin": "[]%c3%28"},
        {"Origin": "http://testserver.evil.example"},
        {"Origin": "http://testserver", "Sec-Fetch-Site": "cross-site"},
        {"Origin": "http://evil.example", "X-Forwarded-Host": "evil.example"},
        {"Sec-Fetch-Site": "same-site"},
        {"Sec-Fetch-Site": "none"},
    ],
)
def test_pages_of_other_sites_may_not(
    client: TestClient, recorded: Callable[[], list[Entry]], headers: dict[str, str]
) -> None:
    answer = client.post("/report_js_error", json={"message": "boom"}, headers=headers)
    assert answer.status_code == 403
    assert recorded() == []


def test_secrets_in_a_report_are_masked(client: TestClient, recorded: Callable[[], list[Entry]]) -> None:
    report = {
        "message": "boom",
        "window_location": "http://testserver/reset?token=hunter2hunter2",
        "env": {"password": "hunter2hunter2"},
    }
    client.post("/report_js_error", json=report, headers={"Cookie": "session=hunter2hunter2"})
    (entry,) = recorded()
    assert "hunter2" not in json.dumps(entry.env)


def test_nothing_is_changed_by_asking(client: TestClient) -> None:
    assert client.get("/report_js_error").status_code == 405


def test_a_quota_counts_by_address_and_minute() -> None:
    quota = Quota()
    assert [quota.allow("a", 2, now=60) for _ in range(3)] == [True, True, False]
    assert quota.allow("b", 2, now=60)
    assert quota.allow("a", 2, now=121)


def test_a_quota_remembers_a_bounded_number_of_addresses() -> None:
    quota = Quota(max_addresses=2)
    assert [quota.allow(address, 5, now=60) for address in "abc"] == [True, True, False]
    assert quota.allow("a", 5, now=60)
    assert quota.allow("c", 5, now=120)


# Source maps


MAP = {"version": 3, "sources": ["src/shop.ts"], "names": [], "mappings": "AAAA", "sourcesContent": ["pay(basket)"]}
DEBUG_ID = "c5408c3a-41f1-4702-8eb0-065ca11a844e"
MINIFIED = {"message": "Error: no stock", "stacktrace": "Error: no stock\n    at https://shop.example/a/shop.js:1:3"}


def test_a_report_may_say_the_debug_ids_of_its_scripts(settings: Settings, tmp_path: Path) -> None:
    (tmp_path / "0815.map").write_text(json.dumps(MAP | {"debugId": DEBUG_ID}))
    service = changed(settings, source_maps_directory=str(tmp_path))
    client = TestClient(Viewer(service=service))
    debug_ids = {"https://shop.example/a/shop.js": DEBUG_ID}
    assert client.post("/report_js_error", json=MINIFIED | {"debug_ids": debug_ids}).status_code == 204
    assert service.worker.flush(10)
    (entry,) = service.store.page().entries
    assert entry.location
    assert (entry.location.file, entry.location.line) == ("src/shop.ts", 1)
    service.close()


@pytest.mark.parametrize(
    "debug_ids",
    [None, "x", 5, [DEBUG_ID], {"https://shop.example/a/shop.js": 5}, {"x": "y" * 10_000}, {"": None}],
)
def test_debug_ids_in_another_form_are_left_out(settings: Settings, tmp_path: Path, debug_ids: Any) -> None:
    service = changed(settings, source_maps_directory=str(tmp_path))
    client = TestClient(Viewer(service=service))
    body = json.dumps(MINIFIED | {"debug_ids": debug_ids})
    answer = client.post("/report_js_error", content=body, headers=JSON)
    assert service.worker.flush(10)
    assert (answer.status_code, len(service.store.page().entries)) == (204, 1)
    service.close()


@pytest.mark.parametrize("synchronous", [False, True])
def test_maps_are_read_off_the_event_loop(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, synchronous: bool
) -> None:
    (tmp_path / "shop.js.map").write_text(json.dumps(MAP))
    loops: list[bool] = []
    real = source_map.SourceMap.__init__

    def watched(self: Any, *args: Any) -> None:
        loops.append(has_loop())
        real(self, *args)

    monkeypatch.setattr(source_map.SourceMap, "__init__", watched)
    service = changed(settings, source_maps_directory=str(tmp_path), synchronous=synchronous)
    client = TestClient(Viewer(service=service))
    assert client.post("/report_js_error", json=MINIFIED).status_code == 204
    assert service.worker.flush(10)
    (entry,) = service.store.page().entries
    assert entry.location
    assert entry.location.file == "src/shop.ts"
    assert loops == [False]
    service.close()


def has_loop() -> bool:
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return False
    return True
