"""A forked process reports what is its own, and only that."""

from pathlib import Path

import pytest

from logster.settings import Settings
from logster.store.redis_store import RedisStore
from tests.integrations.processes import PRELUDE, counts, run, run_file

MULTIPROCESSING = (
    PRELUDE
    + """
import multiprocessing

def work(number):
    for i in range(1000):
        log.error("error %s", "abcde"[i % 5], extra={"fingerprint": str(i % 5)})

if __name__ == "__main__":
    log.error("in the parent")
    context = multiprocessing.get_context(sys.argv[1])
    processes = [context.Process(target=work, args=(number,)) for number in range(4)]
    for each in processes:
        each.start()
    for each in processes:
        each.join()
"""
)


def test_a_child_does_not_repeat_what_its_parent_had_queued(settings: Settings) -> None:
    result = run(
        settings,
        """
        log.error("before the fork")
        for number in range(3):
            pid = os.fork()
            if pid == 0:
                log.error("in a child")
                sys.exit()
            os.waitpid(pid, 0)
        log.error("after the fork")
        """,
        # Python itself warns, since 3.12, that a fork with threads may hang; the worker is one.
        PYTHONWARNINGS="ignore:This process:DeprecationWarning",
    )

    assert result.stderr == ""
    assert counts(settings) == {"before the fork": 1, "in a child": 3, "after the fork": 1}


def test_a_child_does_not_repeat_what_its_parent_counted_for_a_pattern(settings: Settings) -> None:
    store = RedisStore(settings)
    store.add_pattern("suppression", "noise")
    result = run(
        settings,
        """
        from logster.delivery import coalescer
        coalescer._STANDS_SECONDS = 3_600.0

        def storm(count):
            for _ in range(count):
                log.error("noise")

        storm(1)
        log.handlers[0].flush()
        storm(50)
        child = os.fork()
        storm(100)
        if child == 0:
            sys.exit()
        os.waitpid(child, 0)
        """,
        PYTHONWARNINGS="ignore:This process:DeprecationWarning",
    )

    assert result.stderr == ""
    assert [each.count for each in store.patterns("suppression")] == [1 + 50 + 2 * 100]
    store.close()


def test_a_child_of_a_busy_parent_can_report(settings: Settings) -> None:
    """Forked while other threads are in the middle of reporting, connecting and writing."""
    result = run(
        settings,
        """
        import faulthandler, threading
        stop = threading.Event()
        sent = [0] * 4

        def storm(number):
            while not stop.is_set():
                log.error("storm")
                sent[number] += 1
                time.sleep(0.0005)

        threads = [threading.Thread(target=storm, args=(number,)) for number in range(4)]
        for thread in threads:
            thread.start()
        statuses = []
        for number in range(10):
            pid = os.fork()
            if pid == 0:
                faulthandler.dump_traceback_later(8, exit=True)
                log.error("in a child")
                os._exit(0 if logster.flush(5) else 1)
            statuses.append(os.waitpid(pid, 0)[1])
        stop.set()
        for thread in threads:
            thread.join()
        print(sum(sent))
        assert not any(statuses), statuses
        """,
        LOGSTER_FLUSH_INTERVAL_SECONDS="0.01",
    )

    assert result.returncode == 0, result.stderr
    assert counts(settings) == {"storm": int(result.stdout), "in a child": 10}


def test_a_fork_waits_for_the_end_of_a_rendering(settings: Settings) -> None:
    """The regular expression engine's locks would stay locked in the child."""
    result = run(
        settings,
        """
        import threading
        from logster.forking import no_fork

        is_held, has_ended = threading.Event(), threading.Event()

        def render():
            with no_fork:
                is_held.set()
                time.sleep(0.3)
                has_ended.set()

        threading.Thread(target=render).start()
        is_held.wait()
        pid = os.fork()
        if pid == 0:
            with no_fork:
                os._exit(0 if has_ended.is_set() else 1)
        sys.exit(os.waitpid(pid, 0)[1])
        """,
    )

    assert result.returncode == 0


def test_a_child_forked_while_the_service_is_made_can_report(settings: Settings) -> None:
    result = run(
        settings,
        """
        import signal, threading
        from logster import service

        is_held, is_over = threading.Event(), threading.Event()

        def hold():
            with service._lock:
                is_held.set()
                is_over.wait()

        threading.Thread(target=hold).start()
        is_held.wait()
        pid = os.fork()
        if pid == 0:
            signal.alarm(10)
            log.error("in a child")
            os._exit(0 if logster.flush(5) else 1)
        is_over.set()
        sys.exit(os.waitpid(pid, 0)[1])
        """,
    )

    assert result.returncode == 0
    assert counts(settings) == {"in a child": 1}


@pytest.mark.parametrize("method", ["fork", "spawn", "forkserver"])
def test_children_of_multiprocessing_write_before_they_end(settings: Settings, method: str, tmp_path: Path) -> None:
    """And what four of them report at the same time adds up."""
    program = tmp_path / "program.py"
    program.write_text(MULTIPROCESSING)

    result = run_file(settings, program, method)

    assert result.returncode == 0, result.stderr
    assert counts(settings) == {"in the parent": 1} | {f"error {letter}": 800 for letter in "abcde"}


def test_what_waits_at_the_end_waits_once(settings: Settings, tmp_path: Path) -> None:
    """However often a worker was started, and whatever else the program imports."""
    program = tmp_path / "program.py"
    program.write_text(
        PRELUDE
        + """
import multiprocessing
import multiprocessing.util

def drains():
    return [each._callback.__name__ for each in multiprocessing.util._finalizer_registry.values()].count("_drain")

def report():
    # Several workers, one after the other.
    for _ in range(3):
        handler = logster.LogsterHandler()
        log.addHandler(handler)
        log.error("something")
        log.removeHandler(handler)
        handler.close()

def work(found):
    report()
    found.put(drains())

if __name__ == "__main__":
    report()
    found = multiprocessing.Queue()
    child = multiprocessing.Process(target=work, args=(found,))
    child.start()
    print(drains(), found.get(timeout=10))
    child.join()
"""
    )

    result = run_file(settings, program)

    assert result.stdout == "0 1\n", result.stderr
