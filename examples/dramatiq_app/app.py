"""A shop's jobs in Dramatiq: one that goes well, and one that fails, is tried again and fails for good."""

import logging
import os

import dramatiq
from dramatiq.brokers.redis import RedisBroker

import logster
from logster.integrations.dramatiq import install

logging.getLogger().addHandler(logster.LogsterHandler(logging.WARNING))

broker = RedisBroker(url=os.environ.get("REDIS_URL", "redis://127.0.0.1:6379/0"))
install(broker)
dramatiq.set_broker(broker)


@dramatiq.actor(queue_name="shop")
def ship(order: int) -> None:
    """Ship an order, with a remark in the log."""
    logging.getLogger("shop").warning("The parcel is late")


@dramatiq.actor(queue_name="shop", max_retries=1, min_backoff=10)
def charge(order: int, card_token: str) -> None:
    """Fail, and be tried again once."""
    raise ValueError("The bank said no")
