"""Reports name the request and the span that they belong to."""

import subprocess
import sys
from collections.abc import Iterator

import pytest
from opentelemetry import trace
from opentelemetry.sdk.trace import TracerProvider

from logster.capture.correlation import ids_of
from logster.capture.request import asgi_env, wsgi_env
from tests.unit.captured import Log

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
TRACEPARENT = f"00-{TRACE}-00f067aa0ba902b7-01"


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ({}, {}),
        ({"x-request-id": " r1 "}, {"request_id": "r1"}),
        ({"x-correlation-id": "c1"}, {"request_id": "c1"}),
        ({"x-request-id": "r1", "x-correlation-id": "c1"}, {"request_id": "r1"}),
        ({"traceparent": TRACEPARENT}, {"request_id": TRACE, "trace_id": TRACE}),
        ({"x-request-id": "r1", "traceparent": TRACEPARENT}, {"request_id": "r1", "trace_id": TRACE}),
        ({"traceparent": f"00-{'0' * 32}-00f067aa0ba902b7-01"}, {}),
        ({"traceparent": "<script>"}, {}),
        ({"x-request-id": "x" * 300}, {"request_id": "x" * 200 + "… (100 more characters)"}),
    ],
)
def test_request_ids_are_found_in_the_usual_headers(headers: dict[str, str], expected: dict[str, str]) -> None:
    assert ids_of(headers) == expected


def test_the_env_of_a_request_has_its_id() -> None:
    assert asgi_env({"type": "http", "headers": [(b"x-request-id", b"r1")]})["request_id"] == "r1"
    assert wsgi_env({"HTTP_TRACEPARENT": TRACEPARENT})["trace_id"] == TRACE


@pytest.fixture
def log() -> Iterator[Log]:
    log = Log()
    yield log
    log.close()


def test_a_report_in_a_span_has_its_ids(log: Log) -> None:
    with TracerProvider().get_tracer("shop").start_as_current_span("order") as span:
        context = span.get_span_context()
        log.logger.error("m")
    assert log.only.env["trace_id"] == trace.format_trace_id(context.trace_id)
    assert log.only.env["span_id"] == trace.format_span_id(context.span_id)


def test_a_report_outside_of_a_span_has_none(log: Log) -> None:
    log.logger.error("m")
    assert not {"trace_id", "span_id"} & set(log.only.env)


def test_a_tracer_that_fails_takes_no_report_with_it(log: Log, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(trace, "get_current_span")
    log.logger.error("m")
    assert log.only.message == "m"


def test_opentelemetry_is_not_loaded_for_it() -> None:
    program = """
import sys
from logster.capture.correlation import current_span
print(current_span(), [name for name in sys.modules if name.startswith("opentelemetry")])
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout == "None []\n"
