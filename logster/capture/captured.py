"""Which exceptions and log records were captured, and by whom, so that one error is one report.

Owns the marks that they carry. A reference would keep an exception alive, and an id is soon another's.
"""

import logging
from typing import Literal

_MARK = "__logster_captured__"
RECORD_MARK = "logster_captured"

By = Literal["handler", "middleware"]

records_are_marked = False
"""Whether a record was ever marked in this process: to ask a record takes time, and most programs mark none."""


def captured_by(error: BaseException) -> str:
    """Return by whom `error` was captured; empty where nobody did."""
    try:
        return str(error.__dict__.get(_MARK, ""))
    except Exception:  # a class may hide its own __dict__
        return ""


def mark(error: BaseException, by: By) -> None:
    """Remember that `error` was captured; one that takes no mark may be captured twice, the lesser evil."""
    try:
        error.__dict__.setdefault(_MARK, by)
    except Exception:
        return


def mark_record(record: logging.LogRecord) -> None:
    """See that LogsterHandler leaves `record` out: what it tells of is reported by whoever calls this."""
    global records_are_marked
    records_are_marked = True
    record.__dict__[RECORD_MARK] = True
