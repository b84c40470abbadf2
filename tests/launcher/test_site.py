"""The commands for a site that was built: start, stop, restart, destroy, enter, logs, run, cleanup, doctor."""

import os
import pty
import subprocess
import sys

import pytest

from tests.launcher.bench import BASE, PATIENCE_SECONDS, Bench
from tests.launcher.test_bootstrap import CONFINED, normal

LASTING = (
    "--restart unless-stopped --stop-timeout 40 --health-cmd /usr/local/bin/site-health --health-interval 30s"
    " --health-start-period 30s"
)
RUN = (
    f"run --detach --name shop --pull never --label launcher.site=shop --label launcher.role=app {CONFINED} {LASTING}"
    " --volume HERE/shared/shop:/shared --env LOGSTER_NAMESPACE=shop --publish 8080:80 localhost/logster-shop:good"
)
STOP = "stop -t 40 shop"
REMOVE = "rm --force --volumes shop"
HEALTH = "exec shop /usr/local/bin/site-health"


@pytest.fixture
def site(bench: Bench) -> Bench:
    """A bench on which the site runs."""
    bench.have_green_images()
    bench.done("start")
    return bench


def commands(bench: Bench) -> list[str]:
    """Return the commands but for the reading of the config."""
    return [normal(bench, line) for line in bench.engine.commands() if "site-bootstrap check" not in line]


def test_start(site: Bench) -> None:
    assert commands(site) == [REMOVE, RUN, HEALTH]
    assert (site.example / "shared/shop").is_dir()
    site.engine.calls.clear()
    assert "runs already" in site.done("start").err
    assert commands(site) == []


def test_start_needs_a_green_image(docker: Bench) -> None:
    ended = docker.run("start")
    assert ended.code == 1
    assert "`launcher bootstrap shop` makes one" in ended.err


def test_stop_leaves_time_to_drain(site: Bench) -> None:
    site.engine.calls.clear()
    site.done("stop")
    assert commands(site) == [STOP]


def test_restart_starts_the_good_image(site: Bench) -> None:
    site.engine.calls.clear()
    site.done("restart")
    assert commands(site) == [STOP, REMOVE, RUN, HEALTH]


def test_destroy_asks_and_keeps_the_data(site: Bench) -> None:
    site.engine.calls.clear()
    ended = site.run("destroy")
    assert (ended.code, commands(site)) == (2, [])
    assert "--yes" in ended.err
    site.done("destroy", "--yes")
    assert commands(site) == [STOP, REMOVE]


def test_destroy_removes_the_data_where_asked(site: Bench) -> None:
    site.done("destroy", "--yes", "--with-data")
    deletion = "--volume HERE/shared/shop:/data localhost/logster-base:1 find /data -mindepth 1 -delete"
    assert commands(site)[-1] == f"run --rm --pull never --network none {deletion}"


def test_enter_and_logs_take_the_launchers_place(site: Bench) -> None:
    site.engine.calls.clear()
    assert site.process("enter").code == 0
    assert site.process("logs", "--follow", "--tail", "5").code == 0
    assert commands(site) == ["exec --interactive shop bash", "logs --follow --tail 5 shop"]


def test_a_terminal_is_handed_on(docker: Bench) -> None:
    docker.have_green_images()
    docker.done("start")
    ours, theirs = pty.openpty()
    words = [sys.executable, str(docker.example / "launcher"), "enter", "shop"]
    process = subprocess.Popen(words, stdin=theirs, stdout=subprocess.DEVNULL)
    os.close(theirs)
    os.write(ours, b"\x04")
    process.wait(PATIENCE_SECONDS)
    os.close(ours)
    assert docker.engine.commands()[-1] == "exec --interactive --tty shop bash"


def test_nothing_can_be_entered_where_nothing_runs(docker: Bench) -> None:
    docker.have_green_images()
    ended = docker.run("enter")
    assert ended.code == 1
    assert "`launcher start shop` starts it" in ended.err


def test_run_has_the_image_the_data_and_the_variables(site: Bench) -> None:
    site.engine.calls.clear()
    site.done("run", "--", "logster", "search", "--json")
    assert commands(site) == [
        f"run --rm --interactive --pull never --label launcher.site=shop --label launcher.role=run {CONFINED}"
        " --volume HERE/shared/shop:/shared --env LOGSTER_NAMESPACE=shop localhost/logster-shop:good"
        " logster search --json"
    ]
    site.engine.failing = ("logster search",)
    assert site.run("run", "--", "logster", "search").code == 1
    assert "--" in site.run("run").err


def test_cleanup_keeps_good_and_previous(site: Bench) -> None:
    site.engine.make_image("localhost/logster-shop:20200101000000")
    site.engine.images["localhost/logster-shop:20210101000000"] = site.engine.images["localhost/logster-shop:good"]
    site.engine.make_image("localhost/logster-other:20200101000000")
    site.engine.calls.clear()
    site.done("cleanup")
    assert commands(site) == [
        "rm --force --volumes shop-build",
        "rm --force --volumes shop-smoke",
        "image rm localhost/logster-shop:TIME",
        "image prune --force --filter label=launcher.image",
    ]
    assert set(site.engine.images) == {
        BASE,
        *(f"localhost/logster-shop:{tag}" for tag in ("good", "previous", "20210101000000")),
        "localhost/logster-other:20200101000000",
    }


def test_doctor_finds_a_running_site_well(site: Bench) -> None:
    ended = site.done("doctor")
    lines = [line.split()[:2] for line in ended.out.splitlines()]
    assert lines == [
        ["ok", each] for each in ("engine", "version", "disk", "memory", "git", "base", "config", "image", "site")
    ]


def test_doctor_names_what_is_not_well(docker: Bench) -> None:
    ended = docker.run("doctor")
    assert ended.code == 1
    assert "launcher bootstrap shop" in ended.out
    docker.have_green_images()
    assert "launcher start shop" in docker.run("doctor").out
    docker.done("start")
    docker.engine.failing = ("exec shop",)
    assert "launcher logs shop" in docker.run("doctor").out


def test_what_stopped_at_once_is_told_with_its_last_lines(docker: Bench) -> None:
    docker.have_green_images()
    docker.engine.failing = ("exec shop /usr",)
    ended = docker.run("start")
    assert ended.code == 1
    assert "Container shop stopped" in ended.err
    assert docker.engine.commands()[-1] == "logs --tail 50 shop"


def test_the_base_image_is_the_one_of_the_bench(docker: Bench) -> None:
    from launch.base import BASE as REAL

    assert REAL == BASE
