"""`launcher update`, `rollback`, `rebuild`: what takes over how, and that a failure leaves the running site alone."""

import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.launcher.bench import Bench


@pytest.fixture
def site(docker: Bench) -> Bench:
    """A bench on which the site runs, and whose origin has newer code."""
    docker.have_green_images()
    docker.done("start")
    docker.push("code.py", "# newer\n")
    docker.engine.calls.clear()
    return docker


class Haproxy:
    """Answers as the admin socket of HAProxy does, and keeps what it was told."""

    def __init__(self, path: Path) -> None:
        self.states = {"blue": "UP", "green": "MAINT"}
        self.told: list[str] = []
        self._socket = socket.socket(socket.AF_UNIX)
        self._socket.bind(str(path))
        self._socket.listen()
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def close(self) -> None:
        self._socket.shutdown(socket.SHUT_RDWR)
        self._thread.join(5)
        self._socket.close()

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self._socket.accept()
            except OSError:
                return
            with connection:
                connection.sendall(self._answer(connection.recv(1_000).decode().strip()).encode())

    def _answer(self, command: str) -> str:
        if command.startswith("show stat"):
            rows = [f"shop,{slot},0,{state}" for slot, state in self.states.items()]
            return "\n".join(["# pxname,svname,scur,status", *rows, ""])
        self.told.append(command)
        slot, state = command.rpartition("/")[2].split(" state ")
        self.states[slot] = {"ready": "UP", "drain": "DRAIN", "maint": "MAINT"}[state]
        return "\n"


@pytest.fixture
def haproxy(docker: Bench) -> Iterator[Haproxy]:
    path = docker.engine.directory / "admin.sock"
    haproxy = Haproxy(path)
    labels = {"launcher.front": "haproxy", "launcher.socket": str(path), "launcher.ports": "8081 8082"}
    docker.describe(labels=labels)
    yield haproxy
    haproxy.close()


def lines(bench: Bench, *beginnings: str) -> list[str]:
    """Return the commands that begin so, cut to what matters."""
    return [line for line in bench.engine.commands() if line.startswith(beginnings)]


def test_newer_code_is_handed_to_the_running_container(site: Bench) -> None:
    before = site.tag("good")
    site.done("update", "--ref", "main")
    (handed,) = [call for call in site.engine.calls if "site-update" in str(call)]
    assert handed.words[:3] == ["exec", "--interactive", "shop"]
    assert handed.stdin
    assert handed.stdin > 1_000
    assert not lines(site, "stop")
    assert (site.tag("previous"), site.engine.running()) == (before, {"shop"})


def test_update_brings_the_checkout_forward_and_goes_on_as_fetched(docker: Bench) -> None:
    docker.have_green_images()
    docker.done("start")
    newer = docker.push("code.py", "# newer\n")
    ended = docker.process("update")
    assert ended.code == 0, ended.err
    assert (docker.checkout / "code.py").read_text() == "# newer\n"
    assert docker.engine.images["localhost/logster-shop:good"].labels["launcher.source"] == newer


def test_nothing_happens_where_nothing_has_changed(bench: Bench) -> None:
    bench.have_green_images()
    bench.done("start")
    bench.engine.calls.clear()
    assert "up to date" in bench.done("update").err
    assert not lines(bench, "build", "commit", "stop")
    bench.done("update", "--force")
    assert lines(bench, "commit")


def test_a_fetch_that_fails_changes_nothing(docker: Bench) -> None:
    docker.have_green_images()
    docker.push("code.py", "# newer\n")
    (docker.checkout / "code.py").write_text("# changed here\n")
    docker.git("commit", "--quiet", "--all", "-m", "own")
    ended = docker.run("update")
    assert ended.code == 1
    assert "The site is as it was" in ended.err
    assert not lines(docker, "commit")


@pytest.mark.parametrize(
    "step", ["site-bootstrap build", "commit --change", "exec shop-smoke python3", "/usr/local/bin/site-update"]
)
def test_an_update_that_fails_leaves_the_running_site(site: Bench, step: str) -> None:
    before = site.tag("good"), site.tag("previous"), dict(site.engine.containers)
    site.engine.failing = (step,)
    assert site.run("update", "--ref", "main").code == 1
    assert (site.tag("good"), site.tag("previous"), site.engine.containers) == before
    assert site.engine.running() == {"shop"}


def test_a_changed_config_restarts_where_no_proxy_stands_before(site: Bench) -> None:
    site.config.write_text("# changed\n")
    assert "away for some seconds" in site.done("update", "--ref", "main").err
    assert lines(site, "stop") == ["stop -t 40 shop"]


def test_where_the_new_image_is_ill_the_one_before_runs_again(site: Bench) -> None:
    before = site.tag("good")
    site.config.write_text("# changed\n")
    failed = iter([True])

    def fail_once(call: object) -> None:
        if "exec shop /usr" in str(call):
            site.engine.failing = ("exec shop /usr",) if next(failed, False) else ()

    site.engine.arrived = fail_once
    ended = site.run("update", "--ref", "main")
    assert ended.code == 1
    assert "the one before runs again" in ended.err
    assert (site.tag("good"), site.engine.running()) == (before, {"shop"})
    assert site.engine.containers["shop"].image == before


def test_behind_a_proxy_two_containers_change_places(docker: Bench, haproxy: Haproxy) -> None:
    docker.have_green_images()
    docker.done("start")
    assert docker.engine.running() == {"shop-valkey", "shop-blue"}
    docker.engine.calls.clear()
    haproxy.told.clear()
    docker.config.write_text("# changed\n")
    docker.done("update")
    assert docker.engine.running() == {"shop-valkey", "shop-green"}
    assert haproxy.told == [
        f"set server shop/{what}"
        for what in ("green state maint", "green state ready", "blue state drain", "blue state maint")
    ]
    (run,) = lines(docker, "run --detach --name shop-green")
    assert "--env SITE_SERVICES=app nginx --publish 127.0.0.1:8082:80 localhost/logster-shop:20" in run
    docker.done("rollback")
    assert docker.engine.running() == {"shop-valkey", "shop-blue"}


def test_two_valkeys_never_open_the_same_data(docker: Bench, haproxy: Haproxy) -> None:
    docker.have_green_images()
    docker.done("start")
    docker.done("rebuild")
    docker.done("rebuild")
    services = [word for call in docker.engine.calls for word in call.words if word.startswith("SITE_SERVICES=")]
    assert services.count("SITE_SERVICES=valkey") == 1
    assert set(services) == {"SITE_SERVICES=valkey", "SITE_SERVICES=app nginx"}
    docker.done("stop")
    assert lines(docker, "stop")[-1] == "stop -t 40 shop-valkey"


@pytest.mark.parametrize("step", ["run --detach --name shop-green", "exec shop-green"])
def test_behind_a_proxy_a_failed_swap_leaves_the_old_one(docker: Bench, haproxy: Haproxy, step: str) -> None:
    docker.have_green_images()
    docker.done("start")
    before = docker.tag("good")
    docker.config.write_text("# changed\n")
    docker.engine.failing = (step,)
    ended = docker.run("update")
    assert ended.code == 1
    assert "shop-blue goes on as it was" in ended.err
    assert docker.engine.running() == {"shop-valkey", "shop-blue"}
    assert "shop-green" not in docker.engine.containers
    assert (haproxy.states["blue"], docker.tag("good")) == ("UP", before)


def test_code_alone_is_rolled_back_within_the_container(site: Bench) -> None:
    first = site.tag("good")
    site.done("update", "--ref", "main")
    site.engine.calls.clear()
    site.done("rollback")
    assert lines(site, "exec") == ["exec shop /usr/local/bin/site-rollback"]
    assert site.tag("good") == first


def test_a_rollback_takes_the_image_before(bench: Bench) -> None:
    bench.have_green_images()
    bench.done("start")
    good, previous = bench.tag("good"), bench.tag("previous")
    bench.done("rollback")
    assert (bench.tag("good"), bench.tag("previous")) == (previous, good)
    assert bench.engine.containers["shop"].image == previous
    bench.done("rollback")
    assert bench.engine.containers["shop"].image == good


def test_a_timer_does_not_redo_what_was_rolled_back(site: Bench) -> None:
    site.done("update", "--ref", "main")
    site.done("rollback")
    site.engine.calls.clear()
    assert "was rolled back" in site.done("update", "--ref", "main").err
    assert not lines(site, "commit")
    site.push("code.py", "# mended\n")
    site.done("update", "--ref", "main")
    assert lines(site, "commit")
    assert site.tag("rolled-back") is None


def test_a_rollback_that_fails_changes_nothing(docker: Bench) -> None:
    docker.have_green_images()
    assert docker.run("start").code == 0
    good = docker.tag("good")
    docker.engine.failing = ("stop",)
    assert docker.run("rollback").code == 1
    assert (docker.tag("good"), docker.engine.running()) == (good, {"shop"})
