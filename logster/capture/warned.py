"""Warnings: each that Python would show is a report too, at the place that it is about.

Owns how a warning becomes a record. `logging.captureWarnings` would make one message of all, from one place.
"""

import logging
import warnings
from typing import Any

from logster.capture.hook import Hook
from logster.capture.plain import safe_str
from logster.capture.uncaught import capture_record
from logster.delivery.silence import silence
from logster.service import Service

LOGGER = "py.warnings"


class WarningHook(Hook):
    """Takes over `warnings.showwarning`.

    Arguments:
        service: whom to report to; this process's own by default.
    """

    def __init__(self, service: Service | None) -> None:
        self._service = service
        super().__init__(warnings, "showwarning", self._report)

    def pass_on(self, *args: Any, **kwargs: Any) -> None:
        # Who had the hook before may log the warning, as logging.captureWarnings does: it is reported already.
        if silence.kept:
            super().pass_on(*args, **kwargs)
        else:
            with silence:
                super().pass_on(*args, **kwargs)

    def _report(
        self,
        message: Warning | str,
        category: type[Warning],
        filename: str,
        lineno: int,
        file: object = None,
        line: str | None = None,  # noqa: ARG002 - warnings' name
    ) -> None:
        if file is not None:  # it was to be written there, and nowhere else
            return
        text = f"{category.__name__}: {safe_str(message)}"
        capture_record(logging.LogRecord(LOGGER, logging.WARNING, filename, lineno, text, None, None), self._service)
