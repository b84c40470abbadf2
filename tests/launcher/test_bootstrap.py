"""`launcher bootstrap`: the exact commands, and that nothing but a green image is tagged as good."""

import re
import signal
from pathlib import Path

import pytest

from tests.launcher.bench import Bench
from tests.launcher.engine import Call, after

CONFINED = (
    "--security-opt no-new-privileges --cap-drop ALL --cap-add CHOWN --cap-add DAC_OVERRIDE --cap-add FOWNER"
    " --cap-add KILL --cap-add NET_BIND_SERVICE --cap-add SETGID --cap-add SETUID"
    " --read-only --tmpfs /run:size=64m --tmpfs /tmp:size=256m --volume /opt/site"
)
STEPS = {
    "the base image": "build --tag",
    "the config": "site-bootstrap check",
    "a step of the config": "site-bootstrap build",
    "the commit": "commit --change",
    "the start": "run --detach --name shop-smoke",
    "the health check": "exec shop-smoke /usr/local/bin/site-health",
    "the smoke test": "exec shop-smoke python3 /smoke_test.py",
}


def normal(bench: Bench, line: str) -> str:
    """Return a command without what differs from run to run."""
    line = re.sub(r"shop:\d{14}", "shop:TIME", line.replace(str(bench.example), "HERE"))
    line = re.sub(r"/\S+/launcher-source-\w+", "SOURCE", line)
    return re.sub(r"(launcher\.\w+=)[0-9a-f]{16,40}\b", r"\1HASH", line)


def test_these_are_the_commands(bench: Bench) -> None:
    bench.done("bootstrap")
    base = "localhost/logster-base:1"
    assert [normal(bench, line) for line in bench.engine.commands()] == [
        f"build --tag {base} --label launcher.image=HASH HERE/image",
        f"run --rm --pull never --network none --volume HERE:/config:ro {base} site-bootstrap check"
        " /config/sites/shop.yml",
        "rm --force --volumes shop-build",
        f"run --name shop-build --pull never --volume HERE:/config:ro --volume SOURCE:/source:ro {base}"
        " site-bootstrap build /config/sites/shop.yml",
        'commit --change CMD ["/sbin/boot"] --change LABEL launcher.site=shop --change LABEL launcher.source=HASH'
        " --change LABEL launcher.image=HASH --change LABEL launcher.config=HASH shop-build"
        " localhost/logster-shop:TIME",
        "rm --force --volumes shop-build",
        "rm --force --volumes shop-smoke",
        "run --detach --name shop-smoke --pull never --label launcher.site=shop --label launcher.role=smoke"
        f" {CONFINED} --network none --volume /shared --volume HERE/smoke_test.py:/smoke_test.py:ro"
        " --env LOGSTER_NAMESPACE=shop localhost/logster-shop:TIME",
        "exec shop-smoke /usr/local/bin/site-health",
        "exec shop-smoke python3 /smoke_test.py http://127.0.0.1:80",
        "rm --force --volumes shop-smoke",
        "tag localhost/logster-shop:TIME localhost/logster-shop:good",
    ]


def test_what_is_built_is_what_is_committed(docker: Bench) -> None:
    seen: list[tuple[set[str], str]] = []

    def look(call: Call) -> None:
        if "site-bootstrap build" in str(call):
            source = Path(after(call, "--volume")[1].partition(":")[0])
            seen.append(({each.name for each in source.iterdir()}, (source / "code.py").read_text()))

    docker.engine.arrived = look
    (docker.checkout / "code.py").write_text("# not committed\n")
    (docker.checkout / "secret").write_text("not committed\n")
    assert "not committed" in docker.done("bootstrap").err
    assert seen == [({"code.py", "examples"}, "# as committed\n")]


def test_the_base_image_is_built_when_it_has_changed_and_not_else(docker: Bench) -> None:
    docker.have_green_images()
    docker.done("start")
    assert not any(line.startswith("build") for line in docker.engine.commands())
    (docker.example / "image/Dockerfile").write_text("# changed\n")
    docker.done("restart")
    assert sum(line.startswith("build") for line in docker.engine.commands()) == 1


def test_the_one_before_stays_as_previous(docker: Bench) -> None:
    docker.have_green_images()
    before = docker.tag("good")
    docker.done("bootstrap")
    assert docker.tag("previous") == before
    assert docker.tag("good") not in (before, None)


@pytest.mark.parametrize("step", STEPS.values(), ids=STEPS)
def test_where_a_step_fails_nothing_is_tagged_and_nothing_left(docker: Bench, step: str) -> None:
    docker.engine.failing = (step,)
    ended = docker.run("bootstrap")
    assert ended.code == 1
    assert ended.err.splitlines()[-1].startswith("launcher: ")
    assert docker.images() == []
    assert docker.engine.containers == {}


@pytest.mark.parametrize("step", list(STEPS.values())[2:], ids=list(STEPS)[2:])
def test_a_failure_leaves_the_good_image_and_the_running_site(docker: Bench, step: str) -> None:
    docker.have_green_images()
    docker.done("start")
    before = dict(docker.engine.images), dict(docker.engine.containers)
    docker.engine.failing = (step,)
    assert docker.run("bootstrap").code == 1
    assert (docker.engine.images, docker.engine.containers) == before
    assert docker.engine.running() == {"shop"}


@pytest.mark.parametrize(
    ("where", "how"), [("site-bootstrap build", signal.SIGINT), ("exec shop-smoke python3", signal.SIGTERM)]
)
def test_an_interrupt_leaves_nothing_behind(docker: Bench, where: str, how: signal.Signals) -> None:
    ended = docker.interrupted("bootstrap", where=where, how=how)
    assert (ended.code, ended.err.splitlines()[-1]) == (130, "launcher: interrupted.")
    assert docker.engine.containers == {}
    assert docker.images() == []


def test_the_smoke_test_asks_where_the_site_listens(docker: Bench) -> None:
    docker.describe(params={"listen": "127.0.0.1:8123"})
    docker.done("bootstrap")
    assert "exec shop-smoke python3 /smoke_test.py http://127.0.0.1:8123" in docker.engine.commands()


def test_a_branch_may_be_built_that_is_not_checked_out(docker: Bench) -> None:
    newer = docker.push("code.py", "# newer\n")
    docker.git("fetch", "--quiet")
    docker.describe(labels={"launcher.ref": "origin/main"})
    docker.done("bootstrap")
    assert docker.engine.images["localhost/logster-shop:good"].labels["launcher.source"] == newer
    assert (docker.checkout / "code.py").read_text() == "# as committed\n"
