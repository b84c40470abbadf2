"""A machine with something missing or odd: a clock that jumps, a disk that takes nothing, a name that is none."""

import pytest

from logster.capture import surroundings
from logster.entry import Entry
from logster.service import Service
from logster.settings import Settings
from logster.store.redis_store import RedisStore
from tests.integrations.processes import counts, run
from tests.unit.captured import Log


def only(settings: Settings) -> Entry:
    store = RedisStore(settings)
    try:
        (entry,) = store.page().entries
        return entry
    finally:
        store.close()


def test_a_clock_that_jumps_back_and_forth_loses_nothing(settings: Settings) -> None:
    """The worker waits by another clock, which does not jump."""
    result = run(
        settings,
        """
        real = time.time
        for number in range(1, 201):
            jump = (-1, 1)[number % 2] * number * 3_000
            time.time = lambda: real() + jump
            logging.time.time = time.time
            log.error("ticked")
            if number % 20 == 0:
                assert logster.flush(10)
        """,
        LOGSTER_FLUSH_INTERVAL_SECONDS="0.01",
    )

    assert result.returncode == 0, result.stderr
    assert counts(settings) == {"ticked": 200}


NAMES = [
    "",
    "shop-1",
    "SHOP_ä.example",
    "<script>alert(1)</script>",
    'a"b\\c',
    "line\nbreak",
    "\udcff\udcfe",
    "x" * 255,
]


@pytest.mark.parametrize("name", NAMES, ids=range(len(NAMES)))
def test_any_name_of_a_host_arrives(settings: Settings, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setattr("socket.gethostname", lambda: name)
    changed = settings.with_changes(hostname="full", application_version=f"of {name[:20]!r}")
    monkeypatch.setattr(surroundings, "_process_env", surroundings._process_env.__wrapped__)
    log = Log(service=Service(changed))
    log.logger.error("here")
    assert log.service.worker.flush(10)

    (entry,) = log.service.store.page().entries
    (env,) = log.service.store.env_samples(entry.key)
    assert env["hostname"] == name.encode("utf-8", "backslashreplace").decode()
    log.service.close()


def test_without_home_and_without_any_directory_to_write_to_reports_arrive(settings: Settings) -> None:
    """Nor is there a working directory, or room in any file."""
    result = run(
        settings,
        """
        import resource, tempfile
        gone = tempfile.mkdtemp()
        os.chdir(gone)
        os.rmdir(gone)
        resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
        for name in ("HOME", "USER", "TMPDIR", "LOGNAME"):
            os.environ.pop(name, None)
        try:
            raise ValueError("no")
        except ValueError:
            log.exception("all the same")
        """,
        HOME="",
        TMPDIR="/nowhere",
        PYTHONDONTWRITEBYTECODE="1",
        LOGSTER_SPOOL_DIRECTORY="~/spool",
    )

    assert result.returncode == 0, result.stderr
    assert "Traceback" not in result.stderr
    assert only(settings).message == "all the same"


def test_a_checkout_that_is_garbage_hides_nothing(settings: Settings) -> None:
    result = run(
        settings,
        """
        import tempfile
        with tempfile.TemporaryDirectory() as directory:
            os.mkdir(directory + "/.git")
            with open(directory + "/.git/HEAD", "wb") as head:
                head.write(bytes(range(128, 256)))
            os.chdir(directory)
            log.error("here")
            assert logster.flush(10)
            os.chdir("/")
        """,
    )

    assert result.returncode == 0, result.stderr
    assert counts(settings) == {"here": 1}
