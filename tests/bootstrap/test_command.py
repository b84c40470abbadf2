"""The step `exec`."""

import os
import pwd
from pathlib import Path

import pytest

from bootstrap.step import StepFailed
from tests.bootstrap.configs import Configs

ME = pwd.getpwuid(os.geteuid()).pw_name


def run(configs: Configs, step: str) -> None:
    (only,) = configs.write(f"run:\n  - exec: {step}\n").read().steps
    only.run()


def test_the_lines_of_a_command_share_one_shell(
    configs: Configs, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    run(configs, f"[cd {tmp_path}, pwd, 'x=5', echo $$x]")
    assert capfd.readouterr().out.split() == [str(tmp_path), "5"]


def test_a_command_stops_at_the_first_line_that_fails(configs: Configs, capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(StepFailed, match=r"^ended with exit code 3$"):
        run(configs, "[echo one, (exit 3), echo two]")
    assert capfd.readouterr().out == "one\n"


def test_a_command_that_is_killed_says_by_what(configs: Configs) -> None:
    with pytest.raises(StepFailed, match=r"^was killed by SIGTERM$"):
        run(configs, "kill $$$$")


def test_a_command_runs_in_its_directory(configs: Configs, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    run(configs, f"{{cmd: pwd, cd: {tmp_path}}}")
    run(configs, "pwd")
    assert capfd.readouterr().out.split() == [str(tmp_path), "/"]


def test_a_directory_that_is_not_there_is_told(configs: Configs, tmp_path: Path) -> None:
    with pytest.raises(StepFailed, match=r"could not be started in .*/nowhere: No such file or directory"):
        run(configs, f"{{cmd: pwd, cd: {tmp_path}/nowhere}}")


def test_a_command_runs_as_its_user_with_the_users_home(
    configs: Configs, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("HOME", "USER", "LOGNAME"):
        monkeypatch.setenv(name, "/somebody/elses")
    run(configs, f"{{cmd: 'id -un; echo $$HOME $$USER', user: {ME}}}")
    assert capfd.readouterr().out.split() == [ME, pwd.getpwnam(ME).pw_dir, ME]


def test_a_user_that_is_not_there_is_told(configs: Configs) -> None:
    with pytest.raises(StepFailed, match="there is no user 'nobody-of-that-name'"):
        run(configs, "{cmd: id, user: nobody-of-that-name}")
