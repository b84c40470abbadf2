"""RQ: failed and retried jobs, each once, with the job around everything that is reported from it.

A work horse ends by os._exit(), so what it reported is written before that.
"""

from typing import TYPE_CHECKING, Any

from rq import worker as workers

from logster.integrations import jobs
from logster.integrations.jobs import Job, harmless

if TYPE_CHECKING:
    _Base = workers.BaseWorker
else:
    _Base = object

_ATTEMPT = "logster_attempt"


class ReportingMixin(_Base):
    """Makes any class of workers report; stands before it: `class MyWorker(ReportingMixin, rq.worker.RandomWorker)`."""

    def perform_job(self, job: Any, *args: Any, **kwargs: Any) -> bool:
        """Perform the job, and write what was reported from it before the process may end."""
        _start(job)
        try:
            return super().perform_job(job, *args, **kwargs)
        finally:
            jobs.end()
            if self.is_horse:
                jobs.flush()

    def handle_exception(self, job: Any, *exc_info: Any) -> None:
        """Report the job's error, then do with it what RQ does."""
        _report(job, exc_info[1] if len(exc_info) > 1 else None)
        super().handle_exception(job, *exc_info)

    def handle_job_retry(self, job: Any, *args: Any, **kwargs: Any) -> None:
        """Report that the job asks to be tried again, then do what RQ does."""
        _report(job, None, is_retried=True)
        super().handle_job_retry(job, *args, **kwargs)

    def handle_work_horse_killed(self, job: Any, retpid: Any, ret_val: Any, rusage: Any) -> None:
        """Report that the job's process is gone, as where memory ran out, then do what RQ does."""
        _report(job, None, reason=f"its process ended with status {ret_val}")
        super().handle_work_horse_killed(job, retpid, ret_val, rusage)  # type: ignore[no-untyped-call]


class Worker(ReportingMixin, workers.Worker):
    """RQ's usual worker, which forks a work horse for each job: `rq worker -w logster.integrations.rq.Worker`."""


class SpawnWorker(ReportingMixin, workers.SpawnWorker):
    """The worker that starts a new interpreter for each job."""


class SimpleWorker(ReportingMixin, workers.SimpleWorker):
    """The worker that performs jobs in its own process."""


def _safely(job: Any, name: str) -> Any:
    """Return what a job says about itself; None where that cannot be read, as where its data cannot be loaded."""
    try:
        return getattr(job, name)
    except Exception:
        return None


@harmless
def _start(job: Any) -> None:
    _leave_out()
    # RQ counts what is left, not what was; the number goes with the job's own data.
    jobs.start(_job(job, job.connection.hincrby(job.key, _ATTEMPT, 1)))


@harmless
def _report(job: Any, error: BaseException | None, *, is_retried: bool | None = None, reason: str = "") -> None:
    _leave_out()
    if is_retried is None:
        is_retried = bool(job.should_retry)
    attempt = job.connection.hget(job.key, _ATTEMPT)
    jobs.report(_job(job, int(attempt or 1)), error, is_retried=is_retried, reason=reason)


def _leave_out() -> None:
    # RQ 2 writes "[Job %s]".
    raised = ("Worker %s: job %s: exception raised", "[Job %s]: exception raised")
    jobs.leave_out(workers.logger.name, *raised, "Work horse killed for job")


def _job(job: Any, attempt: int) -> Job:
    function = _safely(job, "func")
    return Job(
        system="rq",
        task=_safely(job, "func_name") or "<unreadable>",
        id=job.id,
        queue=job.origin,
        arguments=jobs.named_arguments(function, _safely(job, "args") or (), _safely(job, "kwargs") or {}),
        attempt=attempt,
        retries_left=job.retries_left,
    )
