"""A shop's jobs in Celery: one that goes well, and one that fails, is tried again and fails for good."""

import logging
import os

import celery

import logster
from logster.integrations.celery import install

logging.getLogger().addHandler(logster.LogsterHandler(logging.WARNING))

app = celery.Celery("shop", broker=os.environ.get("REDIS_URL", "redis://127.0.0.1:6379/0"))
install(app)


@app.task
def ship(order: int) -> None:
    """Ship an order, with a remark in the log."""
    logging.getLogger("shop").warning("The parcel is late")


@app.task(bind=True, max_retries=1, default_retry_delay=0)
def charge(self: celery.Task, order: int, card_token: str) -> None:
    """Fail, and be tried again once."""
    try:
        raise ValueError("The bank said no")
    except ValueError as error:
        raise self.retry(exc=error) from None
