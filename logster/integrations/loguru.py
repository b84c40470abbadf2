"""loguru → Logster."""

import logging
from typing import Any

from logster.capture.handler import LogsterHandler
from logster.delivery.stderr import complain
from logster.service import Service


class LogsterSink:
    """A sink that reports what loguru logs: `logger.add(LogsterSink(), level="WARNING")`.

    What is bound, by `bind`, `contextualize` or as an argument, is env. loguru keeps no template; it is read from the
    source of the logging call.

    Arguments:
        service: whom to report to; this process's own by default.
    """

    def __init__(self, *, service: Service | None = None) -> None:
        self._handler = LogsterHandler(service=service)

    def __call__(self, message: Any) -> None:
        try:
            self._handler.emit(_record(message.record))
        except Exception as error:
            complain(f"a message of loguru could not be taken: {type(error).__name__}")


def _record(said: dict[str, Any]) -> logging.LogRecord:
    raised = said["exception"]
    record = logging.LogRecord(
        said["name"] or "loguru",
        said["level"].no,
        said["file"].path,
        said["line"],
        said["message"],
        None,
        tuple(raised) if raised is not None and raised.value is not None else None,
        said["function"],
    )
    record.created = said["time"].timestamp()
    record.threadName = said["thread"].name
    if said["extra"]:
        record.env = dict(said["extra"])
    return record
