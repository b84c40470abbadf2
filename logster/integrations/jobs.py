"""What the integrations of job queues have in common: the job around what is captured, and its failures.

Owns what a report says about a job, and that reporting never fails one. Does not know any queue.
"""

import functools
import inspect
import logging
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any, ParamSpec, TypeVar

from logster import service as services
from logster.capture.captured import captured_by, mark, mark_record
from logster.capture.context import bind
from logster.capture.plain import bounded, plain, safe_str
from logster.capture.snapshot import RecordSnapshot
from logster.delivery.silence import silence
from logster.delivery.stderr import complain

_P = ParamSpec("_P")
_T = TypeVar("_T")
# All arguments of a job together, and each text in them.
_MAX_CHARACTERS = 4_000
_MAX_TEXT = 500


@dataclass(frozen=True, slots=True)
class Job:
    """One attempt at a job.

    Arguments:
        system: the queue's software, also the name of the logger under which the job is reported.
        task: the task's name.
        id: the job's id, the same for all attempts.
        queue: the name of the queue.
        arguments: by parameter, so that those with secret names are redacted; see `named_arguments`.
        attempt: the number of this attempt, from 1; None where the software does not know.
        retries_left: how often the job may be tried again; None where there is no limit, or it is not known.
    """

    system: str
    task: str
    id: str
    queue: str
    arguments: Mapping[str, Any]
    attempt: int | None = None
    retries_left: int | None = None

    def env(self) -> dict[str, Any]:
        """Return what a report says about the job, within bounds and without what is not known."""
        values = {name: getattr(self, name) for name in self.__dataclass_fields__}
        values["arguments"] = _Cut().value(plain(dict(self.arguments)))
        return {name: value for name, value in values.items() if value not in (None, "", {})}


class _Cut:
    """Cuts plain data piece by piece, so that names stay beside their values and secrets can be told."""

    def __init__(self) -> None:
        self._left = _MAX_CHARACTERS

    def value(self, value: Any) -> Any:
        if isinstance(value, dict):
            kept = {str(self.value(key)): self.value(each) for key, each in self._while_there_is_room(value.items())}
            return kept if len(kept) == len(value) else {**kept, "…": f"{len(value) - len(kept):,} more"}
        if isinstance(value, list):
            kept_items = [self.value(each) for each in self._while_there_is_room(value)]
            more = len(value) - len(kept_items)
            return [*kept_items, f"… ({more:,} more)"] if more else kept_items
        if isinstance(value, str):
            value = bounded(value, min(_MAX_TEXT, max(self._left, 0)))
            self._left -= len(value)
        self._left -= 8  # what a number takes, and what stands around a text
        return value

    def _while_there_is_room(self, values: Iterable[_T]) -> Iterator[_T]:
        for each in values:
            if self._left <= 0:
                return
            yield each


def harmless(function: Callable[_P, object]) -> Callable[_P, None]:
    """Keep what goes wrong in `function` from the job: it is said on standard error instead."""

    @functools.wraps(function)
    def call(*args: _P.args, **kwargs: _P.kwargs) -> None:
        try:
            function(*args, **kwargs)
        except Exception as error:
            complain(f"a job could not be followed: {type(error).__name__}")

    return call


def named_arguments(function: Any, args: Iterable[Any], kwargs: Mapping[str, Any]) -> dict[str, Any]:
    """Return a job's arguments by the names of the parameters.

    Arguments:
        function: what the job calls; None where that is not known.
        args: the positional arguments.
        kwargs: the named ones.

    Returns:
        The arguments; those that do not fit the parameters as `args` and `kwargs`.
    """
    args = tuple(args)
    try:
        return dict(inspect.signature(function).bind_partial(*args, **kwargs).arguments)
    except (TypeError, ValueError):
        found = {"args": list(args), "kwargs": dict(kwargs)}
        return {name: value for name, value in found.items() if value}


class _Running:
    """A job that runs in this context, what ran around it, and what is bound for it."""

    __slots__ = ("before", "bound")

    def __init__(self, job: Job, before: "_Running | None") -> None:
        self.before = before
        # Rendered at once, because the job may change its arguments.
        self.bound = bind(job=plain(job.env()))


_running: ContextVar[_Running | None] = ContextVar("logster_job", default=None)


@harmless
def start(job: Job) -> None:
    """Make everything that is reported from here on in this context carry `job`, until `end`."""
    _running.set(_Running(job, _running.get()))


@harmless
def end() -> None:
    """End what `start` began, and forget what the job bound; nothing where nothing began."""
    running = _running.get()
    if running is not None:
        _running.set(running.before)
        running.bound.__exit__()


@harmless
def report(job: Job, error: BaseException | None, *, is_retried: bool, reason: str = "") -> None:
    """Report that a job failed, unless its error is reported already.

    Arguments:
        job: the job; where it runs in this context, what `start` was told of it is shown.
        error: what it raised; None where it raised nothing.
        is_retried: whether the job will be tried again. This makes a warning, else it is an error.
        reason: why, where there is no exception that says it.
    """
    if silence.kept or (error is not None and captured_by(error)):
        return
    message = "Job %s will be tried again" if is_retried else "Job %s failed"
    args: tuple[str, ...] = (safe_str(job.task),)
    if reason:
        message, args = f"{message}: %s", (*args, safe_str(reason))
    exc_info = None
    if error is not None:
        mark(error, "middleware")
        exc_info = (type(error), error, error.__traceback__)
    level = logging.WARNING if is_retried else logging.ERROR
    record = logging.LogRecord(job.system, level, "", 0, message, args, exc_info)
    if _running.get() is None:
        record.env = {"job": job.env()}
    service = services.current()
    service.worker.submit(RecordSnapshot(record, service.settings.current_namespace()))


@harmless
def flush() -> None:
    """Write what was reported, within `drain_seconds`, in a process that may end without notice."""
    service = services.running()
    if service is not None and not service.worker.flush(or_spool=True):
        complain("reports were not written before the worker process ended")


class ReportedElsewhere(logging.Filter):
    """Marks the records of a queue's own logger that tell what `report` tells, so that each failure is one report.

    Other handlers get these records as ever.

    Arguments:
        beginnings: what the templates of such records begin with.
    """

    def __init__(self, *beginnings: str) -> None:
        super().__init__()
        self._beginnings = beginnings

    def filter(self, record: logging.LogRecord) -> bool:
        """Let every record pass."""
        if type(record.msg) is str and record.msg.startswith(self._beginnings):
            mark_record(record)
        return True


def leave_out(logger: str, *beginnings: str) -> None:
    """Keep records of a queue's own logger from LogsterHandler; calls for the same logger replace each other.

    Arguments:
        logger: the logger's name.
        beginnings: what the templates of the records begin with.
    """
    found = logging.getLogger(logger)
    for each in list(found.filters):
        if isinstance(each, ReportedElsewhere):
            found.removeFilter(each)
    found.addFilter(ReportedElsewhere(*beginnings))
