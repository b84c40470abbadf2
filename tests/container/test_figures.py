"""What a site takes: size, memory, and time to the first answer. `FIGURES=FILE` writes them down."""

import os
import platform
import statistics
import time
from pathlib import Path

from tests.container.clients import Clients
from tests.container.engine import buildah, state
from tests.container.host import Host
from tests.container.measures import memory
from tests.container.proxies import free_ports
from tests.store.waiting import wait_until

MOST_MB = 250
MOST_MEMORY_MB = 150
STARTS = 5
UPDATES = 3

TEMPLATE = """# Figures of the image

Measured by `make test-container FIGURES=docs/deployment_figures.md` on {machine}. A shared machine: times vary.

| | aim | measured |
|---|---|---|
| size of the site's image, unpacked | under {most_mb} MB | {size:.0f} MB |
| memory of the whole container, idle, two workers (PSS) | under {most_memory_mb} MB | {memory:.0f} MB |
| first process of the container to the first answered request, median of {starts} | under 3 s | {start:.1f} s |
| requests during {updates} updates in place, and of these failed | 0 | {requests:,}, {failures} failed |
"""


def size_mb() -> float:
    """Return the size of the files of the image."""
    worker, place = buildah.begin("localhost/logster-shop:good")
    try:
        seen: set[int] = set()
        total = 0
        for path in place.rglob("*"):
            status = path.lstat()
            if status.st_ino not in seen:
                seen.add(status.st_ino)
                total += status.st_size
        return total / 1e6
    finally:
        buildah.remove(worker)


def started(pid: int) -> float:
    """Return when a process was started, in seconds since the machine was."""
    ticks = int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[19])
    return ticks / os.sysconf("SC_CLK_TCK")


def start_seconds(host: Host) -> float:
    """Return how long a new container with no data takes from its first process until it answers a request."""
    port = free_ports(1)[0]
    fresh = host.other("cold", port)
    options = ("--detach", "--pull", "never", "--name", "cold", "--publish", f"127.0.0.1:{port}:80")
    rooted = ("--read-only", "--tmpfs", "/run", "--tmpfs", "/tmp", "--volume", "/opt/site", "--volume", "/shared")
    host.engine("run", *options, *rooted, "localhost/logster-shop:good")
    while fresh.status("/") != 200:
        time.sleep(0.01)
    # Without what the engine itself needs to lay out the files.
    taken = time.clock_gettime(time.CLOCK_BOOTTIME) - started(fresh.container.pid)
    host.engine("rm", "--force", "--volumes", "cold")
    return taken


def test_a_site_is_small(shop: Host) -> None:
    shop.launch("restart")
    wait_until(lambda: shop.status("/") == 200)
    time.sleep(2)  # idle
    used = memory(state.find("shop").pid) / 1e3  # type: ignore[union-attr]
    size = size_mb()
    assert size < MOST_MB
    assert used < MOST_MEMORY_MB
    starts = [start_seconds(shop) for _ in range(STARTS)]
    with Clients(shop.port) as clients:
        for _ in range(UPDATES):
            clients.wait_for(50)
            shop.inside("site-update", "/opt/site/current/")
        clients.wait_for(50)
    assert clients.failures == []
    text = TEMPLATE.format(
        machine=f"{os.cpu_count()} cores, Linux {platform.release()}",
        most_mb=MOST_MB,
        size=size,
        most_memory_mb=MOST_MEMORY_MB,
        memory=used,
        starts=STARTS,
        start=statistics.median(starts),
        updates=UPDATES,
        requests=len(clients.answers),
        failures=len(clients.failures),
    )
    print(f"\n{text}")
    if place := os.environ.get("FIGURES"):
        Path(place).write_text(text)
