"""LogsterMiddleware in FastAPI, with what FastAPI does to exceptions on their way."""

import logging
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from fastapi import BackgroundTasks, Depends, FastAPI, HTTPException
from starlette.middleware.base import BaseHTTPMiddleware
from starlette.responses import PlainTextResponse, Response
from starlette.testclient import TestClient

from logster import LogsterHandler, LogsterMiddleware, Viewer, add_to_env
from logster.entry import Entry
from logster.service import Service

Recorded = Callable[[], list[Entry]]


def order_of(number: int) -> int:
    """A dependency, which FastAPI runs on a thread."""
    if number > 100:
        raise LookupError(f"no order {number}")
    return number


@pytest.fixture
def app(service: Service) -> FastAPI:
    app = FastAPI()
    app.add_middleware(LogsterMiddleware, authorize=lambda request: True, service=service)

    @app.get("/sync/{number}")
    def sync(number: int) -> int:
        add_to_env("order", number)
        raise ValueError("cannot charge")

    @app.get("/async/{number}")
    async def coroutine(number: int) -> int:
        add_to_env("order", number)
        raise ValueError("cannot charge")

    @app.get("/dependency")
    def dependency(order: int = Depends(order_of)) -> int:
        return order

    @app.get("/later")
    def later(tasks: BackgroundTasks) -> str:
        tasks.add_task(order_of, 101)
        return "accepted"

    @app.get("/refused")
    def refused() -> None:
        raise HTTPException(418, "short and stout")

    return app


@pytest.fixture
def client(app: FastAPI) -> Iterator[TestClient]:
    with TestClient(app, raise_server_exceptions=False) as client:
        yield client


@pytest.mark.parametrize("kind", ["sync", "async"])
def test_an_uncaught_exception_is_recorded_with_what_the_endpoint_added(
    client: TestClient, recorded: Recorded, kind: str
) -> None:
    assert client.get(f"/{kind}/7").status_code == 500
    (entry,) = recorded()
    assert (entry.exception_type, entry.count) == ("ValueError", 1)
    assert entry.env
    assert entry.env[0]["order"] == 7
    assert entry.env[0]["path"] == f"/{kind}/7"


def test_an_exception_in_a_dependency_is_recorded(client: TestClient, recorded: Recorded) -> None:
    assert client.get("/dependency?number=101").status_code == 500
    (entry,) = recorded()
    assert entry.message == "LookupError: no order 101"


def test_an_exception_in_a_background_task_is_recorded_after_the_answer(client: TestClient, recorded: Recorded) -> None:
    assert client.get("/later").json() == "accepted"
    (entry,) = recorded()
    assert entry.message == "LookupError: no order 101"


def test_an_answer_is_no_error(client: TestClient, recorded: Recorded) -> None:
    assert client.get("/refused").status_code == 418
    assert client.get("/sync/text").status_code == 422
    assert recorded() == []


def test_a_handled_exception_is_no_error(app: FastAPI, recorded: Recorded) -> None:
    @app.exception_handler(LookupError)
    async def missing(request: Any, error: Exception) -> Response:
        return PlainTextResponse("missing", 404)

    assert TestClient(app).get("/dependency?number=101").status_code == 404
    assert recorded() == []


def test_an_exception_through_another_middleware_is_recorded_once(
    app: FastAPI, service: Service, recorded: Recorded
) -> None:
    """BaseHTTPMiddleware runs the app in a task group of its own."""

    async def pass_on(request: Any, call_next: Any) -> Response:
        answer: Response = await call_next(request)
        return answer

    app.add_middleware(BaseHTTPMiddleware, dispatch=pass_on)
    app.add_middleware(LogsterMiddleware, path=None, service=service)
    assert TestClient(app, raise_server_exceptions=False).get("/sync/7").status_code == 500
    (entry,) = recorded()
    assert (entry.exception_type, entry.count) == ("ValueError", 1)


def test_records_of_an_endpoint_carry_its_request(app: FastAPI, service: Service, recorded: Recorded) -> None:
    logger = logging.getLogger("test_fastapi")
    handler = LogsterHandler(service=service)
    logger.addHandler(handler)

    @app.get("/warn")
    def warn() -> None:
        logger.warning("Stock is low")

    TestClient(app).get("/warn?article=beans")
    logger.removeHandler(handler)
    (entry,) = recorded()
    assert entry.env
    assert entry.env[0]["parameters"] == {"article": "beans"}


def test_the_gui_stands_beside_the_api(client: TestClient) -> None:
    assert "<html" in client.get("/logs/").text
    assert client.get("/openapi.json").status_code == 200


def test_the_gui_can_be_mounted_alone(service: Service) -> None:
    app = FastAPI()
    app.mount("/errors", Viewer(authorize=lambda request: True, service=service))
    client = TestClient(app)
    assert "<html" in client.get("/errors/").text
    assert client.get("/errors/logster.js").status_code == 200
