"""The website as visitors meet it, in this process, over a database of the real server that no other test uses."""

import logging
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest
import redis
from starlette.applications import Starlette
from starlette.testclient import TestClient

import logster
from logster.service import Service
from logster.settings import Settings
from web import sandbox
from web.options import Options
from web.site import create
from web.startup import DEFAULTS

BROWSER = {"User-Agent": "Mozilla/5.0 (X11; Linux x86_64)", "Accept": "text/html,*/*;q=0.8"}
PLENTY = Options(
    new_per_minute=1_000, errors_per_minute=1_000, changes_per_minute=1_000, searches_per_minute=1_000, changes=1_000
)

Visitor = Callable[..., TestClient]


@pytest.fixture
def database(redis_url: str) -> Iterator[redis.Redis]:
    """An empty database."""
    client = redis.Redis.from_url(f"{redis_url}?db=7")
    client.flushdb()
    yield client
    client.close()


@pytest.fixture
def service(database: redis.Redis, redis_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Service]:
    """This process's service, set up as in production."""
    settings = Settings(**DEFAULTS, redis_url=f"{redis_url}?db=7", namespace=sandbox.namespace, same_origin_frames=True)
    service = Service(settings)
    monkeypatch.setattr("logster.service._service", service)
    handler = logster.LogsterHandler(logging.WARNING)
    logging.getLogger("shop").addHandler(handler)
    yield service
    logging.getLogger("shop").removeHandler(handler)
    service.close()


@pytest.fixture
def site(service: Service) -> Callable[..., Starlette]:
    """Make the website, with options of one's own."""
    return lambda **options: create(jobs=False, sandboxes=True, options=replace(PLENTY, **options))


@pytest.fixture
def visitor(site: Callable[..., Starlette]) -> Iterator[Visitor]:
    """Make visitors of one website, each with a browser of his own."""
    app = site()
    clients: list[TestClient] = []

    def new(app: Starlette = app, *, address: str = "203.0.113.7", **headers: Any) -> TestClient:
        client = TestClient(app, headers=BROWSER | headers, client=(address, 4711), raise_server_exceptions=False)
        clients.append(client)
        return client

    yield new
    for client in clients:
        client.close()
