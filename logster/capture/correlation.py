"""What ties a report to others of the same work: request ids of headers, and the current span of OpenTelemetry.

Owns where these are found. Does not load OpenTelemetry: where it traces, it is loaded already.
"""

import re
import sys
from collections.abc import Mapping
from typing import Any

from logster.capture.plain import bounded, clean
from logster.entry import Env

Span = tuple[int, int]
"""Trace id and span id."""

TRACING = "opentelemetry.trace"
"""The module that is loaded where OpenTelemetry traces."""

_REQUEST_IDS = ("x-request-id", "x-correlation-id")
# https://www.w3.org/TR/trace-context/#traceparent-header; zeroes alone are no id.
_TRACEPARENT = re.compile(r"[0-9a-f]{2}-(?!0{32})([0-9a-f]{32})-[0-9a-f]{16}-[0-9a-f]{2}(?:-.*)?")
_LONGEST_ID = 200


def ids_of(headers: Mapping[str, str]) -> Env:
    """Return what the headers of a request, by names in lower case, say about where it belongs."""
    traced = _TRACEPARENT.fullmatch(headers.get("traceparent", "").strip())
    trace_id = traced[1] if traced else ""
    request_id = next((value for name in _REQUEST_IDS if (value := headers.get(name, "").strip())), trace_id)
    found = {"request_id": clean(bounded(request_id, _LONGEST_ID)), "trace_id": trace_id}
    return {name: value for name, value in found.items() if value}


def current_span() -> Span | None:
    """Return the ids of the span in which this code runs, if OpenTelemetry is loaded and there is one."""
    trace: Any = sys.modules.get(TRACING)
    if trace is None:
        return None
    try:
        span = trace.get_current_span()
        if span is trace.INVALID_SPAN:
            return None
        context = span.get_span_context()
        return (context.trace_id, context.span_id) if context.is_valid else None
    except Exception:  # it may be half loaded, and a tracer may be anybody's
        return None


def span_env(span: Span) -> Env:
    """Return the ids of a span as tracers write them."""
    trace_id, span_id = span
    return {"trace_id": f"{trace_id:032x}", "span_id": f"{span_id:016x}"}
