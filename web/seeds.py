"""What a new sandbox begins with: the shop's jobs and faults, run for real, with the times of the day before."""

import logging
import random
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import logster
from logster.service import Service, current
from web.faults import FAULTS
from web.jobs import JOBS

DAY_SECONDS = 86_400
RUNS = 60
# One takes its time, and the visitor waits; the other brings no exception.
LEFT_OUT = {"timeout", "warning"}
CUSTOMERS = ("Ada", "Grace", "Edsger", "Barbara")


def sow() -> None:
    """Fill the log of this context; returns when everything is stored."""
    with _logger() as logger:
        for moment in sorted(_moments()):
            happen = random.choice((*JOBS, *(FAULTS[name].happen for name in FAULTS.keys() - LEFT_OUT)))
            with logster.bind(customer=random.choice(CUSTOMERS), order=random.randrange(1_000, 2_000)):
                _log(logger, happen, moment)
    FAULTS["warning"].happen()
    # What jobs log themselves goes the usual way.
    current().worker.flush()


def _moments() -> Iterator[float]:
    """Yield times of the last day, more of them lately."""
    now = time.time()
    for _ in range(RUNS):
        yield now - 60 - DAY_SECONDS * random.random() ** 2


def _log(logger: logging.Logger, happen: Callable[[], object], moment: float) -> None:
    try:
        happen()
    except Exception:
        # Without a message an entry is called by its exception, as where nobody caught it.
        message = f"Job {happen.__name__} failed" if happen in JOBS else ""
        logger.exception(message, extra={"timestamp": moment})


@contextmanager
def _logger() -> Iterator[logging.Logger]:
    """Yield a logger of our own, so that nothing of this goes to the console or waits for the worker."""
    service = Service(current().settings.with_changes(synchronous=True))
    logger = logging.Logger("shop.jobs")
    logger.addHandler(logster.LogsterHandler(service=service))
    try:
        yield logger
    finally:
        service.close()
