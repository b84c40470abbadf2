"""Snapshots → occurrences, on the worker's thread: message, exception, fingerprint, env, redaction, limits.

Owns the order in which these are put together, and what need not be worked out twice.
"""

from collections.abc import Mapping
from functools import lru_cache
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

from logster import fingerprint
from logster.capture import traceback, trail
from logster.capture.correlation import span_env
from logster.capture.plain import bounded, clean
from logster.capture.source import Source
from logster.capture.surroundings import application_version, process_env
from logster.entry import Env, ExceptionInfo, Frame, Occurrence
from logster.limits import fit, fit_env
from logster.recall import Recall
from logster.redaction import Redactor
from logster.settings import Settings

if TYPE_CHECKING:
    from logster.capture.snapshot import RecordSnapshot


_KNOWN_ENVS = 100


class Renderer:
    """Renders the snapshots of one process under one set of settings."""

    def __init__(self, settings: Settings, redactor: Redactor) -> None:
        self.settings = settings
        self._redactor = redactor
        self._source = Source(redactor, settings.project_root)
        self._version = redactor.text(application_version(settings))
        self._call = lru_cache(maxsize=4_096)(self._source.call)
        self._templates = lru_cache(maxsize=4_096)(self._source.templates)
        self._redacted_template = lru_cache(maxsize=1_000)(redactor.text)
        self._redacted_name = lru_cache(maxsize=1_000)(redactor.text)
        self._process_env: Env = {}
        self._env_of_bound = Recall(self._redacted, _KNOWN_ENVS)

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
        key = self._key(snapshot, template, message, exception, call)
        if exception and snapshot.exception:
            exception = traceback.with_locals(exception, snapshot.exception, self._redactor)
        occurrence = Occurrence(
            key=key,
            level=snapshot.level,
            logger=self._redacted_name(snapshot.logger),
            message=message or traceback.last_lines(exception) if exception else message,
            timestamp_ms=snapshot.timestamp_ms,
            template=template or (message if snapshot.is_event else ""),
            exception=exception,
            traceback=text,
            location=location(exception) or (call if snapshot.pathname else None),
            env=self.env(snapshot),
            version=self._version,
            namespace=snapshot.namespace,
            count=snapshot.count,
        )
        return fit(occurrence, settings, snapshot.cut)

    def env(self, snapshot: "RecordSnapshot") -> Env:
        """Return the env of `snapshot`, redacted and bounded; the same one where nothing but `bind()` adds to it."""
        shared = process_env(self.settings)
        if shared is not self._process_env:  # the first time, and in a forked child
            self._process_env, self._env_of_bound = shared, Recall(self._redacted, _KNOWN_ENVS)
        own: Env = {}
        if type(snapshot.thread) is str and snapshot.thread != "MainThread":
            own["thread"] = clean(snapshot.thread)
        if snapshot.request is not None:
            own.update(snapshot.request.env())
        if snapshot.span is not None:
            own.update(span_env(snapshot.span))
        if snapshot.trail and self.settings.breadcrumbs:
            own[trail.KEY] = trail.told(snapshot.trail, self.settings.max_env_bytes // 2)
        if not own and not snapshot.extra:
            return self._env_of_bound(snapshot.bound)
        return self._redacted({**own, **snapshot.bound, **(snapshot.extra or {})})

    def _redacted(self, own: Mapping[str, Any]) -> Env:
        """Return the env that this process shares with what is `own` over it, redacted and bounded."""
        return fit_env(self._redactor.env({**self._process_env, **own}), self.settings.max_env_bytes)

    def _stack(self, stack: object) -> str:
        return self._redactor.text(clean(bounded(stack))) if isinstance(stack, str) else ""

    def _template(self, snapshot: "RecordSnapshot") -> str:
        """Return what the message was made from; empty where there is no telling."""
        if snapshot.has_args:
            return self._redacted_template(snapshot.template)
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
        about: dict[str, Any] = {"logger": self._redacted_name(snapshot.logger), "level": snapshot.level}
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
