"""Dramatiq: failed and retried messages, each once, with the message around everything that is reported from it."""

from typing import Any

import dramatiq
from dramatiq.errors import RateLimitExceeded
from dramatiq.middleware import Middleware, Retries

from logster.integrations import jobs
from logster.integrations.jobs import Job, harmless


def install(broker: dramatiq.Broker) -> None:
    """Report failed and retried messages of `broker`; calling it again changes nothing.

    Exceptions in an actor's `throws` are expected and not reported, nor are exceeded rate limits.
    """
    if any(isinstance(each, LogsterMiddleware) for each in broker.middleware):
        return
    # Those that come first are asked last, and Retries has to have decided before.
    has_retries = any(isinstance(each, Retries) for each in broker.middleware)
    broker.add_middleware(LogsterMiddleware(), before=Retries if has_retries else None)


class LogsterMiddleware(Middleware):
    """Reports; stands before Retries, which is what `install` sees to."""

    def __init__(self) -> None:
        jobs.leave_out("dramatiq.worker.WorkerThread", "Failed to process message")
        jobs.leave_out("dramatiq.middleware.retries.Retries", "Retries exceeded for message")

    @harmless
    def before_process_message(self, broker: dramatiq.Broker, message: Any) -> None:
        """Make what is reported from now on carry the message."""
        jobs.start(_job(broker, message))

    @harmless
    def after_process_message(
        self, broker: dramatiq.Broker, message: Any, *, result: Any = None, exception: BaseException | None = None
    ) -> None:
        """Report a failure, as what Retries made of it."""
        try:
            if exception is not None and not _is_expected(broker, message, exception):
                has_retries = any(isinstance(each, Retries) for each in broker.middleware)
                is_retried = has_retries and not message.failed
                jobs.report(_job(broker, message), exception, is_retried=is_retried)
        finally:
            jobs.end()

    def after_skip_message(self, broker: dramatiq.Broker, message: Any) -> None:
        """Let go of a message that another middleware had skipped."""
        jobs.end()

    def after_worker_shutdown(self, broker: dramatiq.Broker, worker: Any) -> None:
        """Write what was reported before the process ends."""
        jobs.flush()


def _is_expected(broker: dramatiq.Broker, message: Any, error: BaseException) -> bool:
    throws = message.options.get("throws") or _option(broker, message, "throws")
    return bool(throws and isinstance(error, throws)) or (isinstance(error, RateLimitExceeded) and not message.failed)


def _option(broker: dramatiq.Broker, message: Any, name: str) -> Any:
    actor = broker.actors.get(message.actor_name)
    return actor.options.get(name) if actor else None


def _job(broker: dramatiq.Broker, message: Any) -> Job:
    actor = broker.actors.get(message.actor_name)
    retries = message.options.get("retries", 0)
    most = message.options.get("max_retries", _option(broker, message, "max_retries"))
    if most is None:
        most = next((each.max_retries for each in broker.middleware if isinstance(each, Retries)), None)
    return Job(
        system="dramatiq",
        task=message.actor_name,
        id=message.message_id,
        queue=message.queue_name,
        arguments=jobs.named_arguments(actor and actor.fn, message.args, message.kwargs),
        attempt=retries + 1,
        retries_left=None if most is None else max(most - retries, 0),
    )
