"""An error that goes on is written less often than what is news, and counted as exactly: on a real server."""

import logging
import time
from collections.abc import Iterator

import pytest

from logster.capture.handler import LogsterHandler
from logster.service import Service
from logster.settings import Settings

SECONDS = 2.0
# Every 0.2 s would be ten times, and every 0.6 s is four.
AT_MOST = 6


@pytest.fixture
def service(settings: Settings) -> Iterator[Service]:
    service = Service(settings)
    yield service
    service.close()


def test_an_error_that_goes_on_is_written_now_and_then_and_every_occurrence_counts(service: Service) -> None:
    logger = logging.Logger("app")
    logger.addHandler(LogsterHandler(service=service))
    writes = []
    report, batch = service.store.report, service.store.batch
    service.store.report = lambda reports: writes.append(len(reports)) or report(reports)  # type: ignore[method-assign]
    service.store.batch = lambda reports: writes.append(len(reports)) or batch(reports)  # type: ignore[method-assign]
    began, logged = time.monotonic(), 0
    while time.monotonic() - began < SECONDS:
        logger.error("no disk is left")
        logged += 1
        time.sleep(0.01)
    written = len(writes)
    assert service.worker.flush(10)

    assert 2 <= written <= AT_MOST, writes
    (entry,) = service.store.page().entries
    assert entry.count == logged
    assert entry.last_seen > entry.first_seen
