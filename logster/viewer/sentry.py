"""Where Sentry's SDKs report to, in any language: `https://KEY@host/logs/1` is the DSN of a log at /logs.

Owns who may send how much, and what the SDKs expect of the answers. The form is `envelope`'s, turning events into
occurrences capture's. Source: https://develop.sentry.dev/sdk/overview/.
"""

import hmac
import re
from collections.abc import Iterator
from typing import Any, NamedTuple
from urllib.parse import unquote

import msgspec
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route

from logster.capture.request import client_address
from logster.capture.sentry_event import SentryEventSnapshot
from logster.capture.sentry_log import SentryLogSnapshot, logs_of
from logster.errors import StoreUnavailable
from logster.service import Service
from logster.settings import Settings
from logster.viewer.envelope import NOT_JSON, decoded, parse
from logster.viewer.expansion import expanded_body
from logster.viewer.problems import DETAILS, Problem
from logster.viewer.quota import Quota, sender_of
from logster.viewer.threads import in_thread

PUBLIC_PATH = re.compile(r"/api/[0-9]{1,20}/(?:envelope|store)/?")
"""The paths that need no `authorize`, but a key."""

MAX_EVENT_BYTES = 1_000_000
MAX_WAITING_BYTES = 100_000_000
LARGE_BODY = 200_000
"""From how many bytes on a body is read on a thread, so that other requests go on."""

RETRY_SECONDS = 60
BUSY_SECONDS = 5

BUSY = "More waits to be written than this process should keep in memory. Try again in a few seconds."
LARGE_EVENT = f"An event or log may have {MAX_EVENT_BYTES:,} bytes at most."
NO_KEY = "Which key is meant? It comes in X-Sentry-Auth, or as sentry_key in the query."
TOO_MANY = "One address may send {:,} events and logs a minute (setting 'sentry_per_minute')."
WRONG_KEY = "There is no such key (setting 'sentry_keys')."

CORS = {
    "Access-Control-Allow-Origin": "*",
    "Access-Control-Expose-Headers": "X-Sentry-Error, X-Sentry-Rate-Limits, Retry-After",
    "Cross-Origin-Resource-Policy": "cross-origin",
}
PREFLIGHT = CORS | {
    "Access-Control-Allow-Methods": "POST",
    "Access-Control-Allow-Headers": "X-Sentry-Auth, X-Requested-With, Origin, Accept, Content-Type, Content-Encoding, "
    "Authentication, Authorization, sentry-trace, baggage",
    "Access-Control-Max-Age": "86400",
}
_CATEGORIES = "error;default;log_item"
_KEY = re.compile(r"\bsentry_key=([^\s,]{1,200})")

Snapshot = SentryEventSnapshot | SentryLogSnapshot


class Said(NamedTuple):
    """What a body says: the event's id, the type of each item, and what is to be kept."""

    id: str
    types: list[str]
    snapshots: list[Snapshot]


def routes() -> list[Route]:
    """Return the routes that need no `authorize`; they find the service at `request.app.state.service`."""
    receiver = SentryReceiver()
    return [
        Route(f"/api/{{project}}/{name}{slash}", receiver.receive, methods=["POST", "OPTIONS"])
        for name in ("envelope", "store")
        for slash in ("/", "")
    ]


class SentryReceiver:
    """Accepts envelopes and events. Its own quota counts while Redis, which counts for all processes, is away."""

    def __init__(self) -> None:
        self._quota = Quota()
        self._waiting = 0

    async def receive(self, request: Request) -> Response:
        service: Service = request.app.state.service
        if not service.settings.sentry_keys:
            raise Problem(404, DETAILS[404])
        if request.method == "OPTIONS":
            return Response(status_code=204, headers=PREFLIGHT)
        try:
            return await self._receive(request, service)
        except Problem as problem:
            problem.headers |= CORS | {"X-Sentry-Error": problem.detail}
            raise

    async def _receive(self, request: Request, service: Service) -> Response:
        settings = service.settings
        check_key(request, settings.sentry_keys)
        address = _address(request, settings)
        if not await self._is_allowed(service, address):
            raise Problem(429, TOO_MANY.format(settings.sentry_per_minute), headers=_limits(RETRY_SECONDS))
        self._check_room(service)
        try:
            body = await expanded_body(
                request, max_bytes=settings.sentry_max_bytes, max_expanded_bytes=settings.sentry_max_expanded_bytes
            )
        except ClientDisconnect:
            return Response(status_code=400)
        read = _store if "/store" in request.url.path else _envelope
        namespace = settings.current_namespace()
        if len(body) > LARGE_BODY:
            said = await in_thread(read, body, namespace, address)
        else:
            said = read(body, namespace, address)
        for each in said.types:
            service.received.add(namespace, each)
        headers = dict(CORS)
        for position, snapshot in enumerate(said.snapshots):
            # The first is paid for.
            if position and not await self._is_allowed(service, address):
                headers |= _limits(RETRY_SECONDS)
                break
            self._waiting += snapshot.size
            service.worker.submit(snapshot)
        return Response(msgspec.json.encode({"id": said.id}), headers=headers, media_type="application/json")

    async def _is_allowed(self, service: Service, address: str) -> bool:
        """Count one event or log, and return whether its sender may send it."""
        sender, limit = f"sentry-{sender_of(address)}", service.settings.sentry_per_minute
        if service.store.has_beacon_permit(sender):
            return True
        try:
            return await in_thread(service.store.allow_beacon, sender, limit)
        except StoreUnavailable:
            return self._quota.allow(sender, limit)

    def _check_room(self, service: Service) -> None:
        """Refuse more where what waits is large: the worker's queue is bounded by number alone."""
        if not service.worker.stats["queued"]:
            self._waiting = 0
        if self._waiting > MAX_WAITING_BYTES:
            raise Problem(429, BUSY, headers=_limits(BUSY_SECONDS))


def check_key(request: Request, keys: tuple[str, ...]) -> None:
    """Refuse a request that brings none of `keys`; how long that takes tells nothing of them.

    Raises:
        Problem: 401, it brings none at all; 403, it is none of these.
    """
    given = ""
    for header in ("x-sentry-auth", "authorization"):
        if found := _KEY.search(request.headers.get(header, "")):
            given = unquote(found[1])
            break
    given = given or request.query_params.get("sentry_key", "")
    if not given:
        raise Problem(401, NO_KEY)
    matches = [hmac.compare_digest(given.encode(errors="replace"), each.encode()) for each in keys]
    if not any(matches):
        raise Problem(403, WRONG_KEY)


def _envelope(body: bytes, namespace: str, address: str) -> Said:
    headers, items = parse(body)
    id_ = headers.get("event_id")
    snapshots = [made for each in items for made in _snapshots(each.type, each.payload, namespace, address)]
    return Said(id_ if isinstance(id_, str) else "", [each.type for each in items], snapshots)


def _store(body: bytes, namespace: str, address: str) -> Said:
    made = list(_snapshots("event", body, namespace, address))
    event_id = decoded(body).get("event_id")
    return Said(event_id if isinstance(event_id, str) else "", ["event"], made)


def _snapshots(type_: str, payload: bytes, namespace: str, address: str) -> Iterator[Snapshot]:
    if type_ not in ("event", "log"):
        return
    if len(payload) > MAX_EVENT_BYTES:
        raise Problem(413, LARGE_EVENT)
    said: dict[str, Any] = decoded(payload)
    try:
        if type_ == "event":
            yield SentryEventSnapshot(said, namespace, address)
        else:
            for each in logs_of(said):
                yield SentryLogSnapshot(each, namespace, address)
    except RecursionError:  # nested as deep as can be read, but not as deep as can be looked at
        raise Problem(400, NOT_JSON) from None


def _limits(seconds: int) -> dict[str, str]:
    """Return what tells SDKs to wait, in the old way and in the new one."""
    return {"Retry-After": str(seconds), "X-Sentry-Rate-Limits": f"{seconds}:{_CATEGORIES}:key"}


def _address(request: Request, settings: Settings) -> str:
    peer = request.client.host if request.client else ""
    forwarded = ",".join(request.headers.getlist("x-forwarded-for"))
    return client_address(peer, forwarded, settings.trusted_hops)
