"""A browser's error report → occurrence: its stack parsed into frames, everything bounded.

Owns the stack formats of V8, Firefox and Safari. All input is a stranger's.
"""

import time
from collections.abc import Iterator, Mapping
from itertools import islice
from typing import Any

import msgspec
import re2

from logster import fingerprint
from logster.capture.plain import bounded, clean, plain_mapping
from logster.capture.source_maps import source_maps
from logster.capture.surroundings import application_version
from logster.capture.traceback import last_lines
from logster.entry import Env, ExceptionInfo, Frame, Occurrence
from logster.limits import fit, fit_env
from logster.opaque import Opaque
from logster.redaction import Redactor
from logster.settings import Settings

LOGGER = "javascript"
_MAX_FRAMES = 50
_MAX_STACK = 30_000
_MAX_MESSAGE = 12_000
_MAX_URL = 2_000
_MAX_FUNCTION = 300
_MAX_DEBUG_ID = 36

# V8:      "    at fn (https://host/app.js:10:5)", "    at https://host/app.js:10:5", "    at async fn (…)"
_V8 = re2.compile(r"^\s*at (?:async )?(?:(.*?) \()?((?:\S|\S .*\S)+?)(?::(\d+))?(?::(\d+))?\)?$")
# Firefox and Safari: "fn@https://host/app.js:10:5", "@https://…", "https://host/app.js:10:5", "fn@[native code]"
_GECKO = re2.compile(r"^\s*(?:([^@\s]*(?:\[[^\]]*\])?[^@\s]*)@)?(\S+?)(?::(\d+))?(?::(\d+))?$")
# "TypeError: x is undefined", "Uncaught (in promise) TypeError: …"
_TYPE = re2.compile(
    r"^(?:Uncaught )?(?:\(in promise\) )?(?:uncaught exception: )?([A-Za-z_$][\w$.]*(?:Error|Exception)):\s*"
)
_PLACE = re2.compile(r"://|^/|\.m?js|^<anonymous>|^\[native code\]|^webpack|^blob:|^eval")


class JavaScriptSnapshot(Opaque):
    """What a browser reported, taken as it came.

    Arguments:
        message: the error's message; "TypeError: …" names its type.
        url: the script in which it happened.
        line: the line in that script.
        column: the column in that line.
        stack: the stack as the browser gave it.
        level: the level to report it at.
        env: what surrounded it: page and request.
        namespace: whose entry it becomes.
        window_location: the page it happened on.
        debug_ids: the debug ids of scripts in the stack, by their addresses.
    """

    count = 1

    def __init__(
        self,
        message: str,
        url: str = "",
        line: int = 0,
        column: int = 0,
        stack: str = "",
        level: int = 40,
        env: Mapping[str, Any] | None = None,
        namespace: str = "default",
        window_location: str = "",
        debug_ids: Mapping[str, str] | None = None,
    ) -> None:
        self.timestamp_ms = int(time.time() * 1_000)
        self.namespace = namespace
        self.level = level
        self._cut = max(len(message) - _MAX_MESSAGE, 0)
        self._message = clean(message[:_MAX_MESSAGE])
        self._url = clean(url[:_MAX_URL])
        self._line = line
        self._column = column
        self._stack = clean(stack[:_MAX_STACK])
        self._debug_ids = _bounded_ids(debug_ids) if debug_ids else ()
        self._env = plain_mapping(env or {})
        if window_location:
            self._env["window_location"] = clean(bounded(window_location, _MAX_URL))

    def identity(self) -> tuple[Any, ...]:
        place = (self._url, self._line, self._column, self._stack, self._debug_ids)
        return ("javascript", self.namespace, self._message, place)

    def occurrence(self, settings: Settings, redactor: Redactor) -> Occurrence:
        """Return the report rendered, redacted and bounded."""
        message = redactor.text(self._message)
        exception = self._exception(message, redactor)
        telling = exception.frames
        if settings.source_maps_directory and telling:
            exception, telling = self._in_sources(exception, settings, redactor)
        location = next((frame for frame in reversed(exception.frames) if frame.in_app), None)
        occurrence = Occurrence(
            key=fingerprint.of_javascript(type=exception.type, message=exception.message, frames=telling),
            level=self.level,
            logger=LOGGER,
            message=message,
            timestamp_ms=self.timestamp_ms,
            exception=exception,
            traceback=_text(exception),
            location=location or (exception.frames[-1] if exception.frames else None),
            env=self.env(settings, redactor),
            version=redactor.text(application_version(settings)),
            source="javascript",
            namespace=self.namespace,
        )
        return fit(occurrence, settings, self._cut)

    def env(self, settings: Settings, redactor: Redactor) -> Env:
        """Return the env alone, redacted and bounded."""
        return fit_env(redactor.env(self._env), settings.max_env_bytes)

    def _exception(self, message: str, redactor: Redactor) -> ExceptionInfo:
        first_line = self._stack.partition("\n")[0]
        named = _TYPE.match(message) or _TYPE.match(first_line)
        text = message[named.end() :] if named and _TYPE.match(message) else message
        frames = tuple(parse_stack(self._stack, redactor))
        if not frames and self._url:
            frames = (Frame(file=redactor.url(self._url), line=self._line, column=self._column, in_app=True),)
        return ExceptionInfo(type=named[1] if named else "Error", message=text, frames=frames)

    def _in_sources(
        self, exception: ExceptionInfo, settings: Settings, redactor: Redactor
    ) -> tuple[ExceptionInfo, tuple[Frame, ...]]:
        """Return the exception with its frames in their sources, and the frames that tell it from others."""
        debug_ids = {redactor.url(file): debug_id for file, debug_id in self._debug_ids}
        found = source_maps(settings).resolve(exception.frames, debug_ids)
        notes = (found.hint,) if found.hint else ()
        return msgspec.structs.replace(exception, frames=found.frames, notes=notes), found.telling


def parse_stack(stack: str, redactor: Redactor) -> Iterator[Frame]:
    """Return the frames of a browser's stack, outermost call first."""
    found = [frame for line in stack.split("\n")[: 2 * _MAX_FRAMES] if (frame := _frame(line.rstrip(), redactor))]
    yield from reversed(found[:_MAX_FRAMES])


def _frame(line: str, redactor: Redactor) -> Frame | None:
    match = _V8.match(line) if line.lstrip().startswith("at ") else _GECKO.match(line)
    if match is None or not _PLACE.search(match[2]):
        return None
    return Frame(
        file=redactor.url(match[2][:_MAX_URL]),
        function=redactor.text((match[1] or "")[:_MAX_FUNCTION]),
        line=_number(match[3]),
        column=_number(match[4]),
        in_app="://" in match[2],
    )


def _bounded_ids(debug_ids: Mapping[str, str]) -> tuple[tuple[str, str], ...]:
    ids = islice(debug_ids.items(), _MAX_FRAMES)
    return tuple((clean(file[:_MAX_URL]), debug_id[:_MAX_DEBUG_ID]) for file, debug_id in ids)


def _number(digits: str | None) -> int:
    return int(digits) if digits and len(digits) < 10 else 0


def _text(exception: ExceptionInfo) -> str:
    """Return the stack as V8 prints it, innermost call first."""
    lines = [last_lines(exception)]
    for frame in reversed(exception.frames):
        place = ":".join(str(each) for each in (frame.file, frame.line, frame.column) if each)
        lines.append(f"    at {frame.function} ({place})" if frame.function else f"    at {place}")
    return "\n".join(lines)
