"""A shop's nightly work with loguru: `python examples/loguru_app/main.py`. `logster tail` shows what it reported.

One message is bound to an order and below an error; one is an exception. loguru prints both as ever.
"""

from loguru import logger

from logster.integrations.loguru import LogsterSink

logger.add(LogsterSink(), level="WARNING")


def charge(order: int) -> None:
    if order == 9:
        raise ValueError("The bank said no")
    logger.warning("The parcel is {} days late", order - 5)


for order in (7, 8, 9):
    with logger.contextualize(order=order):
        logger.info("Charging")
        try:
            charge(order)
        except ValueError:
            logger.exception("The charge failed")
