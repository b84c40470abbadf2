"""install(): what nobody catches arrives, who had a hook before is called, and SIGTERM ends the program as ever."""

import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import pytest

from logster.capture.hooks import without_address
from logster.entry import Entry
from logster.settings import Settings
from logster.store.redis_store import RedisStore
from tests.integrations.processes import PRELUDE, counts, environment, run

INSTALL = "hooks = logster.install()\n"


def installed(settings: Settings, program: str, **variables: str) -> subprocess.CompletedProcess[str]:
    return run(settings, INSTALL + textwrap.dedent(program), **variables)


def entries(settings: Settings) -> list[Entry]:
    store = RedisStore(settings)
    try:
        found = [store.entry(each.key) for each in store.page().entries]
        return [each for each in found if each]
    finally:
        store.close()


def test_an_uncaught_error_arrives_and_is_printed_as_ever(settings: Settings) -> None:
    result = installed(settings, "raise ValueError('no such order')")
    (entry,) = entries(settings)
    assert (entry.message, entry.logger, entry.level, entry.count) == (
        "ValueError: no such order",
        "logster.uncaught",
        "ERROR",
        1,
    )
    assert "Traceback (most recent call last)" in result.stderr
    assert "ValueError: no such order" in result.stderr
    assert result.returncode == 1


def test_an_error_that_was_logged_before_is_not_reported_again(settings: Settings) -> None:
    installed(
        settings,
        """
        try:
            1 / 0
        except ZeroDivisionError:
            log.exception("Cannot divide")
            raise
        """,
    )
    assert counts(settings) == {"Cannot divide": 1}


@pytest.mark.parametrize("end", ["raise KeyboardInterrupt", "sys.exit(3)"])
def test_an_end_that_is_wanted_is_no_error(settings: Settings, end: str) -> None:
    installed(settings, end)
    assert counts(settings) == {}


def test_an_error_of_a_thread_arrives_with_its_name(settings: Settings) -> None:
    result = installed(
        settings,
        """
        import threading
        thread = threading.Thread(target=lambda: 1 / 0, name="billing")
        thread.start()
        thread.join()
        """,
    )
    (entry,) = entries(settings)
    store = RedisStore(settings)
    (env,) = store.env_samples(entry.key)
    store.close()
    assert (entry.message, entry.logger, env["thread"]) == (
        "ZeroDivisionError: division by zero",
        "logster.thread",
        "billing",
    )
    assert "Exception in thread billing" in result.stderr


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        ("calling deallocator <function Order.__del__ at 0x7f224284ea30>", "calling deallocator: Order.__del__"),
        ("calling deallocator <function f.<locals>.g at 0x7F>", "calling deallocator: f.<locals>.g"),
        ("in atexit callback <built-in function abs>", "in atexit callback: abs"),
        ("closing generator <generator object f at 0x7f22>", "closing generator <generator object f>"),
        ("on threading shutdown <module 'x' from '/x.py'>", "on threading shutdown <module 'x' from '/x.py'>"),
        ("in sys.unraisablehook", "in sys.unraisablehook"),
    ],
)
def test_what_an_interpreter_says_of_an_object_is_the_same_the_next_time(said: str, shown: str) -> None:
    assert without_address(f"Exception ignored {said}") == f"Exception ignored {shown}"


def test_an_error_of_a_finalizer_arrives_and_nothing_is_asked_of_what_is_finalized(settings: Settings) -> None:
    result = installed(
        settings,
        """
        class Order:
            def __del__(self):
                raise ValueError("half gone")
            def __bool__(self):
                raise LookupError("asked")

        order = Order()
        del order
        """,
    )
    (entry,) = entries(settings)
    began = "while calling deallocator" if sys.version_info >= (3, 14) else "in"
    assert entry.message == f"Exception ignored {began}: Order.__del__"
    assert entry.exception
    assert entry.exception.message == "half gone"
    assert "half gone" in result.stderr
    assert "asked" not in result.stderr


LOOP = """
import asyncio

async def fail():
    raise ValueError("nobody awaits")

async def main():
    loop = asyncio.get_running_loop()
    {before}
    task = asyncio.create_task(fail())
    await asyncio.sleep(0)
    del task
    loop.call_soon(lambda: 1 / 0)
    await asyncio.sleep(0.01)

{run}
"""


def loop_program(before: str = "", run: str = "asyncio.run(main())") -> str:
    return LOOP.format(before=before, run=run)


@pytest.mark.parametrize("run", ["asyncio.run(main())", "import uvloop; uvloop.run(main())"])
def test_errors_that_a_loop_handles_arrive(settings: Settings, run: str) -> None:
    result = installed(settings, loop_program(run=run))
    found = {entry.exception_type: (entry.message.partition("\n")[0], entry.logger) for entry in entries(settings)}
    assert found["ValueError"] == ("Task exception was never retrieved", "asyncio")
    assert found["ZeroDivisionError"][0].startswith("Exception in callback")
    assert result.stderr.count("ValueError: nobody awaits") == 1


def test_errors_of_a_loop_are_reported_once_where_the_root_logger_reports_too(settings: Settings) -> None:
    installed(settings, "logging.getLogger().addHandler(logster.LogsterHandler())\n" + loop_program())
    assert sorted(counts(settings).values()) == [1, 1]


def test_the_handler_of_a_loop_is_called_after_the_error_was_captured(settings: Settings) -> None:
    handler = "loop.set_exception_handler(lambda loop, context: print('mine:', context['message']))"
    result = run(settings, loop_program(handler + "; hooks = logster.install()"))
    assert {entry.exception_type for entry in entries(settings)} == {"ValueError", "ZeroDivisionError"}
    assert sorted(counts(settings).values()) == [1, 1]
    assert "mine: Task exception was never retrieved" in result.stdout


def test_a_warning_is_an_entry_of_its_place(settings: Settings) -> None:
    result = installed(
        settings,
        """
        import warnings
        warnings.simplefilter("always")
        for name in ("beans", "beans"):
            warnings.warn(f"{name} are old", DeprecationWarning)
        warnings.warn("rice is old", FutureWarning)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            warnings.warn("unseen")
        """,
    )
    assert counts(settings) == {"DeprecationWarning: beans are old": 2, "FutureWarning: rice is old": 1}
    assert {(entry.level, entry.logger) for entry in entries(settings)} == {("WARNING", "py.warnings")}
    assert len({entry.location.line for entry in entries(settings) if entry.location}) == 2
    assert result.stderr.count("beans are old") == 2


def test_a_warning_that_logging_takes_too_is_reported_once(settings: Settings) -> None:
    run(
        settings,
        """
        import warnings
        logging.captureWarnings(True)
        logging.getLogger().addHandler(logster.LogsterHandler())
        logster.install()
        warnings.warn("rice is old")
        """,
    )
    assert counts(settings) == {"UserWarning: rice is old": 1}


CHAIN = """
import threading, warnings

warnings.simplefilter("always")
sys.excepthook = lambda *args: print("program", args[0].__name__)
threading.excepthook = lambda args: print("thread", args.exc_type.__name__)
sys.unraisablehook = lambda args: print("finalizer", args.exc_type.__name__)
warnings.showwarning = lambda message, *args, **kwargs: print("warning", message)
before = sys.excepthook, threading.excepthook, sys.unraisablehook, warnings.showwarning

def now():
    return sys.excepthook, threading.excepthook, sys.unraisablehook, warnings.showwarning

class Broken:
    def __del__(self):
        raise ValueError

def all_of_them():
    thread = threading.Thread(target=lambda: 1 / 0)
    thread.start()
    thread.join()
    Broken()
    warnings.warn("old")

"""


def test_who_had_a_hook_before_is_called_and_gets_it_back(settings: Settings) -> None:
    result = run(
        settings,
        CHAIN
        + """
hooks = logster.install()
again = logster.install()
all_of_them()
again.cancel()
hooks.cancel()
assert now() == before
assert not logging.getLogger("asyncio").handlers
print("undone")
all_of_them()
1 / 0
""",
    )
    chained = ["thread ZeroDivisionError", "finalizer ValueError", "warning old"]
    assert result.stdout.splitlines() == [*chained, "undone", *chained, "program ZeroDivisionError"], result.stderr
    assert sorted(counts(settings).values()) == [1, 1, 1]


def test_a_hook_that_somebody_took_later_goes_on_to_pass_on(settings: Settings) -> None:
    result = run(
        settings,
        CHAIN
        + """
hooks = logster.install()
ours = sys.excepthook
sys.excepthook = lambda *args: (print("later"), ours(*args))
hooks.cancel()
1 / 0
""",
    )
    assert result.stdout.splitlines() == ["later", "program ZeroDivisionError"]
    assert counts(settings) == {}


def terminated(settings: Settings, program: str, **variables: str) -> tuple[subprocess.Popen[str], str]:
    """Run a program until it says that it is ready, send SIGTERM, and return it with what it said then."""
    process = started(settings, program, **variables)
    process.terminate()
    assert process.stdout
    said = process.stdout.read()
    process.wait(60)
    process.stdout.close()
    return process, said


def started(settings: Settings, program: str, **variables: str) -> subprocess.Popen[str]:
    process = subprocess.Popen(
        [sys.executable, "-c", PRELUDE + textwrap.dedent(program)],
        env=environment(settings, **variables),
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout
    assert process.stdout.readline() == "ready\n"
    return process


WAIT = "print('ready', flush=True)\ntime.sleep(60)\n"


def test_sigterm_writes_what_is_left_and_ends_the_program_as_ever(settings: Settings) -> None:
    process, _ = terminated(settings, INSTALL + "log.error('before the end')\n" + WAIT)
    assert counts(settings) == {"before the end": 1}
    assert process.returncode == -signal.SIGTERM


def test_sigterm_ends_a_program_without_an_installation_as_it_is_said_there(settings: Settings) -> None:
    process, _ = terminated(settings, INSTALL + "hooks.cancel()\nlog.error('lost')\n" + WAIT)
    assert counts(settings) == {}
    assert process.returncode == -signal.SIGTERM


def test_a_second_sigterm_does_not_wait(settings: Settings, tmp_path: Path) -> None:
    variables = {"LOGSTER_REDIS_URL": f"unix://{tmp_path}/no.sock", "LOGSTER_DRAIN_SECONDS": "300"}
    process = started(settings, INSTALL + "log.error('lost')\n" + WAIT, **variables)
    while process.poll() is None:
        process.terminate()
        time.sleep(0.1)
    assert process.stdout
    process.stdout.close()
    assert process.returncode == -signal.SIGTERM


@pytest.mark.parametrize("order", ["before", "after"])
def test_a_handler_of_the_program_stays_in_charge(settings: Settings, order: str) -> None:
    handler = "import signal\nsignal.signal(signal.SIGTERM, lambda *_: (os.write(1, b'mine\\n'), sys.exit(7)))\n"
    start = handler + INSTALL if order == "before" else INSTALL + handler
    process, said = terminated(settings, start + "log.error('before the end')\n" + WAIT)
    assert counts(settings) == {"before the end": 1}
    assert (process.returncode, said) == (7, "mine\n")


def test_a_program_that_ignores_sigterm_goes_on_to(settings: Settings) -> None:
    process, said = terminated(
        settings,
        "import signal\nsignal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
        + INSTALL
        + "print('ready', flush=True)\ntime.sleep(0.5)\nprint('alive')",
    )
    assert (process.returncode, said) == (0, "alive\n")


def test_a_process_of_a_pool_that_is_terminated_writes_what_is_left(settings: Settings) -> None:
    result = run(
        settings,
        """
        import multiprocessing
        logster.install()

        def work(ready):
            log.error("from the child")
            ready.set()
            time.sleep(60)

        context = multiprocessing.get_context("fork")
        ready = context.Event()
        child = context.Process(target=work, args=(ready,))
        child.start()
        ready.wait()
        child.terminate()
        child.join()
        print(child.exitcode)
        """,
    )
    assert result.stdout == f"{-signal.SIGTERM}\n"
    assert counts(settings) == {"from the child": 1}


def test_installing_on_another_thread_leaves_signals_alone(settings: Settings) -> None:
    result = run(
        settings,
        """
        import signal, threading
        thread = threading.Thread(target=logster.install)
        thread.start()
        thread.join()
        assert signal.getsignal(signal.SIGTERM) is signal.SIG_DFL
        raise ValueError("uncaught")
        """,
    )
    assert counts(settings) == {"ValueError: uncaught": 1}
    assert "ValueError: uncaught" in result.stderr
