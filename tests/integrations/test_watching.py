"""on_rate, alert and subscribe on the whole way from a logging call, and the level of one context."""

import asyncio
import logging
import subprocess
import sys
import textwrap
import threading
from collections.abc import Callable, Iterator

import pytest

import logster
from logster.alerts import Alert, rule
from logster.alerts.dispatcher import Dispatcher
from logster.capture.handler import LogsterHandler
from logster.delivery.observers import observers, subscribers
from logster.entry import Occurrence
from logster.errors import ConfigurationError
from logster.rates import Rate
from logster.service import Service
from logster.settings import Settings
from logster.store import rates
from tests.store.waiting import wait_until


class Channel:
    """Keeps what it is given."""

    def __init__(self) -> None:
        self.alerts: list[Alert] = []

    def send(self, alert: Alert) -> None:
        self.alerts.append(alert)


@pytest.fixture(autouse=True)
def _alone(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Leave no registration and no thread behind."""
    monkeypatch.setattr(rule, "dispatcher", Dispatcher())
    monkeypatch.setattr(rule, "_of_rates", [])
    yield
    rates.watches.clear()
    for each in (*observers, *subscribers):
        each.cancel()
    rule._close()


@pytest.fixture
def service(settings: Settings) -> Iterator[Service]:
    service = Service(settings.with_changes(flush_interval_seconds=0))
    yield service
    service.close()


@pytest.fixture
def logger(service: Service) -> logging.Logger:
    logger = logging.Logger("app")
    logger.addHandler(LogsterHandler(service=service))
    return logger


@pytest.fixture
def flush(service: Service) -> Callable[[], bool]:
    return lambda: service.worker.flush(20)


def test_a_rate_calls_back_on_a_thread_of_its_own(logger: logging.Logger, service: Service) -> None:
    called: list[tuple[Rate, str]] = []
    registration = logster.on_rate(
        "error", 5, "minute", lambda rate: called.append((rate, threading.current_thread().name))
    )
    for number in range(20):
        logger.error("Order %s failed", number)
        logger.warning("Order %s is late", number)
    wait_until(lambda: called)
    [(rate, thread)] = called
    assert rate > 5
    assert (rate.limit, rate.per, rate.levels, rate.namespace) == (5, "minute", (40,), service.settings.namespace)
    assert thread == "logster-rates"
    registration.cancel()
    assert rates.watches == []


def test_a_callback_that_fails_hurts_no_other(
    logger: logging.Logger, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("logster.delivery.stderr._last_said", -1e9)
    called = threading.Event()
    logster.on_rate([40], 0, "hour", lambda _: 1 / 0)
    logster.on_rate([40], 0, "hour", lambda _: called.set())
    logger.error("x")
    assert called.wait(20)
    assert "ZeroDivisionError" in capfd.readouterr().err


@pytest.mark.parametrize(
    ("levels", "limit", "per", "reason"),
    [
        ("LOUD", 1, "minute", "no level 'LOUD'"),
        ([], 1, "minute", "needs a level"),
        (40, -1, "minute", "limit of a rate is -1"),
        (40, 1, "day", "per minute or per hour"),
    ],
)
def test_a_rate_that_makes_no_sense_is_refused(levels: object, limit: int, per: str, reason: str) -> None:
    with pytest.raises(ConfigurationError, match=reason):
        logster.on_rate(levels, limit, per, print)
    assert rates.watches == []


def test_alerts_tell_of_the_new_the_regressed_and_powers_of_ten(
    logger: logging.Logger, service: Service, flush: Callable[[], bool], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("logster.service._service", Service(service.settings.with_changes(url="https://x.example/l/")))
    channel = Channel()
    logster.alert(channel, kinds=("new", "regressed", "milestone"))
    for count in (1, 8, 1, 95, 1, 894):
        logger.error("Order failed", extra={"count": count})
        logger.info("noise", extra={"count": count})
        assert flush()
    [entry] = service.store.page(levels=[40]).entries
    service.store.solve([entry.key])
    # The version is the commit that is checked out, and a report of it stays away.
    service.store.unsolve([entry.key])
    wait_until(lambda: len(channel.alerts) == 4)
    assert [(each.kind, each.count) for each in channel.alerts] == [
        ("new", 1),
        ("milestone", 10),
        ("milestone", 100),
        ("milestone", 1_000),
    ]
    assert {each.url for each in channel.alerts} == {f"https://x.example/l/show/{entry.key}"}


def test_an_alert_tells_of_a_regression(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    channel = Channel()
    logster.alert(channel)
    for version in ("1", "2"):
        service = Service(settings.with_changes(application_version=version))
        logger = logging.Logger("app")
        logger.addHandler(LogsterHandler(service=service))
        logger.error("Order failed")
        assert service.worker.flush(20)
        service.store.solve(entry.key for entry in service.store.page().entries)
        service.close()
    wait_until(lambda: len(channel.alerts) == 2)
    assert [(each.kind, each.version, each.url) for each in channel.alerts] == [
        ("new", "1", ""),
        ("regressed", "2", ""),
    ]


def test_each_channel_has_a_rate_of_its_own(logger: logging.Logger) -> None:
    low, high, none = Channel(), Channel(), Channel()
    logster.alert(low, limit=3)
    logster.alert(high, kinds=["rate"], limit=1_000)
    logster.alert(none, kinds=["milestone"])
    for _ in range(5):
        logger.error("Order failed")
    wait_until(lambda: [each.kind for each in low.alerts].count("rate") == 1)
    [alert] = [each for each in low.alerts if each.kind == "rate"]
    assert (alert.limit, alert.per) == (3, "minute")
    assert (high.alerts, none.alerts) == ([], [])


def test_an_alert_that_makes_no_sense_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="no alerts of kind"):
        logster.alert(Channel(), kinds=["odd"])
    with pytest.raises(ConfigurationError, match="go together"):
        logster.alert(Channel(), kinds=["rate"])
    with pytest.raises(ConfigurationError, match="no level 'LOUD'"):
        logster.alert(Channel(), minimum_level="LOUD")


def test_where_no_thread_can_be_started_a_rate_calls_back_at_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(thread: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    called: list[int] = []
    caller = logster.rates._Caller()
    with monkeypatch.context() as patch:
        patch.setattr(threading.Thread, "start", refuse)
        caller.call(lambda: called.append(1))
        assert called == []
        caller.finish(20)
        caller.call(lambda: called.append(2))
    assert called == [1]
    caller.call(lambda: called.append(3))
    caller.finish(20)
    assert called == [1, 2, 3]


@pytest.mark.parametrize("ending", ["", "os.fork() or os._exit(0)", "multiprocessing.Process(target=work).start()"])
def test_what_waits_is_sent_before_the_program_ends(settings: Settings, tmp_path: object, ending: str) -> None:
    program = f"""
        import logging, multiprocessing, os, time, logster

        class Channel:
            def send(self, alert):
                time.sleep(0.3)
                os.write(1, f"{{alert.kind}} {{alert.message}}\\n".encode())

        logger = logging.getLogger("app")
        logger.addHandler(logster.LogsterHandler(redis_url={settings.redis_url!r}, namespace={settings.namespace!r}))
        logster.alert(Channel(), limit=0)

        def work():
            logger.error("from the child")

        multiprocessing.set_start_method("fork")
        logger.error("failed")
        {ending or "pass"}
    """
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(program)], capture_output=True, text=True, timeout=30, check=True
    )
    lines = sorted(done.stdout.splitlines())
    assert [line for line in lines if line != "new from the child"] == ["new failed", "rate "], done.stderr
    assert ("new from the child" in lines) == ("work" in ending)


@pytest.mark.parametrize("has_threads", [True, False])
@pytest.mark.parametrize("imported", ["logster", "logster.alerts"])
def test_what_only_the_end_writes_is_told_of_too(settings: Settings, imported: str, has_threads: bool) -> None:
    """Whatever was imported first, and where no threads can be started, as on Python 3.12.1 once the end has come."""
    program = f"""
        import {imported}, logging, logster, os, threading

        class Channel:
            def send(self, alert):
                os.write(1, f"{{alert.kind}}\\n".encode())

        class Thread(threading.Thread):
            def start(self):
                if self.name in ("logster-alerts", "logster-rates") and not {has_threads}:
                    raise RuntimeError("can't create new thread at interpreter shutdown")
                super().start()

        threading.Thread = Thread
        logster.alert(Channel(), limit=0)
        logger = logging.getLogger("app")
        where = {{"redis_url": {settings.redis_url!r}, "namespace": {settings.namespace!r}}}
        logger.addHandler(logster.LogsterHandler(flush_interval_seconds=60, **where))
        logger.error("failed")
    """
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(program)], capture_output=True, text=True, timeout=30, check=True
    )
    assert sorted(done.stdout.split()) == ["new", "rate"], done.stderr


def test_subscribers_get_each_occurrence(logger: logging.Logger, service: Service, flush: Callable[[], bool]) -> None:
    service.store.add_pattern("suppression", "order 2")
    heard: list[Occurrence] = []
    failing = logster.subscribe(lambda _: 1 / 0)
    registration = logster.subscribe(heard.append)
    for number in range(3):
        logger.error("order %s", number, extra={"env": {"n": number}})
    assert flush()
    assert [(each.message, each.env["n"]) for each in heard] == [("order 0", 0), ("order 1", 1), ("order 2", 2)]
    registration.cancel()
    failing.cancel()
    logger.error("order 3")
    assert flush()
    assert len(heard) == 3
    assert sum(entry.count for entry in service.store.page().entries) == 3


def test_a_context_may_report_more_than_the_handler_and_less(
    logger: logging.Logger, service: Service, flush: Callable[[], bool]
) -> None:
    logger.handlers[0].setLevel("WARNING")
    logger.info("unseen")
    with logster.override_level("debug"):
        logger.debug("seen")
        with logster.override_level(logging.CRITICAL):
            logger.error("unseen too")
        logger.info("seen again")
    logger.info("unseen again")
    assert flush()
    assert {entry.message for entry in service.store.page().entries} == {"seen", "seen again"}
    with pytest.raises(ConfigurationError, match="no level 'LOUD'"), logster.override_level("LOUD"):
        pass


def test_a_level_is_that_of_its_task_alone(logger: logging.Logger, service: Service, flush: Callable[[], bool]) -> None:
    logger.handlers[0].setLevel("WARNING")

    async def work(name: str, level: str) -> None:
        with logster.override_level(level):
            await asyncio.sleep(0)
            logger.info(name)

    async def main() -> None:
        await asyncio.gather(work("quiet", "ERROR"), work("loud", "INFO"))

    asyncio.run(main())
    assert flush()
    assert [entry.message for entry in service.store.page().entries] == ["loud"]
