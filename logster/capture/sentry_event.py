"""An event of a Sentry SDK → occurrence, counted in the same entry as an equal one of our own.

Owns what of an event becomes message, exception and env, and what makes two of them the same. All input is a
stranger's: what has another type than it should have counts as not there, and all is bounded.
Source: https://develop.sentry.dev/sdk/data-model/event-payloads/.
"""

import time
from datetime import UTC, datetime
from typing import Any

import msgspec

from logster import fingerprint
from logster.capture import sentry_exception, traceback, trail
from logster.capture.plain import bounded, plain_mapping
from logster.capture.renderer import location
from logster.entry import Env, ExceptionInfo, Frame, Occurrence, level_name
from logster.limits import fit, fit_env, json_size
from logster.opaque import Opaque
from logster.redaction import Redactor
from logster.settings import Settings

LEVELS = {"trace": 10, "debug": 10, "log": 20, "info": 20, "warn": 30, "warning": 30, "error": 40, "fatal": 50}
LOGGER = "sentry"
DEFAULT = frozenset({"{{ default }}", "{{default}}"})
"""What stands for our own grouping in an event's fingerprint."""

_MAX_MESSAGE = 20_000
_MAX_NAME = 200
_MAX_PARTS = 20
_MAX_CRUMBS = 100
_LONGEST_CRUMB = 300
_MAX_BYTES = 200_000
_LONGEST_AGE_SECONDS = 7 * 86_400

# What makes events the same, and what may differ between equal ones.
_SAME = ("exception", "fingerprint", "level", "logentry", "logger", "message", "platform", "release")
_OWN = (
    *("breadcrumbs", "contexts", "dist", "environment", "event_id", "extra", "release", "request", "sdk"),
    *("server_name", "tags", "transaction", "user"),
)


class SentryEventSnapshot(Opaque):
    """An event as it came, encoded: that takes a fraction of the room that objects do, while it waits.

    Arguments:
        event: the event; its frames lose their variables, which are kept apart.
        namespace: whose entry it becomes.
        address: who sent it; it stands for the `{{auto}}` that SDKs write where they do not know the user's address.
    """

    count = 1

    def __init__(self, event: dict[str, Any], namespace: str = "default", address: str = "") -> None:
        self.timestamp_ms = moment(event.get("timestamp"))
        self.namespace = namespace
        self.level = LEVELS.get(_text(event.get("level")).lower(), LEVELS["error"])
        self._address = address
        self._variables = _encoded_variables(event)
        own = {name: event[name] for name in _OWN if name in event}
        self._own = _encoded(own)
        if len(self._own) > _MAX_BYTES:
            self._own = _encoded(fit_env(plain_mapping(own), _MAX_BYTES))
        same = {name: event[name] for name in _SAME if name in event}
        if "exception" not in same:
            same |= {name: event[name] for name in ("threads", "stacktrace") if name in event}
        self._said = _shared(_encoded(same))

    @property
    def size(self) -> int:
        """Return about how many bytes it takes while it waits."""
        return len(self._said) + len(self._own) + len(self._variables)

    def identity(self) -> tuple[Any, ...]:
        # The text itself would be kept alive by whoever remembers what it stands for.
        return ("sentry", self.namespace, len(self._said), hash(self._said))

    def occurrence(self, settings: Settings, redactor: Redactor) -> Occurrence | None:
        """Return the event rendered, redacted and bounded; None where it is empty and the settings say so."""
        event = msgspec.json.decode(self._said)
        exceptions = sentry_exception.exceptions_of(event)
        exception = sentry_exception.raised(exceptions, self._variables_by_frame(), redactor)
        message, template = _message(event)
        if exception is None and settings.skip_empty and not message.strip():
            return None
        message, template = redactor.text(message), redactor.text(template)
        frames = () if exception else sentry_exception.stack(_frames_beside(event), redactor)
        place = location(exception) or location(ExceptionInfo("", frames=frames))
        logger = redactor.text(_text(event.get("logger"))) or LOGGER
        occurrence = Occurrence(
            key=self._key(event, logger, template, message, exception, place),
            level=self.level,
            logger=logger,
            message=message or (traceback.last_lines(exception) if exception else ""),
            timestamp_ms=self.timestamp_ms,
            template=template,
            exception=exception,
            traceback=_traceback(exception, frames),
            location=place,
            env=self.env(settings, redactor),
            version=redactor.text(_text(event.get("release"))),
            source="sentry",
            namespace=self.namespace,
        )
        return fit(occurrence, settings)

    def env(self, settings: Settings, redactor: Redactor) -> Env:
        """Return the env alone, redacted and bounded."""
        own = msgspec.json.decode(self._own)
        env = _env(own, self._address)
        if crumbs := _crumbs(own.get("breadcrumbs"), settings.max_env_bytes // 2):
            env[trail.KEY] = crumbs
        return fit_env(redactor.env(plain_mapping(env)), settings.max_env_bytes)

    def _variables_by_frame(self) -> dict[tuple[int, int], dict[str, Any]]:
        if not self._variables:
            return {}
        found = msgspec.json.decode(self._variables)
        return {(exception, frame): variables for exception, frame, variables in found}

    def _key(
        self,
        event: dict[str, Any],
        logger: str,
        template: str,
        message: str,
        exception: ExceptionInfo | None,
        place: Frame | None,
    ) -> str:
        parts = event.get("fingerprint")
        parts = [str(each)[:_MAX_MESSAGE] for each in parts[:_MAX_PARTS]] if isinstance(parts, list) else []
        if not parts or (len(parts) == 1 and parts[0] in DEFAULT):
            return _default_key(event, self.level, logger, template, message, exception, place)
        if DEFAULT.isdisjoint(parts):
            return fingerprint.of_app(parts)
        default = _default_key(event, self.level, logger, template, message, exception, place)
        return fingerprint.of_app([default if each in DEFAULT else each for each in parts])


def _default_key(
    event: dict[str, Any],
    level: int,
    logger: str,
    template: str,
    message: str,
    exception: ExceptionInfo | None,
    place: Frame | None,
) -> str:
    if exception is not None and event.get("platform") == "javascript":
        return fingerprint.of_javascript(type=exception.type, message=exception.message, frames=exception.frames)
    if exception is not None and exception.frames:
        return fingerprint.of_exception(exception)
    if exception is not None:
        message = f"{traceback.last_lines(exception)} {message}"
    about: dict[str, Any] = {"logger": logger, "level": level}
    about |= {"module": place.module if place else "", "function": place.function if place else ""}
    if template and exception is None:
        return fingerprint.of_call(template=template, **about)
    return fingerprint.of_message(message=message, **about)


def _message(event: dict[str, Any]) -> tuple[str, str]:
    """Return the message, and the template it was made from where the event says so."""
    # `message` may be the object that `logentry` is.
    logged = _mapping(event.get("logentry")) or _mapping(event.get("message"))
    template = _text(logged.get("message"), _MAX_MESSAGE)
    formatted = _text(logged.get("formatted"), _MAX_MESSAGE) or _text(event.get("message"), _MAX_MESSAGE)
    params = logged.get("params")
    if not formatted:
        formatted = template
        if isinstance(params, list):
            for each in params[:_MAX_PARTS]:
                # Clients of all languages: the first placeholder that is left, whatever its letter.
                formatted = formatted.replace("%s", _shown(each), 1)
    return formatted, template if params or template != formatted else ""


def _frames_beside(event: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the stack of an event that has no exception: its own, or that of the thread that it came from."""
    if frames := sentry_exception.frames_of(event):
        return frames
    threads = event.get("threads")
    values = threads.get("values") if isinstance(threads, dict) else threads
    found = [each for each in values if isinstance(each, dict)] if isinstance(values, list) else []
    for sign in ("crashed", "current"):
        for each in found:
            if each.get(sign) is True:
                return sentry_exception.frames_of(each)
    return sentry_exception.frames_of(found[0]) if len(found) == 1 else []


def _traceback(exception: ExceptionInfo | None, frames: tuple[Frame, ...]) -> str:
    if exception:
        return traceback.text(exception)
    return traceback.stack_text(frames) if frames else ""


def _env(own: dict[str, Any], address: str) -> Env:
    """Return an event's surroundings under the names that our own capture gives them."""
    request, contexts, user = _mapping(own.get("request")), _mapping(own.get("contexts")), _mapping(own.get("user"))
    traced, sdk = _mapping(contexts.get("trace")), _mapping(own.get("sdk"))
    if user.get("ip_address") == "{{auto}}":
        user = {**user, "ip_address": address}
    client = " ".join(_text(sdk.get(name)) for name in ("name", "version") if sdk.get(name))
    env = {
        "hostname": _text(own.get("server_name")),
        "environment": _text(own.get("environment")),
        "application_version": _text(own.get("release")),
        "dist": _text(own.get("dist")),
        "transaction": _text(own.get("transaction")),
        "method": _text(request.get("method")),
        "url": _text(request.get("url"), 2_000),
        "query": request.get("query_string"),
        "headers": {name.lower(): value for name, value in _pairs(request.get("headers")).items()},
        "cookies": request.get("cookies"),
        "data": request.get("data"),
        "request_env": request.get("env"),
        "user_id": _shown(user["id"]) if "id" in user else "",
        "user": user,
        "tags": _pairs(own.get("tags")),
        "trace_id": _text(traced.get("trace_id")),
        "span_id": _text(traced.get("span_id")),
        "contexts": {name: value for name, value in contexts.items() if name != "trace"},
        "extra": own.get("extra"),
        "event_id": _text(own.get("event_id")),
        "sdk": client,
        "reported_from": address,
    }
    return {name: value for name, value in env.items() if value}


def _crumbs(said: Any, max_bytes: int) -> list[Env]:
    """Return the newest breadcrumbs, oldest first, in `max_bytes` of JSON and in the form of our own."""
    values = said.get("values") if isinstance(said, dict) else said
    if not isinstance(values, list):
        return []
    found: list[Env] = []
    for each in reversed([each for each in values if isinstance(each, dict)][-_MAX_CRUMBS:]):
        crumb = {
            "time": moment(each.get("timestamp")),
            "level": level_name(LEVELS.get(_text(each.get("level")).lower(), LEVELS["info"])),
            "logger": _text(each.get("category")) or _text(each.get("type")),
            "message": bounded(_crumb_text(each), _LONGEST_CRUMB),
        }
        max_bytes -= json_size(crumb) + 1
        if max_bytes < 0:
            break
        found.append(crumb)
    return found[::-1]


def _crumb_text(crumb: dict[str, Any]) -> str:
    data = crumb.get("data")
    parts = [_text(crumb.get("message"), _MAX_MESSAGE), _shown(data) if data else ""]
    return " ".join(filter(None, parts))


def moment(said: Any) -> int:
    """Return when something happened, in milliseconds since the epoch; now, where what is said cannot be.

    Arguments:
        said: seconds since the epoch, or a date and time as ISO 8601 has it.
    """
    now = time.time()
    seconds = now
    if isinstance(said, str):
        try:
            read = datetime.fromisoformat(said[:40])
            seconds = (read if read.tzinfo else read.replace(tzinfo=UTC)).timestamp()
        except (ValueError, OverflowError):
            seconds = now
    elif isinstance(said, int | float) and not isinstance(said, bool):
        seconds = said
    return int((seconds if now - _LONGEST_AGE_SECONDS <= seconds <= now else now) * 1_000)


def _encoded_variables(event: dict[str, Any]) -> bytes:
    """Take the variables out of an event's frames, and return them with their positions; empty where there are none."""
    found = []
    for exception, each in enumerate(sentry_exception.exceptions_of(event)):
        for position, frame in enumerate(sentry_exception.frames_of(each)):
            variables = frame.pop("vars", None)
            if isinstance(variables, dict) and variables:
                found.append((exception, position, variables))
    encoded = _encoded(found) if found else b""
    return encoded if len(encoded) <= _MAX_BYTES else b""


def _encoded(value: Any) -> bytes:
    try:
        encoded = msgspec.json.encode(value)
    except (OverflowError, ValueError, TypeError):  # numbers beyond 64 bits
        encoded = msgspec.json.encode(plain_mapping({"": value})[""])
    return encoded


_shared_texts: dict[bytes, bytes] = {}
_MAX_SHARED = 200


def _shared(said: bytes) -> bytes:
    """Return the one object that equal events share while they wait."""
    if len(_shared_texts) >= _MAX_SHARED:
        _shared_texts.clear()
    return _shared_texts.setdefault(said, said)


def _pairs(said: Any) -> dict[str, Any]:
    """Return a mapping, which may come as a list of pairs."""
    if isinstance(said, list):
        return {each[0]: each[1] for each in said if isinstance(each, list) and len(each) == 2 and _text(each[0])}
    return _mapping(said)


def _mapping(said: Any) -> dict[str, Any]:
    return said if isinstance(said, dict) else {}


def _shown(value: Any) -> str:
    return value if isinstance(value, str) else msgspec.json.encode(value).decode()


def _text(value: Any, characters: int = _MAX_NAME) -> str:
    return value[:characters] if isinstance(value, str) else ""
