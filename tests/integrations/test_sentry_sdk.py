"""The real sentry-sdk, in a process of its own, reports over HTTP to a real server."""

import subprocess
import sys
import textwrap
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from msgspec.structs import replace
from starlette.applications import Starlette
from starlette.routing import Mount

from logster.entry import Entry
from logster.service import Service
from logster.settings import Settings
from logster.viewer.app import Viewer
from tests.browser.conftest import serving

KEY = "0123456789abcdef0123456789abcdef"

PRELUDE = """
import logging, sys
import sentry_sdk

class PriceError(ValueError):
    pass

def total(basket):
    password = "hunter2"
    return basket["price"]

def pay(basket):
    try:
        return total(basket)
    except KeyError as error:
        raise PriceError(f"no price in basket {basket['id']}") from error

def fail(number):
    try:
        pay({"id": number})
    except PriceError:
        sentry_sdk.capture_exception()
"""


@pytest.fixture
def service(settings: Settings) -> Iterator[Service]:
    service = Service(settings.with_changes(sentry_keys=(KEY,)))
    yield service
    service.close()


@pytest.fixture
def url(service: Service) -> Iterator[str]:
    with serving(Starlette(routes=[Mount("/logs", Viewer(service=service))])) as url:
        yield url


@pytest.fixture
def run(url: str, tmp_path: Path) -> Callable[..., str]:
    """Return a function that runs a program with the SDK, and returns what it prints."""

    def run(program: str, *, key: str = KEY, options: str = "") -> str:
        dsn = url.replace("://", f"://{key}@") + "/logs/1"
        path = tmp_path / "shop.py"
        start = f"sentry_sdk.init({dsn!r}, release='shop@1.2', server_name='web1', debug=True, {options})\n"
        path.write_text(PRELUDE + start + textwrap.dedent(program) + "\nsentry_sdk.flush(20)\n")
        ended = subprocess.run(
            [sys.executable, str(path)], capture_output=True, text=True, timeout=60, cwd=tmp_path, check=False
        )
        assert ended.returncode == 0, ended.stderr
        return ended.stdout + ended.stderr

    return run


def entries(service: Service) -> list[Entry]:
    assert service.worker.flush(10)
    found = [service.store.entry(each.key) for each in service.store.page().entries]
    return [replace(entry, env=service.store.env_samples(entry.key)) for entry in found if entry]


Run = Callable[..., str]


def test_exceptions_arrive_with_all_there_is(service: Service, run: Run) -> None:
    run("""
        sentry_sdk.set_tag("shop", "north")
        sentry_sdk.set_user({"id": "7"})
        sentry_sdk.add_breadcrumb(category="db", message="SELECT 1", level="info")
        for number in range(3):
            fail(number)
    """)
    (entry,) = entries(service)

    assert (entry.count, entry.level, entry.source) == (3, "ERROR", "sentry")
    assert entry.message == "PriceError: no price in basket 2"
    exception = entry.exception
    assert exception
    assert exception.cause
    # The SDK does not say which of the two relations it is.
    assert (exception.type, exception.cause.type) == ("PriceError", "KeyError")
    assert [each.function for each in exception.frames] == ["fail", "pay"]
    last = exception.cause.frames[-1]
    assert (last.function, last.source.strip(), last.in_app) == ("total", 'return basket["price"]', True)
    assert last.before
    assert last.locals
    assert last.locals["password"] != "hunter2"
    assert "2" in last.locals["basket"]
    assert "hunter2" not in repr(entry)
    assert entry.versions == ["shop@1.2"]
    assert entry.env
    env = entry.env[0]
    assert (env["hostname"], env["user_id"], env["tags"]) == ("web1", "7", {"shop": "north"})
    assert ("db", "SELECT 1") in [(each["logger"], each["message"]) for each in env["breadcrumbs"]]
    assert env["sdk"].startswith("sentry.python")


@pytest.mark.parametrize("algorithm", ["gzip", "br"])
def test_either_compression_arrives(service: Service, run: Run, algorithm: str) -> None:
    run("fail(1)", options=f"_experiments={{'transport_compression_algo': {algorithm!r}}}")
    (entry,) = entries(service)
    assert entry.exception_type == "PriceError"


def test_the_fingerprint_and_the_level_are_the_scopes(service: Service, run: Run) -> None:
    run("""
        for number in range(2):
            with sentry_sdk.new_scope() as scope:
                scope.fingerprint = ["{{ default }}", str(number)]
                scope.level = "warning"
                fail(number)
    """)
    assert [(each.level, each.count) for each in entries(service)] == [("WARNING", 1), ("WARNING", 1)]


def test_log_records_and_logs_arrive(service: Service, run: Run) -> None:
    run(
        """
        for number in range(2):
            logging.getLogger("shop").error("item %s is sold out", number)
            sentry_sdk.logger.warning("stock of {item} is low", item=number)
        """,
        options="enable_logs=True",
    )
    found = {(each.template, each.level): each.count for each in entries(service)}
    assert found["item %s is sold out", "ERROR"] >= 2
    assert found["stock of {item} is low", "WARNING"] == 2


def test_sessions_and_transactions_are_acknowledged(service: Service, run: Run) -> None:
    run(
        """
        with sentry_sdk.start_transaction(name="checkout"):
            pass
        fail(1)
        """,
        options="traces_sample_rate=1.0",
    )
    assert [each.exception_type for each in entries(service)] == ["PriceError"]
    assert service.received.of(service.settings.current_namespace())["transaction"] == 1


def test_another_key_reports_nothing_and_raises_nothing(service: Service, run: Run) -> None:
    assert "403" in run("fail(1)", key="f" * 32)
    assert entries(service) == []


def test_an_sdk_waits_where_it_is_told_to(settings: Settings, tmp_path: Path) -> None:
    service = Service(settings.with_changes(sentry_keys=(KEY,), sentry_per_minute=1))
    with serving(Starlette(routes=[Mount("/logs", Viewer(service=service))])) as url:
        dsn = url.replace("://", f"://{KEY}@") + "/logs/1"
        program = PRELUDE + textwrap.dedent(f"""
            sentry_sdk.init({dsn!r})
            for number in range(5):
                fail(number)
                sentry_sdk.flush(20)
            waiting = sentry_sdk.get_client().transport._disabled_until
            print(sorted(str(each) for each in waiting))
        """)
        path = tmp_path / "shop.py"
        path.write_text(program)
        ended = subprocess.run([sys.executable, str(path)], capture_output=True, text=True, timeout=60, check=True)
    assert "error" in ended.stdout
    assert "log_item" in ended.stdout
    assert sum(each.count for each in entries(service)) <= 2
    assert service.received.of(service.settings.current_namespace())["event"] <= 2
    service.close()
