"""An app's own error page links to the entry of the error that it is about."""

import logging
import re
from collections.abc import Callable

import flask
import pytest
from fastapi import FastAPI
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Mount, Route
from starlette.testclient import TestClient

import logster
from logster.entry import Entry
from logster.middleware.asgi import LogsterMiddleware
from logster.middleware.wsgi import LogsterWSGIMiddleware
from logster.service import Service

Recorded = Callable[[], list[Entry]]


async def boom(request: Request) -> Response:
    raise ValueError("no such order")


def site(service: Service, path: str | None = "/logs") -> Starlette:
    async def quiet(request: Request) -> Response:
        raise HTTPException(404, "nothing was reported")

    async def page(request: Request, error: Exception) -> Response:
        return PlainTextResponse(f"see {logster.permalink(service=service)}", 500)

    return Starlette(
        routes=[Route("/boom", boom), Route("/quiet", quiet)],
        exception_handlers={Exception: page, 404: page},
        middleware=[
            Middleware(LogsterMiddleware, authorize=lambda request: True, path=path, service=service),
        ],
    )


def client_of(app: object) -> TestClient:
    return TestClient(app, raise_server_exceptions=False)  # type: ignore[arg-type]


def test_starlettes_error_page_links_to_the_entry(service: Service, recorded: Recorded) -> None:
    client = client_of(site(service))
    link = client.get("/boom").text.removeprefix("see ")
    (entry,) = recorded()
    assert link == f"/logs/show/{entry.key}"
    assert "no such order" in client.get(link).text


def test_the_link_is_below_where_the_app_stands(service: Service, recorded: Recorded) -> None:
    app = Starlette(routes=[Mount("/my shop", site(service))])
    link = client_of(app).get("/my shop/boom").text.removeprefix("see ")
    (entry,) = recorded()
    assert link == f"/my%20shop/logs/show/{entry.key}"


def test_a_request_in_which_nothing_was_reported_has_no_link(service: Service) -> None:
    client = client_of(site(service))
    client.get("/boom")
    assert client.get("/quiet").text == "see "


def test_without_a_place_for_the_log_there_is_no_link(service: Service) -> None:
    assert client_of(site(service, path=None)).get("/boom").text == "see "


def test_the_setting_url_comes_first(service: Service, recorded: Recorded) -> None:
    service = Service(service.settings.with_changes(url="https://shop.example/logs/"))
    link = client_of(site(service)).get("/boom").text.removeprefix("see ")
    assert service.worker.flush(10)
    (entry,) = service.store.page().entries
    service.close()
    assert link == f"https://shop.example/logs/show/{entry.key}"


@pytest.mark.parametrize("kind", ["sync", "async"])
def test_fastapis_error_page_links_to_the_entry(service: Service, recorded: Recorded, kind: str) -> None:
    app = FastAPI()
    app.add_middleware(LogsterMiddleware, service=service)

    @app.get("/sync")
    def sync() -> None:
        raise ValueError("no such order")

    @app.get("/async")
    async def coroutine() -> None:
        raise ValueError("no such order")

    @app.exception_handler(Exception)
    def page(request: Request, error: Exception) -> Response:
        return PlainTextResponse(logster.permalink(service=service), 500)

    link = client_of(app).get(f"/{kind}").text
    (entry,) = recorded()
    assert link == f"/logs/show/{entry.key}"


def test_flasks_error_page_links_to_the_entry_of_what_flask_logged(service: Service, recorded: Recorded) -> None:
    app = flask.Flask(__name__)
    handler = logster.LogsterHandler(service=service)
    app.logger.addHandler(handler)

    @app.get("/boom")
    def fail() -> str:
        app.logger.error("Something else before")
        raise ValueError("no such order")

    @app.errorhandler(500)
    def page(error: Exception) -> tuple[str, int]:
        logging.getLogger(app.logger.name).info("An information after it")
        return logster.permalink(service=service), 500

    app.wsgi_app = LogsterWSGIMiddleware(app.wsgi_app, service=service)  # type: ignore[method-assign]
    link = app.test_client().get("/boom", base_url="http://shop.example/prefix/").text
    app.logger.removeHandler(handler)
    (entry,) = [each for each in recorded() if each.exception_type == "ValueError"]
    assert re.fullmatch(rf"(/prefix)?/logs/show/{entry.key}", link)


def test_there_is_no_link_outside_of_requests() -> None:
    assert logster.permalink() == ""
