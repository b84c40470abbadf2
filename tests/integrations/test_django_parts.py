"""The parts of the Django integration, each in a small site of its own: a process of Django's with a test client."""

import textwrap
from typing import Any

import msgspec
import pytest

from logster.settings import Settings
from tests.integrations.processes import run_alone

SITE = """
import asyncio, json, logging, sys, types
from django.conf import settings
import logster

GIVEN = dict(
    ALLOWED_HOSTS=["*"],
    DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": "file:site?mode=memory&cache=shared"}},
    INSTALLED_APPS=[
        "django.contrib.auth", "django.contrib.contenttypes", "django.contrib.sessions", "logster.integrations.django",
    ],
    MIDDLEWARE=[
        "logster.integrations.django.middleware.LogsterMiddleware",
        "django.contrib.sessions.middleware.SessionMiddleware",
        "django.contrib.auth.middleware.AuthenticationMiddleware",
    ],
    ROOT_URLCONF="__main__",
    SECRET_KEY="secret",
    TEMPLATES=[{"BACKEND": "django.template.backends.django.DjangoTemplates", "APP_DIRS": True}],
    USE_TZ=True,
)
urlpatterns = []

def begin(**changes):
    settings.configure(**GIVEN | changes)
    import django
    django.setup()
    from django.core.management import call_command
    call_command("migrate", verbosity=0, skip_checks=True)
    from django.urls import include, path
    urlpatterns.append(path("logs/", include("logster.integrations.django.urls")))

def view(function):
    from django.urls import path
    urlpatterns.append(path(function.__name__, function))
    return function

def client(**options):
    from django.test import Client
    return Client(raise_request_exception=False, headers={"Accept": "text/html"}, **options)

def async_client():
    from django.test import AsyncClient
    return AsyncClient(raise_request_exception=False)

def user(name, **fields):
    from django.contrib.auth.models import User
    return User.objects.create_user(name, password="x", **fields)

def entries():
    assert logster.flush(20)
    from logster import service
    store = service.current().store
    return [
        {"logger": e.logger, "level": e.level, "message": e.message, "count": e.count, "env": store.env_samples(e.key)}
        for e in store.page(limit=100).entries
    ]

def found():
    from django.core import checks
    return sorted(each.id for each in checks.run_checks(tags=["logster"]))

def tell(value):
    print("TOLD" + json.dumps(value))
"""


def told(settings: Settings, program: str, **variables: str) -> Any:
    """Return what a program told; each begins with a site."""
    done = run_alone(settings, SITE + textwrap.dedent(program), PYTHONWARNINGS="error", **variables)
    assert done.returncode == 0, done.stderr
    line = next(line for line in done.stdout.splitlines() if line.startswith("TOLD"))
    return msgspec.json.decode(line.removeprefix("TOLD"))


def test_a_user_who_is_not_asked_for_costs_no_query_and_stays_lazy(settings: Settings) -> None:
    queries, users = told(
        settings,
        """
        begin()
        from django.db import connection
        from django.test.utils import CaptureQueriesContext
        from django.utils.functional import empty

        seen = []

        @view
        def quiet(request):
            seen.append(request.user)
            logging.getLogger("shop").error("quiet")
            raise ValueError("quiet")

        @view
        def known(request):
            assert request.user.is_authenticated
            raise ValueError("known")

        @view
        async def known_later(request):
            assert (await request.auser()).is_authenticated
            raise ValueError("known later")

        @view
        def session(request):
            assert "cart" not in request.session
            raise ValueError("session")

        @view
        def said(request):
            assert request.user.is_authenticated
            logster.add_to_env("user_id", "said")
            raise ValueError("said")

        @view
        def left(request):
            from django.contrib.auth import logout
            assert request.user.is_authenticated
            logout(request)
            raise ValueError("left")

        browser = client()
        browser.force_login(user("buyer"))
        with CaptureQueriesContext(connection) as asked:
            assert browser.get("/quiet").status_code == 500
            assert seen[0].__dict__["_wrapped"] is empty
        for path in ("/known", "/session", "/said"):
            assert browser.get(path).status_code == 500
        later = async_client()
        later.cookies = browser.cookies
        assert asyncio.run(later.get("/known_later")).status_code == 500
        assert browser.get("/left").status_code == 500
        users = {entry["message"]: entry["env"][0].get("user_id") for entry in entries()}
        tell([len(asked.captured_queries), users])
        """,
    )
    assert queries == 0
    assert users == {
        "quiet": None,
        "ValueError: quiet": None,
        "ValueError: known": "1",
        "ValueError: known later": "1",
        "ValueError: session": "1",
        "ValueError: said": "said",
        "ValueError: left": None,
    }


def test_an_error_is_reported_once_whoever_met_it_first(settings: Settings) -> None:
    reported = told(
        settings,
        """
        class Outer:
            def __init__(self, get_response):
                self.get_response = get_response

            def __call__(self, request):
                if request.path == "/outer":
                    raise ValueError("in a middleware before ours")
                return self.get_response(request)

        begin(MIDDLEWARE=["__main__.Outer", *GIVEN["MIDDLEWARE"]])
        from django.core.exceptions import SuspiciousOperation
        from django.http import HttpResponse

        @view
        def raised(request):
            raise ValueError("raised")

        @view
        async def raised_later(request):
            raise ValueError("raised later")

        @view
        def logged(request):
            try:
                raise ValueError("logged")
            except ValueError:
                logging.getLogger("shop").exception("It failed")
                raise

        @view
        def suspicious(request):
            raise SuspiciousOperation("suspicious")

        @view
        def unavailable(request):
            return HttpResponse("later", status=503)

        class Others(logging.Handler):
            def emit(self, record):
                others.append(record.name)

        others = []
        logging.getLogger("django.request").addHandler(Others())
        statuses = {}
        for path in ("raised", "raised_later", "logged", "suspicious", "unavailable", "outer", "missing"):
            statuses[path] = client().get("/" + path).status_code
            asyncio.run(async_client().get("/" + path))
        reported = {each["message"]: [each["logger"], each["count"], each["env"][0].get("path")] for each in entries()}
        tell([statuses, reported, len(others)])
        """,
    )
    statuses, entries, others = reported
    assert statuses == {
        "raised": 500,
        "raised_later": 500,
        "logged": 500,
        "suspicious": 400,
        "unavailable": 503,
        "outer": 500,
        "missing": 404,
    }
    assert entries == {
        "ValueError: raised": ["django.request", 2, "/raised"],
        "ValueError: raised later": ["django.request", 2, "/raised_later"],
        "It failed": ["shop", 2, "/logged"],
        "suspicious": ["django.security.SuspiciousOperation", 2, "/suspicious"],
        "Service Unavailable: /unavailable": ["django.request", 2, "/unavailable"],
        "ValueError: in a middleware before ours": ["django.request", 2, "/outer"],
        "Not Found: /missing": ["django.request", 2, "/missing"],
    }
    # What other handlers get is what Django logs, once each.
    assert others == 12


def test_an_answer_that_fails_while_it_is_sent_is_reported_with_its_request(settings: Settings) -> None:
    reported = told(
        settings,
        """
        begin()
        from django.http import FileResponse, StreamingHttpResponse

        @view
        def pieces(request):
            def make():
                yield b"one"
                logging.getLogger("shop").warning("between")
                raise ValueError("pieces")
            return StreamingHttpResponse(make())

        @view
        async def pieces_later(request):
            async def make():
                yield b"one"
                raise ValueError("pieces later")
            return StreamingHttpResponse(make())

        @view
        def whole(request):
            return StreamingHttpResponse([b"one", b"two"])

        def file(request):
            return FileResponse(open(__import__("os").devnull, "rb"))

        browser = client()
        try:
            list(browser.get("/pieces").streaming_content)
        except ValueError:
            pass

        async def later():
            response = await async_client().get("/pieces_later")
            try:
                return [piece async for piece in response.streaming_content]
            except ValueError:
                pass

        asyncio.run(later())
        assert browser.get("/whole").getvalue() == b"onetwo"
        from django.test import RequestFactory
        from logster.integrations.django.middleware import LogsterMiddleware
        response = LogsterMiddleware(file)(RequestFactory().get("/file"))
        assert response.file_to_stream is not None
        response.close()
        tell({each["message"]: [each["count"], each["env"][0]["path"]] for each in entries()})
        """,
    )
    assert reported == {
        "between": [1, "/pieces"],
        "ValueError: pieces": [1, "/pieces"],
        "ValueError: pieces later": [1, "/pieces_later"],
    }


def test_who_gets_in_is_said_by_any_function_of_the_request(settings: Settings) -> None:
    answers = told(
        settings,
        """
        import logster.integrations.django.access as access

        async def later(request):
            return (await request.auser()).username == "auditor"

        class Later:
            async def __call__(self, request):
                return await later(request)

        later_object = Later()
        loopback = access.by_starlette_request(logster.loopback_only)

        def broken(request):
            raise ValueError("no database")

        def elsewhere(request):
            from django.http import HttpResponseRedirect
            return HttpResponseRedirect("/elsewhere")

        begin(LOGSTER={"authorize": access.signed_in(lambda user: user.username == "auditor")})
        answers = {}

        def ask(name, browser, **environ):
            response = browser.get("/logs/", **environ)
            answers[name] = [response.status_code, response.headers.get("Location", "")]

        auditor, buyer = client(), client()
        auditor.force_login(user("auditor"))
        buyer.force_login(user("buyer", is_staff=True))
        ask("test, anybody", client())
        ask("test, auditor", auditor)
        ask("test, buyer", buyer)
        for name in ("later", "later_object", "broken", "elsewhere"):
            settings.LOGSTER = {"authorize": "__main__." + name}
            ask(name + ", auditor", auditor)
            ask(name + ", buyer", buyer)
        settings.LOGSTER = {"authorize": loopback}
        ask("loopback, near", client())
        ask("loopback, far", client(), REMOTE_ADDR="192.0.2.7")
        tell(answers)
        """,
    )
    assert answers == {
        "test, anybody": [302, "/accounts/login/?next=/logs/"],
        "test, auditor": [200, ""],
        "test, buyer": [403, ""],
        "later, auditor": [200, ""],
        "later, buyer": [403, ""],
        "later_object, auditor": [200, ""],
        "later_object, buyer": [403, ""],
        "broken, auditor": [500, ""],
        "broken, buyer": [500, ""],
        "elsewhere, auditor": [302, "/elsewhere"],
        "elsewhere, buyer": [302, "/elsewhere"],
        "loopback, near": [200, ""],
        "loopback, far": [403, ""],
    }


def test_the_log_stands_in_sites_of_many_kinds(settings: Settings) -> None:
    """With a login for every page, transactions around each request, compression, and the admin's login."""
    answers = told(
        settings,
        """
        changes = dict(GIVEN)
        changes["INSTALLED_APPS"] = ["django.contrib.admin", "django.contrib.messages", *GIVEN["INSTALLED_APPS"]]
        changes["MIDDLEWARE"] = [
            *GIVEN["MIDDLEWARE"],
            "django.middleware.gzip.GZipMiddleware",
            "django.middleware.common.CommonMiddleware",
            "django.middleware.csrf.CsrfViewMiddleware",
            "django.contrib.auth.middleware.LoginRequiredMiddleware",
            "django.contrib.messages.middleware.MessageMiddleware",
        ]
        changes["DATABASES"] = {"default": {**GIVEN["DATABASES"]["default"], "ATOMIC_REQUESTS": True}}
        begin(**changes)
        from django.contrib import admin
        from django.urls import path
        urlpatterns.append(path("admin/", admin.site.urls))
        anybody = client(enforce_csrf_checks=True)
        staff = client(enforce_csrf_checks=True)
        staff.force_login(user("staff", is_staff=True))
        logging.getLogger("shop").error("late")
        logster.flush()
        answers = {
            "without a slash": anybody.get("/logs?q=a")["Location"],
            "script": anybody.get("/logs/logster.js").status_code,
            "report": anybody.post("/logs/report_js_error", {"message": "a"}, "application/json").status_code,
            "too large": anybody.post(
                "/logs/report_js_error", {"message": "a" * 1_000_000}, "application/json"
            ).status_code,
            "login": anybody.get("/logs/?q=a")["Location"],
            "page": staff.get("/logs/", headers={"Accept-Encoding": "gzip"}).status_code,
            "forged": staff.post("/logs/api/clear").status_code,
            "program": anybody.get("/logs/", headers={"Accept": "*/*"}).status_code,
        }
        tell(answers)
        """,
    )
    assert answers == {
        "without a slash": "/logs/?q=a",
        "script": 200,
        "report": 204,
        "too large": 413,
        "login": "/admin/login/?next=/logs/%3Fq%3Da",
        "page": 200,
        "forged": 403,
        "program": 403,
    }


def test_what_the_log_answers_is_handed_on_whatever_becomes_of_it(settings: Settings) -> None:
    answers = told(
        settings,
        """
        begin()
        from django.test import RequestFactory
        from logster.integrations.django.exchange import answer

        class Gone:
            def read(self, *args, **kwargs):
                raise OSError("the client is gone")

        async def in_pieces(scope, receive, send):
            cookies = [(b"set-cookie", b"a=1; Path=/; HttpOnly"), (b"set-cookie", b"b=2")]
            headers = [*cookies, (b"vary", b"a"), (b"vary", b"b")]
            await send({"type": "http.response.start", "status": 418, "headers": headers})
            for letter in (b"a", b"b", b""):
                await send({"type": "http.response.body", "body": letter, "more_body": bool(letter)})

        async def failed(scope, receive, send):
            await in_pieces(scope, receive, send)
            raise ValueError("after the answer")

        async def silent(scope, receive, send):
            raise ValueError("without an answer")

        async def echo(scope, receive, send):
            size, sizes = 0, []
            while (message := await receive())["type"] == "http.request":
                sizes.append(len(message["body"]))
                if not message["more_body"]:
                    break
            headers = [(b"x-last", message["type"].encode())]
            await send({"type": "http.response.start", "status": 200, "headers": headers})
            await send({"type": "http.response.body", "body": json.dumps([sum(sizes), max(sizes, default=0)]).encode()})

        def ask(app, request=None):
            request = request or RequestFactory().get("/")
            return asyncio.run(answer(app, {}, request, streams=False))

        answers = {}
        for app in (in_pieces, failed):
            response = ask(app)
            cookies = response.cookies.output(header="", sep=";")
            answers[app.__name__] = [response.status_code, response.content.decode(), response["vary"], cookies]
        try:
            ask(silent)
        except ValueError as error:
            answers["silent"] = str(error)
        answers["sent"] = ask(echo, RequestFactory().post("/", b"a" * 200_000, "text/plain")).text
        request = RequestFactory().post("/", b"a", "text/plain")
        request._stream = Gone()
        answers["gone"] = ask(echo, request)["x-last"]
        tell([answers, [[each["message"], each["count"]] for each in entries()]])
        """,
    )
    whole = [418, "ab", "a, b", " a=1; HttpOnly; Path=/; b=2"]
    assert answers == [
        {
            "in_pieces": whole,
            "failed": whole,
            "silent": "without an answer",
            "sent": "[200000, 65536]",
            "gone": "http.disconnect",
        },
        [["ValueError: after the answer", 1]],
    ]


def test_a_stream_of_the_log_ends_with_the_answer_that_nobody_wants_any_more(settings: Settings) -> None:
    tasks = told(
        settings,
        """
        begin(LOGSTER={"authorize": "__main__.everybody"})

        def everybody(request):
            return True

        async def tasks():
            for _ in range(100):
                await asyncio.sleep(0.01)
                if len(asyncio.all_tasks()) == 1:
                    break
            return len(asyncio.all_tasks())

        async def streams():
            found = []
            for pieces in (0, 1):
                response = await async_client().get("/logs/api/events")
                assert response.streaming
                found.append(len(asyncio.all_tasks()) > 1)
                if pieces:
                    async for piece in response.streaming_content:
                        assert piece.startswith(b"retry:")
                        break
                await asyncio.to_thread(response.close)
                found.append(await tasks())
            return found

        tell(asyncio.run(streams()))
        """,
    )
    assert tasks == [True, 1, True, 1]


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, []),
        ({"LOGSTER": {"max_backlog": 0}}, ["logster.E001"]),
        ({"LOGSTER": {"max_backlogs": 10}}, ["logster.E001"]),
        ({"LOGSTER": {"level": "LOUD"}}, ["logster.E001"]),
        ({"LOGSTER": ["max_backlog"]}, ["logster.E001"]),
        ({"LOGSTER": {"authorize": "shop.nowhere"}}, ["logster.E002"]),
        ({"LOGSTER": {"authorize": 7}}, ["logster.E002"]),
        ({"MIDDLEWARE": ["logster.LogsterMiddleware"]}, ["logster.E003", "logster.E004"]),
        ({"MIDDLEWARE": ["logster.integrations.django.middleware.LogsterMiddleware"]}, ["logster.E004"]),
        ({"MIDDLEWARE": []}, ["logster.E004", "logster.W001"]),
        ({"MIDDLEWARE": [], "LOGSTER": {"authorize": "builtins.bool"}}, ["logster.W001"]),
    ],
)
def test_a_bad_set_up_is_told_by_the_system_checks(
    settings: Settings, changes: dict[str, Any], expected: list[str]
) -> None:
    assert told(settings, f"begin(**{changes!r})\ntell(found())") == expected


@pytest.mark.parametrize(
    ("urls", "expected"),
    [
        ('[path("logs/", include("logster.integrations.django.urls"))]', []),
        ('[path("logs", include("logster.integrations.django.urls"))]', ["logster.E005"]),
        ("[]", ["logster.W002"]),
    ],
)
def test_where_the_log_is_included_is_checked(settings: Settings, urls: str, expected: list[str]) -> None:
    program = f"begin()\nfrom django.urls import include, path\nurlpatterns[:] = {urls}\ntell(found())"
    assert told(settings, program) == expected


def test_a_site_goes_on_where_the_log_cannot_be_used(settings: Settings) -> None:
    answers = told(
        settings,
        """
        begin(LOGSTER={"max_backlog": 0})
        from django.http import HttpResponse

        @view
        def front(request):
            return HttpResponse("welcome")

        @view
        def boom(request):
            raise ValueError("boom")

        tell([client().get(path).status_code for path in ("/front", "/boom", "/logs/")] + [len(entries())])
        """,
    )
    assert answers == [200, 500, 500, 0]


def test_logging_of_ones_own_is_left_as_it_is(settings: Settings) -> None:
    handler = {"class": "logster.LogsterHandler", "level": "ERROR"}
    logging = {"version": 1, "handlers": {"log": handler}, "loggers": {"shop": {"handlers": ["log"]}}}
    reported = told(
        settings,
        f"""
        begin(LOGGING={logging!r})
        logging.getLogger("shop").warning("not wanted")
        logging.getLogger("shop").error("wanted")
        logging.getLogger("other").error("not wanted")
        tell([each["message"] for each in entries()])
        """,
    )
    assert reported == ["wanted"]


@pytest.mark.parametrize(
    ("level", "expected"), [("'ERROR'", ["error"]), ("'INFO'", ["error", "warning"]), ("None", [])]
)
def test_the_level_from_which_on_records_are_reported(settings: Settings, level: str, expected: list[str]) -> None:
    reported = told(
        settings,
        f"""
        begin(LOGSTER={{"level": {level}}})
        logging.getLogger("shop").warning("warning")
        logging.getLogger("shop").error("error")
        tell(sorted(each["message"] for each in entries()))
        """,
    )
    assert reported == expected


def test_the_template_tag_writes_the_scripts_element(settings: Settings) -> None:
    plain, given, by_context, nowhere = told(
        settings,
        """
        begin()
        from django.template import Context, Template
        from django.urls import clear_url_caches
        from django.utils.functional import SimpleLazyObject

        class LazyNonce(SimpleLazyObject):
            # As Django 6 has it.
            def __bool__(self):
                return "_wrapped" in self.__dict__ and self._wrapped == "b"

        plain = Template("{% load logster %}{% logster_js %}")
        given = Template("{% load logster %}{% logster_js nonce=secret %}")
        texts = [
            plain.render(Context()),
            given.render(Context({"secret": '"a'})),
            plain.render(Context({"csp_nonce": LazyNonce(lambda: "b")})),
        ]
        urlpatterns.clear()
        clear_url_caches()
        tell([*texts, plain.render(Context())])
        """,
    )
    assert plain == '<script src="/logs/logster.js"></script>'
    assert given == '<script src="/logs/logster.js" nonce="&quot;a"></script>'
    assert by_context == '<script src="/logs/logster.js" nonce="b"></script>'
    assert nowhere == ""


def test_an_error_page_can_lead_to_the_entry(settings: Settings) -> None:
    link, key = told(
        settings,
        """
        begin(FORCE_SCRIPT_NAME="/shop")
        from django.http import HttpResponse

        @view
        def boom(request):
            raise ValueError("boom")

        def handler500(request):
            return HttpResponse(logster.permalink(), status=500)

        link = client().get("/boom").text
        assert logster.flush(20)
        from logster import service
        tell([link, service.current().store.page().entries[0].key])
        """,
    )
    assert link == f"/shop/logs/show/{key}"


@pytest.mark.parametrize("kind", ["WSGI", "ASGI"])
def test_the_ready_made_answers_to_who_gets_in(settings: Settings, kind: str) -> None:
    """The log's own: passwords, a proxy's word, and a page that asks for a secret, also for who may look only."""
    answers = told(
        settings,
        """
        import base64, os, re
        from urllib.parse import urlencode
        from asgiref.sync import async_to_sync
        from django.test import AsyncClient, Client
        from logster.access import basic, hash_password, proxy_headers, shared_secret

        begin(LOGSTER={"authorize": basic({"ada": hash_password("a long password")})})
        EDIT, LOOK = "a secret of more than thirty letters", "another secret, for those who look"
        ORIGIN = {"Origin": "http://testserver"}
        answers = {}

        class Near(AsyncClient):
            def _base_scope(self, **request):
                return super()._base_scope(**request | {"client": ["127.0.0.1", 50_000]})

        def browser():
            if os.environ["KIND"] == "WSGI":
                return Client(headers={"Accept": "text/html", "Host": "testserver"})
            return Near(headers={"Accept": "text/html"})

        def send(browser, method, path, data=None, **headers):
            call = getattr(browser, method)
            form = {"content_type": "application/x-www-form-urlencoded", "data": urlencode(data)} if data else {}
            return (call if os.environ["KIND"] == "WSGI" else async_to_sync(call))(path, headers=headers, **form)

        def ask(name, response):
            answers[name] = [response.status_code, response.headers.get("Location", "")]
            return response

        def fields(response, form):
            text = response.content.decode()
            return dict(re.findall(r'name="(\\w+)" value="([^"]*)"', text[text.index(form):].partition("</form>")[0]))

        right, wrong = (base64.b64encode(given).decode() for given in (b"ada:a long password", b"ada:another"))
        ask("basic, nobody", send(browser(), "get", "/logs/"))
        ask("basic, wrong", send(browser(), "get", "/logs/", Authorization="Basic " + wrong))
        ask("basic, ada", send(browser(), "get", "/logs/", Authorization="Basic " + right))

        settings.LOGSTER = {"authorize": proxy_headers("127.0.0.1")}
        ask("proxy, nobody", send(browser(), "get", "/logs/"))
        ask("proxy, ada", send(browser(), "get", "/logs/", **{"X-Forwarded-User": "ada", "Remote-User": "ada"}))
        settings.LOGSTER = {"authorize": proxy_headers("192.0.2.1")}
        ask("proxy, forged", send(browser(), "get", "/logs/", **{"X-Forwarded-User": "ada", "Remote-User": "ada"}))

        settings.LOGSTER = {"authorize": shared_secret(EDIT, viewers=LOOK)}
        for name, secret in (("edit", EDIT), ("look", LOOK)):
            one = browser()
            ask(name + ", before", send(one, "get", "/logs/"))
            hidden = fields(send(one, "get", "/logs/login"), '<form class="login"')
            ask(name + ", guess", send(one, "post", "/logs/login", hidden | {"secret": "guess"}, **ORIGIN))
            ask(name + ", foreign", send(one, "post", "/logs/login", {"secret": secret}, Origin="http://elsewhere"))
            ask(name + ", login", send(one, "post", "/logs/login", hidden | {"secret": secret}, **ORIGIN))
            page = ask(name + ", after", send(one, "get", "/logs/"))
            token = fields(page, '<form class="sign-out"')
            ask(name + ", clear", send(one, "post", "/logs/clear", token, **ORIGIN))
            ask(name + ", logout", send(one, "post", "/logs/logout", token, **ORIGIN))
            ask(name + ", gone", send(one, "get", "/logs/"))
        tell(answers)
        """,
        KIND=kind,
    )
    page = {
        "before": [303, "./login"],
        "guess": [403, ""],
        "foreign": [403, ""],
        "login": [303, "./"],
        "after": [200, ""],
        "logout": [303, "./login"],
        "gone": [303, "./login"],
    }
    assert answers == {
        "basic, nobody": [401, ""],
        "basic, wrong": [401, ""],
        "basic, ada": [200, ""],
        "proxy, nobody": [403, ""],
        "proxy, ada": [200, ""],
        "proxy, forged": [403, ""],
        **{f"edit, {name}": answer for name, answer in page.items()},
        **{f"look, {name}": answer for name, answer in page.items()},
        "edit, clear": [303, "./?done=clear"],
        "look, clear": [403, ""],
    }
