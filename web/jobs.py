"""The shop's background jobs: they do real work on what comes in, and now and then that work fails."""

import csv
import io
import json
import logging
import random
import threading
import zlib
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import Self

logger = logging.getLogger("shop.jobs")

FIRST_ROUNDS = 8
PAUSE_SECONDS = (4.0, 12.0)


def import_prices() -> None:
    """Read a supplier's price list, in which some suppliers leave gaps."""
    table = random.choice(["article,price\nbeans,12.50\n", "article,price\nbeans,12.50\nfilter,\n", "article\nbeans\n"])
    for row in csv.DictReader(io.StringIO(table)):
        Decimal(row["price"])


def sync_customers() -> None:
    """Read the customers of a partner, whose answer is sometimes cut off."""
    answer = random.choice(['{"customers": [{"id": 1}]}', '{"customers": [{"id": 1}, {"id"', '{"error": "try later"}'])
    for customer in json.loads(answer)["customers"]:
        customer["id"] += 1


def unpack_backup() -> None:
    """Unpack last night's backup, of which a byte may have changed on its way."""
    packed = bytearray(zlib.compress(b"orders " * 1_000))
    if random.random() < 0.4:
        packed[-1] ^= 1
    zlib.decompress(packed)


def bill_subscriptions() -> None:
    """Find the next day of billing, for customers who began on the last of a month too."""
    began = date(2026, 1, random.choice([1, 15, 31]))
    began.replace(month=began.month + 1)


def report_conversion() -> None:
    """Divide orders by visits, on quiet nights too."""
    visits, orders = random.choice([(480, 12), (0, 0)])
    rate = orders / visits
    if rate < 0.05:
        logger.warning("Only %.1f %% of the visitors ordered", rate * 100)


JOBS: tuple[Callable[[], None], ...] = (
    import_prices,
    sync_customers,
    unpack_backup,
    bill_subscriptions,
    report_conversion,
)


def run(job: Callable[[], None], log: logging.Logger = logger, **extra: object) -> None:
    """Run one job, and log how it ended, to `log` and with `extra`."""
    try:
        job()
    except Exception:
        log.exception("Job %s failed", job.__name__, extra=extra)
    else:
        log.debug("Job %s is done", job.__name__, extra=extra)


class Jobs:
    """A thread that runs a job every few seconds, from `with` to its end."""

    def __init__(self) -> None:
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._work, name="jobs", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._stop.set()
        self._thread.join()

    def _work(self) -> None:
        # The first visitor should find something to look at.
        for _ in range(FIRST_ROUNDS):
            run(random.choice(JOBS))
        while not self._stop.wait(random.uniform(*PAUSE_SECONDS)):
            run(random.choice(JOBS))
