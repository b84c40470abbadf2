"""The program as a whole: help, options that all commands share, endings, and a missing extra."""

import subprocess
import sys
from collections.abc import Callable

import click
import pytest

import logster
from logster.cli.program import COMMANDS, program
from logster.settings import Settings
from logster.store.redis_store import RedisStore
from tests.cli.conftest import Ended, environment
from tests.store.reports import report

Run = Callable[..., Ended]


def test_help_names_every_command(inside: Run) -> None:
    done = inside("--help")
    assert done.code == 0
    listed = [line.split()[0] for line in done.out.partition("Commands:")[2].splitlines() if line.startswith("  ")]
    assert set(COMMANDS) <= set(listed)
    assert "Examples:" in done.out
    assert "Exit codes:" in done.out


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_help_with_examples(inside: Run, name: str) -> None:
    done = inside(name, "--help")
    assert (done.code, done.err) == (0, "")
    assert f"\n  logster {name}" in done.out.partition("Examples:")[2].replace("    logster", "  logster")
    assert inside(name, "-h").out == done.out


@pytest.mark.parametrize("name", [name for name in COMMANDS if name != "patterns"])
def test_every_command_takes_the_options_of_the_program(name: str) -> None:
    command = program.get_command(click.Context(program), name)
    assert command
    assert {"redis_url", "namespace"} <= {each.name for each in command.params}


def test_version(inside: Run) -> None:
    assert inside("--version") == (0, f"logster, version {logster.__version__}\n", "")


@pytest.mark.parametrize("arguments", [["nonsense"], ["search", "--nonsense"], ["show"], ["--nonsense"]])
def test_wrong_use_is_exit_code_2(inside: Run, arguments: list[str]) -> None:
    done = inside(*arguments)
    assert (done.code, done.out) == (2, "")
    assert "--help" in done.err


def test_an_unknown_command_is_answered_with_the_known(inside: Run) -> None:
    assert ", ".join(COMMANDS) in inside("nonsense").err


def test_options_win_over_variables_before_and_after_the_command(
    inside: Run, store: RedisStore, settings: Settings
) -> None:
    other = settings.with_changes(namespace=f"{settings.namespace}-other")
    store.report([report(other, 1)])
    name = other.current_namespace()
    assert inside("search").code == 1
    assert inside("--namespace", name, "search").code == 0
    assert inside("search", "--namespace", name).code == 0
    assert inside("--namespace", "x", "search", "--namespace", name).code == 0
    assert inside("search", "--redis-url", "redis://127.0.0.1:1").code == 3
    assert inside("--redis-url", "redis://127.0.0.1:1", "search").code == 3


@pytest.mark.parametrize("arguments", [["--namespace", "a b"], ["--redis-url", "nonsense"]])
def test_a_wrong_setting_is_exit_code_2(inside: Run, arguments: list[str]) -> None:
    done = inside("search", *arguments)
    assert (done.code, done.out) == (2, "")
    assert arguments[1] in done.err


@pytest.mark.parametrize(
    "arguments",
    [
        ["search"],
        ["tail"],
        ["show", "0" * 32],
        ["solve", "abcd"],
        ["clear", "--yes"],
        ["export"],
        ["report", "x"],
        ["serve", "--port", "0"],
    ],
)
def test_redis_away_is_exit_code_3(inside: Run, monkeypatch: pytest.MonkeyPatch, arguments: list[str]) -> None:
    done = inside("--redis-url", "redis://:hunter2@127.0.0.1:1", *arguments)
    assert (done.code, done.out) == (3, "")
    assert "127.0.0.1:1" in done.err
    assert "hunter2" not in done.err


def test_a_closed_pipe_ends_quietly(store: RedisStore, settings: Settings) -> None:
    store.report([report(settings, number) for number in range(400)])
    for command in ("search --limit 400", "export", "search --json --limit 400"):
        done = subprocess.run(
            ["bash", "-c", f"{sys.executable} -m logster {command} | head -1; exit ${{PIPESTATUS[0]}}"],
            env=environment(settings),
            capture_output=True,
            timeout=60,
            check=False,
        )
        assert (done.returncode, done.stderr) == (0, b"")
        assert done.stdout.count(b"\n") == 1


def test_a_mistake_of_ours_is_a_line_and_no_traceback(inside: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(self: RedisStore, **_: object) -> None:
        raise ZeroDivisionError("oops")

    monkeypatch.setattr(RedisStore, "page", broken)
    done = inside("search")
    assert (done.code, done.out) == (70, "")
    assert "ZeroDivisionError: oops" in done.err
    assert "LOGSTER_DEBUG" in done.err
    monkeypatch.setenv("LOGSTER_DEBUG", "1")
    with pytest.raises(ZeroDivisionError):
        inside("search")


def test_without_the_extra_the_command_says_what_to_install(settings: Settings) -> None:
    code = "import sys; sys.modules['click'] = None; from logster.cli import main; sys.exit(main(['search']))"
    done = subprocess.run(
        [sys.executable, "-c", code], env=environment(settings), capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout) == (2, "")
    assert "pip install 'logster-web[cli]'" in done.stderr
    assert "Traceback" not in done.stderr


def test_importing_logster_does_not_need_the_extra() -> None:
    code = "import sys, logster; logster.LogsterHandler; print({'click', 'rich', 'uvicorn'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "set()\n"
