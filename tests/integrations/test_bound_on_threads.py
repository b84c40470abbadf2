"""What sync endpoints and dependencies bind, on threads with a copy of the context, is in the report of what fails."""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Iterator
from contextvars import copy_context
from threading import Event, Thread
from typing import Any

import httpx2
import pytest
from fastapi import Depends, FastAPI
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.middleware.base import BaseHTTPMiddleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.testclient import TestClient

from logster import LogsterMiddleware, bind
from logster import service as services
from logster.capture.context import current_env
from logster.entry import Entry
from logster.integrations.starlette import add_logster
from logster.service import Service

Recorded = Callable[[], list[Entry]]
OF_REQUESTS = {"user", "order", "step", "shelf", "main"}


@pytest.fixture(autouse=True)
def _here(service: Service, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(services, "_service", service)
    before = list(logging.getLogger().handlers)
    yield
    logging.getLogger().handlers[:] = before


@pytest.fixture
def app() -> FastAPI:
    app = FastAPI()
    add_logster(app)
    return app


@pytest.fixture
def bound(app: FastAPI, recorded: Recorded) -> Callable[..., dict[str, Any]]:
    """Return a function that asks the app for what fails, and returns what was bound in the one report of it."""

    def ask(asked: Any = app, path: str = "/") -> dict[str, Any]:
        assert TestClient(asked, raise_server_exceptions=False).get(path).status_code == 500
        (entry,) = recorded()
        assert entry.exception_type == "ValueError"
        assert entry.env
        return {name: value for name, value in entry.env[0].items() if name in OF_REQUESTS}

    return ask


def fail() -> None:
    raise ValueError("cannot charge")


def user() -> None:
    bind(user="ada")


def test_what_a_sync_endpoint_bound(app: FastAPI, bound: Callable[..., Any]) -> None:
    @app.get("/")
    def charge() -> None:
        bind(user="ada", step=1)
        bind(step=2)
        fail()

    assert bound() == {"user": "ada", "step": 2}


@pytest.mark.parametrize("is_sync", [True, False])
def test_what_a_sync_dependency_bound_for_any_endpoint(app: FastAPI, bound: Callable[..., Any], is_sync: bool) -> None:
    def sync() -> None:
        bind(order=7)
        fail()

    async def coroutine() -> None:
        bind(order=7)
        fail()

    app.get("/", dependencies=[Depends(user)])(sync if is_sync else coroutine)
    assert bound() == {"user": "ada", "order": 7}


def test_what_a_generator_dependency_bound(app: FastAPI, bound: Callable[..., Any]) -> None:
    def session() -> Iterator[None]:
        bind(user="ada")
        with bind(shelf=1):
            yield

    async def opened() -> AsyncIterator[None]:
        await run_in_threadpool(bind, order=7)
        yield

    @app.get("/", dependencies=[Depends(session), Depends(opened)])
    def charge() -> None:
        fail()

    assert bound() == {"user": "ada", "shelf": 1, "order": 7}


def test_a_block_that_ended_is_over(app: FastAPI, bound: Callable[..., Any]) -> None:
    @bind(shelf=2)
    def inside() -> None:
        bind(step=3)

    def block() -> None:
        with bind(user="bob"):
            bind(order=8)
        inside()
        bind(main="kept")

    def within() -> Iterator[None]:
        with bind(shelf=1):
            yield

    async def around() -> None:
        with bind(step=1):
            await run_in_threadpool(bind, order=9)

    @app.get("/", dependencies=[Depends(block), Depends(around)])
    def charge(_: None = Depends(within, scope="function")) -> Response:
        return Answer()

    class Answer(Response):
        """Fails once the endpoint and what was opened for it are over."""

        async def __call__(self, *_: Any) -> None:
            fail()

    assert bound() == {"main": "kept"}


def test_what_is_bound_anew_by_the_coroutine_comes_after_what_a_thread_bound(
    app: FastAPI, bound: Callable[..., Any]
) -> None:
    @app.get("/")
    async def charge() -> None:
        bind(step=1, order=1)
        await run_in_threadpool(bind, step=2, order=2)
        await run_in_threadpool(bind, order=3)
        bind(step=4)
        fail()

    assert bound() == {"step": 4, "order": 3}


def test_what_runs_beside_the_request_does_not_leak_into_it(app: FastAPI, bound: Callable[..., Any]) -> None:
    begun, over = Event(), Event()

    def beside() -> None:
        begun.wait(20)
        bind(user="bob", shelf=9)
        over.set()

    def charge_in_thread() -> None:
        bind(user="ada")
        thread = Thread(target=copy_context().run, args=(bind,), kwargs={"step": 9})
        thread.start()
        thread.join()
        begun.set()
        assert over.wait(20)
        fail()

    async def in_task() -> None:
        bind(main=9)

    @app.get("/")
    async def charge() -> None:
        sibling = asyncio.create_task(run_in_threadpool(beside))
        await asyncio.create_task(in_task())
        try:
            await run_in_threadpool(charge_in_thread)
        finally:
            await sibling

    assert bound() == {"user": "ada"}


@pytest.mark.parametrize("is_first", [True, False])
def test_middleware_that_runs_the_app_in_a_task_of_its_own(is_first: bool, bound: Callable[..., Any]) -> None:
    async def pass_on(request: Request, call_next: Any) -> Any:
        return await call_next(request)

    app = FastAPI(dependencies=[Depends(user)])
    if is_first:
        app.add_middleware(BaseHTTPMiddleware, dispatch=pass_on)
    add_logster(app)
    if not is_first:
        app.add_middleware(BaseHTTPMiddleware, dispatch=pass_on)
    app.get("/")(fail)
    assert bound(app) == {"user": "ada"}


def test_starlette_with_the_middleware_by_hand(bound: Callable[..., Any]) -> None:
    def charge(request: Request) -> Response:
        bind(user="ada")
        raise ValueError("cannot charge")

    app = Starlette(routes=[Route("/", charge)])
    app.add_middleware(LogsterMiddleware, path=None)
    assert bound(app) == {"user": "ada"}


def test_requests_know_nothing_of_each_other(app: FastAPI, recorded: Recorded) -> None:
    """Many at once, on threads that all of them share."""

    @app.get("/{order}", dependencies=[Depends(user)])
    def charge(order: int) -> None:
        bind(order=order)
        raise ValueError(f"cannot charge {order}")

    async def main() -> None:
        transport = httpx2.ASGITransport(app, raise_app_exceptions=False)
        async with httpx2.AsyncClient(transport=transport, base_url="http://shop") as client:
            await asyncio.gather(*(client.get(f"/{order}") for order in range(40)))

    asyncio.run(main())
    seen = {env["path"]: (env["order"], env["user"]) for entry in recorded() for env in entry.env or []}
    assert seen == {f"/{order}": (order, "ada") for order in range(40)}


def test_what_many_threads_bound_is_bounded(app: FastAPI, recorded: Recorded) -> None:
    @app.get("/")
    async def charge() -> None:
        for number in range(150):
            await run_in_threadpool(bind, **{f"number{number}": number})
        fail()

    TestClient(app, raise_server_exceptions=False).get("/")
    (entry,) = recorded()
    assert entry.env
    numbers = [value for name, value in entry.env[0].items() if name.startswith("number")]
    assert numbers == list(range(50, 150))


def test_a_thread_may_outlive_its_request(app: FastAPI) -> None:
    over, bound = Event(), []

    def later() -> None:
        with bind(user="ada"):
            assert over.wait(20)
            bind(order=7)
            bound.append(current_env()["order"])

    @app.get("/")
    def begin() -> None:
        thread = Thread(target=copy_context().run, args=(later,))
        thread.start()
        threads.append(thread)

    threads: list[Thread] = []
    assert TestClient(app).get("/").status_code == 200
    over.set()
    threads[0].join()
    assert bound == [7]
