"""huey: failed and retried tasks, each once, with the task around everything that is reported from it."""

import inspect
import sys
from collections.abc import Callable
from datetime import datetime
from typing import Any

from huey import signals
from huey.api import Huey
from huey.exceptions import RetryTask

from logster.integrations import jobs
from logster.integrations.jobs import Job, harmless

_HOOK = "logster"


def install(huey: Huey) -> None:
    """Report failed and retried tasks of `huey`, also those that took too long; calling it again changes nothing.

    That a task is locked, canceled or over its rate limit is no failure.
    """
    if _HOOK in huey._shutdown:
        return
    # Each worker calls this before it ends, those that are processes too.
    huey.on_shutdown(_HOOK)(jobs.flush)
    huey.post_execute(_HOOK)(_asked_for_retry)
    huey.signal(signals.SIGNAL_ERROR, signals.SIGNAL_TIMEOUT)(_failed)
    huey.execute = _with_job(huey)
    jobs.leave_out("huey", "Unhandled exception in task", "Task %s timed out")


def _with_job(huey: Huey) -> Callable[..., Any]:
    """Return `huey.execute` with the task around it: no signal tells the end of one that failed for good."""

    execute = huey.execute

    def execute_with_job(task: Any, timestamp: datetime | None = None) -> Any:
        _start(task, huey.name)
        try:
            return execute(task, timestamp)
        finally:
            jobs.end()

    return execute_with_job


@harmless
def _start(task: Any, queue: str) -> None:
    jobs.start(_job(task, queue))


@harmless
def _failed(signal: str, task: Any, error: BaseException | None = None) -> None:
    # huey sends the signal of a timeout without its error, from where it caught that.
    jobs.report(_job(task), error or sys.exc_info()[1], is_retried=bool(task.retries))


@harmless
def _asked_for_retry(task: Any, value: Any, error: BaseException | None) -> None:
    if isinstance(error, RetryTask):
        jobs.report(_job(task), error, is_retried=True)


def _job(task: Any, queue: str = "") -> Job:
    # huey counts down; from what, only the task's own default tells.
    attempt = task.default_retries - task.retries + 1
    return Job(
        system="huey",
        task=f"{task.__module__}.{task.name}",
        id=task.id,
        queue=queue,
        arguments=jobs.named_arguments(_function(task), task.args, task.kwargs),
        attempt=attempt if attempt > 0 else None,
        retries_left=task.retries,
    )


def _function(task: Any) -> Any:
    """Return the function that a task calls; huey keeps it in the closure of the task's method alone."""
    try:
        return inspect.getclosurevars(type(task).execute).nonlocals.get("func")
    except TypeError:  # a class of the app's own
        return None
