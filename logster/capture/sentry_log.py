"""A structured log of a Sentry SDK → occurrence. Source: https://develop.sentry.dev/sdk/telemetry/logs/.

Owns what of a log becomes message, template and env. All input is a stranger's.
"""

from typing import Any

from logster import fingerprint
from logster.capture.plain import plain_mapping
from logster.capture.sentry_event import LEVELS, LOGGER, moment
from logster.entry import Env, Frame, Occurrence
from logster.limits import fit, fit_env
from logster.opaque import Opaque
from logster.redaction import Redactor
from logster.settings import Settings

_MAX_MESSAGE = 20_000
_MAX_NAME = 300
_MAX_ATTRIBUTES = 200
_LARGEST_NUMBER = 10**9

# What our own capture calls what an attribute says.
_NAMES = {
    "sentry.environment": "environment",
    "sentry.release": "application_version",
    "sentry.server.address": "hostname",
    "server.address": "hostname",
    "user.id": "user_id",
}
_TEMPLATE = "sentry.message.template"


class SentryLogSnapshot(Opaque):
    """A log as it came.

    Arguments:
        log: the log.
        namespace: whose entry it becomes.
        address: who sent it.
    """

    count = 1

    def __init__(self, log: dict[str, Any], namespace: str = "default", address: str = "") -> None:
        self.timestamp_ms = moment(log.get("timestamp"))
        self.namespace = namespace
        level = log.get("level")
        self.level = LEVELS.get(level.lower() if isinstance(level, str) else "", LEVELS["info"])
        self._message = _text(log.get("body"), _MAX_MESSAGE)
        self._attributes = _attributes(log.get("attributes"))
        self._trace_id = _text(log.get("trace_id"))
        self._address = address
        self._template = _text(self._attributes.pop(_TEMPLATE, ""), _MAX_MESSAGE)
        self._logger = _text(self._attributes.pop("logger.name", "")) or LOGGER
        self._place = _place(self._attributes)

    @property
    def size(self) -> int:
        """Return about how many bytes it takes while it waits."""
        return len(self._message) + 100 * len(self._attributes)

    def identity(self) -> tuple[Any, ...]:
        said = self._template or self._message
        return ("sentry log", self.namespace, self._logger, self.level, said, bool(self._template), self._place)

    def subject(self) -> str:
        return self._message

    def occurrence(self, settings: Settings, redactor: Redactor) -> Occurrence | None:
        """Return the log rendered, redacted and bounded; None where it is empty and the settings leave that out."""
        if settings.skip_empty and not self._message.strip():
            return None
        message, template = redactor.text(self._message), redactor.text(self._template)
        logger = redactor.text(self._logger)
        file, line, function = self._place
        about: dict[str, Any] = {"logger": logger, "level": self.level, "module": file, "function": function}
        if template:
            key = fingerprint.of_call(template=template, **about)
        else:
            key = fingerprint.of_message(message=message, **about)
        occurrence = Occurrence(
            key=key,
            level=self.level,
            logger=logger,
            message=message,
            timestamp_ms=self.timestamp_ms,
            template=template,
            location=Frame(file=redactor.url(file), function=redactor.text(function), line=line) if file else None,
            env=self.env(settings, redactor),
            version=redactor.text(_text(self._attributes.get("sentry.release"))),
            source="sentry",
            namespace=self.namespace,
        )
        return fit(occurrence, settings)

    def env(self, settings: Settings, redactor: Redactor) -> Env:
        """Return the env alone, redacted and bounded."""
        env = {_NAMES.get(name, name): value for name, value in self._attributes.items()}
        env |= {"trace_id": self._trace_id, "reported_from": self._address}
        shown = {name: value for name, value in env.items() if value not in ("", None)}
        return fit_env(redactor.env(shown), settings.max_env_bytes)


def logs_of(payload: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the logs of an item, as they came: it holds several, or is one."""
    items = payload.get("items")
    if isinstance(items, list):
        return [each for each in items if isinstance(each, dict)]
    return [payload] if "body" in payload else []


def _attributes(said: Any) -> dict[str, Any]:
    """Return attributes without their types: `{"value": 7, "type": "integer"}` is 7."""
    if not isinstance(said, dict):
        return {}
    values = {
        name: each["value"] if isinstance(each, dict) and "value" in each else each
        for name, each in list(said.items())[:_MAX_ATTRIBUTES]
    }
    return plain_mapping(values)


def _place(attributes: dict[str, Any]) -> tuple[str, int, str]:
    line = attributes.get("code.line.number")
    return (
        _text(attributes.get("code.file.path")),
        line if type(line) is int and 0 <= line < _LARGEST_NUMBER else 0,
        _text(attributes.get("code.function.name")),
    )


def _text(value: Any, characters: int = _MAX_NAME) -> str:
    return value[:characters] if isinstance(value, str) else ""
