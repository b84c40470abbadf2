"""How often one client may do what in a minute; counted in this process."""

import re

from starlette.requests import Request

from logster.viewer.quota import Quota
from web.options import Options

BEACON = "/logs/report_js_error"
FOR_PROGRAMS = re.compile(r"/logs/(api/.*|healthz|metrics|openapi\.json|report_js_error)")


class Quotas:
    """A quota for each kind of thing that costs something."""

    def __init__(self, options: Options) -> None:
        self._limits = {
            "new": options.new_per_minute,
            "error": options.errors_per_minute,
            "change": options.changes_per_minute,
            "search": options.searches_per_minute,
            "read": options.reads_per_minute,
        }
        self._quotas = {kind: Quota() for kind in self._limits}

    def allow(self, sender: str, request: Request) -> bool:
        """Count a request, and return whether its sender may still do that."""
        return self._allow(kind_of(request), sender)

    def allow_new(self, sender: str) -> bool:
        """Count a new sandbox, and return whether its sender may have it."""
        return self._allow("new", sender)

    def _allow(self, kind: str, sender: str) -> bool:
        return self._quotas[kind].allow(sender, self._limits[kind])


def kind_of(request: Request) -> str:
    """Return what a request does: cause an "error", make a "change", "search" or "read"."""
    path = request.url.path
    if request.method not in ("GET", "HEAD"):
        return "error" if path.startswith("/demo") or path == BEACON else "change"
    return "search" if request.query_params.get("q") else "read"
