"""The Flask extension, with the real Flask and Flask-Login."""

import logging
from collections.abc import Callable, Iterator
from typing import Any

import flask
import flask_login
import pytest

from logster import LogsterHandler, access
from logster import service as services
from logster.entry import Entry
from logster.errors import ConfigurationError
from logster.integrations.flask import Logster
from logster.service import Service
from logster.settings import Settings

Recorded = Callable[[], list[Entry]]


@pytest.fixture
def service(service: Service, monkeypatch: pytest.MonkeyPatch) -> Service:
    """The process's own service is the test's."""
    monkeypatch.setattr(services, "_service", service)
    return service


@pytest.fixture(autouse=True)
def _root() -> Iterator[None]:
    before = list(logging.getLogger().handlers)
    yield
    logging.getLogger().handlers[:] = before


class User(flask_login.UserMixin):
    def __init__(self, name: str) -> None:
        self.id = name


def make_app(**options: Any) -> flask.Flask:
    app = flask.Flask("shop")
    app.secret_key = "secret"
    login = flask_login.LoginManager(app)
    login.user_loader(User)
    Logster(app, **options)

    @app.get("/boom")
    def boom() -> str:
        raise ValueError("cannot charge")

    @app.get("/warn")
    def warn() -> str:
        logging.getLogger("shop.cart").warning("nearly empty")
        return flask.render_template_string("{{ logster_js(nonce) }}", nonce=flask.request.args.get("nonce", ""))

    @app.get("/plain")
    def plain() -> str:
        return "hello"

    @app.get("/login/<name>")
    def sign_in(name: str) -> str:
        flask_login.login_user(User(name))
        return "welcome"

    return app


def only_ada() -> Any:
    if not flask_login.current_user.is_authenticated:
        return flask.redirect(flask.url_for("sign_in", name="somebody"))
    return flask_login.current_user.id == "ada"


@pytest.mark.usefixtures("service")
def test_an_exception_is_reported_once_with_its_request_and_user(recorded: Recorded) -> None:
    browser = make_app().test_client()
    browser.get("/login/ada")
    assert browser.get("/boom?order=7").status_code == 500
    (entry,) = recorded()
    assert (entry.exception_type, entry.count, entry.logger) == ("ValueError", 1, "shop")
    (env,) = entry.env
    assert (env["parameters"], env["user_id"], env["path"]) == ({"order": "7"}, "ada", "/boom")


@pytest.mark.parametrize("level", [None, "WARNING"])
def test_it_is_reported_with_and_without_a_handler(service: Service, recorded: Recorded, level: str | None) -> None:
    app = make_app(level=level)
    app.test_client().get("/boom")
    app.config["PROPAGATE_EXCEPTIONS"] = True
    with pytest.raises(ValueError, match="cannot charge"):
        app.test_client().get("/boom")
    (entry,) = recorded()
    assert entry.count == 2
    assert service.worker.stats["dropped"] == 0


@pytest.mark.usefixtures("service")
def test_records_have_the_user_whom_the_session_names(recorded: Recorded) -> None:
    browser = make_app().test_client()
    browser.get("/login/ada")
    browser.get("/warn")
    (entry,) = recorded()
    assert (entry.message, entry.env[0]["user_id"]) == ("nearly empty", "ada")


@pytest.mark.usefixtures("service")
def test_a_page_that_asks_for_no_session_may_still_be_cached(recorded: Recorded) -> None:
    app = flask.Flask("shop")
    app.secret_key = "secret"
    Logster(app)

    @app.get("/login")
    def login() -> str:
        flask.session["_user_id"] = "ada"
        return "welcome"

    @app.get("/plain")
    def plain() -> str:
        logging.getLogger("shop.cart").warning("nearly empty")
        return "hello"

    browser = app.test_client()
    browser.get("/login")
    assert "Vary" not in browser.get("/plain").headers
    assert recorded()[0].env[0]["user_id"] == "ada"


@pytest.mark.usefixtures("service")
def test_another_user_id_and_one_that_fails(recorded: Recorded) -> None:
    make_app(user_id=lambda: flask.request.headers["X-User"]).test_client().get("/warn", headers={"X-User": "bob"})
    assert recorded()[0].env[0]["user_id"] == "bob"
    assert make_app(user_id=lambda: 1 / 0).test_client().get("/plain").status_code == 200


@pytest.mark.usefixtures("service")
def test_the_apps_own_login_decides_who_gets_in() -> None:
    browser = make_app(authorize=only_ada).test_client()
    led = browser.get("/logs/")
    assert (led.status_code, led.headers["location"]) == (302, "/login/somebody")
    browser.get("/login/bob")
    assert browser.get("/logs/").status_code == 403
    browser.get("/login/ada")
    page = browser.get("/logs/")
    assert page.status_code == 200
    assert "Logster" in page.text


@pytest.mark.usefixtures("service")
def test_nobody_gets_in_by_default_and_ready_made_authorizers_work() -> None:
    assert make_app().test_client().get("/logs/").status_code == 403
    users = access.basic({"ada": access.hash_password("a password")})
    assert make_app(authorize=users).test_client().get("/logs/").status_code == 401
    loopback = make_app(authorize=access.loopback_only).test_client()
    assert loopback.get("/logs/").status_code == 200
    assert loopback.get("/logs/", headers={"X-Forwarded-For": "192.0.2.1"}).status_code == 403


@pytest.mark.usefixtures("service")
def test_an_authorize_that_fails_keeps_the_log_closed() -> None:
    assert make_app(authorize=lambda: 1 / 0).test_client().get("/logs/").status_code == 500


@pytest.mark.usefixtures("service")
def test_the_script_is_where_the_log_is() -> None:
    app = make_app(path="/errors/")
    browser = app.test_client()
    assert browser.get("/warn").text == '<script src="/errors/logster.js"></script>'
    below = browser.get("/warn?nonce=a%22b", environ_overrides={"SCRIPT_NAME": "/shop"}).text
    assert below == '<script src="/shop/errors/logster.js" nonce="a&#34;b"></script>'
    assert "report_js_error" in browser.get("/errors/logster.js").text
    assert make_app(path=None).test_client().get("/warn").text == ""


def test_an_app_that_is_made_later_brings_its_settings(
    settings: Settings, recorded: Recorded, service: Service
) -> None:
    extension = Logster(authorize=lambda: True, namespace="shop")
    app = flask.Flask("shop")
    app.config["LOGSTER"] = {"redis_url": settings.redis_url, "namespace": "other"}
    extension.init_app(app)
    found = services.current().settings
    assert (found.redis_url, found.namespace) == (settings.redis_url, "shop")
    with pytest.raises(ConfigurationError, match="already"):
        extension.init_app(app)


@pytest.mark.usefixtures("service")
def test_a_handler_of_the_apps_own_is_the_only_one() -> None:
    logging.getLogger().addHandler(LogsterHandler("ERROR"))
    make_app()
    assert len([each for each in logging.getLogger().handlers if isinstance(each, LogsterHandler)]) == 1
