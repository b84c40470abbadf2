"""Whatever a record holds, logging it neither raises nor loses it."""

import contextlib
import json
import logging
import logging.config
import subprocess
import sys
import textwrap
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any, NoReturn

import msgspec
import pytest

import logster
from logster.delivery.silence import silence
from logster.errors import ConfigurationError
from logster.service import configure, current
from tests.unit.captured import Log


@pytest.fixture
def log() -> Iterator[Log]:
    log = Log()
    yield log
    log.close()


class Hostile:
    """Raises whatever it is told to, whatever is done with it."""

    def __init__(self, error: type[BaseException]) -> None:
        self.error = error

    def __str__(self) -> str:
        raise self.error

    __repr__ = __str__

    def __eq__(self, other: object) -> bool:
        raise self.error

    def __hash__(self) -> int:
        raise self.error

    def __bool__(self) -> bool:
        raise self.error

    def __getattr__(self, name: str) -> NoReturn:
        raise self.error


class LyingText(str):
    def __str__(self) -> str:
        raise ValueError

    def __mod__(self, other: object) -> str:
        raise ValueError

    def __len__(self) -> int:
        return -1


class NoText:
    def __str__(self) -> Any:
        return 5

    __repr__ = __str__


class HostileDict(dict[Any, Any]):
    def items(self) -> NoReturn:
        raise ValueError

    keys = __iter__ = items  # type: ignore[assignment]


class HostileMapping(dict[Any, Any]):
    """Passes logging's own look at it once, and fails at the second."""

    looks = 0

    def __len__(self) -> int:
        self.looks += 1
        if self.looks > 1:
            raise ValueError
        return 1


def recursive() -> list[Any]:
    value: list[Any] = [1]
    value.append({"self": value})
    return value


def deep() -> Any:
    value: Any = 1
    for _ in range(5_000):
        value = [value]
    return value


VALUES = [
    Hostile(ValueError),
    Hostile(SystemExit),
    Hostile(GeneratorExit),
    Hostile(RecursionError),
    LyingText("x"),
    NoText(),
    HostileDict(a=1),
    HostileMapping(a=1),
    recursive(),
    deep(),
    "\ud800 lone",
    b"\xff\xfe bytes",
    bytearray(b"\x00"),
    memoryview(b"abc"),
    object(),
    Hostile,
    10**5_000,
    float("nan"),
    float("-inf"),
    {1: 2, None: 3, (1, 2): b"x", "\udcff": 1},
    {Ellipsis},
    range(10**12),
    (n for n in range(3)),
    "\x00",
    "",
    None,
    True,
    "x" * 1_000_000,
    ["y" * 1_000_000] * 100,
    datetime(2020, 1, 1, tzinfo=UTC),
    lambda: 1,
    sys.modules,
    threading.Lock(),
]


@pytest.mark.parametrize("value", VALUES, ids=lambda value: type(value).__name__)
def test_any_value_can_be_message_argument_extra_and_bound(log: Log, value: Any) -> None:
    log.logger.error(value)
    log.logger.error("a %s", value)
    log.logger.error("b %r %s", value, 1)
    log.logger.error("c %(x)s", {"x": value})
    log.logger.error("d", extra={"x": value, "env": {"y": value}})
    log.logger.error("e", extra={"env": value, "fingerprint": value, "count": value, "timestamp": value})
    with logster.bind(x=value):
        log.logger.error("f")

    reports = log.reports

    assert sum(each.count for each in reports) >= 6
    assert log.service.worker.stats["dropped"] == 0
    for each in reports:
        msgspec.json.encode(each)
        each.latest.message.encode()


class HostileError(Exception):
    def __str__(self) -> str:
        raise ValueError

    __repr__ = __str__


class HostileDictError(Exception):
    @property
    def __dict__(self) -> Any:  # type: ignore[override]
        raise ValueError


def with_notes(notes: Any) -> Exception:
    error = ValueError("noted")
    error.__notes__ = notes  # type: ignore[attr-defined]
    return error


def circular() -> Exception:
    first, second = ValueError("first"), KeyError("second")
    first.__cause__, second.__cause__ = second, first
    return first


def long_chain() -> BaseException:
    error: BaseException = ValueError(0)
    for number in range(5_000):
        following = ValueError(number)
        following.__context__ = error
        error = following
    return error


def nested_group(depth: int) -> Exception:
    error: Exception = ValueError("inner")
    for _ in range(depth):
        error = ExceptionGroup("group", [error])
    return error


ERRORS = [
    HostileError(),
    HostileDictError("x"),
    with_notes([1, Hostile(ValueError), "fine", "\ud800"]),
    with_notes(Hostile(ValueError)),
    with_notes("text"),
    with_notes(["n"] * 10_000),
    circular(),
    long_chain(),
    nested_group(500),
    ExceptionGroup("many", [ValueError(number) for number in range(5_000)]),
    ExceptionGroup("nested", [ExceptionGroup("inner", [KeyError("x")]), ValueError("y")]),
    SyntaxError("bad", ("f.py", 3, 5, "x = = 1\n")),
    SyntaxError("bad", ("f.py", None, None, None)),
    SyntaxError(),
    UnicodeDecodeError("utf-8", b"\xff", 0, 1, "invalid"),
    KeyError(Hostile(ValueError)),
    SystemExit(3),
    KeyboardInterrupt(),
    ValueError("m" * 1_000_000),
    ValueError("\ud800"),
    type("Odd", (Exception,), {"__module__": 5})("x"),
    type("N" * 10_000, (Exception,), {})("x"),
]


@pytest.mark.parametrize("error", ERRORS, ids=lambda error: type(error).__name__[:20])
@pytest.mark.parametrize("is_raised", [True, False])
def test_any_exception_can_be_logged(log: Log, error: BaseException, is_raised: bool) -> None:
    if is_raised:
        with contextlib.suppress(BaseException):
            raise error
    log.logger.error("failed", exc_info=error)

    occurrence = log.only

    assert occurrence.exception
    assert log.service.worker.stats["dropped"] == 0
    assert len(msgspec.json.encode(occurrence)) < 250_000
    occurrence.traceback.encode()


@pytest.mark.parametrize("exc_info", [True, (None, None, None), (), 5, "x", (1, 2, 3), (ValueError, None, None)])
def test_exc_info_without_an_exception_is_a_plain_record(log: Log, exc_info: Any) -> None:
    record = log.logger.makeRecord("app", 40, __file__, 1, "plain", (), None)
    record.exc_info = exc_info
    log.logger.handle(record)

    assert log.only.message == "plain"
    assert log.only.exception is None


@pytest.mark.parametrize("name", ["name", "levelno", "created", "pathname", "lineno", "funcName", "threadName"])
@pytest.mark.parametrize("value", [None, 5, 5.5, "x", [], Hostile(ValueError)], ids=lambda value: type(value).__name__)
def test_a_record_that_was_not_made_by_logging_is_reported(log: Log, name: str, value: Any) -> None:
    log.handler.handle(logging.makeLogRecord({"name": "app", "msg": "m", "levelno": 40, name: value}))

    assert log.only.message == "m"
    msgspec.json.encode(log.only)


def test_wrong_arguments_show_template_and_arguments(log: Log) -> None:
    log.logger.error("%d of %s", "many")

    assert log.only.message == "%d of %s % ('many',) (formatting failed: TypeError)"


def test_wrong_arguments_share_the_entry_of_right_ones(log: Log) -> None:
    for value in (1, "one", 2):
        log.logger.error("%d failed", value)

    assert len({each.key for each in log.occurrences}) == 1


def test_a_message_of_100_megabytes_is_cut_and_says_so(log: Log) -> None:
    text = "x" * 100_000_000

    log.logger.error(text)
    log.logger.error("%s", text)

    for occurrence in log.occurrences:
        kept, _, remark = occurrence.message.partition("…")
        assert len(occurrence.message) <= 10_000
        assert remark == f" ({100_000_000 - len(kept):,} more characters)"


def test_entries_that_differ_in_what_was_cut_still_merge(log: Log) -> None:
    def report(text: str) -> None:
        log.logger.error(text)

    report("x" * 50_000 + "a")
    report("x" * 60_000 + "b")

    assert len({each.key for each in log.occurrences}) == 1


def test_an_enormous_field_width_does_not_exhaust_memory(log: Log) -> None:
    log.logger.error("%999999999d", 1)
    log.logger.error("%*d", 999999999, 1)

    assert all("formatting failed" in each.message for each in log.occurrences)


def test_a_real_interrupt_is_not_swallowed(log: Log) -> None:
    with pytest.raises(KeyboardInterrupt):
        log.logger.error(Hostile(KeyboardInterrupt))


def test_a_mutable_argument_is_shown_as_it_was(log: Log) -> None:
    values = [1]
    log.logger.error("values %s", values, extra={"values": values})
    values.append(2)

    assert log.only.message == "values [1]"
    assert log.only.env["values"] == [1]


def test_extra_becomes_env(log: Log) -> None:
    log.logger.error("m", extra={"user": 5, "env": {"order": {"id": 7}}})

    assert log.only.env["user"] == 5
    assert log.only.env["order"] == {"id": 7}


def test_an_own_fingerprint_decides_what_is_the_same(log: Log) -> None:
    log.logger.error("one", extra={"fingerprint": "f"})
    log.logger.warning("two", extra={"fingerprint": "f"})
    log.logger.error("three", extra={"fingerprint": ["f", 2]})

    assert len({each.key for each in log.occurrences}) == 2


def test_an_own_count_and_timestamp_hold(log: Log) -> None:
    log.logger.error("m", extra={"count": 7, "timestamp": 1_600_000_000})
    log.logger.error("n", extra={"timestamp": datetime(2020, 9, 13, 12, 26, 40, tzinfo=UTC)})

    first, second = log.reports
    assert first.count == 7
    assert first.last_ms == second.last_ms == 1_600_000_000_000


def test_what_cannot_be_a_timestamp_is_left_out(log: Log) -> None:
    for value in (-1, 1e300, float("nan"), "yesterday", True):
        log.logger.error("m", extra={"timestamp": value})

    assert all(abs(each.last_ms - time.time() * 1_000) < 60_000 for each in log.reports)


def test_equal_calls_share_an_entry_whatever_their_arguments(log: Log) -> None:
    for number in range(3):
        log.logger.error("order %s failed", number)

    assert len({each.key for each in log.occurrences}) == 1
    assert log.occurrences[0].template == "order %s failed"


def test_f_strings_share_an_entry_by_their_source(log: Log) -> None:
    for name in ("ann", "bob"):
        log.logger.error(f"user {name} is unknown")

    assert len({each.key for each in log.occurrences}) == 1
    assert log.occurrences[0].template == "user {name} is unknown"


def test_messages_handed_through_a_function_differ_by_their_text(log: Log) -> None:
    def report(message: str) -> None:
        log.logger.error(message)

    for message in ("disk full", "out of paper", "order 1 failed", "order 2 failed"):
        report(message)

    assert len({each.key for each in log.occurrences}) == 3


def test_the_location_is_the_logging_call(log: Log) -> None:
    log.logger.error("here")

    location = log.only.location
    assert location
    assert location.file == __file__
    assert location.function == "test_the_location_is_the_logging_call"
    assert location.source.strip() == 'log.logger.error("here")'


def test_an_exception_is_stored_with_its_text_as_python_prints_it(log: Log) -> None:
    try:
        raise ValueError("no")
    except ValueError:
        log.logger.exception("failed")

    occurrence = log.only
    assert occurrence.exception_type == "ValueError"
    assert occurrence.traceback.startswith("Traceback (most recent call last):\n")
    assert occurrence.traceback.endswith('    raise ValueError("no")\nValueError: no')


def test_an_exception_logged_without_a_message_is_named_by_itself(log: Log) -> None:
    log.logger.error("", exc_info=ValueError("no"))

    assert log.only.message == "ValueError: no"


def test_stack_info_is_kept_as_the_traceback(log: Log) -> None:
    log.logger.error("m", stack_info=True)

    assert log.only.traceback.startswith("Stack (most recent call last):")


def test_a_record_of_another_process_keeps_its_traceback(log: Log) -> None:
    text = "Traceback (most recent call last):\nValueError: no"
    log.handler.handle(logging.makeLogRecord({"name": "app", "msg": "m", "levelno": 40, "exc_text": text}))

    assert log.only.traceback == text


def test_a_formatter_is_applied(log: Log) -> None:
    log.handler.setFormatter(logging.Formatter("%(levelname)s %(message)s"))
    try:
        raise ValueError
    except ValueError:
        log.logger.exception("failed %s", 1)

    assert log.only.message == "ERROR failed 1"
    assert log.only.template == "failed %s"


def test_a_formatter_that_raises_does_no_harm(log: Log) -> None:
    log.handler.setFormatter(logging.Formatter("%(nothing)s"))
    log.logger.error("failed %s", 1)

    assert log.only.message == "failed 1"


def test_secrets_come_out_nowhere(log: Log) -> None:
    secret = "hunter2-s3cr3t"
    with logster.bind(api_key=secret):
        try:
            raise ValueError(f"password={secret}")
        except ValueError as error:
            error.add_note(f"token: {secret}")
            log.logger.exception("login with %s", {"password": secret}, extra={"request": {"cookie": secret}})
    log.logger.error(f"password={secret}")
    log.logger.error("password=%s", secret)

    for each in log.reports:
        assert secret not in msgspec.json.encode(each).decode()


def test_empty_records_are_left_out_unless_asked_for(log: Log) -> None:
    log.logger.error("")
    log.logger.error("   ")
    log.logger.error("%s", "")

    assert log.reports == []


def test_empty_records_are_kept_where_asked_for() -> None:
    log = Log(skip_empty=False)
    log.logger.error("")
    assert log.only.message == ""
    log.close()


def test_the_formatter_of_basic_config_counts_as_none() -> None:
    program = """
        import logging
        from tests.unit.captured import Log

        log = Log()
        logging.basicConfig(handlers=[log.handler])
        logging.getLogger("shop").warning("Out of %s", "ink")
        assert log.only.message == "Out of ink", log.only.message
        assert log.only.template == "Out of %s"
    """
    subprocess.run([sys.executable, "-c", textwrap.dedent(program)], check=True, timeout=30)


def test_a_formatter_of_the_app_is_applied(log: Log) -> None:
    log.handler.setFormatter(logging.Formatter("[%(name)s] %(message)s"))
    log.logger.error("Out of %s", "ink")
    assert log.only.message == "[app] Out of ink"


def test_records_of_the_writing_thread_are_left_out(log: Log) -> None:
    with silence:
        log.logger.error("from within")

    assert log.reports == []


def test_own_records_go_to_standard_error_only(
    capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("logster.delivery.stderr._last_said", -1e9)
    monkeypatch.setattr("logster.delivery.stderr._held_back", 0)
    log = Log(name="logster.viewer")
    log.logger.error("our own trouble")
    log.logger.error("and again")

    assert log.reports == []
    assert capfd.readouterr().err == "logster: our own trouble\n"
    log.close()


def test_no_reference_to_exception_or_values_survives(log: Log) -> None:
    class Thing:
        alive = 0

        def __init__(self) -> None:
            Thing.alive += 1

        def __del__(self) -> None:
            Thing.alive -= 1

    def fail() -> None:
        thing = Thing()
        raise ValueError(thing)

    log.store.is_free.clear()
    try:
        fail()
    except ValueError:
        log.logger.exception("failed %s", Thing(), extra={"thing": Thing()})

    assert Thing.alive == 0
    log.store.is_free.set()


def test_a_record_of_a_thread_that_died_is_reported(log: Log) -> None:
    thread = threading.Thread(target=log.logger.error, args=("from a thread",), name="short-lived")
    thread.start()
    thread.join()

    assert log.only.env["thread"] == "short-lived"


def test_very_deep_recursion_is_reported(log: Log) -> None:
    def descend() -> None:
        descend()

    try:
        descend()
    except RecursionError:
        log.logger.exception("too deep")

    exception = log.only.exception
    assert exception
    assert len(exception.frames) == 100
    assert exception.omitted > 500
    assert "frames left out" in log.only.traceback


def test_logging_with_hardly_any_stack_left_does_not_raise(log: Log) -> None:
    def descend() -> None:
        try:
            descend()
        except RecursionError:
            log.logger.error("at the bottom")
            raise

    with contextlib.suppress(RecursionError):
        descend()

    assert log.service.worker.flush(10)


def test_a_message_may_be_logged_while_one_is_formatted(log: Log) -> None:
    class Talkative:
        def __str__(self) -> str:
            log.logger.error("inner")
            return "outer"

    log.logger.error(Talkative())

    assert sorted(each.message for each in log.occurrences) == ["inner", "outer"]


def test_dict_config_sets_the_handler_up(tmp_path: Any) -> None:
    config = {
        "version": 1,
        "disable_existing_loggers": False,
        "handlers": {
            "logster": {
                "class": "logster.LogsterHandler",
                "level": "WARNING",
                "redis_url": f"unix://{tmp_path}/no.sock",
                "namespace": "configured",
            }
        },
        "loggers": {"test.dictconfig": {"handlers": ["logster"], "propagate": False}},
    }
    before = current().settings
    logging.config.dictConfig(config)
    try:
        (handler,) = logging.getLogger("test.dictconfig").handlers
        assert isinstance(handler, logster.LogsterHandler)
        assert handler.level == logging.WARNING
        assert current().settings.namespace == "configured"
    finally:
        logging.getLogger("test.dictconfig").handlers.clear()
        configure(redis_url=before.redis_url, namespace=before.namespace)


def test_a_wrong_setting_is_named() -> None:
    with pytest.raises(ConfigurationError, match="max_backlog"):
        logster.LogsterHandler(max_backlog=-1)
    with pytest.raises(ConfigurationError, match="no setting 'colour'"):
        logster.LogsterHandler(colour="red")


def test_a_namespace_that_cannot_be_found_does_not_raise() -> None:
    def namespace() -> str:
        raise LookupError

    log = Log(namespace=namespace)
    log.logger.error("m")
    assert log.reports == []
    log.close()


def test_each_context_reports_to_its_own_namespace() -> None:
    tenant = ["one"]
    log = Log(namespace=lambda: tenant[0])
    log.logger.error("m")
    tenant[0] = "two"
    log.logger.error("m")
    assert sorted(each.namespace for each in log.occurrences) == ["one", "two"]
    log.close()


def test_env_is_json_whatever_it_held(log: Log) -> None:
    log.logger.error("m", extra={"x": {1: {2, 3}, "y": (b"z", None)}})

    assert json.loads(msgspec.json.encode(log.only.env))["x"] == {"1": [2, 3], "y": ["z", None]}


def test_a_handler_can_be_entered_as_by_python_3_13_and_holds_nobody_up() -> None:
    handler = logster.LogsterHandler()
    lock: Any = handler.lock
    handler.acquire()
    entered = []

    def enter() -> None:
        with lock:
            entered.append(threading.current_thread())

    thread = threading.Thread(target=enter)
    with lock:
        thread.start()
        thread.join(10)
    handler.release()
    assert entered == [thread]
