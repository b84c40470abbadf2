"""A machine with an engine, and a site on it: the base image, the site's image and its container are real.

What has to be there is installed: buildah and debootstrap, by apt. Images are built once for the whole run.
"""

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.container.host import Host
from tests.container.packages import install

ROOT = Path(__file__).parents[2]
CACHE = ROOT / "build/container"
"""What takes long and does not change: kept until `make clean`."""


@pytest.fixture(scope="session", autouse=True)
def machine() -> None:
    """A machine on which containers can be made at all."""
    if sys.platform != "linux" or os.geteuid() != 0:
        pytest.exit("Containers are made with namespaces, for which Linux and its root are needed.", returncode=1)


@pytest.fixture(scope="session")
def debian() -> Path:
    """A small Debian as a tar archive, without what the images of Debian leave out too."""
    install("debootstrap")
    archive = CACHE / "debian-trixie.tar"
    if not archive.is_file():
        CACHE.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=CACHE) as name:
            place = Path(name) / "debian"
            words = ("debootstrap", "--variant=minbase", "trixie", str(place))
            subprocess.run(words, check=True, stdout=subprocess.DEVNULL)
            for each in ("usr/share/doc", "usr/share/man", "usr/share/locale", "var/lib/apt/lists", "var/cache/apt"):
                shutil.rmtree(place / each)
                (place / each).mkdir()
            unfinished = Path(name) / "debian.tar"
            subprocess.run(["tar", "-C", str(place), "-cf", str(unfinished), "."], check=True)
            unfinished.rename(archive)
    return archive


@pytest.fixture(scope="session")
def wheels() -> Path:
    """The packages that the app needs, for the Python of the image, so that containers need no network."""
    place = CACHE / "wheels"
    place.mkdir(parents=True, exist_ok=True)
    sys.path.insert(0, str(ROOT / "examples/docker_container/image"))
    from releases.making import wanted

    packages, group = wanted(ROOT)
    target = ("--python-version", "3.13", "--only-binary=:all:", "--dest", str(place))
    words = (sys.executable, "-m", "pip", "download", "--quiet", *target, "--group", group, *packages)
    subprocess.run(words, check=True)
    return place


@pytest.fixture(scope="session")
def host(debian: Path, wheels: Path) -> Iterator[Host]:
    """A host with an engine, a checkout of what lies here, and the site `shop`, which was bootstrapped and runs."""
    install("buildah")
    with tempfile.TemporaryDirectory(prefix="host-") as name:
        host = Host(Path(name), ROOT, wheels)
        host.engine_has(debian)
        try:
            yield host
        finally:
            host.end()
            os.sync()


@pytest.fixture(scope="session")
def shop(host: Host) -> Iterator[Host]:
    host.launch("bootstrap")
    host.launch("start")
    yield host
    host.launch("destroy", "--yes", "--with-data")
