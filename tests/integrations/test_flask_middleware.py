"""LogsterWSGIMiddleware in Flask, which catches and logs exceptions itself."""

import logging
from collections.abc import Callable, Iterator
from typing import Any

import flask
import pytest
from starlette.requests import Request

from logster import LogsterHandler, LogsterWSGIMiddleware
from logster.entry import Entry
from logster.service import Service

Recorded = Callable[[], list[Entry]]


@pytest.fixture
def app(service: Service) -> Iterator[flask.Flask]:
    app = flask.Flask("shop")
    app.secret_key = "secret"

    def authorize(request: Request) -> Any:
        with app.request_context(request.scope["wsgi_environ"]):
            return flask.session.get("admin")

    app.wsgi_app = LogsterWSGIMiddleware(app.wsgi_app, authorize=authorize, service=service)  # type: ignore[method-assign]

    @app.get("/boom")
    def boom() -> str:
        raise ValueError("cannot charge")

    @app.get("/login")
    def login() -> str:
        flask.session["admin"] = "eve"
        return "welcome"

    @app.get("/stream")
    def stream() -> flask.Response:
        @flask.stream_with_context
        def pieces() -> Iterator[str]:
            yield flask.request.args["a"]
            logging.getLogger("shop").warning("half way")
            yield flask.request.args["b"]

        return flask.Response(pieces())

    @app.get("/late")
    def late() -> flask.Response:
        def pieces() -> Iterator[str]:
            yield "so far so good"
            raise ValueError("cannot charge")

        return flask.Response(pieces())

    handler = LogsterHandler(logging.WARNING, service=service)
    logging.getLogger().addHandler(handler)
    yield app
    logging.getLogger().removeHandler(handler)


def test_an_exception_that_flask_logs_is_recorded_once_with_its_request(app: flask.Flask, recorded: Recorded) -> None:
    assert app.test_client().get("/boom?order=7").status_code == 500
    (entry,) = recorded()
    assert (entry.exception_type, entry.count) == ("ValueError", 1)
    assert entry.env
    assert entry.env[0]["parameters"] == {"order": "7"}


def test_an_exception_that_flask_logs_and_raises_on_is_recorded_once(app: flask.Flask, recorded: Recorded) -> None:
    app.config["PROPAGATE_EXCEPTIONS"] = True
    with pytest.raises(ValueError, match="cannot charge"):
        app.test_client().get("/boom")
    (entry,) = recorded()
    assert entry.count == 1


def test_an_exception_in_the_middle_of_an_answer_is_recorded(app: flask.Flask, recorded: Recorded) -> None:
    with pytest.raises(ValueError, match="cannot charge"):
        app.test_client().get("/late").get_data()
    (entry,) = recorded()
    assert (entry.message, entry.count) == ("ValueError: cannot charge", 1)
    assert entry.env
    assert entry.env[0]["path"] == "/late"


def test_a_streamed_answer_keeps_flasks_context_and_logsters(app: flask.Flask, recorded: Recorded) -> None:
    assert app.test_client().get("/stream?a=1&b=2").text == "12"
    (entry,) = recorded()
    assert entry.env
    assert entry.env[0]["path"] == "/stream"


def test_flasks_test_client_still_shows_the_context_of_a_request(app: flask.Flask) -> None:
    with app.test_client() as client:
        client.get("/login")
        assert flask.session["admin"] == "eve"


def test_the_session_of_the_visitor_opens_the_gui(app: flask.Flask) -> None:
    client = app.test_client()
    assert client.get("/logs/").status_code == 403
    client.get("/login")
    page = client.get("/logs/")
    assert page.status_code == 200
    assert "<html" in page.text
