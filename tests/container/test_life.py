"""A site from its first day to its last, by the launcher, on a real image under real supervision."""

import json
import os
import signal
import socket
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.container.clients import Clients
from tests.container.host import Host
from tests.container.measures import Process, processes
from tests.store.waiting import wait_until

sys.path.insert(0, str(Path(__file__).parents[2] / "examples/docker_container"))

import smoke_test

PITCH = "The error log inside your app"
PAGE = "web/templates/home.html"
BACK_SECONDS = 5


@pytest.fixture
def running(shop: Host) -> Iterator[Host]:
    """The site, which runs and is healthy, before and after the test."""
    wait_until(lambda: is_healthy(shop))
    yield shop
    wait_until(lambda: is_healthy(shop))


def is_healthy(host: Host) -> bool:
    return host.status("/healthz") == 200 and not host.inside("sh", "-c", "site-health 2>&1 || true")


def named(host: Host, name: str) -> list[Process]:
    return [each for each in processes(host.container.pid) if each.name == name]


def first_of(host: Host, name: str) -> Process:
    """Return the oldest process of a name."""
    return min(named(host, name), key=lambda each: started(each.pid))


def orphans(host: Host) -> list[str]:
    """Return the programs that nobody supervises; an app server that took over from another is followed by its file."""
    master = (host.root / "run/site/gunicorn.pid").read_text().strip()
    own = host.container.pid
    found = []
    for each in processes(own):
        status = Path(f"/proc/{each.pid}/status").read_text()
        parent = int(status.split("PPid:\t")[1].split()[0])
        inside = status.split("NSpid:\t")[1].splitlines()[0].split()[-1]
        if parent == own and each.name != "runsvdir" and inside != master:
            found.append(each.name)
    return found


def started(pid: int) -> int:
    return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[19])


def page_says(host: Host, text: str) -> bool:
    status, _, body = host.get("/")
    return status == 200 and text in body.decode()


def write_entry(host: Host, message: str) -> None:
    """Let a program in the container report an error."""
    host.inside("logster", "report", "--level", "error", message)


def messages(host: Host) -> str:
    return host.inside("logster", "search", "--json")


def test_bootstrap_tests_the_image_that_it_made(shop: Host) -> None:
    said = shop.launch("rebuild")
    assert "FAIL" not in said
    for step in ("Python error", "JavaScript error"):
        assert f"ok    {step}" in said or step.lower() in said.lower()


@pytest.mark.parametrize("service", ["valkey-server", "nginx", "site-app", "site-serve", "svlogd"])
def test_a_service_that_is_killed_is_back(running: Host, service: str) -> None:
    if service == "site-app":
        retake(running)  # it is followed as well once it has executed itself anew
    before = {each.pid for each in named(running, service)}
    victim = first_of(running, service)
    back_by = time.monotonic() + BACK_SECONDS
    os.kill(victim.pid, signal.SIGKILL)
    wait_until(lambda: len({each.pid for each in named(running, service)} - before) > 0, BACK_SECONDS)
    wait_until(lambda: is_healthy(running), back_by - time.monotonic())
    # What the one that was killed had started ends, and holds on to nothing.
    wait_until(lambda: orphans(running) == [])


def test_a_worker_that_is_killed_is_back(running: Host) -> None:
    master = int((running.root / "run/site/gunicorn.pid").read_text())
    workers = {each.name for each in (running.root / "run/site/serving").iterdir()}
    victim = next(iter(workers))
    running.inside("sh", "-c", f"kill -KILL {victim}")
    wait_until(lambda: len(serving(running) - {victim}) == len(workers), BACK_SECONDS)
    assert int((running.root / "run/site/gunicorn.pid").read_text()) == master


def serving(host: Host) -> set[str]:
    return {each.name for each in (host.root / "run/site/serving").iterdir()}


def test_changed_code_is_taken_over_and_given_back_with_no_failed_request(running: Host) -> None:
    pid = running.container.pid
    running.push(PAGE, PITCH, "Newer words on the page")
    with Clients(running.port) as clients:
        clients.wait_for(50)
        said = running.launch("update")
        assert "Only code has changed" in said
        clients.wait_for(50)
        assert page_says(running, "Newer words on the page")
        said = running.launch("rollback")
        assert "going back within the running container" in said
        clients.wait_for(50)
        assert page_says(running, PITCH)
    assert clients.failures == []
    assert running.container.pid == pid, "the container is the same"
    running.push(PAGE, "Newer words on the page", PITCH)
    running.launch("update")


def test_requests_that_take_long_are_answered_through_an_update(running: Host) -> None:
    """One that has begun when the update begins, and whose body comes bit by bit."""
    with socket.create_connection(("127.0.0.1", running.port), timeout=30) as slow:
        slow.sendall(b"GET /docs/ HTTP/1.1\r\nHost: localhost\r\n")
        thread = threading.Thread(target=retake, args=(running,))
        thread.start()
        time.sleep(0.5)
        slow.sendall(b"Connection: close\r\n\r\n")
        answer = b""
        while chunk := slow.recv(65_536):
            answer += chunk
        thread.join()
    assert answer.startswith(b"HTTP/1.1 200")
    assert answer.rstrip().endswith(b"</html>")


def retake(host: Host) -> None:
    """Let the code that runs take over from itself."""
    host.inside("sh", "-ec", "site-update /opt/site/current/ 2>&1")


def test_code_that_cannot_serve_never_serves(running: Host) -> None:
    broken = """
        rm -rf /tmp/broken && mkdir /tmp/broken && cp -rL /opt/site/current/. /tmp/broken
        rm -rf /tmp/broken/dependencies
        echo 'raise RuntimeError("broken on purpose")' >> /tmp/broken/web/production.py
        site-update /tmp/broken
    """
    before = (running.root / "opt/site/current").readlink()
    with Clients(running.port) as clients:
        clients.wait_for(20)
        said = running.inside("sh", "-c", broken, code=1)
        clients.wait_for(20)
    assert clients.failures == []
    assert "The old one goes on" in said
    assert (running.root / "opt/site/current").readlink() == before
    running.inside("rm", "-rf", "/tmp/broken")


def test_an_update_that_is_red_changes_nothing(running: Host) -> None:
    pid = running.container.pid
    running.push("web/templates/home.html", "Logster: the error log", "Hello: the error log")
    said = running.launch("update", code=1)
    assert "FAIL  home page: expected a title that says Logster" in said
    assert "is red" in said
    assert running.container.pid == pid
    assert page_says(running, PITCH)
    running.push("web/templates/home.html", "Hello: the error log", "Logster: the error log")
    assert "up to date" in running.launch("update")


def test_a_container_that_is_replaced_leaves_the_data(running: Host) -> None:
    write_entry(running, "kept when the container goes")
    pid = running.container.pid
    running.launch("restart")
    assert running.container.pid != pid
    assert "kept when the container goes" in messages(running)
    running.launch("destroy", "--yes")
    running.launch("start")
    assert "kept when the container goes" in messages(running)


def test_what_was_logged_in_the_last_moment_is_written(running: Host) -> None:
    """A worker holds it still when SIGTERM comes, and hands it over before Valkey goes."""
    visitor = smoke_test.Browser(f"http://127.0.0.1:{running.port}/")
    demo = smoke_test.Page(visitor.get(f"{visitor.origin}/demo", smoke_test.HTML))
    log = f"{visitor.origin}/logs/api/entries?q=marker"
    form = demo.form("/demo/(?!fresh)[a-z]+")
    pid = running.container.pid
    for number in range(5):
        form.action = f"{form.action.partition('?')[0]}?marker=last{number}words"
        visitor.submit(form).expect()
    os.kill(pid, signal.SIGTERM)
    wait_until(lambda: not running.container.is_running)
    last = (running.shared / "log/valkey/current").read_text().rpartition("User requested shutdown")[2]
    assert "ready to exit" in last
    running.launch("start")
    samples = json.dumps(json.loads(visitor.get(log).expect().text))
    key = json.loads(samples)["entries"][0]["key"]
    entry = visitor.get(f"{visitor.origin}/logs/api/entries/{key}").expect().text
    assert json.loads(entry)["count"] == 5, "each of them was counted"


def test_a_newer_form_of_data_is_made_on_start_and_older_code_refuses_it(running: Host) -> None:
    newer = """
set -e
rm -rf /tmp/newer && mkdir /tmp/newer && cp -rL /opt/site/current/. /tmp/newer && rm -rf /tmp/newer/dependencies
sed -i 's/^SCHEMA = 1$/SCHEMA = 2/' /tmp/newer/logster/store/schema.py
printf '\\n\\nMIGRATIONS[1] = lambda connection, keys: None\\n' >> /tmp/newer/logster/store/schema.py
site-update /tmp/newer
"""
    write_entry(running, "of the older form")
    with Clients(running.port) as clients:
        clients.wait_for(20)
        said = running.inside("sh", "-c", newer)
        clients.wait_for(20)
        assert "from form 1 to 2" in said
        refused = running.inside("site-rollback", code=1)
        clients.wait_for(20)
    assert clients.failures == []
    assert "written by a newer Logster" in refused
    assert "of the older form" in messages(running)
    # And an image that knows the older form alone does not start.
    running.launch("stop")
    log = running.shared / "log/app/current"
    told = log.read_text().count("written by a newer Logster")
    with running.launching("start"):
        wait_until(lambda: log.read_text().count("written by a newer Logster") > told)
        wait_until(lambda: running.status("/") == 502)
    running.launch("destroy", "--yes", "--with-data")
    running.launch("start")


def test_doctor_finds_all_in_order(running: Host) -> None:
    said = running.launch("doctor")
    assert "fail" not in said.lower().replace("failed", "")
