"""Snapshots → occurrences, on the worker's thread: message, exception, fingerprint, env, redaction, limits.

Owns the order in which these are put together, and what need not be worked out twice.
"""

from functools import lru_cache
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

from logster import fingerprint
from logster.capture import traceback
from logster.capture.plain import bounded, clean
from logster.capture.source import Source
from logster.capture.surroundings import application_version, process_env
from logster.entry import Env, ExceptionInfo, Frame, Occurrence
from logster.limits import fit_env, fit_occurrence
from logster.redaction import Redactor
from logster.settings import Settings

if TYPE_CHECKING:
    from logster.capture.snapshot import RecordSnapshot


class Renderer:
    """Renders the snapshots of one process under one set of settings."""

    def __init__(self, settings: Settings, redactor: Redactor) -> None:
        self.settings = settings
        self._redactor = redactor
        self._source = Source(redactor, settings.project_root)
        self._version = application_version(settings)
        self._call = lru_cache(maxsize=4_096)(self._source.call)
        self._templates = lru_cache(maxsize=4_096)(self._source.templates)

    def occurrence(self, snapshot: "RecordSnapshot") -> Occurrence | None:
        """Return `snapshot` rendered, redacted and bounded; None where the settings say to leave it out."""
        settings = self.settings
        message = self._redactor.text(snapshot.message())
        exception = traceback.render(snapshot.exception, self._source, self._redactor) if snapshot.exception else None
        if exception is None and settings.skip_empty and not message.strip():
            return None
        call = self._call(snapshot.pathname, snapshot.line, snapshot.function)
        template = self._template(snapshot)
        text = traceback.text(exception) if exception else self._stack(snapshot.stack)
        occurrence = Occurrence(
            key=self._key(snapshot, template, message, exception, call),
            level=snapshot.level,
            logger=snapshot.logger,
            message=message or traceback.last_lines(exception) if exception else message,
            timestamp_ms=snapshot.timestamp_ms,
            template=template,
            exception=exception,
            traceback=text,
            location=location(exception) or (call if snapshot.pathname else None),
            env=self.env(snapshot),
            version=self._version,
            namespace=snapshot.namespace,
            count=snapshot.count,
        )
        return fit_occurrence(
            occurrence,
            max_characters=settings.maximum_message_length,
            max_bytes=settings.maximum_entry_bytes,
            max_env_bytes=settings.max_env_bytes,
            already_cut=snapshot.cut,
        )

    def env(self, snapshot: "RecordSnapshot") -> Env:
        """Return the env of `snapshot`, redacted and bounded."""
        env = dict(process_env(self.settings))
        if type(snapshot.thread) is str and snapshot.thread != "MainThread":
            env["thread"] = clean(snapshot.thread)
        if snapshot.request is not None:
            env.update(snapshot.request.env())
        if snapshot.bound:
            env.update(snapshot.bound)
        if snapshot.extra:
            env.update(snapshot.extra)
        return fit_env(self._redactor.env(env), self.settings.max_env_bytes)

    def _stack(self, stack: object) -> str:
        return self._redactor.text(clean(bounded(stack))) if isinstance(stack, str) else ""

    def _template(self, snapshot: "RecordSnapshot") -> str:
        """Return what the message was made from; empty where there is no telling."""
        if snapshot.has_args:
            return self._redactor.text(snapshot.template)
        message = snapshot.message()
        templates = self._templates(snapshot.pathname, snapshot.line)
        return next((self._redactor.text(each.text) for each in templates if each.fits(message)), "")

    def _key(
        self, snapshot: "RecordSnapshot", template: str, message: str, exception: ExceptionInfo | None, call: Frame
    ) -> str:
        if snapshot.fingerprint is not None:
            return fingerprint.of_app(snapshot.fingerprint)
        if exception is not None and exception.frames:
            return fingerprint.of_exception(exception)
        if exception is not None:
            message = f"{exception.type} {message}"
        about: dict[str, Any] = {"logger": snapshot.logger, "level": snapshot.level}
        about |= {"module": call.module, "function": call.function}
        if template and exception is None:
            return fingerprint.of_call(template=template, **about)
        return fingerprint.of_message(message=message[: self.settings.maximum_message_length], **about)


def location(exception: ExceptionInfo | None) -> Frame | None:
    """Return the place that a reader wants to see first: the innermost in the app, else the innermost."""
    if exception is None or not exception.frames:
        return None
    return next((frame for frame in reversed(exception.frames) if frame.in_app), exception.frames[-1])


_renderers: WeakKeyDictionary[Redactor, Renderer] = WeakKeyDictionary()


def renderer_for(settings: Settings, redactor: Redactor) -> Renderer:
    """Return the renderer that goes with `redactor`; made once, since it remembers what it looked up."""
    renderer = _renderers.get(redactor)
    if renderer is None or renderer.settings is not settings:
        renderer = _renderers[redactor] = Renderer(settings, redactor)
    return renderer
