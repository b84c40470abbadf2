"""The HTTP API as an OpenAPI document: every route, what it takes, and everything that it answers.

Owns what is said of the routes. Their code is in `api`, `patterns`, `live`, `metrics`, `beacon` and `sentry`.
"""

from http import HTTPStatus
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from logster import __version__
from logster.entry import LEVEL_NUMBERS
from logster.viewer.changes import CHANGES
from logster.viewer.completions import FIELDS
from logster.viewer.exchange import answer
from logster.viewer.exposition import MEDIA_TYPE as METRICS
from logster.viewer.listing import MAX_PAGE_SIZE
from logster.viewer.patterns import MAX_HISTORY
from logster.viewer.problems import MEDIA_TYPE as PROBLEM
from logster.viewer.schemas import (
    COUNT,
    CURSOR,
    ENV,
    FLAG,
    KEY,
    KIND,
    MOMENT,
    Schema,
    components,
    items,
    members,
    ref,
)

JSON = "application/json"
FORM = "application/x-www-form-urlencoded"
TEXT: Schema = {"type": "string"}
RETRY_AFTER = {"Retry-After": {"description": "Seconds until it is worth another try.", "schema": TEXT}}
DESCRIPTION = (
    "Errors are problem details (RFC 9457). All but the beacon and what Sentry's SDKs send passes `authorize`; an "
    "answer of its own, such as a redirect, takes the place of those below. A change needs the CSRF token of a page "
    "and the cookie beside it."
)


def routes() -> list[Route]:
    return [Route("/openapi.json", openapi, methods=["GET"])]


async def openapi(request: Request) -> Response:
    """Describe the API."""
    return answer(document(request.scope.get("root_path", "")))


def document(root: str) -> dict[str, Any]:
    """Return the description of the API that is mounted at `root`."""
    return {
        "openapi": "3.1.0",
        "info": {"title": "Logster", "version": __version__, "description": DESCRIPTION},
        "servers": [{"url": root or "/"}],
        "paths": {**_entries(), **_entry(), **_patterns(), **_operations(), **_beacon(), **_sentry()},
        "components": {
            "schemas": components(),
            "securitySchemes": {
                "token": {"type": "apiKey", "in": "header", "name": "X-CSRF-Token"},
                "cookie": {"type": "apiKey", "in": "cookie", "name": "logster_csrf"},
            },
        },
    }


def _entries() -> dict[str, Any]:
    listing = [
        _query("q", TEXT, "What to search for."),
        _query("level", items({"type": "string", "enum": list(LEVEL_NUMBERS)}), "Only these levels."),
        *_span(),
        _query("before", TEXT, "Continue to older entries from here: `next` of a page."),
        _query("after", TEXT, "Continue to newer entries from here: `previous` of a page."),
        _query("limit", {"type": "integer", "minimum": 1, "maximum": MAX_PAGE_SIZE}, "How many entries at the most."),
        _env(),
    ]
    shown = items(ref("ShownEntry"))
    page = members(entries=shown, next=CURSOR, previous=CURSOR, total={"type": ["integer", "null"]})
    resolution = {"type": "string", "enum": ["hour", "minute"]}
    changed = _changed()
    return {
        "/api/entries": {"get": _reading("List entries, newest first", page, listing, 400)},
        "/api/entries/bulk": {"post": _changing("Change several entries", changed, "Bulk")},
        "/api/entries/undo": {
            "post": _changing("Bring back what was deleted", members(restored=items(TEXT)), "Undo", [], 404)
        },
        "/api/clear": {"post": _changing("Remove every entry that is not protected", changed)},
        "/api/completions": {
            "get": _reading(
                "Complete a field of a search",
                members(values=items(TEXT)),
                [_query("field", {"type": "string", "enum": list(FIELDS)}), _query("prefix", TEXT)],
                400,
            )
        },
        "/api/timeline": {
            "get": _reading("Count occurrences", _timeline(), [_query("resolution", resolution), *_span()], 400)
        },
    }


def _entry() -> dict[str, Any]:
    key = _path("key", KEY)
    change = _path("change", {"type": "string", "enum": list(CHANGES)})
    hour = _query("resolution", {"type": "string", "enum": ["hour"]})
    changed = _changed()
    return {
        "/api/entries/{key}": {
            "get": _reading("Show an entry, or a group", ref("ShownEntry"), [key, _env()], 404),
            "delete": _changing("Delete an entry, or the members of a group", changed, None, [key], 404),
        },
        "/api/entries/{key}/env": {
            "get": _reading("List env samples, newest first", members(env=items(ENV)), [key], 404)
        },
        "/api/entries/{key}/timeline": {
            "get": _reading("Count an entry's occurrences", _timeline(), [key, hour, *_span()], 400, 404)
        },
        "/api/entries/{key}/{change}": {
            "post": _changing("Change an entry, or the members of a group", changed, None, [key, change], 404)
        },
    }


def _patterns() -> dict[str, Any]:
    kind = [_path("kind", KIND)]
    pattern = ref("StoredPattern")
    made = {"allOf": [pattern, members(deleted=COUNT)]}
    limit = _query("limit", {"type": "integer", "minimum": 1, "maximum": MAX_HISTORY}, "How many changes at the most.")
    listed = members(patterns=items(pattern))
    return {
        "/api/patterns/{kind}": {
            "get": _reading("List patterns", listed, kind, 404),
            "post": _changing("Add a pattern", made, "New", kind, 404, 409),
            "put": _changing("Put another pattern in the place of one", pattern, "Changed", kind, 404, 409),
            "delete": _changing("Remove a pattern", members(removed=TEXT), "Named", kind, 404),
        },
        "/api/patterns/{kind}/suggest": {
            "post": _changing("Propose a pattern for entries", members(pattern=TEXT), "Selected", kind, 404)
        },
        "/api/patterns/{kind}/preview": {
            "post": _changing("Count matching entries", members(pattern=TEXT, count=COUNT), "Named", kind, 404)
        },
        "/api/patterns/suppression/reset-count": {
            "post": _changing("Count hits from zero", members(pattern=TEXT, was=COUNT), "Named", [], 404)
        },
        "/api/history": {"get": _reading("List who changed what", members(history=items(ref("Change"))), [limit], 400)},
    }


def _operations() -> dict[str, Any]:
    stream = {"200": _text("What changes, as server-sent events.", "text/event-stream")}
    silent = {"204": {"description": "Streams cannot be had here; ask now and then."}}
    up = members(status={"const": "ok"})
    return {
        "/api/events": {
            "get": {"summary": "Stream what changes", "responses": stream | silent | _problems(403, 500, 503)}
        },
        "/healthz": {"get": _reading("Say whether Redis answers", up, [])},
        "/metrics": {
            "get": {
                "summary": "Show numbers for Prometheus",
                "responses": {"200": _text("The numbers.", METRICS)} | _problems(403, 500),
            }
        },
        "/openapi.json": {
            "get": {
                "summary": "Describe the API",
                "responses": {"200": _json("This document.", {"type": "object"})} | _problems(403, 500),
            }
        },
    }


def _beacon() -> dict[str, Any]:
    named = dict.fromkeys(("url", "stacktrace", "stack", "window_location", "severity", "level"), TEXT)
    number: Schema = {"type": ["integer", "string"]}
    message: Schema = {"type": "string", "pattern": r"\S"}
    fields: Schema = {"message": message, **named, "line": number, "column": number}
    report: Schema = {"type": "object", "required": ["message"], "properties": fields}
    with_env: Schema = report | {"properties": fields | {name: {"type": "object"} for name in ("env", "debug_ids")}}
    body = {JSON: {"schema": with_env}, "text/plain": {"schema": TEXT}, FORM: {"schema": report}}
    cached = {"304": {"description": "It is as you have it."}}
    return {
        "/report_js_error": {
            "post": {
                "summary": "Report a JavaScript error",
                "security": [],
                "requestBody": {"required": True, "content": body},
                "responses": {"204": {"description": "Taken."}} | _problems(400, 403, 408, 413, 415, 429),
            }
        },
        "/browser_reports": {
            "post": {
                "summary": "Report what a browser reports by itself: a violated policy, a deprecation, a crash",
                "security": [],
                "requestBody": {"required": True, "content": _browser_reports()},
                "responses": {"204": {"description": "Taken."}} | _problems(400, 403, 408, 413, 415, 429),
            }
        },
        "/logster.js": {
            "get": {
                "summary": "The script that reports JavaScript errors",
                "security": [],
                "responses": {"200": _text("The script.", "text/javascript; charset=utf-8")} | cached,
            }
        },
    }


def _sentry() -> dict[str, Any]:
    key = "The key of the DSN; or in the header X-Sentry-Auth."
    project = _path("project", {"type": "string", "pattern": "^[0-9]{1,20}$"})
    asking = {
        "options": {
            "parameters": [project],
            "summary": "Whether a page of another origin may report",
            "security": [],
            "responses": {"204": {"description": "It may."}} | _problems(404),
        },
    }
    taken = {"200": _json("Taken.", members(id=TEXT))} | _problems(400, 401, 403, 404, 408, 413, 415, 429)
    told = (
        ("envelope", "Take an envelope of a Sentry SDK", "application/x-sentry-envelope", TEXT),
        ("store", "Take an event of a Sentry SDK", JSON, {"type": "object"}),
    )
    return {
        f"/api/{{project}}/{name}{slash}": asking
        | {
            "post": {
                "summary": summary,
                "parameters": [project, _query("sentry_key", TEXT, key)],
                "security": [],
                "requestBody": {"required": True, "content": {media_type: {"schema": schema}}},
                "responses": taken,
            }
        }
        for name, summary, media_type, schema in told
        for slash in ("/", "")
    }


def _browser_reports() -> dict[str, Any]:
    report: Schema = {
        "type": "object",
        "required": ["type", "body"],
        "properties": {"type": TEXT, "body": {"type": "object"}, "url": TEXT, "age": {"type": "integer"}},
    }
    violation: Schema = {"type": "object", "required": ["csp-report"], "properties": {"csp-report": {"type": "object"}}}
    return {
        "application/csp-report": {"schema": violation},
        "application/reports+json": {"schema": {"type": "array", "items": report}},
    }


def _changed() -> Schema:
    """Return how many entries were changed; `undo` takes a deletion back for ten minutes."""
    schema = members(changed=COUNT)
    return schema | {"properties": schema["properties"] | {"undo": TEXT}}


def _timeline() -> Schema:
    return members(resolution={"type": "string", "enum": ["hour", "minute"]}, buckets=items(ref("Bucket")))


def _span() -> list[Schema]:
    return [
        _query("since", MOMENT, "Milliseconds since 1970, or an age such as 2h."),
        _query("until", MOMENT, "The same."),
    ]


def _env() -> Schema:
    return _query("env", FLAG, "Whether env samples are wanted.")


def _query(name: str, schema: Schema, description: str = "") -> Schema:
    return {"name": name, "in": "query", "schema": schema} | ({"description": description} if description else {})


def _path(name: str, schema: Schema) -> Schema:
    return {"name": name, "in": "path", "required": True, "schema": schema}


def _reading(summary: str, schema: Schema, parameters: list[Schema], *problems: int) -> Schema:
    return {
        "summary": summary,
        "parameters": parameters,
        "responses": {"200": _json("What was asked for.", schema)} | _problems(*problems, 403, 500, 503),
    }


def _changing(
    summary: str, schema: Schema, body: str | None = None, parameters: list[Schema] | None = None, *problems: int
) -> Schema:
    found: Schema = {
        "summary": summary,
        "parameters": parameters or [],
        "security": [{"token": [], "cookie": []}],
        "responses": {"200": _json("What was done.", schema)}
        | _problems(*problems, 403, 408, 413, 500, 503, *((400, 415) if body else ())),
    }
    if body:
        found["requestBody"] = {"required": True, "content": {JSON: {"schema": ref(body)}}}
    return found


def _json(description: str, schema: Schema) -> Schema:
    return {"description": description, "content": {JSON: {"schema": schema}}}


def _text(description: str, media_type: str) -> Schema:
    return {"description": description, "content": {media_type: {"schema": TEXT}}}


def _problems(*statuses: int) -> dict[str, Schema]:
    return {
        str(status): {
            "description": HTTPStatus(status).phrase,
            "content": {PROBLEM: {"schema": ref("Problem")}},
            **({"headers": RETRY_AFTER} if status in (429, 503) else {}),
        }
        for status in sorted(set(statuses))
    }
