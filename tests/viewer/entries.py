"""Entries to look at, made through the store like all others."""

import time
from typing import Any

from logster.entry import ExceptionInfo, Frame, Occurrence, Report
from logster.service import Service

APP_FRAME = Frame(
    file="shop/payments.py",
    function="charge",
    line=64,
    module="shop.payments",
    before=("def charge(order):", "    total = order.total"),
    source="    provider.charge(total)",
    after=("    order.close()",),
    in_app=True,
)
LIBRARY_FRAME = Frame(file="psycopg/cursor.py", function="execute", line=9, module="psycopg.cursor", source="raise ex")
CAUSE = ExceptionInfo("KeyError", "'currency'", frames=(APP_FRAME,))
ERROR = ExceptionInfo(
    "psycopg.OperationalError",
    "connection refused",
    frames=(APP_FRAME, LIBRARY_FRAME, LIBRARY_FRAME),
    notes=("order 48123 stays open",),
    cause=CAUSE,
    relation="cause",
)
TRACEBACK = "Traceback (most recent call last):\npsycopg.OperationalError: connection refused"


def key_of(number: int) -> str:
    return f"{number:032x}"


def add(
    service: Service,
    number: int = 1,
    message: str = "Payment failed",
    *,
    level: int = 40,
    logger: str = "shop",
    age_ms: int | None = None,
    count: int = 1,
    envs: tuple[dict[str, Any], ...] = (),
    **details: Any,
) -> str:
    """Report an occurrence whose key is made of `number`, and return the key; a higher number is older."""
    moment = time.time_ns() // 1_000_000 - (number * 1_000 if age_ms is None else age_ms)
    key = key_of(number)
    occurrence = Occurrence(
        key=key,
        level=level,
        logger=logger,
        message=message,
        timestamp_ms=moment,
        namespace=service.settings.current_namespace(),
        **details,
    )
    samples = tuple((moment + position, env) for position, env in enumerate(envs))
    service.store.report([Report(occurrence, count, moment, moment, message, samples)])
    return key


def add_error(service: Service, number: int = 1, **details: Any) -> str:
    """Report an exception with a cause."""
    details = {"exception": ERROR, "traceback": TRACEBACK, "location": APP_FRAME} | details
    return add(service, number, **details)
