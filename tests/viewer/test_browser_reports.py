"""What browsers report by themselves becomes entries, one for each mistake, within the beacon's limits."""

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from msgspec.structs import replace
from starlette.testclient import TestClient

from logster.entry import Entry
from logster.service import Service
from logster.settings import Settings
from logster.viewer.app import Viewer
from logster.viewer.browser_reports import MAX_REPORTS

CSP = "application/csp-report"
REPORTS = "application/reports+json"
PAGE = "http://testserver/basket?step=2"
# As Chromium sends it for `report-uri`.
VIOLATION = {
    "document-uri": PAGE,
    "referrer": "",
    "violated-directive": "img-src",
    "effective-directive": "img-src",
    "original-policy": "default-src 'self'; report-uri /logs/browser_reports",
    "disposition": "enforce",
    "blocked-uri": "https://evil.example/pixel.gif?id=1",
    "line-number": 12,
    "column-number": 3,
    "source-file": "http://testserver/shop.js",
    "status-code": 200,
    "script-sample": "",
}


@pytest.fixture
def service(settings: Settings) -> Iterator[Service]:
    service = Service(settings)
    yield service
    service.close()


@pytest.fixture
def client(service: Service) -> TestClient:
    """A browser whom no `authorize` lets in."""
    return TestClient(Viewer(service=service))


@pytest.fixture
def recorded(service: Service) -> Callable[[], dict[str, Entry]]:
    """Return a function that returns the whole entries by message."""

    def entries() -> dict[str, Entry]:
        assert service.worker.flush(10)
        found = [service.store.entry(each.key) for each in service.store.page().entries]
        assert all(found)
        return {entry.message: replace(entry, env=service.store.env_samples(entry.key)) for entry in found if entry}

    return entries


Recorded = Callable[[], dict[str, Entry]]


def send(client: TestClient, body: Any, kind: str = REPORTS, **headers: str) -> int:
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    answer = client.post("/browser_reports", content=content, headers={"Content-Type": kind, **headers})
    return answer.status_code


def report(kind: str, url: str = PAGE, **body: Any) -> dict[str, Any]:
    return {"type": kind, "age": 10, "url": url, "user_agent": "browser/1", "body": body}


def test_a_violation_becomes_an_entry(client: TestClient, recorded: Recorded) -> None:
    assert send(client, {"csp-report": VIOLATION}, CSP) == 204

    ((message, entry),) = recorded().items()
    assert message == "Content security policy: img-src blocked https://evil.example"
    assert (entry.level, entry.logger, entry.source) == ("WARNING", "browser", "browser")
    assert entry.env[0]["report"]["documentURL"] == PAGE
    assert entry.env[0]["report"]["disposition"] == "enforce"
    assert entry.location
    assert (entry.location.file, entry.location.line, entry.location.column) == ("http://testserver/shop.js", 12, 3)


def test_both_forms_of_a_violation_are_one_entry(client: TestClient, recorded: Recorded) -> None:
    send(client, {"csp-report": VIOLATION}, CSP)
    blocked = "https://evil.example/another.gif"
    send(client, [report("csp-violation", effectiveDirective="img-src", blockedURL=blocked, sourceFile="/other.js")])
    send(client, {"csp-report": {"violated-directive": "img-src 'self'", "blocked-uri": blocked}}, CSP)

    assert {message: entry.count for message, entry in recorded().items()} == {
        "Content security policy: img-src blocked https://evil.example": 3
    }


def csp(**body: Any) -> dict[str, Any]:
    return report("csp-violation", **{"effectiveDirective": "script-src-elem", **body})


KINDS = {
    "csp inline": (
        [csp(blockedURL="inline", sourceFile="http://a/x.js?v=1"), csp(blockedURL="inline", sourceFile="http://a/x.js")],
        ("Content security policy: script-src-elem blocked inline", 2, "WARNING"),
    ),
    "csp data": (
        [csp(blockedURL="data:text/plain,hello"), csp(blockedURL="data")],
        ("Content security policy: script-src-elem blocked data", 2, "WARNING"),
    ),
    "deprecation": (
        [report("deprecation", id="WebSQL", message="WebSQL is deprecated.", sourceFile="/a.js", lineNumber=line)
         for line in (1, 2)],
        ("Deprecation: WebSQL is deprecated.", 2, "WARNING"),
    ),
    "intervention": (
        [report("intervention", id="HeavyAd", message="Ad was removed.")],
        ("Intervention: Ad was removed.", 1, "WARNING"),
    ),
    "crash": ([report("crash", reason="oom"), report("crash", "http://testserver/", reason="oom")],
              ("The page crashed: oom", 2, "ERROR")),
    "crash without reason": ([report("crash")], ("The page crashed: unknown reason", 1, "ERROR")),
    "network": (
        [report("network-error", f"https://api.example/{path}", phase="dns", type="dns.name_not_resolved")
         for path in "ab"],
        ("Network error: dns.name_not_resolved at https://api.example", 2, "ERROR"),
    ),
    "another": (
        [report("permissions-policy-violation", policyId="camera")],
        ("Browser report: permissions-policy-violation camera", 1, "WARNING"),
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", KINDS)
def test_equal_reports_are_one_entry(client: TestClient, recorded: Recorded, name: str) -> None:
    reports, told = KINDS[name]
    assert send(client, reports) == 204

    assert [(message, entry.count, entry.level) for message, entry in recorded().items()] == [told]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (csp(blockedURL="https://a.example/x"), csp(blockedURL="https://b.example/x")),
        (csp(blockedURL="inline", sourceFile="/a.js"), csp(blockedURL="inline", sourceFile="/b.js")),
        (csp(blockedURL="eval"), csp(blockedURL="eval", effectiveDirective="img-src")),
        (report("crash", reason="oom"), report("crash", reason="unresponsive")),
        (report("deprecation", id="A", message="x"), report("deprecation", id="B", message="x")),
        (report("network-error", phase="dns", type="x"), report("network-error", phase="connection", type="x")),
    ],
)
def test_what_differs_is_two_entries(
    client: TestClient, service: Service, one: dict[str, Any], other: dict[str, Any]
) -> None:
    send(client, [one, other])

    assert service.worker.flush(10)
    assert len(service.store.page().entries) == 2


def test_what_went_well_is_left_out(client: TestClient, recorded: Recorded) -> None:
    assert send(client, [report("network-error", phase="application", type="ok")]) == 204
    assert recorded() == {}


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        (CSP, b"{"),
        (CSP, b"[]"),
        (CSP, b'{"csp-report": 7}'),
        (CSP, b"\xff"),
        (REPORTS, b"7"),
        (REPORTS, b"[7]"),
        (REPORTS, b'[{"type": "crash"}]'),
        (REPORTS, b'[{"type": 7, "body": {}}]'),
        (REPORTS, b"[" * 100_000),
    ],
)
def test_what_is_no_report_is_refused(client: TestClient, recorded: Recorded, kind: str, body: bytes) -> None:
    assert send(client, body[:60_000], kind) == 400
    assert recorded() == {}


STRANGE = [None, 7, 1e300, 10**30, True, [1], {"a": 1}, "\ud800", "http://[::1", "http://a:b/", "x" * 5_000]


@pytest.mark.parametrize("kind", ["csp-violation", "deprecation", "crash", "network-error", "", "\x00"])
@pytest.mark.parametrize("value", STRANGE, ids=range(len(STRANGE)))
def test_strange_values_hurt_nobody(client: TestClient, recorded: Recorded, kind: str, value: Any) -> None:
    names = ("blockedURL", "effectiveDirective", "sourceFile", "lineNumber", "columnNumber", "reason", "id", "type")
    strange = report(kind, **dict.fromkeys(names, value)) | {"age": value, "url": value}
    content = json.dumps([strange]).encode()
    status = send(client, content)

    # A lone surrogate is no JSON in UTF-8.
    assert status == (400 if value == "\ud800" else 204)
    (entry, *_) = recorded().values() if status == 204 else [None]
    if entry:
        assert len(json.dumps(entry.env)) < 12_000
        assert len(entry.message) < 2_000


def test_secrets_are_redacted(client: TestClient, recorded: Recorded) -> None:
    page = "https://user:hunter2@shop.example/?token=hunter2"
    send(client, [csp(blockedURL=page, documentURL=page, sourceFile=page, sample="password = 'hunter2'")])
    send(client, [report("network-error", page, phase="dns", type="failed", referrer=page)])

    entries = recorded()
    assert len(entries) == 2
    assert "hunter2" not in repr(entries)


def test_each_report_counts_and_what_is_beyond_the_limit_is_left_out(settings: Settings) -> None:
    service = Service(settings.with_changes(beacon_per_minute=3))
    client = TestClient(Viewer(service=service))

    first = send(client, [report("crash", reason="oom")] * 5)
    second = send(client, [report("crash", reason="oom")])

    assert (first, second) == (204, 429)
    assert service.worker.flush(10)
    assert [entry.count for entry in service.store.page().entries] == [3]
    service.close()


def test_a_request_brings_so_many_at_most(settings: Settings) -> None:
    service = Service(settings.with_changes(beacon_per_minute=10_000))

    assert send(TestClient(Viewer(service=service)), [report("crash")] * (MAX_REPORTS + 1)) == 204

    assert service.worker.flush(10)
    assert [entry.count for entry in service.store.page().entries] == [MAX_REPORTS]
    service.close()


def test_switched_off_with_the_beacon(settings: Settings) -> None:
    service = Service(settings.with_changes(beacon=False))
    assert send(TestClient(Viewer(service=service)), [report("crash")]) == 403
    service.close()


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 204),
        ({"Origin": "http://testserver"}, 204),
        ({"Sec-Fetch-Site": "same-origin"}, 204),
        ({"Sec-Fetch-Site": "none"}, 204),
        ({"Sec-Fetch-Site": "cross-site"}, 403),
        ({"Origin": "http://evil.example"}, 403),
    ],
)
def test_pages_of_other_sites_may_not(client: TestClient, headers: dict[str, str], status: int) -> None:
    assert send(client, [report("crash")], **headers) == status


def test_another_type_or_a_larger_body_is_refused(client: TestClient, service: Service) -> None:
    assert send(client, [report("crash")], "application/json") == 415
    assert send(client, b" " * (service.settings.beacon_max_bytes + 1)) == 413
