"""What Sentry's SDKs send becomes entries: by key, within limits, and whatever it looks like."""

import gzip
import json
import sys
import zlib
from collections.abc import Callable, Iterator
from copy import deepcopy
from typing import Any

import brotli
import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from msgspec.json import encode
from msgspec.structs import replace
from starlette.testclient import TestClient

import logster
from logster import service as services
from logster.capture.sentry_event import SentryEventSnapshot
from logster.capture.sentry_log import SentryLogSnapshot
from logster.entry import Entry
from logster.errors import ConfigurationError
from logster.redaction import Redactor
from logster.service import Service
from logster.settings import Settings
from logster.viewer.app import Viewer
from logster.viewer.envelope import MAX_HEADER_BYTES, MAX_ITEMS
from logster.viewer.sentry import MAX_EVENT_BYTES

KEY = "0123456789abcdef0123456789abcdef"
OTHER = "fedcba9876543210fedcba9876543210"
AUTH = f"Sentry sentry_version=7, sentry_client=sentry.python/2.0, sentry_key={KEY}"
ENVELOPE = "/api/1/envelope/"
STORE = "/api/1/store/"


def frame(function: str, line: int, *, in_app: bool = True, **more: Any) -> dict[str, Any]:
    return {
        "filename": "shop/basket.py",
        "abs_path": "/app/shop/basket.py",
        "module": "shop.basket",
        "function": function,
        "lineno": line,
        "context_line": f"    {function}(basket)",
        "pre_context": ["def it():", "    # before"],
        "post_context": ["    # after"],
        "in_app": in_app,
        **more,
    }


def raised(type_: str = "ValueError", value: str = "no price", **more: Any) -> dict[str, Any]:
    frames = [frame("main", 10, in_app=False), frame("pay", 20, vars={"basket": {"items": 3}, "password": "hunter2"})]
    return {"type": type_, "value": value, "stacktrace": {"frames": frames}, **more}


def event(**more: Any) -> dict[str, Any]:
    return {
        "event_id": "9ec79c33ec9942ab8353589fcb2e04dc",
        "platform": "python",
        "level": "error",
        "exception": {"values": [raised()]},
        **more,
    }


def envelope(*items: tuple[str, Any], **headers: Any) -> bytes:
    lines = [json.dumps(headers).encode()]
    for type_, payload in items:
        content = payload if isinstance(payload, bytes) else json.dumps(payload).encode()
        lines += [json.dumps({"type": type_, "length": len(content)}).encode(), content]
    return b"\n".join(lines)


@pytest.fixture
def service(settings: Settings) -> Iterator[Service]:
    service = Service(settings.with_changes(sentry_keys=(OTHER, KEY), sentry_per_minute=1_000_000))
    yield service
    service.close()


@pytest.fixture
def client(service: Service) -> TestClient:
    """A program whom no `authorize` lets in."""
    return TestClient(Viewer(service=service))


def send(client: TestClient, body: bytes, path: str = ENVELOPE, **headers: str) -> Any:
    return client.post(path, content=body, headers={"X-Sentry-Auth": AUTH, **headers})


def report(client: TestClient, *events: dict[str, Any]) -> None:
    for each in events:
        assert send(client, envelope(("event", each))).status_code == 200


def entries(service: Service) -> list[Entry]:
    assert service.worker.flush(10)
    found = [service.store.entry(each.key) for each in service.store.page().entries]
    return [replace(entry, env=service.store.env_samples(entry.key)) for entry in found if entry]


def only(service: Service) -> Entry:
    (entry,) = entries(service)
    return entry


def env_of(entry: Entry) -> dict[str, Any]:
    assert entry.env
    return entry.env[0]


# Who may


def test_switched_off_there_is_nothing(settings: Settings) -> None:
    service = Service(settings)
    client = TestClient(Viewer(service=service))
    for path in (ENVELOPE, STORE):
        assert send(client, envelope(("event", event())), path).status_code == 404
        assert client.options(path).status_code == 404
    assert entries(service) == []
    service.close()


@pytest.mark.parametrize(
    ("headers", "query", "status"),
    [
        ({"X-Sentry-Auth": AUTH}, "", 200),
        ({"Authorization": AUTH}, "", 200),
        ({}, f"?sentry_version=7&sentry_key={KEY}", 200),
        ({"X-Sentry-Auth": AUTH.replace(KEY, OTHER)}, "", 200),
        ({}, "", 401),
        ({"X-Sentry-Auth": "Sentry"}, "", 401),
        ({"X-Sentry-Auth": AUTH[:-1]}, "", 403),
        ({"X-Sentry-Auth": AUTH + "0"}, "", 403),
        ({}, "?sentry_key=%F0%9F%8E%81", 403),
        ({}, "?sentry_key=%ff%00", 403),
    ],
)
def test_who_has_a_key_may_report(client: TestClient, headers: dict[str, str], query: str, status: int) -> None:
    answer = client.post(ENVELOPE + query, content=envelope(("event", event())), headers=headers)
    assert answer.status_code == status
    assert answer.headers["access-control-allow-origin"] == "*"
    assert KEY not in answer.text


def test_a_revoked_key_may_no_longer(settings: Settings) -> None:
    service = Service(settings.with_changes(sentry_keys=(OTHER,)))
    assert send(TestClient(Viewer(service=service)), envelope(("event", event()))).status_code == 403
    service.close()


def test_keys_are_made_and_revoked_by_code_while_the_app_runs(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("logster.service._service", Service(settings))
    client = TestClient(Viewer())
    answers = []
    for keys in ((), (KEY,), (OTHER, KEY), (OTHER,), ()):
        logster.configure(sentry_keys=keys)
        answers.append(send(client, envelope(("event", event()))).status_code)
    assert answers == [404, 200, 200, 403, 404]
    services.current().close()


@pytest.mark.parametrize("key", ["short", "x" * 65, "0123456789abcdé0123456789", "with space 0123456789", 7])
def test_a_key_has_a_form_that_a_dsn_can_hold(settings: Settings, key: Any) -> None:
    with pytest.raises(ConfigurationError, match="sentry_keys") as caught:
        settings.with_changes(sentry_keys=(key,))
    assert "0123456789" not in str(caught.value)


def test_keys_come_from_the_environment() -> None:
    settings = Settings.from_environment({"LOGSTER_SENTRY_KEYS": f"{KEY}, {OTHER}"})
    assert settings.sentry_keys == (KEY, OTHER)


def test_browsers_of_other_sites_may_ask(client: TestClient) -> None:
    asked = {"Origin": "https://shop.example", "Access-Control-Request-Method": "POST"}
    answer = client.options(ENVELOPE, headers=asked)
    assert answer.status_code == 204
    assert answer.headers["access-control-allow-origin"] == "*"
    assert "X-Sentry-Auth" in answer.headers["access-control-allow-headers"]
    assert "POST" in answer.headers["access-control-allow-methods"]


def test_the_rest_of_the_api_stays_closed(client: TestClient) -> None:
    for path in ("/api/entries", "/api/1/entries/", "/api/x/envelope/", "/api/1/envelope/x", "/api//envelope/"):
        assert send(client, b"{}", path).status_code == 403


# What comes of it


def test_an_event_becomes_an_entry(client: TestClient, service: Service) -> None:
    answer = send(client, envelope(("event", event()), event_id="9ec79c33ec9942ab8353589fcb2e04dc"))
    assert answer.json() == {"id": "9ec79c33ec9942ab8353589fcb2e04dc"}

    entry = only(service)
    assert (entry.message, entry.level, entry.logger, entry.source) == (
        "ValueError: no price",
        "ERROR",
        "sentry",
        "sentry",
    )
    assert entry.exception
    assert [each.function for each in entry.exception.frames] == ["main", "pay"]
    last = entry.exception.frames[-1]
    assert (last.file, last.line, last.in_app, last.source) == ("/app/shop/basket.py", 20, True, "    pay(basket)")
    assert last.before == ("def it():", "    # before")
    assert last.after == ("    # after",)
    assert last.locals == {"basket": '{"items":3}', "password": "[redacted]"}
    assert 'File "/app/shop/basket.py", line 20, in pay' in entry.traceback
    assert entry.location
    assert entry.location.function == "pay"


def test_the_viewer_shows_it_as_one_of_ours(client: TestClient, service: Service) -> None:
    cause = raised("KeyError", "'price'", mechanism={"exception_id": 1, "parent_id": 0, "source": "__cause__"})
    main = raised(mechanism={"exception_id": 0})
    report(client, event(exception={"values": [cause, main]}, breadcrumbs={"values": [{"message": "clicked"}]}))
    page = TestClient(Viewer(lambda _: "Ada", service=service)).get(f"/show/{only(service).key}").text
    shown = ("KeyError", "ValueError", "led to", "basket.py", "pay", "a Sentry SDK", "clicked", "items")
    assert [text for text in shown if text not in page] == []
    assert "hunter2" not in page


def test_the_store_endpoint_takes_one_event(client: TestClient, service: Service) -> None:
    assert send(client, json.dumps(event()).encode(), STORE).json() == {"id": "9ec79c33ec9942ab8353589fcb2e04dc"}
    assert only(service).exception_type == "ValueError"


def test_paths_without_a_last_slash_are_taken(client: TestClient, service: Service) -> None:
    assert send(client, envelope(("event", event())), ENVELOPE.rstrip("/")).status_code == 200
    assert send(client, json.dumps(event()).encode(), STORE.rstrip("/")).status_code == 200
    assert only(service).count == 2


def test_equal_events_are_one_entry(client: TestClient, service: Service) -> None:
    variables = [frame("pay", 20, vars={"n": number}) for number in range(3)]
    events = [
        event(event_id=f"{number:032x}", exception={"values": [raised(stacktrace={"frames": [variables[number]]})]})
        for number in range(3)
    ]
    report(client, *events)
    assert only(service).count == 3


def test_the_message_of_an_exception_does_not_tell_apart(client: TestClient, service: Service) -> None:
    report(client, *(event(exception={"values": [raised(value=f"no price for {name}")]}) for name in "ab"))
    assert only(service).count == 2


def test_it_is_counted_with_our_own_of_the_same_place(client: TestClient, service: Service) -> None:
    """The fingerprint is that of an exception which our own handler saw."""
    from logster.fingerprint import of_exception

    report(client, event())
    entry = only(service)
    assert entry.exception
    assert entry.key == of_exception(entry.exception)


@pytest.mark.parametrize(
    ("parts", "others", "same"),
    [
        (["a"], ["a"], True),
        (["a"], ["b"], False),
        (["{{ default }}"], None, True),
        (["{{default}}"], ["{{ default }}"], True),
        ([], None, True),
        (["{{ default }}", "a"], ["{{ default }}", "a"], True),
        (["{{ default }}", "a"], ["{{ default }}", "b"], False),
        (["{{ default }}", "a"], None, False),
        ([7, None], ["7", "None"], True),
        ("no list", None, True),
    ],
)
def test_the_fingerprint_field_decides(
    client: TestClient, service: Service, parts: Any, others: Any, same: bool
) -> None:
    report(client, event(fingerprint=parts), event(fingerprint=others))
    assert len(entries(service)) == (1 if same else 2)


def test_a_fingerprint_alone_joins_different_exceptions(client: TestClient, service: Service) -> None:
    report(client, event(fingerprint=["a"]), event(fingerprint=["a"], exception={"values": [raised("KeyError")]}))
    assert only(service).count == 2


def test_a_fingerprint_with_default_keeps_different_exceptions_apart(client: TestClient, service: Service) -> None:
    parts = ["{{ default }}", "a"]
    report(client, event(fingerprint=parts), event(fingerprint=parts, exception={"values": [raised("KeyError")]}))
    assert len(entries(service)) == 2


@pytest.mark.parametrize(
    ("level", "ours"),
    [
        ("fatal", "CRITICAL"),
        ("error", "ERROR"),
        ("warning", "WARNING"),
        ("info", "INFO"),
        ("debug", "DEBUG"),
        (None, "ERROR"),
        (["x"], "ERROR"),
    ],
)
def test_levels(client: TestClient, service: Service, level: Any, ours: str) -> None:
    report(client, event(level=level))
    assert only(service).level == ours


def test_surroundings_are_in_the_env(client: TestClient, service: Service) -> None:
    report(
        client,
        event(
            tags={"shop": "north"},
            user={"id": 7, "email": "ada@example.com", "ip_address": "{{auto}}"},
            request={
                "url": "https://shop.example/pay?token=hunter2",
                "method": "POST",
                "headers": {"User-Agent": "browser/1", "Cookie": "hunter2"},
                "cookies": {"session": "hunter2"},
                "data": {"password": "hunter2", "item": 3},
            },
            contexts={"trace": {"trace_id": "a" * 32, "span_id": "b" * 16}, "os": {"name": "Linux"}},
            breadcrumbs={
                "values": [{"timestamp": 1.5, "category": "db", "level": "info", "message": "password=hunter2"}]
            },
            extra={"api_key": "hunter2", "size": 5},
            release="shop@1.2",
            environment="staging",
            server_name="web1",
            transaction="/pay",
            sdk={"name": "sentry.python", "version": "2.0"},
        ),
    )
    entry = only(service)
    env = env_of(entry)
    assert env["tags"] == {"shop": "north"}
    assert env["user"] == {"id": 7, "email": "ada@example.com", "ip_address": "testclient"}
    assert env["user_id"] == "7"
    assert (env["method"], env["url"]) == ("POST", "https://shop.example/pay?token=[redacted]")
    assert env["headers"]["user-agent"] == "browser/1"
    assert env["data"] == {"password": "[redacted]", "item": 3}
    assert (env["trace_id"], env["span_id"]) == ("a" * 32, "b" * 16)
    assert env["contexts"] == {"os": {"name": "Linux"}}
    assert [(each["logger"], each["level"]) for each in env["breadcrumbs"]] == [("db", "INFO")]
    assert (env["application_version"], env["environment"], env["hostname"]) == ("shop@1.2", "staging", "web1")
    assert (env["transaction"], env["sdk"]) == ("/pay", "sentry.python 2.0")
    assert entry.versions == ["shop@1.2"]
    assert "hunter2" not in json.dumps(env)


def test_secrets_are_redacted_everywhere(client: TestClient, service: Service) -> None:
    secret = "password = 'hunter2'"
    frames = [
        frame(
            secret,
            1,
            module=secret,
            abs_path=secret,
            context_line=secret,
            pre_context=[secret],
            post_context=[secret],
            vars={"a": secret},
        )
    ]
    report(
        client,
        event(
            message=secret,
            logger=secret,
            release=secret,
            exception={"values": [raised(type_=secret, value=secret, module=secret, stacktrace={"frames": frames})]},
        ),
    )
    names = ("x", "logger.name", "sentry.release", "code.file.path", "code.function.name", "sentry.message.template")
    attributes = {name: {"value": secret} for name in names}
    send(client, envelope(("log", {"items": [{"body": secret, "attributes": attributes}]})))
    assert len(entries(service)) == 2
    assert "hunter2" not in repr(entries(service))


def test_env_and_message_stay_within_bounds(client: TestClient, service: Service) -> None:
    crumbs = [{"message": "x" * 900, "data": {"n": number}} for number in range(150)]
    frames = [frame(f"f{number}", number) for number in range(150)]
    many = {f"tag{number}": "y" * 900 for number in range(200)}
    exception = raised(value="z" * 20_000, stacktrace={"frames": frames})
    report(client, event(breadcrumbs=crumbs, tags=many, extra=many, exception={"values": [exception] * 5}))
    entry = only(service)
    assert len(json.dumps(env_of(entry))) < 13_000
    assert len(entry.message) <= service.settings.maximum_message_length
    assert entry.exception
    assert len(entry.exception.frames) <= 100


def test_a_deep_stack_keeps_both_ends(client: TestClient, service: Service) -> None:
    frames = [frame(f"f{number}", number, pre_context=[], post_context=[]) for number in range(150)]
    report(client, event(exception={"values": [raised(stacktrace={"frames": frames})]}))
    exception = only(service).exception
    assert exception
    assert (exception.omitted, exception.omitted_at) == (50, 20)
    assert [each.line for each in exception.frames] == [*range(20), *range(70, 150)]


def test_a_chain_without_ids_is_a_chain(client: TestClient, service: Service) -> None:
    report(client, event(exception={"values": [raised("A"), raised("B"), raised("C")]}))
    exception = only(service).exception
    assert exception
    assert exception.cause
    assert exception.cause.cause
    assert (exception.type, exception.cause.type, exception.cause.cause.type) == ("C", "B", "A")


def test_a_group_has_its_members(client: TestClient, service: Service) -> None:
    members = [
        raised(name, mechanism={"exception_id": number, "parent_id": 0, "source": f"exceptions[{number - 1}]"})
        for number, name in ((2, "B"), (1, "A"))
    ]
    whole = raised("ExceptionGroup", mechanism={"exception_id": 0, "is_exception_group": True})
    report(client, event(exception={"values": [*members, whole]}))
    exception = only(service).exception
    assert exception
    assert exception.type == "ExceptionGroup"
    assert {each.type for each in exception.exceptions} == {"A", "B"}
    assert exception.cause is None


def test_parents_that_go_round_in_circles_end(client: TestClient, service: Service) -> None:
    values = [raised(name, mechanism={"exception_id": id_, "parent_id": 1}) for id_, name in enumerate("AB")]
    report(client, event(exception={"values": values}))
    assert only(service).exception_type == "A"


def test_a_message_with_parameters_has_a_template(client: TestClient, service: Service) -> None:
    for number in (1, 2):
        report(client, {"level": "warning", "logger": "shop", "logentry": {"message": "item %s", "params": [number]}})
    entry = only(service)
    assert (entry.message, entry.template, entry.count, entry.logger) == ("item 2", "item %s", 2, "shop")


def test_a_message_with_a_stack_shows_it(client: TestClient, service: Service) -> None:
    thread = {"current": True, "stacktrace": {"frames": [frame("pay", 20)]}}
    report(client, {"message": "slow", "level": "info", "threads": {"values": [thread]}})
    entry = only(service)
    assert entry.message == "slow"
    assert "in pay" in entry.traceback
    assert entry.location
    assert entry.location.line == 20


def test_a_browsers_error_is_grouped_as_our_beacons(client: TestClient, service: Service) -> None:
    url = "https://shop.example/shop.js"
    frames = [{"filename": url, "function": "pay", "lineno": 3, "colno": 5, "in_app": True}]
    exception = {"type": "TypeError", "value": "x is undefined", "stacktrace": {"frames": frames}}
    report(client, event(platform="javascript", exception={"values": [exception]}))
    stack = f"TypeError: x is undefined\n    at pay ({url}:3:5)"
    sent = client.post("/report_js_error", json={"message": "TypeError: x is undefined", "stacktrace": stack})
    assert sent.status_code == 204
    assert only(service).count == 2


def test_logs_are_kept(client: TestClient, service: Service) -> None:
    logs = [
        {
            "timestamp": 1_000.0,
            "level": "warn",
            "body": f"basket {number} is slow",
            "trace_id": "c" * 32,
            "attributes": {
                "sentry.message.template": {"value": "basket {number} is slow", "type": "string"},
                "sentry.release": {"value": "shop@1.2", "type": "string"},
                "server.address": {"value": "web1", "type": "string"},
                "number": {"value": number, "type": "integer"},
            },
        }
        for number in (1, 2)
    ]
    assert send(client, envelope(("log", {"items": logs}))).status_code == 200
    entry = only(service)
    assert (entry.message, entry.level, entry.count) == ("basket 2 is slow", "WARNING", 2)
    assert entry.template == "basket {number} is slow"
    assert {each["number"] for each in entry.env or []} == {1, 2}
    assert env_of(entry)["trace_id"] == "c" * 32
    assert env_of(entry)["hostname"] == "web1"
    assert entry.versions == ["shop@1.2"]


def test_other_items_are_acknowledged_and_counted(client: TestClient, service: Service) -> None:
    body = envelope(("transaction", {}), ("session", {}), ("attachment", b"\x00\xff\n\x00"), ("new kind", {}))
    assert send(client, body).status_code == 200
    assert send(client, envelope(("event", event()), ("session", {}))).status_code == 200
    assert only(service).count == 1
    page = TestClient(Viewer(lambda _: "Ada", service=service)).get("/metrics").text
    counted = {"event": 1, "log": 0, "transaction": 1, "session": 2, "attachment": 1, "other": 1}
    for type_, count in counted.items():
        assert f'logster_sentry_items_total{{type="{type_}"}} {count}\n' in page


# Limits


def test_more_than_the_limit_is_refused(settings: Settings) -> None:
    service = Service(settings.with_changes(sentry_keys=(KEY,), sentry_per_minute=3))
    client = TestClient(Viewer(service=service))
    first = send(client, envelope(*[("event", event())] * 5))
    second = send(client, envelope(("event", event())))
    assert (first.status_code, second.status_code) == (200, 429)
    for answer in (first, second):
        assert answer.headers["retry-after"] == "60"
        assert answer.headers["x-sentry-rate-limits"].split(":")[:2] == ["60", "error;default;log_item"]
    assert only(service).count == 3
    service.close()


def test_the_beacons_limit_is_another(settings: Settings) -> None:
    service = Service(settings.with_changes(sentry_keys=(KEY,), sentry_per_minute=1, beacon_per_minute=1))
    client = TestClient(Viewer(service=service))
    assert send(client, envelope(("event", event()))).status_code == 200
    assert client.post("/report_js_error", json={"message": "x"}).status_code == 204
    assert send(client, envelope(("event", event()))).status_code == 429
    service.close()


def raw_deflate(data: bytes) -> bytes:
    engine = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    return engine.compress(data) + engine.flush()


ENCODINGS: dict[str, tuple[str, Callable[[bytes], bytes]]] = {
    "gzip": ("gzip", gzip.compress),
    "deflate": ("deflate", zlib.compress),
    "raw deflate": ("deflate", raw_deflate),
    "brotli": ("br", brotli.compress),
    "identity": ("identity", bytes),
}


@pytest.mark.parametrize("name", ENCODINGS)
def test_encodings(client: TestClient, service: Service, name: str) -> None:
    encoding, compress = ENCODINGS[name]
    large = event(extra={"a": [f"text {number}" for number in range(20_000)]})
    answer = send(client, compress(envelope(("event", large))), **{"Content-Encoding": encoding})
    assert answer.status_code == 200
    assert only(service).count == 1


@pytest.mark.parametrize("name", ENCODINGS)
def test_what_is_huge_inside_ends_early(settings: Settings, name: str) -> None:
    service = Service(settings.with_changes(sentry_keys=(KEY,), sentry_max_expanded_bytes=100_000))
    encoding, compress = ENCODINGS[name]
    for size, status in ((100_000, 200), (100_001, 413), (900_000, 413)):
        answer = send(
            TestClient(Viewer(service=service)), compress(b"{}" + b"\n" * (size - 2)), **{"Content-Encoding": encoding}
        )
        assert answer.status_code == status, size
    service.close()


@pytest.mark.parametrize("name", ["gzip", "deflate", "raw deflate", "brotli"])
def test_what_is_cut_off_or_something_else_is_refused(client: TestClient, service: Service, name: str) -> None:
    encoding, compress = ENCODINGS[name]
    whole = compress(envelope(("event", event())))
    for body in (whole[:-1], whole[: len(whole) // 2], b"", b"\xff" * 100):
        assert send(client, body, **{"Content-Encoding": encoding}).status_code == 400
    assert entries(service) == []


def test_another_encoding_is_refused(client: TestClient) -> None:
    answer = send(client, b"", **{"Content-Encoding": "zstd"})
    assert answer.status_code == 415
    assert "zstd" in answer.json()["detail"]


def test_brotli_without_its_package_says_what_is_missing(client: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "brotli", None)
    answer = send(client, brotli.compress(b"{}"), **{"Content-Encoding": "br"})
    assert answer.status_code == 415
    assert "logster-web[brotli]" in answer.json()["detail"]


def test_a_larger_body_is_refused(settings: Settings) -> None:
    service = Service(settings.with_changes(sentry_keys=(KEY,), sentry_max_bytes=2_000))
    client = TestClient(Viewer(service=service))
    assert send(client, b"{}" + b"\n" * 1_998).status_code == 200
    assert send(client, b"{}" + b"\n" * 1_999).status_code == 413

    def chunks() -> Iterator[bytes]:
        for _ in range(3):
            yield b"\n" * 1_000

    answer = client.post(ENVELOPE, content=chunks(), headers={"X-Sentry-Auth": AUTH})
    assert answer.status_code == 413
    service.close()


# Whatever it looks like

MALFORMED = {
    "nothing": b"",
    "no json": b"{",
    "a list": b"[]",
    "null bytes": b"\x00\x00\n\x00",
    "null bytes inside": b'{}\n{"type":"event\x00"}\n{}',
    "not utf-8": b'{"a":"\xff"}',
    "item without type": b"{}\n{}\n{}",
    "type is a number": b'{}\n{"type":7}\n{}',
    "length beyond the end": b'{}\n{"type":"event","length":100}\n{}',
    "length too short": b'{}\n{"type":"event","length":1}\n{}',
    "negative length": b'{}\n{"type":"event","length":-1}\n{}',
    "length is text": b'{}\n{"type":"event","length":"2"}\n{}',
    "length is true": b'{}\n{"type":"event","length":true}\n{}',
    "event is no object": b'{}\n{"type":"event"}\n[]',
    "event is nothing": b'{}\n{"type":"event"}',
    "event is no json": b'{}\n{"type":"event"}\n{"a":',
    "log is no json": b'{}\n{"type":"log"}\nx',
    "deep headers": b"[" * 5_000,
    "deep event": b'{}\n{"type":"event"}\n{"a":' + b"[" * 100_000 + b"]" * 100_000 + b"}",
    "lone surrogate": b'{}\n{"type":"event"}\n{"message":"\\ud800"}',
}


@pytest.mark.parametrize("name", MALFORMED)
def test_what_is_no_envelope_is_refused(client: TestClient, service: Service, name: str) -> None:
    assert send(client, MALFORMED[name]).status_code == 400
    assert entries(service) == []


GIANT = {
    "headers": b'{"a":"' + b"x" * MAX_HEADER_BYTES + b'"}\n',
    "item headers": b'{}\n{"type":"' + b"x" * MAX_HEADER_BYTES + b'"}\n{}',
    "items": b"{}" + b'\n{"type":"session"}\n{}' * (MAX_ITEMS + 1),
    "event": envelope(("event", {"message": "x" * MAX_EVENT_BYTES})),
    "log": envelope(("log", {"items": [{"body": "x" * MAX_EVENT_BYTES}]})),
}


@pytest.mark.parametrize("name", GIANT)
def test_what_is_giant_is_refused(client: TestClient, service: Service, name: str) -> None:
    answer = send(client, gzip.compress(GIANT[name]), **{"Content-Encoding": "gzip"})
    assert answer.status_code == 413
    assert entries(service) == []


_scalars = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text()
_json = st.recursive(
    _scalars, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3), max_leaves=10
)
NAMES = """
exception values type value module stacktrace frames vars function lineno context_line pre_context mechanism
exception_id parent_id source message logentry params formatted level fingerprint tags user id request headers
contexts trace breadcrumbs timestamp release threads platform items body attributes extra sdk
"""
_names = st.sampled_from(NAMES.split())
_shaped = st.recursive(
    _scalars, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_names, inner, max_size=5), max_leaves=25
)
_any_event = st.dictionaries(_names, _shaped, max_size=8)
_relaxed = hypothesis_settings(
    deadline=None, max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)


@_relaxed
@given(body=st.binary(max_size=300))
def test_any_bytes_are_answered(client: TestClient, body: bytes) -> None:
    assert send(client, body).status_code in (200, 400, 413)
    assert send(client, body, STORE).status_code in (200, 400, 413)
    assert send(client, body, **{"Content-Encoding": "gzip"}).status_code in (400, 413)


@_relaxed
@given(said=_any_event, headers=st.dictionaries(st.text(), _json, max_size=3), length=st.none() | st.integers(-5, 500))
def test_any_headers_and_lengths_are_answered(client: TestClient, said: Any, headers: Any, length: Any) -> None:
    item = json.dumps({"type": "event", "length": length, **headers}).encode()
    body = b"\n".join([json.dumps(headers).encode(), item, json.dumps(said).encode()])
    assert send(client, body).status_code in (200, 400, 413)


@_relaxed
@given(said=_any_event)
def test_any_event_and_log_can_be_rendered(said: dict[str, Any]) -> None:
    settings, redactor = Settings(), Redactor()
    for snapshot in (SentryEventSnapshot(deepcopy(said)), SentryLogSnapshot(said)):
        assert snapshot.identity()
        assert isinstance(snapshot.timestamp_ms, int)
        occurrence = snapshot.occurrence(settings, redactor)
        assert occurrence is None or encode(occurrence)
        assert len(encode(snapshot.env(settings, redactor))) < 2 * settings.max_env_bytes


@pytest.mark.parametrize("value", [10**30, -(10**30), 1e308, True, [], {}, [[]], "x" * 50_000, "\x00"])
def test_strange_values_in_every_place_hurt_nobody(client: TestClient, service: Service, value: Any) -> None:
    fields = ("exception", "message", "logentry", "fingerprint", "level", "logger", "platform", "release", "request")
    fields += ("tags", "user", "contexts", "breadcrumbs", "extra", "timestamp", "sdk", "threads", "stacktrace")
    inner = ("type", "value", "module", "mechanism", "stacktrace")
    of_frame = ("filename", "abs_path", "function", "lineno", "colno", "context_line", "pre_context", "vars", "in_app")
    strange = [{name: value, "message": "strange"} for name in fields]
    strange += [event(exception={"values": [raised(**{name: value})]}) for name in inner]
    strange += [event(exception={"values": [raised(stacktrace={"frames": [dict.fromkeys(of_frame, value)]})]})]
    report(client, *strange)
    assert sum(each.count for each in entries(service)) >= len(strange) - 2
    assert service.worker.stats["dropped"] == 0


def test_where_too_much_waits_more_is_refused(
    client: TestClient, service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("logster.viewer.sentry.MAX_WAITING_BYTES", 100)
    # A worker that does not get on.
    monkeypatch.setattr(type(service.worker), "stats", {"queued": 1})
    assert send(client, envelope(("event", event()))).status_code == 200
    answer = send(client, envelope(("event", event())))
    assert (answer.status_code, answer.headers["retry-after"]) == (429, "5")

    monkeypatch.setattr(type(service.worker), "stats", {"queued": 0})
    assert send(client, envelope(("event", event()))).status_code == 200


def test_a_pattern_keeps_events_out(client: TestClient, service: Service) -> None:
    service.store.add_pattern("suppression", "no price")
    report(client, event(), event(exception={"values": [raised(value="no stock", type="StockError")]}))
    assert only(service).message == "StockError: no stock"
