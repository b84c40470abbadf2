"""The thread that keeps the demo alive and small: jobs run where somebody looks, and old sandboxes go."""

import logging
import random
import threading
import time
from contextvars import copy_context
from typing import Self

from logster.errors import LogsterError
from web import jobs, sandbox
from web.lodgers import Lodgers

TICK_SECONDS = 1.0
CLEAN_SECONDS = 60.0
AWAY_SECONDS = 15.0

logger = logging.getLogger(__name__)


class Housekeeping:
    """Runs from `with` to its end."""

    def __init__(self, lodgers: Lodgers) -> None:
        self._lodgers = lodgers
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._work, name="housekeeping", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._stop.set()
        self._thread.join()

    def _work(self) -> None:
        clean_at = time.monotonic()
        while not self._stop.wait(TICK_SECONDS):
            try:
                self.run_jobs()
                if time.monotonic() >= clean_at:
                    clean_at = time.monotonic() + CLEAN_SECONDS
                    self.clean()
            except LogsterError as error:
                logger.warning("The demo cannot be kept up: %s", error)
                self._stop.wait(AWAY_SECONDS)

    def run_jobs(self) -> None:
        """Run a job in each sandbox that somebody looks at and whose turn it is."""
        for name in self._lodgers.active():
            if self._lodgers.registry.take_turn(name, random.randrange(4_000, 12_000)):
                context = copy_context()
                context.run(sandbox.enter, name)
                context.run(jobs.run, random.choice(jobs.JOBS))

    def clean(self) -> None:
        """Remove the sandboxes whose time is over."""
        self._lodgers.registry.clean()
        self._lodgers.forget_gone()
