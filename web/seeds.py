"""What a new sandbox begins with: the shop's jobs and faults, run for real, with the times of the day before."""

import logging
import random
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import logster
from logster.service import Service, current
from web import jobs
from web.faults import FAULTS

DAY_SECONDS = 86_400
RUNS = 60
# One takes its time, and the visitor waits; the other brings no exception.
LEFT_OUT = {"timeout", "warning"}
CUSTOMERS = ("Ada", "Grace", "Edsger", "Barbara")


def sow() -> None:
    """Fill the log of this context; returns when everything is stored."""
    faults = [fault.happen for name, fault in FAULTS.items() if name not in LEFT_OUT]
    with _logger() as logger:
        for moment in sorted(_moments()):
            happen = random.choice([*jobs.JOBS, *faults])
            with logster.bind(customer=random.choice(CUSTOMERS), order=random.randrange(1_000, 2_000)):
                if happen in jobs.JOBS:
                    jobs.run(happen, logger, timestamp=moment)
                else:
                    _cause(happen, logger, moment)
    FAULTS["warning"].happen()
    # What jobs log themselves goes the usual way.
    current().worker.flush()


def _moments() -> Iterator[float]:
    """Yield times of the last day, more of them lately."""
    now = time.time()
    for _ in range(RUNS):
        yield now - 60 - DAY_SECONDS * random.random() ** 2


def _cause(happen: Callable[[], object], logger: logging.Logger, moment: float) -> None:
    try:
        happen()
    except Exception:
        # Without a message an entry is called by its exception, as where nobody caught it.
        logger.exception("", extra={"timestamp": moment})


@contextmanager
def _logger() -> Iterator[logging.Logger]:
    """Yield a logger of our own, so that nothing of this goes to the console or waits for the worker."""
    service = Service(current().settings.with_changes(synchronous=True))
    logger = logging.Logger("shop.jobs", logging.INFO)
    logger.addHandler(logster.LogsterHandler(service=service))
    try:
        yield logger
    finally:
        service.close()
