"""`logster report`: what a script says is in the store when the command ends, or its exit code says why not."""

from collections.abc import Callable

import pytest

from logster.settings import Settings
from logster.store.redis_store import RedisStore
from tests.cli.conftest import Ended

Run = Callable[..., Ended]


def test_a_message_is_written_when_the_command_ends(run: Run, store: RedisStore) -> None:
    assert run("report", "Backup", "failed") == (0, "", "")
    (entry,) = store.page().entries
    assert (entry.message, entry.level, entry.logger, entry.count) == ("Backup failed", "ERROR", "shell", 1)


def test_a_message_comes_from_stdin(run: Run, store: RedisStore) -> None:
    assert run("report", stdin="größe\nsecond line\n\n".encode() + b"\xff\n").code == 0
    assert [entry.message for entry in store.page().entries] == ["größe\nsecond line\n\n\\xff"]


def test_level_logger_version_and_env_are_kept(inside: Run, store: RedisStore) -> None:
    options = ["--level", "Warn", "--logger", "cron.backup", "--version", "1.2", "--env", "host=db1", "--env", "a=b=c"]
    assert inside("report", *options, "Slow").code == 0
    (entry,) = store.page().entries
    assert (entry.level, entry.logger, entry.versions) == ("WARNING", "cron.backup", ["1.2"])
    (env,) = store.env_samples(entry.key)
    assert (env["host"], env["a"]) == ("db1", "b=c")


def test_repeats_are_counted(inside: Run, store: RedisStore) -> None:
    for number in range(3):
        assert inside("report", f"Backup {number} failed").code == 0
    (entry,) = store.page().entries
    assert (entry.count, entry.env_count) == (3, 3)


def test_secrets_are_masked(inside: Run, store: RedisStore) -> None:
    inside("report", "login with password=hunter2 failed", "--env", "api_key=hunter3")
    (entry,) = store.page().entries
    assert "hunter" not in entry.message + str(store.env_samples(entry.key))


def test_a_long_message_is_cut_and_says_so(run: Run, store: RedisStore) -> None:
    assert run("report", stdin=b"x" * 3_000_000).code == 0
    (entry,) = store.page().entries
    assert entry.message.endswith(" more characters)")
    kept = len(entry.message.partition("…")[0])
    assert f"{3_000_000 - kept:,} more" in entry.message


@pytest.mark.parametrize("stdin", [b"", b" \n"])
def test_an_empty_message_is_wrong_use(run: Run, store: RedisStore, stdin: bytes) -> None:
    done = run("report", stdin=stdin)
    assert (done.code, done.out) == (2, "")
    assert "message is empty" in done.err
    assert store.count() == 0


def test_on_a_terminal_a_message_has_to_be_given(on_terminal: Run) -> None:
    done = on_terminal("report")
    assert done.code == 2
    assert "Give a MESSAGE" in done.out


@pytest.mark.parametrize("arguments", [["--env", "x"], ["--env", "=x"], ["--level", "loud"], ["--unknown"]])
def test_a_wrong_option_is_explained(inside: Run, store: RedisStore, arguments: list[str]) -> None:
    done = inside("report", "x", *arguments)
    assert (done.code, done.out, store.count()) == (2, "", 0)
    assert done.err.startswith("Usage: logster report")


def test_what_is_solved_was_not_written(inside: Run, store: RedisStore) -> None:
    inside("report", "x failed", "--version", "1")
    (entry,) = store.page().entries
    store.solve([entry.key])
    done = inside("report", "x failed", "--version", "1")
    assert (done.code, "solved" in done.err) == (1, True)


def test_what_is_ignored_was_not_written(inside: Run, store: RedisStore, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LOGSTER_IGNORE", "noise")
    done = inside("report", "noise again")
    assert (done.code, store.count()) == (1, 0)
    assert "ignore" in done.err


def test_without_redis_nothing_was_written(run: Run) -> None:
    done = run("report", "x", LOGSTER_REDIS_URL="redis://127.0.0.1:1")
    assert (done.code, done.out) == (3, "")
    assert "127.0.0.1:1" in done.err
    assert "Traceback" not in done.err


def test_reporting_needs_neither_the_web_framework_nor_the_terminal_library(settings: Settings) -> None:
    """It runs in a cron job of every minute, or at the end of every script."""
    import subprocess
    import sys

    from tests.cli.conftest import environment

    code = (
        "import sys; from logster.cli import main; code = main(['report', 'x']); "
        "print(code, sorted({'rich', 'starlette', 'jinja2', 'uvicorn', 'asyncio'} & set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], env=environment(settings), capture_output=True, text=True, check=True
    )
    loaded = done.stdout.strip()
    assert loaded.startswith("0 ")
    assert not {"rich", "starlette", "jinja2", "uvicorn"} & set(loaded.replace("'", " ").replace(",", " ").split())
