"""Where browsers send what they report by themselves: `report-uri` of CSP, and the W3C Reporting API.

Owns the two forms that such reports come in. Who may send how much is the beacon's to say.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import msgspec
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route

from logster.capture.browser import BrowserReportSnapshot
from logster.service import Service
from logster.viewer.beacon import NOT_JSON, Receiver, body_of, check_origin, request_env, submit
from logster.viewer.problems import Problem

MAX_REPORTS = 50
"""How many reports of one request are taken."""

NOT_A_REPORT = (
    "The body is no report: an object with 'csp-report', or a list of reports that have a 'type' and a 'body'."
)
WRONG_TYPE = "A report is application/csp-report or application/reports+json."

# What CSP level 2 and the Reporting API call the same thing.
_NAMES = {
    "blocked-uri": "blockedURL",
    "column-number": "columnNumber",
    "disposition": "disposition",
    "document-uri": "documentURL",
    "effective-directive": "effectiveDirective",
    "line-number": "lineNumber",
    "original-policy": "originalPolicy",
    "referrer": "referrer",
    "script-sample": "sample",
    "source-file": "sourceFile",
    "status-code": "statusCode",
}


def routes() -> list[Route]:
    """Return the route that needs no `authorize`; it finds the service at `request.app.state.service`."""
    return [Route("/browser_reports", BrowserReceiver().receive, methods=["POST"])]


class BrowserReceiver(Receiver):
    """Accepts what browsers report by themselves, each report as one of the sender's."""

    async def receive(self, request: Request) -> Response:
        service: Service = request.app.state.service
        # The browser itself is nobody's page.
        check_origin(request, service.settings, sites=("same-origin", "none"))
        kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
        if kind not in ("application/csp-report", "application/reports+json"):
            raise Problem(415, WRONG_TYPE)
        await self.check_quota(request, service)
        try:
            body = await body_of(request, service.settings.beacon_max_bytes)
        except ClientDisconnect:
            return Response(status_code=400)
        env, namespace = request_env(request, service.settings), service.settings.current_namespace()
        found = _violation(body) if kind == "application/csp-report" else _reports(body)
        for position, (name, said, url, age) in enumerate(found):
            # The first is paid for. An error now would bring those again that are taken already.
            if position and not await self.is_allowed(request, service):
                break
            await submit(service, BrowserReportSnapshot(name, said, url, age, env, namespace))
        return Response(status_code=204)


_Found = tuple[str, Mapping[str, Any], str, int]


def _violation(body: bytes) -> list[_Found]:
    decoded = _decoded(body)
    report = decoded.get("csp-report") if isinstance(decoded, dict) else None
    if not isinstance(report, dict):
        raise Problem(400, NOT_A_REPORT)
    said = {ours: report[theirs] for theirs, ours in _NAMES.items() if theirs in report}
    said.setdefault("effectiveDirective", report.get("violated-directive"))
    return [("csp-violation", said, _text(said.get("documentURL")), 0)]


def _reports(body: bytes) -> list[_Found]:
    decoded = _decoded(body)
    # Firefox sends a single report as it is.
    found = list(_each_report(decoded if isinstance(decoded, list) else [decoded]))
    # What went well may be reported, too, and is no error.
    return [each for each in found if (each[0], each[1].get("type")) != ("network-error", "ok")]


def _each_report(decoded: Iterable[Any]) -> Iterator[_Found]:
    for each in list(decoded)[:MAX_REPORTS]:
        kind, said = (each.get("type"), each.get("body")) if isinstance(each, dict) else (None, None)
        if not isinstance(kind, str) or not isinstance(said, dict):
            raise Problem(400, NOT_A_REPORT)
        age = each.get("age")
        yield kind, said, _text(each.get("url")), age if type(age) is int else 0


def _decoded(body: bytes) -> Any:
    try:
        return msgspec.json.decode(body)
    except (msgspec.DecodeError, ValueError, RecursionError):
        raise Problem(400, NOT_JSON) from None


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""
