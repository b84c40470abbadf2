"""Celery: failed and retried tasks, each once, with the task around everything that is reported from it."""

import logging
from typing import Any

from celery import Celery, signals
from celery.app.trace import LOG_RETRY

from logster.capture.handler import LogsterHandler
from logster.integrations import jobs
from logster.integrations.jobs import Job, harmless

_handlers: list[LogsterHandler] = []


def install(app: Celery | None = None) -> None:
    """Report failed and retried tasks; call it where the app is made, in the worker and wherever tasks run eagerly.

    Exceptions in a task's `throws` are expected and not reported. Calling it again changes nothing.

    Arguments:
        app: reads well at the call; Celery's signals are those of all apps of a process.
    """
    del app
    signals.task_prerun.connect(_start, weak=False, dispatch_uid="logster")
    signals.task_postrun.connect(_end, weak=False, dispatch_uid="logster")
    signals.task_failure.connect(_failed, weak=False, dispatch_uid="logster")
    signals.task_retry.connect(_retried, weak=False, dispatch_uid="logster")
    # A process of the pool ends by os._exit(), at its last task of `max-tasks-per-child` too.
    signals.worker_process_shutdown.connect(_flush, weak=False, dispatch_uid="logster")
    signals.worker_shutdown.connect(_flush, weak=False, dispatch_uid="logster")
    signals.celeryd_init.connect(_keep_handlers, weak=False, dispatch_uid="logster")
    signals.after_setup_logger.connect(_put_handlers_back, weak=False, dispatch_uid="logster")
    jobs.leave_out("celery.app.trace", LOG_RETRY, "Task %(name)s[%(id)s] %(description)s")
    jobs.leave_out("celery.worker.request", "Task handler raised error")


def _job(task: Any, request: Any) -> Job:
    """Return the attempt that `request` makes; from a context of the task or from the message of a lost process."""
    delivery = getattr(request, "delivery_info", None) or {}
    retries = getattr(request, "retries", None) or 0
    args, kwargs = getattr(request, "args", None) or (), getattr(request, "kwargs", None) or {}
    return Job(
        system="celery",
        task=task.name,
        id=getattr(request, "id", None) or "",
        queue=delivery.get("routing_key") or "",
        arguments=jobs.named_arguments(task.run, args, kwargs),
        attempt=retries + 1,
        retries_left=None if task.max_retries is None else max(task.max_retries - retries, 0),
    )


@harmless
def _start(task: Any, **_: Any) -> None:
    jobs.start(_job(task, task.request))


def _end(**_: Any) -> None:
    jobs.end()


@harmless
def _failed(sender: Any, exception: BaseException, **_: Any) -> None:
    if not (sender.throws and isinstance(exception, tuple(sender.throws))):
        jobs.report(_job(sender, sender.request), exception, is_retried=False)


@harmless
def _retried(sender: Any, request: Any, reason: Any, **_: Any) -> None:
    error = getattr(reason, "exc", None)
    error = error if isinstance(error, BaseException) else None
    jobs.report(_job(sender, request), error, is_retried=True, reason="" if error else str(reason))


def _flush(**_: Any) -> None:
    jobs.flush()


def _keep_handlers(**_: Any) -> None:
    _handlers[:] = [each for each in logging.getLogger().handlers if isinstance(each, LogsterHandler)]


def _put_handlers_back(logger: logging.Logger, **_: Any) -> None:
    # A worker takes all handlers from the root logger, unless worker_hijack_root_logger is off.
    for each in _handlers:
        if each not in logger.handlers:
            logger.addHandler(each)
