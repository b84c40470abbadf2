"""The public part of the GUI: the script that reports JavaScript errors, and where its reports arrive.

Owns what a browser may send and how much of it. Turning a report into an occurrence is capture's work.
"""

import hashlib
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

import msgspec
from starlette.datastructures import Headers
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route

from logster.capture.javascript import JavaScriptSnapshot
from logster.capture.request import asgi_env, client_address
from logster.delivery.snapshot import Snapshot
from logster.entry import Env
from logster.errors import StoreUnavailable
from logster.service import Service
from logster.settings import Settings
from logster.viewer.csrf import host_of
from logster.viewer.patience import in_time
from logster.viewer.problems import Problem
from logster.viewer.quota import Quota, sender_of
from logster.viewer.threads import in_thread

PUBLIC_PATHS = frozenset({"/logster.js", "/report_js_error", "/browser_reports"})

SCRIPT = (Path(__file__).parent / "static" / "logster.js").read_bytes()
SILENT_SCRIPT = b"window.Logster=window.Logster||{};window.Logster.report=function(){};\n"

LEVELS = {
    "fatal": 50,
    "critical": 50,
    "error": 40,
    "warn": 30,
    "warning": 30,
    "info": 20,
    "debug": 10,
}
MAX_FIELDS = 50
MAX_DEBUG_ID = 36

NO_MESSAGE = "A report needs a message."
NOT_AN_OBJECT = "A report in JSON is an object with at least a message."
NOT_JSON = "The body is not JSON in UTF-8."
NOT_A_FORM = f"The body is not a form in UTF-8 of at most {MAX_FIELDS} fields."
NOT_OURS = "Reports are accepted from pages of this site only."
SWITCHED_OFF = "Reports of JavaScript errors are switched off (setting 'beacon')."
TOO_LARGE = "A report may have {} bytes at most (setting 'beacon_max_bytes')."
TOO_MANY = "One address may send {} reports a minute (setting 'beacon_per_minute')."
WRONG_TYPE = "A report is application/json, text/plain with JSON, or application/x-www-form-urlencoded."


def routes() -> list[Route]:
    """Return the routes that need no `authorize`; they find the service at `request.app.state.service`."""
    return [
        Route("/logster.js", script, methods=["GET"]),
        Route("/report_js_error", Receiver().receive, methods=["POST"]),
    ]


async def script(request: Request) -> Response:
    """Serve logster.js; where reports are switched off, one that sends none."""
    service: Service = request.app.state.service
    body = SCRIPT if service.settings.beacon else SILENT_SCRIPT
    etag = f'"{hashlib.sha256(body).hexdigest()[:16]}"'
    headers = {
        "ETag": etag,
        "Cache-Control": "public, max-age=3600",
        "Cross-Origin-Resource-Policy": "cross-origin",
        "X-Content-Type-Options": "nosniff",
    }
    if etag in request.headers.get("if-none-match", ""):
        return Response(status_code=304, headers=headers)
    return Response(body, headers=headers, media_type="text/javascript")


class Receiver:
    """Accepts reports. Its own quota counts while Redis, which counts for all processes, is away."""

    def __init__(self) -> None:
        self._quota = Quota()

    async def receive(self, request: Request) -> Response:
        service: Service = request.app.state.service
        check_origin(request, service.settings)
        kind = _kind(request.headers)
        await self.check_quota(request, service)
        try:
            body = await body_of(request, service.settings.beacon_max_bytes)
        except ClientDisconnect:
            return Response(status_code=400)
        await submit(service, _snapshot(_fields(kind, body), request, service.settings))
        return Response(status_code=204)

    async def check_quota(self, request: Request, service: Service) -> None:
        """Count one report, and refuse it where its sender sent too many."""
        if not await self.is_allowed(request, service):
            limit = service.settings.beacon_per_minute
            raise Problem(429, TOO_MANY.format(limit), headers={"Retry-After": "60"})

    async def is_allowed(self, request: Request, service: Service) -> bool:
        """Count one report, and return whether its sender may send it."""
        limit = service.settings.beacon_per_minute
        sender = sender_of(_address(request, service.settings))
        if service.store.has_beacon_permit(sender):
            return True
        try:
            return await in_thread(service.store.allow_beacon, sender, limit)
        except StoreUnavailable:
            return self._quota.allow(sender, limit)


def check_origin(request: Request, settings: Settings, *, sites: tuple[str, ...] = ("same-origin",)) -> None:
    """Refuse what pages of other sites send; `sites` are the values of Sec-Fetch-Site that may."""
    if not settings.beacon:
        raise Problem(403, SWITCHED_OFF)
    # Browsers send Sec-Fetch-Site over HTTPS only, and no page can forge it; Origin is what the others leave us.
    # Without either it is no browser, and what is no browser can claim any origin.
    site = request.headers.get("sec-fetch-site")
    origin = request.headers.get("origin")
    is_ours = origin is None or host_of(origin) in _hosts(request, settings)
    if not (is_ours if site is None else site in sites):
        raise Problem(403, NOT_OURS)


async def submit(service: Service, snapshot: Snapshot) -> None:
    """Hand a report over; where it is written at once, on a thread: what it takes would keep the event loop waiting."""
    if service.settings.synchronous:
        await in_thread(service.worker.submit, snapshot)
    else:
        service.worker.submit(snapshot)


def _hosts(request: Request, settings: Settings) -> set[str]:
    names = ["host", "x-forwarded-host"] if settings.trusted_hops else ["host"]
    return {host for name in names if (host := request.headers.get(name))}


def _kind(headers: Headers) -> str:
    kind = headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind in ("application/json", "text/plain"):
        return "json"
    if kind == "application/x-www-form-urlencoded":
        return "form"
    raise Problem(415, WRONG_TYPE)


async def body_of(request: Request, limit: int) -> bytes:
    """Return the body of a report; a problem where it is larger than `limit` bytes."""
    body = bytearray()
    announced = request.headers.get("content-length", "")
    if announced.isdigit() and int(announced) > limit:
        raise Problem(413, TOO_LARGE.format(limit))
    with in_time():
        async for piece in request.stream():
            body += piece
            if len(body) > limit:
                raise Problem(413, TOO_LARGE.format(limit))
    return bytes(body)


def _fields(kind: str, body: bytes) -> dict[str, Any]:
    fields = _from_json(body) if kind == "json" else _from_form(body)
    if not _text(fields, "message").strip():
        raise Problem(400, NO_MESSAGE)
    return fields


def _from_json(body: bytes) -> dict[str, Any]:
    try:
        fields = msgspec.json.decode(body)
    except (msgspec.DecodeError, ValueError, RecursionError):
        raise Problem(400, NOT_JSON) from None
    if not isinstance(fields, dict):
        raise Problem(400, NOT_AN_OBJECT)
    return fields


def _from_form(body: bytes) -> dict[str, Any]:
    try:
        return dict(parse_qsl(body.decode(), keep_blank_values=True, max_num_fields=MAX_FIELDS, errors="strict"))
    except ValueError:
        raise Problem(400, NOT_A_FORM) from None


def _snapshot(fields: dict[str, Any], request: Request, settings: Settings) -> JavaScriptSnapshot:
    env = fields.get("env")
    return JavaScriptSnapshot(
        message=_text(fields, "message"),
        url=_text(fields, "url"),
        line=_number(fields, "line"),
        column=_number(fields, "column"),
        stack=_text(fields, "stacktrace") or _text(fields, "stack"),
        level=LEVELS.get((_text(fields, "severity") or _text(fields, "level")).lower(), LEVELS["error"]),
        env={**request_env(request, settings), **(env if isinstance(env, dict) else {})},
        namespace=settings.current_namespace(),
        window_location=_text(fields, "window_location"),
        debug_ids=_debug_ids(fields),
    )


def request_env(request: Request, settings: Settings) -> Env:
    """Return what the request that brought a report says."""
    return asgi_env(request.scope, headers=settings.request_headers, trusted_hops=settings.trusted_hops)


def _address(request: Request, settings: Settings) -> str:
    peer = request.client.host if request.client else ""
    forwarded = ",".join(request.headers.getlist("x-forwarded-for"))
    return client_address(peer, forwarded, settings.trusted_hops)


def _text(fields: dict[str, Any], name: str) -> str:
    value = fields.get(name)
    return value if isinstance(value, str) else ""


def _debug_ids(fields: dict[str, Any]) -> dict[str, str]:
    value = fields.get("debug_ids")
    if not isinstance(value, dict):
        return {}
    return {script: each for script, each in value.items() if isinstance(each, str) and len(each) <= MAX_DEBUG_ID}


def _number(fields: dict[str, Any], name: str) -> int:
    value = fields.get(name)
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) < 10:
        return int(value)
    return value if type(value) is int and 0 <= value < 10**9 else 0
