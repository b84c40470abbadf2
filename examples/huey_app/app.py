"""A shop's jobs in huey: one that goes well, and one that fails, is tried again and fails for good."""

import logging
import os

from huey import RedisHuey

import logster
from logster.integrations.huey import install

logging.getLogger().addHandler(logster.LogsterHandler(logging.WARNING))

huey = RedisHuey("shop", url=os.environ.get("REDIS_URL", "redis://127.0.0.1:6379/0"))
install(huey)


@huey.task()
def ship(order: int) -> None:
    """Ship an order, with a remark in the log."""
    logging.getLogger("shop").warning("The parcel is late")


@huey.task(retries=1)
def charge(order: int, card_token: str) -> None:
    """Fail, and be tried again once."""
    raise ValueError("The bank said no")
