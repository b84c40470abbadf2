"""A report that a browser sends by itself → occurrence: CSP's `report-uri` and the W3C Reporting API.

Owns what makes two such reports the same: the directive and what it blocked, the deprecated feature, the reason of a
crash, the failed phase of the network. All input is a stranger's.
"""

import time
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from logster import fingerprint
from logster.capture.plain import bounded, clean
from logster.capture.surroundings import application_version
from logster.entry import Env, Frame, Occurrence
from logster.limits import fit, fit_env
from logster.opaque import Opaque
from logster.redaction import Redactor
from logster.settings import Settings

LOGGER = "browser"
_ERRORS = frozenset({"crash", "network-error"})
_MAX_TEXT = 500
_MAX_FIELDS = 12
_LONGEST_AGE_MS = 24 * 3_600_000
_LARGEST_NUMBER = 10**9


class BrowserReportSnapshot(Opaque):
    """A browser's report, taken as it came.

    Arguments:
        kind: the report's type, such as `csp-violation` or `crash`.
        body: what the report says, under the names of the Reporting API.
        url: the page that it is about.
        age_ms: how long ago it happened, in milliseconds.
        env: the request that brought it.
        namespace: whose entry it becomes.
    """

    count = 1

    def __init__(
        self, kind: str, body: Mapping[str, Any], url: str, age_ms: int, env: Env, namespace: str = "default"
    ) -> None:
        self.timestamp_ms = int(time.time() * 1_000) - min(max(age_ms, 0), _LONGEST_AGE_MS)
        self.namespace = namespace
        self._kind = _text(kind)
        self._body = {_text(name): _plain(value) for name, value in list(body.items())[:_MAX_FIELDS]}
        self._url = _text(url)
        self._env = env
        self.level = 40 if self._kind in _ERRORS else 30
        self._message, self._same = self._told()

    def identity(self) -> tuple[Any, ...]:
        return ("browser", self.namespace, self._kind, *self._same, self._message, *self._place())

    def subject(self) -> str:
        return self._message

    def occurrence(self, settings: Settings, redactor: Redactor) -> Occurrence:
        """Return the report rendered, redacted and bounded."""
        file, line, column = self._place()
        occurrence = Occurrence(
            key=fingerprint.of_browser_report(self._kind, *self._same),
            level=self.level,
            logger=LOGGER,
            message=redactor.text(self._message),
            timestamp_ms=self.timestamp_ms,
            location=Frame(file=redactor.url(file), line=line, column=column, in_app=True) if file else None,
            env=self.env(settings, redactor),
            version=redactor.text(application_version(settings)),
            source="browser",
            namespace=self.namespace,
        )
        return fit(occurrence, settings)

    def env(self, settings: Settings, redactor: Redactor) -> Env:
        """Return the env alone, redacted and bounded."""
        report = {
            name: redactor.url(value) if isinstance(value, str) and "://" in value else value
            for name, value in {"type": self._kind, "url": self._url, **self._body}.items()
        }
        return fit_env(redactor.env({**self._env, "report": report}), settings.max_env_bytes)

    def _told(self) -> tuple[str, tuple[str, ...]]:
        """Return the message, and what equal reports of this kind have in common."""
        kind = self._kind
        if kind == "csp-violation":
            directive = self._field("effectiveDirective").partition(" ")[0] or "unknown"
            blocked = _origin(self._field("blockedURL")) or "inline"
            # What has no origin of its own is told apart by the file that has it.
            file = "" if "://" in blocked else self._field("sourceFile").partition("?")[0]
            return f"Content security policy: {directive} blocked {blocked}", (directive, blocked, file)
        if kind in ("deprecation", "intervention"):
            name = self._field("id") or fingerprint.normalised(self._field("message"))
            return f"{kind.title()}: {self._field('message') or name}", (name,)
        if kind == "crash":
            reason = self._field("reason") or "unknown reason"
            return f"The page crashed: {reason}", (reason,)
        if kind == "network-error":
            error, origin = self._field("type") or "unknown", _origin(self._url)
            return f"Network error: {error} at {origin}", (self._field("phase"), error, origin)
        name = self._field("id") or self._field("policyId") or self._field("featureId")
        return " ".join(filter(None, ("Browser report:", kind or "unknown", name))), (name,)

    def _field(self, name: str) -> str:
        value = self._body.get(name)
        return value if isinstance(value, str) else ""

    def _place(self) -> tuple[str, int, int]:
        return self._field("sourceFile"), self._number("lineNumber"), self._number("columnNumber")

    def _number(self, name: str) -> int:
        value = self._body.get(name)
        return value if type(value) is int and value > 0 else 0


def _text(value: str) -> str:
    return clean(bounded(value, _MAX_TEXT))


def _plain(value: Any) -> Any:
    if isinstance(value, bool) or value is None:
        return value
    if isinstance(value, int | float):
        return value if abs(value) < _LARGEST_NUMBER else str(value)
    return _text(value if isinstance(value, str) else str(value))


def _origin(url: str) -> str:
    """Return scheme and host of `url`; of one without a host the scheme alone, as `data` and `inline` are."""
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
        port = f":{parts.port}" if parts.port else ""
    except ValueError:
        return "unknown"
    if host:
        return f"{parts.scheme}://{host}{port}"
    return parts.scheme or url.partition("/")[0]
