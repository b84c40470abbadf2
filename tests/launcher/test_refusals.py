"""What the launcher looks at before it does anything, and the secrets that it keeps to itself."""

import ast
import json
import os
import signal
from pathlib import Path

import pytest

from tests.launcher.bench import EXAMPLE, Bench

SECRET = "hunter2-hunter2"
CHANGING = ("bootstrap", "start", "stop", "restart", "destroy", "rebuild", "update", "rollback", "cleanup")
ALL = (*CHANGING, "enter", "logs", "run", "doctor")


@pytest.fixture
def secretive(bench: Bench) -> Bench:
    """A bench whose site has a secret."""
    bench.have_green_images()
    bench.describe(secrets=["API_TOKEN"])
    bench.engine.secrets = {"API_TOKEN": SECRET}
    return bench


@pytest.mark.parametrize("mode", [0o644, 0o640, 0o604, 0o620])
def test_a_config_with_secrets_that_others_may_read_is_refused(docker: Bench, mode: int) -> None:
    docker.have_green_images()
    docker.config.chmod(mode)
    docker.done("start")
    docker.describe(secrets=["API_TOKEN"])
    ended = docker.run("restart")
    assert ended.code == 2
    assert f"chmod 600 {docker.config}" in ended.err
    assert docker.engine.running() == {"shop"}


def test_a_secret_reaches_the_container_by_a_private_file_alone(secretive: Bench) -> None:
    secretive.done("start")
    secretive.done("bootstrap")
    handed = [call.env_file for call in secretive.engine.calls if call.env_file]
    assert [(mode, text) for _, mode, text in handed] == [(0o600, f"API_TOKEN={SECRET}\n")] * 2
    assert not any(path.exists() for path, _, _ in handed)
    for call in secretive.engine.calls:
        assert SECRET not in str(call)
        assert SECRET not in json.dumps(call.environment)
    assert SECRET not in (secretive.example / ".state/shop.json").read_text()


def test_a_secret_may_come_from_the_launchers_environment(docker: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    docker.have_green_images()
    docker.describe(secrets=["API_TOKEN"])
    docker.engine.secrets = {"API_TOKEN": ""}
    ended = docker.run("start")
    assert ended.code == 2
    assert "export API_TOKEN" in ended.err
    monkeypatch.setenv("API_TOKEN", SECRET)
    docker.engine.calls.clear()
    docker.done("start")
    told = [call for call in docker.engine.calls if SECRET in json.dumps(call.environment)]
    assert not any(word in ("secrets", "--detach") for call in told for word in call.words)
    assert not any(SECRET in str(call) for call in docker.engine.calls)


def test_the_file_is_gone_where_the_start_failed(secretive: Bench) -> None:
    secretive.engine.failing = ("run --detach",)
    assert secretive.run("start").code == 1
    (handed,) = [call.env_file for call in secretive.engine.calls if call.env_file]
    assert not handed[0].exists()


@pytest.mark.parametrize("command", ALL)
def test_a_dry_run_runs_nothing(docker: Bench, command: str) -> None:
    rest = ["--", "ls"] if command == "run" else []
    docker.done(command, "--dry-run", *rest)
    assert docker.engine.calls == []
    assert not (docker.example / ".state").exists()


def test_a_dry_run_prints_what_the_run_does(bench: Bench) -> None:
    bench.have_green_images()
    bench.done("start")
    printed = bench.done("restart", "--dry-run").out.splitlines()
    bench.engine.calls.clear()
    bench.done("restart")
    # Which cannot know that the base image is there.
    assert printed[1:] == [f"{bench.engine.name} {line}" for line in bench.engine.commands()]


@pytest.mark.parametrize("command", ["bootstrap", "update", "destroy", "cleanup"])
def test_two_commands_on_one_site_are_refused(docker: Bench, command: str) -> None:
    docker.have_green_images()
    docker.engine.hanging = "run --detach"
    process = docker.start_process("start")
    assert docker.engine.hangs.wait(30)
    before = len(docker.engine.calls)
    ended = docker.run(command)
    os.killpg(process.pid, signal.SIGKILL)
    process.communicate()
    assert ended.code == 1
    assert "busy with `start`" in ended.err
    assert len(docker.engine.calls) == before


def test_an_old_engine_is_refused(bench: Bench) -> None:
    bench.engine.version = "3.4.4"
    ended = bench.run("start")
    assert (ended.code, bench.engine.commands()) == (1, [])
    assert f"{bench.engine.name} 3.4.4 is too old" in ended.err


def test_an_engine_that_does_not_answer_is_told(docker: Bench) -> None:
    docker.engine.failing = ("version",)
    assert "does not answer" in docker.run("start").err


def test_an_engine_that_is_not_there_is_told(docker: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    ended = docker.run("start")
    assert ended.code == 2
    assert "--engine" in ended.err


def test_the_engine_that_is_there_is_taken(docker: Bench, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    from launch.engine import choose

    monkeypatch.delenv("LAUNCHER_ENGINE")
    monkeypatch.setenv("PATH", str(tmp_path))
    for name in ("podman", "docker"):
        (tmp_path / name).touch(mode=0o700)
        assert choose(None, dry=False).name == name
    assert choose("podman", dry=False).name == "podman"


def test_a_missing_config_is_told_with_those_there_are(docker: Bench) -> None:
    docker.config.unlink()
    ended = docker.run("start")
    assert ended.code == 2
    assert "sites/shop.yml" in ended.err
    assert "demo" in ended.err


def test_too_little_disk_and_memory_are_told() -> None:
    from launch.prerequisites import disk, memory

    assert not disk(Path("/"), needed_mb=10**9).is_fine
    assert "launcher cleanup" in disk(Path("/"), needed_mb=10**9).text
    assert not memory(100).is_fine
    assert memory(1_000).is_fine


@pytest.mark.parametrize("name", ["../etc", "Shop", "a b", "-x"])
def test_a_name_that_is_none_is_refused(name: str) -> None:
    from launch.failure import Failure
    from launch.place import Place

    with pytest.raises(Failure, match="no name of a site"):
        Place(EXAMPLE, name)


@pytest.mark.parametrize("command", ALL)
def test_every_command_has_help(docker: Bench, command: str) -> None:
    ended = docker.run(command, "--help")
    assert ended.code == 0
    assert {"--dry-run", "--engine"} <= set(ended.out.split())


@pytest.mark.parametrize("path", sorted((EXAMPLE / "launch").glob("*.py")), ids=lambda path: path.stem)
def test_python_3_9_understands_the_launcher(path: Path) -> None:
    ast.parse(path.read_text(), feature_version=(3, 9))
