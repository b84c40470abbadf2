"""The command as a whole: what it shows, where it stops, and its exit codes."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from bootstrap.main import main
from tests.bootstrap.configs import Configs
from tests.bootstrap.conftest import IMAGE


def test_every_step_is_shown_with_its_place_before_its_output(
    configs: Configs, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    configs.write(f"""
        run:
          - exec:
              - echo a
              - echo b
          - file:
              path: {tmp_path}/x
              contents: a
              chown: "{tmp_path.stat().st_uid}"
          - replace: {{filename: {tmp_path}/x, from: a, to: b}}
    """)
    assert configs.run() == 0
    assert capfd.readouterr().out.splitlines() == [
        "sites/demo.yml:2: exec echo a",
        "    echo b",
        "a",
        "b",
        f"sites/demo.yml:5: file {tmp_path}/x 0644 {tmp_path.stat().st_uid}",
        f"sites/demo.yml:9: replace in {tmp_path}/x",
    ]


def test_a_step_that_fails_says_where_what_and_how_and_is_the_last(
    configs: Configs, capfd: pytest.CaptureFixture[str]
) -> None:
    configs.write(
        "{templates: [templates/app.yml], run: [exec: echo site]}",
        app="params: {code: 7}\nrun:\n  - exec: exit $code\n  - exec: echo template\n",
    )
    assert configs.run() == 1
    shown = capfd.readouterr()
    assert shown.err == "templates/app.yml:3: ended with exit code 7: exec exit 7\n"
    assert shown.out == "templates/app.yml:3: exec exit 7\n"


def test_no_step_runs_where_anything_is_wrong(configs: Configs, capfd: pytest.CaptureFixture[str]) -> None:
    configs.write("run:\n  - exec: echo first\n  - exec: $nobody\n")
    assert configs.run() == 2
    shown = capfd.readouterr()
    assert shown.out == ""
    assert shown.err.startswith("sites/demo.yml:3: there is no param 'nobody'")


@pytest.mark.parametrize("task", [["check"], ["brew", "sites/demo.yml"], []])
def test_a_command_line_that_is_wrong_is_told(configs: Configs, task: list[str]) -> None:
    done = subprocess.run([sys.executable, "-B", IMAGE / "site-bootstrap", *task], capture_output=True, text=True)
    assert done.returncode == 2
    assert done.stderr.startswith("usage: site-bootstrap")


def test_a_config_may_lie_anywhere(capfd: pytest.CaptureFixture[str]) -> None:
    assert main(["check", "/nothing-of-that-name.yml"]) == 2
    assert capfd.readouterr().err == "/nothing-of-that-name.yml:1: cannot be read: No such file or directory\n"


def test_the_command_works_through_a_link_and_from_any_directory(configs: Configs, tmp_path: Path) -> None:
    link = tmp_path / "site-bootstrap"
    link.symlink_to(IMAGE / "site-bootstrap")
    command = [sys.executable, "-B", link, "check", "demo.yml"]
    path = configs.write("params: {a: ü}").path
    done = subprocess.run(command, cwd=path.parent, capture_output=True, text=True, check=True)
    assert json.loads(done.stdout) == {
        "name": "demo",
        "params": {"a": "ü"},
        "env": {},
        "secrets": [],
        "expose": [],
        "volumes": [],
        "labels": {},
    }


def test_the_package_runs_as_a_module_and_shows_everything_in_order(configs: Configs) -> None:
    configs.write("run: [exec: echo done, exec: echo end]")
    command = [sys.executable, "-B", "-m", "bootstrap", "build", configs.path]
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONUNBUFFERED"}
    done = subprocess.run(command, cwd=IMAGE, env=environment, capture_output=True, text=True, check=True)
    assert done.stdout.splitlines() == [
        "sites/demo.yml:1: exec echo done",
        "done",
        "sites/demo.yml:1: exec echo end",
        "end",
    ]


def test_a_command_gets_no_input(configs: Configs) -> None:
    command = [sys.executable, "-B", IMAGE / "site-bootstrap", "build", configs.write("run: [exec: cat]").path]
    done = subprocess.run(command, input="typed", capture_output=True, text=True, check=True)
    assert done.stdout == "sites/demo.yml:1: exec cat\n"
