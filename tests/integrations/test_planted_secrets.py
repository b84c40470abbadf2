"""Secrets are planted in everything that can be reported, and looked for in everything that comes out.

Beside each stands a word that is no secret. It has to be in Redis, or else nobody had looked at that place.
"""

import asyncio
import email
import email.policy
import gzip
import io
import json
import logging
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import nullcontext, suppress
from pathlib import Path
from typing import Any

import loguru
import pytest
import redis
import structlog
from starlette.applications import Starlette
from starlette.authentication import AuthCredentials, SimpleUser
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route
from starlette.testclient import TestClient

import logster
from logster import service as services
from logster.access import basic, hash_password, shared_secret
from logster.alerts import AppriseChannel, MailChannel, WebhookChannel, rule
from logster.alerts import dispatcher as dispatching
from logster.alerts.dispatcher import Dispatcher
from logster.capture import variables as local_variables
from logster.capture.context import _trail, request_context
from logster.capture.handler import LogsterHandler
from logster.capture.message import LONG
from logster.capture.uncaught import capture_exception
from logster.cli import main
from logster.cli.program import COMMANDS
from logster.delivery import stderr
from logster.delivery.observers import observers
from logster.doctor import examine
from logster.errors import ConfigurationError, LogsterError
from logster.integrations import jobs
from logster.integrations.loguru import LogsterSink
from logster.integrations.structlog import LogsterProcessor
from logster.middleware.asgi import LogsterMiddleware
from logster.middleware.wsgi import LogsterWSGIMiddleware
from logster.service import Service
from logster.settings import Settings
from logster.store.redis_store import RedisStore
from logster.viewer.app import Viewer
from tests.alerts.conftest import Hook, Mailbox, hook, mailbox
from tests.integrations.secrets import BEGINNING, FORMS, OWN_KEY, Secrets
from tests.viewer.forms import change_headers
from tests.viewer.test_access import path_of
from tests.viewer.test_browser_reports import VIOLATION
from tests.viewer.test_live import listening
from tests.viewer.test_sentry import AUTH, ENVELOPE, KEY, STORE, envelope, event, frame

__all__ = ["hook", "mailbox"]

HERE = str(Path(__file__).parent)
Plant = Callable[[Secrets, Service], None]


@pytest.fixture
def secrets(monkeypatch: pytest.MonkeyPatch) -> Secrets:
    # On a busy machine some variables would be left out.
    monkeypatch.setattr(local_variables, "_LONGEST_SECONDS", 60)
    return Secrets()


@pytest.fixture
def settings(settings: Settings) -> Settings:
    """Settings that keep as much as there can be."""
    return settings.with_changes(
        beacon_per_minute=100_000,
        breadcrumbs=100,
        capture_locals=True,
        max_env_bytes=1_000_000,
        maximum_entry_bytes=1_000_000,
        maximum_message_length=1_000_000,
        project_root=HERE,
        redact_keys=(OWN_KEY,),
        request_headers=("authorization", "cookie", "x-api-key", "x-note"),
        sentry_keys=(KEY,),
    )


@pytest.fixture
def service(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Iterator[Service]:
    service = Service(settings)
    monkeypatch.setattr(services, "_service", service)
    _trail.set(())
    yield service
    for each in observers:
        each.cancel()
    service.close()


def logger_to(service: Service, name: str = "shop") -> logging.Logger:
    logger = logging.Logger(name)
    logger.addHandler(LogsterHandler(service=service))
    return logger


# The inputs.


def messages(secrets: Secrets, service: Service) -> None:
    logger = logger_to(service)
    for form in FORMS:
        logger.error(secrets.text("message", form))
        logger.error(f"{form} with %s", secrets.text("argument", form))
    logger.error(secrets.values("message that is a dict"))
    logger.error("%s failed", secrets.values("argument that is a dict"))
    logger.error("%(text)s failed", {"text": secrets.text("argument by name", "JSON")})
    logger.error("%s failed as bytes", json.dumps(secrets.values("bytes as an argument")).encode())
    text = secrets.text("message that is cut off", "URL with a password")
    logger.error("x" * (LONG - text.index(BEGINNING) - 9) + text)


def extras(secrets: Secrets, service: Service) -> None:
    logger = logger_to(service)
    logger.error("extra", extra=secrets.values("extra") | {"body": secrets.text("bytes in extra", "JSON").encode()})
    logger.error("extra texts", extra={"notes": secrets.texts("extra text")})
    logger.error("env", extra={"env": secrets.values("extra env")})
    # As a record that comes from another process has it.
    kept = {"msg": "kept stack", "levelno": logging.ERROR, "exc_text": secrets.text("text of a traceback", "pair")}
    logger.handle(logging.makeLogRecord(kept))


def exceptions(secrets: Secrets, service: Service) -> None:
    logger = logger_to(service)
    for form in FORMS:
        try:
            try:
                raise KeyError(secrets.text("cause", form))
            except KeyError as error:
                raised = ValueError(secrets.text("exception", form))
                raised.add_note(secrets.text("note", form))
                raise raised from error
        except ValueError as error:
            raised = error
        # Of one place they would be one entry, and of that only the newest is kept.
        logger.error("%s failed", form, exc_info=raised, extra={"fingerprint": form})
    try:
        try:
            raise OSError(secrets.values("context"))
        except OSError:
            raise ValueError(secrets.values("exception with a dict"))  # noqa: B904 - the context is what is meant
    except ValueError as error:
        capture_exception(error, logger="shop", service=service)
    try:
        raise ExceptionGroup(
            secrets.text("group", "pair"), [ValueError(secrets.text("member of a group", "JSON")), KeyError()]
        )
    except ExceptionGroup as error:
        capture_exception(error, logger="shop", service=service)


def variables(secrets: Secrets, service: Service) -> None:
    for form in FORMS:
        password, control = secrets.plant("local variable")
        text, body = secrets.text("local variable", form), secrets.text("local variable of bytes", form).encode()
        order = secrets.values("dict in a local variable")
        headers = order.pop("headers")
        try:
            raise ValueError(f"not {len(password)} {len(control)} {len(text)} {len(body)} {len(order)} {len(headers)}")
        except ValueError as error:
            logger_to(service).error("local variables", exc_info=error, extra={"fingerprint": f"local {form}"})


def sources(secrets: Secrets, service: Service) -> None:
    secret, control = secrets.plant("source code")
    text = f"# {control}\ndef pay():\n    connect(password='{secret}')\n    api_key = '{secret}'\n"
    with tempfile.TemporaryDirectory() as directory:
        path = Path(directory) / "shop.py"
        path.write_text(text)
        names: dict[str, Any] = {"connect": lambda password: 1 / 0}
        exec(compile(text, path, "exec"), names)
        try:
            names["pay"]()
        except ZeroDivisionError as error:
            capture_exception(error, logger="shop", service=service)
        # Until then its lines are looked for.
        service.worker.flush(30, or_spool=True)


def logins(secrets: Secrets, service: Service) -> None:
    """Guess at the doors of the log; what is guessed may be the password of something else."""
    guarded = Viewer(basic({"bob": hash_password(secrets.another())}), service=service)
    answer = TestClient(guarded).get(f"/?password={secrets.another()}", auth=("bob", secrets.another()))
    assert answer.status_code == 401
    client = TestClient(Viewer(shared_secret(secrets.another()), service=service))
    said = {"secret": secrets.another(), "next": f"?q={secrets.another()}"}
    assert client.post("/login", data=said, headers=change_headers(client, "/login")).status_code == 403


def contexts(secrets: Secrets, service: Service) -> None:
    logger = logger_to(service)
    with logster.bind(**secrets.values("bound"), notes=secrets.texts("text that is bound")):
        logger.error("bound")
    with request_context(dict):
        logster.add_to_env("note", secrets.text("what is added to a request", "JSON"))
        logger.error("added")
    thread = threading.Thread(target=logger.error, args=["thread"], name=secrets.text("name of a thread", "pair"))
    thread.start()
    thread.join()


def breadcrumbs(secrets: Secrets, service: Service) -> None:
    logger = logger_to(service)
    logger.handlers[0].setLevel(logging.ERROR)
    for form in FORMS:
        logger.info("crumb %s", secrets.text("breadcrumb", form))
    logger.error("after breadcrumbs")
    _trail.set(())


def names(secrets: Secrets, service: Service) -> None:
    logger_to(service, secrets.text("name of a logger", "pair")).error("named")
    of_app = secrets.text("version of an app", "pair")
    changes = {"hostname": secrets.text("host", "pair"), "application_version": of_app}
    other = Service(service.settings.with_changes(**changes))
    logger_to(other).error("host")
    other.close()
    main(["report", "--logger", secrets.text("logger of the command", "pair"), secrets.text("command", "JSON")])
    secret, control = secrets.plant("env of the command")
    main(["report", f"env of the command {control}", "--env", f"password={secret}"])
    main(
        [
            "report",
            "text in the env",
            "--env",
            f"note={secrets.text('text in the env of the command', 'URL with a password')}",
        ]
    )


class SignedIn:
    """Stands for the app's own login."""

    def __init__(self, app: Any, name: str) -> None:
        self._app = app
        self._name = name

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        await self._app({**scope, "user": SimpleUser(self._name), "auth": AuthCredentials()}, receive, send)


def request_of(secrets: Secrets, place: str) -> dict[str, Any]:
    """Return what a client sends: in its address, its headers, its cookies and its body."""
    password, control = secrets.plant(f"{place}, query string")
    header, beside = secrets.plant(f"{place}, header")
    return {
        "url": f"/orders/{secrets.text(place + ', path', 'pair')}",
        "params": {"password": password, "page": control, "next": secrets.text(f"{place}, parameter", "URL in a URL")},
        "headers": {
            "X-Api-Key": header,
            "X-Note": beside,
            "Authorization": f"Bearer {secrets.another()}",
            "Cookie": f"sessionid={secrets.another()}",
            "Referer": f"https://shop.example/?{secrets.text(place + ', referer', 'form').replace(' ', '&')}",
            "User-Agent": secrets.text(f"{place}, user agent", "JSON"),
        },
        "json": secrets.values(f"{place}, body") | {"text": secrets.text(f"{place}, body", "JSON")},
    }


def asgi(secrets: Secrets, service: Service) -> None:
    async def fail(request: Request) -> Response:
        logger_to(service).error("body", extra={"json": await request.json(), "form": secrets.texts("form")})
        raise ValueError("no such order")

    app = Starlette(
        routes=[Route("/{path:path}", fail, methods=["POST"])],
        middleware=[
            Middleware(LogsterMiddleware, service=service),
            Middleware(SignedIn, name=secrets.text("user", "URL with a password")),
        ],
    )
    TestClient(app, raise_server_exceptions=False).post(**request_of(secrets, "ASGI"))


def wsgi(secrets: Secrets, service: Service) -> None:
    def fail(environ: Any, start_response: Any) -> Any:
        raise ValueError("no such order in WSGI")

    password, control = secrets.plant("WSGI, query string")
    environ = {
        "REQUEST_METHOD": "GET",
        "SCRIPT_NAME": "",
        "PATH_INFO": f"/orders/{secrets.text('WSGI, path', 'pair')}",
        "QUERY_STRING": f"token={password}&page={control}",
        "SERVER_NAME": "shop.example",
        "SERVER_PORT": "80",
        "HTTP_HOST": "shop.example",
        "HTTP_AUTHORIZATION": f"Bearer {secrets.another()}",
        "HTTP_COOKIE": f"a={secrets.another()}",
        "HTTP_X_NOTE": secrets.text("WSGI, header", "JSON in a URL"),
        "wsgi.url_scheme": "http",
        "wsgi.input": io.BytesIO(),
    }
    with suppress(ValueError):
        LogsterWSGIMiddleware(fail, service=service)(environ, lambda *_: None)


def browsers(secrets: Secrets, service: Service) -> None:
    client = TestClient(Viewer(service=service))
    for number, form in enumerate(FORMS):
        query = f"?{secrets.text('address of a script', 'form').replace(' ', '=1&')}"
        report = {
            "message": f"TypeError: {secrets.text('message of a script', form)}",
            "url": "https://shop.example/a.js",
            "line": 1,
            "stack": f"TypeError: {form}\n    at f{number} (https://bob:{secrets.another()}@shop.example/{query}:1:1)",
            "window_location": f"https://shop.example/?{secrets.text('page', 'form').replace(' ', '=1&')}",
            "env": {**secrets.values("env of a script"), "text": secrets.text("text of a script", form)},
        }
        assert client.post("/report_js_error", json=report).status_code == 204
    fields = {"message": secrets.text("form of a script", "JSON"), "password": secrets.another()}
    assert client.post("/report_js_error", data=fields).status_code == 204

    page = f"https://shop.example/?{secrets.text('page of a violation', 'form').replace(' ', '=1&')}"
    said = {**VIOLATION, "document-uri": page, "blocked-uri": f"https://bob:{secrets.another()}@evil.example/x"}
    said["script-sample"] = secrets.text("sample of a script", "JSON")
    headers = {"Content-Type": "application/csp-report"}
    assert client.post("/browser_reports", json={"csp-report": said}, headers=headers).status_code == 204
    for kind in ("deprecation", "crash", "network-error", "unheard-of"):
        text = secrets.text(f"browser's {kind}", "pair")
        body = {"id": text, "message": text, "reason": text, "type": text, "sourceFile": page}
        report = {"type": kind, "age": 1, "url": page, "body": body}
        headers = {"Content-Type": "application/reports+json"}
        assert client.post("/browser_reports", json=[report], headers=headers).status_code == 204


def sentry(secrets: Secrets, service: Service) -> None:
    client = TestClient(Viewer(service=service))
    for number, form in enumerate(FORMS):

        def text(place: str, form: str = form) -> str:
            return secrets.text(f"Sentry's {place}", form)

        values = secrets.values("Sentry's variable") | {"text": text("variable")}
        raised = {
            "type": f"Error{number}",
            "value": text("exception"),
            "stacktrace": {"frames": [frame("pay", number)]},
        }
        raised["stacktrace"]["frames"][0]["vars"] = values
        cookie, beside = secrets.plant("Sentry's request")
        said = event(
            exception={"values": [raised]},
            logger=text("logger"),
            server_name=text("host"),
            release=text("release"),
            environment=text("environment"),
            transaction=text("transaction"),
            tags={"note": text("tag"), "password": secrets.another()},
            user={"id": text("user"), "session": secrets.another()},
            extra=values,
            contexts={"shop": values},
            breadcrumbs={
                "values": [{"category": "http", "message": text("breadcrumb"), "data": {"body": text("crumb")}}]
            },
            request={
                "method": "POST",
                "url": f"https://bob:{cookie}@shop.example/{beside}",
                "query_string": f"page={text('query')}",
                "headers": [["Authorization", f"Bearer {cookie}"], ["X-Note", text("header")]],
                "cookies": f"a={cookie}",
                "data": {"form": text("data"), "password": cookie},
                "env": {"NOTE": text("request env")},
            },
        )
        answer = client.post(ENVELOPE, content=envelope(("event", said)), headers={"X-Sentry-Auth": AUTH})
        assert answer.status_code == 200
    said = event(
        exception={"values": []}, logentry={"message": "got %s", "params": [secrets.text("Sentry's log", "pair")]}
    )
    assert client.post(STORE, json=said, headers={"X-Sentry-Auth": AUTH}).status_code == 200
    log = {
        "timestamp": 1,
        "level": "error",
        "body": secrets.text("Sentry's structured log", "JSON"),
        "attributes": {
            "note": {"value": secrets.text("Sentry's attribute", "Cookie"), "type": "string"},
            "password": {"value": secrets.another(), "type": "string"},
            "logger.name": {"value": secrets.text("Sentry's name of a log", "pair"), "type": "string"},
        },
    }
    answer = client.post(ENVELOPE, content=envelope(("log", {"items": [log]})), headers={"X-Sentry-Auth": AUTH})
    assert answer.status_code == 200


def queues(secrets: Secrets, service: Service) -> None:
    arguments = {**secrets.values("job's argument"), "body": secrets.text("job's text", "JSON")}
    job = jobs.Job("celery", secrets.text("name of a task", "pair"), "1", "slow", arguments)
    jobs.start(job)
    jobs.report(job, ValueError(secrets.text("job's failure", "JSON")), is_retried=False)
    jobs.end()
    unnamed = jobs.named_arguments(None, (secrets.text("job's argument without a name", "pair"),), {})
    jobs.report(jobs.Job("rq", "t", "2", "q", unnamed), None, is_retried=True, reason=secrets.text("reason", "Bearer"))


def structured(secrets: Secrets, service: Service) -> None:
    structlog.configure(
        processors=[structlog.contextvars.merge_contextvars, LogsterProcessor(service=service)],
        logger_factory=lambda *_: type("Nowhere", (), {"error": lambda *_, **__: None})(),
    )
    structlog.contextvars.bind_contextvars(note=secrets.text("structlog's context", "JSON"))
    structlog.get_logger().error(secrets.text("structlog's event", "pair"), **secrets.values("structlog's field"))
    structlog.contextvars.clear_contextvars()
    structlog.reset_defaults()

    loguru.logger.remove()
    loguru.logger.add(LogsterSink(service=service), level="WARNING", catch=False)
    loguru.logger.bind(**secrets.values("loguru's field")).error("got {}", secrets.text("loguru's message", "JSON"))
    loguru.logger.remove()


SHOWN = 8
"""One entry of so many is looked at in each way there is; what all of them are made of is looked at in Redis."""

INPUTS: tuple[Plant, ...] = (
    *(messages, extras, exceptions, variables, sources, contexts, breadcrumbs, names),
    *(asgi, wsgi, logins, browsers, sentry, queues, structured),
)


# The outputs.


class Outputs:
    """What came out, by where."""

    def __init__(self, secrets: Secrets) -> None:
        self._secrets = secrets
        self._leaks: list[str] = []

    def look(self, where: str, output: str | bytes) -> None:
        self._leaks += [f"{where} shows {each}" for each in self._secrets.found_in(output)]

    def check(self) -> None:
        assert not self._leaks, f"{len(self._leaks)} leaks:\n" + "\n".join(sorted(set(self._leaks))[:200])


def everything_in_redis(service: Service, url: str) -> Iterator[bytes]:
    client = redis.Redis.from_url(url)
    readers = {
        b"string": client.get,
        b"hash": client.hgetall,
        b"list": lambda name: client.lrange(name, 0, -1),
        b"set": client.smembers,
        b"zset": lambda name: client.zrange(name, 0, -1),
    }
    for name in client.scan_iter(f"{{logster:{service.settings.namespace}}}:*", count=1_000):
        yield name
        value: Any = readers[client.type(name)](name)
        parts = [*value, *value.values()] if isinstance(value, dict) else [value] if isinstance(value, bytes) else value
        yield from parts
    client.close()


def gone_over(client: TestClient, keys: list[str]) -> Iterator[tuple[str, bytes]]:
    """Yield what each route of the app answers: what is read for every entry, then each change for one."""
    routes = leaves(client.app._app.routes)  # type: ignore[attr-defined]
    assert routes
    for route in routes:
        # The stream does not end; it is looked at while reports arrive.
        if "GET" in (route.methods or ()) and route.path != "/api/events":
            for key in keys if "{key}" in route.path else keys[:1]:
                yield from said(client, "GET", path_of(route, key))
    for key in keys:
        for query in (f"/?key={key}&tab=env", f"/?key={key}&tab=traceback&fragment=detail", f"/show/{key}?tab=env"):
            yield from said(client, "GET", query)
    for query in ("/?q=control00001", f"/?q={BEGINNING}", "/api/entries?limit=100", "/?q=control&fragment=list"):
        # What was asked for is repeated.
        yield query, client.get(query).content.replace(BEGINNING.encode(), b"")
    headers = change_headers(client)
    for route in routes:
        for method in sorted((route.methods or set()) - {"GET", "HEAD", "OPTIONS"}):
            key = keys.pop()
            both = {"key": key, "keys": [key], "action": "group", "pattern": "/^control/", "kind": "grouping"}
            yield from said(client, method, path_of(route, key), headers=headers, json=both)
            yield from said(client, method, path_of(route, key), headers=headers, data={**both, "keys": key})


def leaves(routes: list[BaseRoute]) -> list[Route]:
    assert all(isinstance(route, Route) for route in routes), "a route of another kind needs a look of its own"
    return [route for route in routes if isinstance(route, Route)]


def said(client: TestClient, method: str, path: str, **options: Any) -> Iterator[tuple[str, bytes]]:
    answer = client.request(method, path, follow_redirects=False, **options)
    assert answer.status_code < 500, path
    yield f"{method} {path}", answer.content
    yield f"{method} {path}", str(answer.headers).encode()


def commands(keys: list[str], directory: Path) -> dict[str, list[list[str]]]:
    """Return with which arguments each command of the program is run."""
    archive = str(directory / "archive.jsonl.gz")
    return {
        "search": [["--limit", "500", "level:debug"], ["--json", "--limit", "500", "control"]],
        "show": [[key, *more] for key in keys for more in ([], ["--json"])],
        "export": [[archive], ["-"]],
        "import": [["--replace", archive]],
        "doctor": [[], ["--json"]],
        "patterns": [["list"], ["list", "--json"]],
        "solve": [keys[:1]],
        "unsolve": [keys[:1]],
        "protect": [keys[:1]],
        "unprotect": [keys[:1]],
        "delete": [[keys[0]]],
        "migrate": [[]],
        "clear": [["--yes"]],
        "tail": [["-n", "500"], ["-n", "500", "--json"]],
        # What it serves is looked at as routes; the others read nothing of the log, and report is an input.
        **{name: [["--help"]] for name in ("serve", "report", "hash-password")},
    }


def alerts_to(hook: Hook, mailbox: Mailbox, monkeypatch: pytest.MonkeyPatch) -> Dispatcher:
    """Send an alert of every new entry through every channel."""
    monkeypatch.setattr(dispatching, "_QUEUE_SIZE", 10_000)
    monkeypatch.setattr(rule, "dispatcher", Dispatcher())
    mail = MailChannel(["ops@example.org"], sender="logster@example.org", host="127.0.0.1", port=mailbox.port)
    for channel in (mail, WebhookChannel(f"{hook.url}/in"), AppriseChannel(f"json://127.0.0.1:{hook.port}/apprise")):
        logster.alert(channel, kinds=("new",), minimum_level="DEBUG")
    return rule.dispatcher


@pytest.mark.filterwarnings("ignore:'imghdr' is deprecated:DeprecationWarning")
def test_no_planted_secret_comes_out(
    secrets: Secrets,
    service: Service,
    settings: Settings,
    redis_url: str,
    hook: Hook,
    mailbox: Mailbox,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.DEBUG)
    for name, value in (("REDIS_URL", redis_url), ("NAMESPACE", settings.namespace), ("REDACT_KEYS", OWN_KEY)):
        monkeypatch.setenv(f"LOGSTER_{name}", str(value))
    outputs = Outputs(secrets)
    dispatcher = alerts_to(hook, mailbox, monkeypatch)

    stream = asyncio.run(followed(service, lambda: [plant(secrets, service) for plant in INPUTS]))
    assert stream.count('"kind":"report"') > 20
    outputs.look("the live stream", stream)

    stored = list(everything_in_redis(service, redis_url))
    archive = list(service.store.export())
    for each in stored:
        outputs.look("Redis", each)
    for each in archive:
        outputs.look("the archive", each)
    missing = sorted(secrets.missing_in([*stored, *archive]))
    assert not missing, "\n".join(missing)

    dispatcher.close(60)
    mails = [email.message_from_bytes(content, policy=email.policy.default) for _, _, content in mailbox.mails]
    assert len(mails) == len(hook.posts) / 2 > 100
    for mail in mails:
        outputs.look("a mail", f"{mail.items()}{mail.get_content()}")
    for path, headers, body in hook.posts:
        outputs.look(f"an alert at {path}", f"{headers}".encode() + body)

    client = TestClient(Viewer(lambda request: "Ada", service=service))
    keys = [json.loads(each)["key"] for each in archive if each.startswith(b'{"kind":"entry"')]
    for where, answer in gone_over(client, keys[::SHOWN]):
        outputs.look(where, answer)
    outputs.look("standard output and error", "".join(capfd.readouterr()))
    assert main(["import", "--replace", *archived(archive, tmp_path)]) == 0
    monkeypatch.setattr(RedisStore, "listen", lambda store: nullcontext([{"kind": "report", "key": keys[0]}]))
    usages = commands(keys[:: 2 * SHOWN], tmp_path)
    assert set(usages) == set(COMMANDS)
    for command, several in usages.items():
        for arguments in several:
            assert main([command, *arguments]) in (0, 1), (command, arguments, capfd.readouterr())
            outputs.look(f"logster {command} {arguments}", "".join(capfd.readouterr()))
    outputs.look("the file of an export", gzip.decompress((tmp_path / "archive.jsonl.gz").read_bytes()))
    # Those of the app itself are none of ours.
    outputs.look("Logster's own logs", "".join(str(vars(each)) for each in caplog.records if is_own(each)))
    outputs.check()


def is_own(record: logging.LogRecord) -> bool:
    return record.name.partition(".")[0] == "logster"


def archived(lines: list[bytes], directory: Path) -> list[str]:
    """Return the arguments with which what was deleted meanwhile comes back."""
    (directory / "before.jsonl").write_bytes(b"".join(lines))
    return [str(directory / "before.jsonl")]


def test_no_planted_secret_is_in_what_waits_on_disk(
    secrets: Secrets, settings: Settings, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    away = {"redis_url": f"unix://{tmp_path}/nobody.sock", "spool_directory": str(tmp_path / "spool")}
    service = Service(settings.with_changes(**away, drain_seconds=0.1))
    for plant in (messages, extras, exceptions, variables, sources, contexts, breadcrumbs, browsers, sentry):
        plant(secrets, service)
    assert service.worker.flush(30, or_spool=True)
    service.close()
    outputs = Outputs(secrets)
    files = [each.read_bytes() for each in (tmp_path / "spool").iterdir()]
    for each in files:
        outputs.look("the spool", each)
    outputs.look("standard output and error", "".join(capfd.readouterr()))
    outputs.check()
    missing = sorted(secrets.missing_in(files))
    assert not missing, "\n".join(missing)


NOWHERE = "127.0.0.1:1"
URLS = [
    f"redis://:{{}}@{NOWHERE}/0", f"redis://bob:{{}}@{NOWHERE}/0", f"rediss://bob:{{}}@{NOWHERE}/0",
    f"redis://bob:a%2F{{}}@{NOWHERE}", f"redis://:a/{{}}@{NOWHERE}/0", f"redis://:a?{{}}@{NOWHERE}/0",
    f"redis://:a#{{}}@{NOWHERE}/0", f"redis://:a:{{}}@{NOWHERE}/0", f"redis://:a@{{}}@{NOWHERE}/0",
    f"redis://:a[{{}}@{NOWHERE}/0", f"redis://:{{}}/@{NOWHERE}/0", f"redis://:{{}}?@{NOWHERE}/0", "redis://:{}",
    f"redis://{NOWHERE}/0?password={{}}", f"redis://{NOWHERE}/0?username=bob&password={{}}&db=x",
    "redis://:{}@127.0.0.1:port/0", "redis://:{}@[::1/0", f"redis://:{{}}@{NOWHERE}/0?socket_timeout=x",
    "unix://:{}@/nobody.sock", "unix:///nobody.sock?password={}", f"redis+sentinel://:{{}}@{NOWHERE}/shop/0",
    f"redis+sentinel://:{{}}@{NOWHERE}/", f"redis+sentinel://:{{}}@{NOWHERE}/shop/x", "redis+sentinel://:{}@a:b:c/shop",
    f"redis+sentinel://:a/{{}}@{NOWHERE}/shop", f"redis+cluster://:{{}}@{NOWHERE}", f"redis+cluster://:a/{{}}@{NOWHERE}",
    "http://bob:{}@redis/0", "redis:bob:{}@redis", "redis:/bob:{}@redis", "bob:{}@redis:6379", "//:{}@redis",
    ":{}@redis",
    "redis//:{}@redis:6379", "redis://:{}\n@redis:6379", "memory://:{}@redis", f"redis://:a@b?{{}}@{NOWHERE}/0",
]  # fmt: skip


@pytest.mark.parametrize("url", URLS)
def test_no_mistake_shows_the_password_of_redis(
    url: str, tmp_path: Path, capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    secrets = Secrets()
    url = url.format(secrets.another())
    outputs = Outputs(secrets)
    for command in ("doctor", "search"):
        assert main(["--redis-url", url, command]) != 0
        outputs.look(f"logster {command}", "".join(capfd.readouterr()))
    try:
        # What waits at the end goes to the spool, or else the worker would go on for ever.
        settings = Settings(redis_url=url, redis_timeout_seconds=0.1, spool_directory=str(tmp_path))
        outputs.look("the settings", repr(settings))
        for finding in examine(settings):
            outputs.look("the doctor", repr(finding))
    except LogsterError as error:
        outputs.look("a mistake", repr(error))
    else:
        service = Service(settings)
        outputs.look("the objects", f"{service!r} {service.store!r} {service.worker!r}")
        logger_to(service).error("nobody hears it")
        service.worker.flush(0.2)
        for path in ("/", "/api/entries", "/healthz", "/metrics"):
            client = TestClient(Viewer(lambda request: True, service=service), raise_server_exceptions=False)
            outputs.look(path, client.get(path).content)
        service.close()
        for each in tmp_path.iterdir():
            outputs.look("the spool", each.name.encode() + each.read_bytes())
    outputs.look("standard output and error", "".join(capfd.readouterr()))
    outputs.look("the logs", "".join(str(vars(each)) for each in caplog.records))
    outputs.check()


class Failing:
    """A channel or subscriber of the app's own that tells in its error what it should not."""

    def __init__(self, text: str) -> None:
        self._text = text

    def __repr__(self) -> str:
        return f"Failing({self._text})"

    def send(self, alert: Any) -> None:
        raise ValueError(self._text)

    def __call__(self, occurrence: Any) -> None:
        raise ValueError(self._text)


@pytest.mark.filterwarnings("ignore:'imghdr' is deprecated:DeprecationWarning")
@pytest.mark.parametrize("form", FORMS)
def test_no_complaint_on_standard_error_shows_a_secret(
    form: str,
    secrets: Secrets,
    service: Service,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(rule, "dispatcher", Dispatcher())
    monkeypatch.setattr(stderr, "_QUIET_SECONDS", 0.0)
    subscription = logster.subscribe(Failing(secrets.text("subscriber", form)))
    channel = Failing(secrets.text("channel", form))
    password = secrets.another()
    for each in (
        channel,
        WebhookChannel(f"http://bob:{password}@127.0.0.1:1/{password}?key={password}", secret=password),
        WebhookChannel(f"http://127.0.0.1:1/{password} \n"),
        AppriseChannel(f"json://bob:{password}@127.0.0.1:1/{password}"),
        MailChannel(["a@b.example"], sender="c@d.example", host="127.0.0.1", port=1, user="bob", password=password),
    ):
        logster.alert(each, kinds=("new",))
    logger_to(service).error("new")
    service.worker.flush(10)
    rule.dispatcher.close(30)
    subscription.cancel()
    complaints = capfd.readouterr().err
    assert complaints.count("alerts do not reach") == 5
    assert "subscriber" in complaints
    outputs = Outputs(secrets)
    outputs.look("standard error", complaints)
    outputs.check()


@pytest.mark.parametrize("url", ["https://bob:a/{}@hooks.example", "https://hooks.example:{}", "https://bob:{}@[hooks"])
def test_no_mistake_shows_the_password_of_a_webhook(url: str, secrets: Secrets) -> None:
    outputs = Outputs(secrets)
    with pytest.raises(ConfigurationError) as caught:
        WebhookChannel(url.format(secrets.another()))
    outputs.look("a mistake", str(caught.value))
    outputs.check()


async def followed(service: Service, plant: Callable[[], object]) -> str:
    """Return what the live stream says while secrets are planted."""
    async with listening(service) as stream:
        await stream.event("refresh")
        await asyncio.to_thread(plant)
        logger_to(service).critical("the end")
        await asyncio.to_thread(service.worker.flush, 30)
        pieces = [await stream.piece()]
        while '"level":50' not in pieces[-1]:
            pieces.append(await stream.piece())
        return "".join(pieces)
