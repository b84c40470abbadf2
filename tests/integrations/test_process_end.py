"""However a program ends by itself, what it reported before arrives."""

import signal
import time
from pathlib import Path

import pytest

from logster.settings import Settings
from tests.integrations.processes import counts, run

ENDS = {
    "normal": ("", 0),
    "sys.exit": ("sys.exit(3)", 3),
    "uncaught error": ("raise ValueError('uncaught')", 1),
    "interrupt": ("raise KeyboardInterrupt", 130),
    "error in a thread": (
        "import threading; t = threading.Thread(target=lambda: 1 / 0); t.start(); t.join()",
        0,
    ),
}


@pytest.mark.parametrize("end", ENDS)
def test_what_was_reported_before_the_end_arrives(settings: Settings, end: str) -> None:
    statement, status = ENDS[end]

    result = run(settings, f"for _ in range(500): log.error('before the end')\n{statement}")

    assert counts(settings) == {"before the end": 500}
    assert result.returncode in (status, -2)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=["SIGINT", "SIGTERM"])
def test_what_was_reported_before_a_signal_arrives(settings: Settings, number: signal.Signals) -> None:
    """SIGINT by itself, SIGTERM where `install()` was called: Python ends without a word at one that nobody handles."""
    result = run(
        settings,
        f"""
        logster.install()
        for _ in range(500):
            log.error("before the end")
        os.kill(os.getpid(), {int(number)})
        time.sleep(60)
        """,
    )

    assert counts(settings)["before the end"] == 500
    assert result.returncode in (-number, 130)


@pytest.mark.parametrize("end", ["os._exit(3)", "os.execv('/bin/sh', ['sh', '-c', 'exit 3'])"], ids=["_exit", "exec"])
def test_what_was_flushed_before_an_end_that_runs_nothing_arrives(settings: Settings, end: str) -> None:
    result = run(settings, f"for _ in range(500): log.error('before the end')\nassert logster.flush()\n{end}")

    assert counts(settings) == {"before the end": 500}
    assert result.returncode == 3


def test_what_is_reported_while_the_program_ends_arrives(settings: Settings) -> None:
    result = run(
        settings,
        """
        import atexit, threading

        atexit.register(log.error, "from atexit")

        def late():
            threading.main_thread().join()
            log.error("from a thread that outlives the main one")

        threading.Thread(target=late).start()
        log.error("before")
        """,
    )

    assert counts(settings) == {"before": 1, "from atexit": 1, "from a thread that outlives the main one": 1}
    assert result.stderr == ""


def test_what_the_last_collection_of_garbage_logs_does_not_hold_up_the_end(settings: Settings) -> None:
    result = run(
        settings,
        """
        class Late:
            def __del__(self):
                log.error("too late")

        late = Late()
        late.itself = late
        """,
    )

    assert counts(settings) == {}
    assert result.returncode == 0
    assert "could not be started" in result.stderr


def test_what_was_captured_without_any_handler_arrives(settings: Settings) -> None:
    run(
        settings,
        """
        log.handlers.clear()
        from logster.capture.uncaught import capture_exception
        logging._handlerList.clear()
        capture_exception(ValueError("no"))
        """,
    )

    assert counts(settings) == {"ValueError: no": 1}


def test_an_end_without_redis_waits_no_longer_than_allowed(settings: Settings, tmp_path: Path) -> None:
    started = time.monotonic()

    result = run(
        settings,
        "log.error('lost')",
        LOGSTER_REDIS_URL=f"unix://{tmp_path}/no.sock",
        LOGSTER_DRAIN_SECONDS="0.5",
    )

    assert time.monotonic() - started < 10
    assert result.returncode == 0
    assert "Redis at" in result.stderr
    assert result.stderr.count("logster:") == 1


def test_nothing_is_printed_and_no_thread_runs_where_nothing_is_reported(settings: Settings) -> None:
    result = run(settings, "import threading; print(threading.active_count())")

    assert (result.stdout, result.stderr, result.returncode) == ("1\n", "", 0)


def test_importing_the_handler_imports_nothing_that_few_programs_have_use_for(settings: Settings) -> None:
    heavy = ("starlette", "jinja2", "fractions", "zoneinfo")
    result = run(settings, f"print([name for name in {heavy} if name in sys.modules])")

    assert result.stdout == "[]\n"


def test_the_redis_clients_own_records_cannot_loop(settings: Settings) -> None:
    run(
        settings,
        """
        logging.getLogger().addHandler(log.handlers[0])
        logging.getLogger().setLevel(logging.DEBUG)
        log.propagate = False
        import redis.connection
        original = redis.connection.AbstractConnection.send_packed_command
        def noisy(self, *args, **kwargs):
            logging.getLogger("redis").error("sending")
            return original(self, *args, **kwargs)
        redis.connection.AbstractConnection.send_packed_command = noisy
        log.error("once")
        """,
    )

    assert counts(settings) == {"once": 1}
