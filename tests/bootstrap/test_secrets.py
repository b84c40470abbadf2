"""The value of a secret is neither shown nor written, whatever else is wrong; `secrets` alone hands it to a program."""

import json
import os
import pty
import subprocess
import sys
from pathlib import Path

import pytest

from tests.bootstrap.configs import Configs
from tests.bootstrap.conftest import IMAGE

SECRET = "tr0ub4dor&3"
ENV = f"env: {{TOKEN: {{value: {SECRET!r}, secret: true}}, PLAIN: shown, LATER: {{secret: true}}}}\n"


def test_check_shows_the_names_of_secrets_only(configs: Configs, capfd: pytest.CaptureFixture[str]) -> None:
    assert configs.write(ENV).run("check") == 0
    shown = capfd.readouterr()
    assert json.loads(shown.out)["secrets"] == ["TOKEN", "LATER"]
    assert json.loads(shown.out)["env"] == {"PLAIN": "shown"}
    assert SECRET not in shown.out + shown.err


def test_secrets_are_handed_to_a_program_and_those_the_config_lacks_are_empty(
    configs: Configs, capfd: pytest.CaptureFixture[str]
) -> None:
    assert configs.write(ENV).run("secrets") == 0
    assert json.loads(capfd.readouterr().out) == {"TOKEN": SECRET, "LATER": ""}


def test_secrets_are_not_handed_to_a_terminal(configs: Configs) -> None:
    ours, theirs = pty.openpty()
    command = [sys.executable, "-B", str(IMAGE / "site-bootstrap"), "secrets", str(configs.write(ENV).path)]
    done = subprocess.run(command, stdout=theirs, stderr=theirs)
    os.close(theirs)
    assert done.returncode == 2
    assert os.read(ours, 10_000).startswith(b"secrets go to the program that starts the container")
    os.close(ours)


def test_a_build_neither_shows_nor_writes_a_secret(
    configs: Configs, capfd: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    steps = f"""
run:
  - file: {{path: {tmp_path}/made, contents: hello}}
  - exec: env
  - exec: exit 1
"""
    assert configs.write(ENV + steps).run() == 1
    shown = capfd.readouterr()
    assert "exit 1" in shown.err
    assert SECRET not in shown.out + shown.err
    assert [path.name for path in tmp_path.rglob("*") if path.is_file() and SECRET in path.read_text()] == ["demo.yml"]


@pytest.mark.parametrize(
    "wrong",
    [
        f"env: {{TOKEN: {{value: [{SECRET}], secret: true}}}}",
        f"env: {{TOKEN: {{value: {SECRET}, secert: true}}}}",
        f"env: {{TOKEN: {{value: ${SECRET}, secert: true}}}}",
        f"env: {{TOKEN: {{value: ${SECRET}, secret: yess}}}}",
        f"env: {{TOKEN: {{vaule: {SECRET}, secret: true}}}}",
        f"env: {{TOKEN: {{value: {SECRET}, value: {SECRET}, secret: true}}}}",
        f"env: {{TOKEN: {{value: *{SECRET}, secret: true}}}}",
        f"env: {{TOKEN: {{value: !{SECRET}!{SECRET}, secret: true}}}}",
        f"env: {{TOKEN: {{value: {{{SECRET}, secret: true}}}}",
        f'env: {{TOKEN: {{value: "\\{SECRET}, secret: true}}}}',
        f"env: {{TOKEN: {{value: %{SECRET}, secret: true}}}}",
        f"env:\n  TOKEN:\n    value: {SECRET}: {SECRET}\n    secret: true",
        f"{ENV}\nexpose: [{SECRET}]",
        f"{ENV}\nvolumes: [{{host: {SECRET}, guest: {SECRET}}}]",
        f"{ENV}\nrun: [file: {{path: '{SECRET}', contents: x, chmod: '{SECRET}', chown: '{SECRET} x'}}]",
        f"{ENV}\nrun: [replace: {{filename: /x, from: /x/, to: '{SECRET}\\1'}}]",
    ],
)
def test_no_mistake_shows_a_secret(configs: Configs, capfd: pytest.CaptureFixture[str], wrong: str) -> None:
    assert configs.write(wrong).run("check") == 2
    shown = capfd.readouterr()
    assert shown.out == ""
    assert "sites/demo.yml:" in shown.err
    assert all(piece not in shown.err for piece in (SECRET, "tr0ub4dor", "r0ub4dor"))


def test_a_secret_that_also_stands_where_the_image_would_keep_it_is_a_mistake(configs: Configs) -> None:
    configs.write(
        f"""
        {ENV.strip()}
        params:
          token: {SECRET}
        labels:
          note: {SECRET}
        run:
          - exec: curl -u me:$token example.org
          - file:
              path: /etc/token
              contents: token={SECRET}
        """
    )
    expected = "holds the value of the secret TOKEN, which may stand in env only"
    assert configs.mistakes() == [f"sites/demo.yml:{line}: {expected}" for line in (3, 5, 7, 10)]


def test_a_short_secret_is_not_found_in_innocent_words(configs: Configs) -> None:
    configs.write("{env: {PIN: {value: make, secret: true}}, run: [exec: make]}")
    assert len(configs.read().steps) == 1


def test_a_secret_takes_no_params(configs: Configs) -> None:
    configs.write("{params: {a: x}, env: {TOKEN: {value: 'p$a$$', secret: true}}}")
    assert configs.read().secrets() == {"TOKEN": "p$a$$"}


def test_a_secret_does_not_show_in_the_debugger(configs: Configs) -> None:
    assert SECRET not in repr(configs.write(ENV).read())
