"""A shop's jobs in RQ: one that goes well, and one that fails, is tried again and fails for good."""

import logging
import os

import redis
import rq

import logster

logging.getLogger().addHandler(logster.LogsterHandler(logging.WARNING))

REDIS_URL = os.environ.get("REDIS_URL", "redis://127.0.0.1:6379/0")
queue = rq.Queue("shop", connection=redis.Redis.from_url(REDIS_URL))


def ship(order: int) -> None:
    """Ship an order, with a remark in the log."""
    logging.getLogger("shop").warning("The parcel is late")


def charge(order: int, card_token: str) -> None:
    """Fail."""
    raise ValueError("The bank said no")
