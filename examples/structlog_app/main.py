"""A shop's nightly work with structlog: `python examples/structlog_app/main.py`. `logster tail` shows what it reported.

One event is bound to an order and below an error; one is an exception. Both are printed as JSON too.
"""

import structlog

from logster.integrations.structlog import LogsterProcessor

structlog.configure(
    processors=[
        structlog.contextvars.merge_contextvars,
        LogsterProcessor(level="WARNING"),
        structlog.processors.add_log_level,
        structlog.processors.format_exc_info,
        structlog.processors.JSONRenderer(),
    ]
)
log = structlog.get_logger("shop")


def charge(order: int) -> None:
    if order == 9:
        raise ValueError("The bank said no")
    log.warning("The parcel is late", days=2)


for order in (7, 8, 9):
    with structlog.contextvars.bound_contextvars(order=order):
        log.info("Charging")
        try:
            charge(order)
        except ValueError:
            log.exception("The charge failed")
