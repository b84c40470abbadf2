"""A viewer over the real server, and somebody whom it lets in."""

from collections.abc import Iterator

import pytest
from starlette.testclient import TestClient

from logster.service import Service
from logster.settings import Settings
from logster.viewer.app import Viewer


@pytest.fixture
def service(settings: Settings) -> Iterator[Service]:
    service = Service(settings)
    yield service
    service.close()


@pytest.fixture
def client(service: Service) -> TestClient:
    """A reader whom the viewer lets in."""
    return TestClient(Viewer(lambda request: "Ada", service=service))
