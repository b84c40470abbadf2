"""From a config to an image that has shown that it works: build, commit, and a smoke test of that very image."""

from __future__ import annotations

import signal
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime, timezone

from launch import container
from launch.base import BASE, HASH_LABEL
from launch.engine import Engine
from launch.failure import Failure
from launch.place import Place
from launch.site import Site, environment
from launch.source import Source
from launch.terminal import say

SOURCE_LABEL, CONFIG_LABEL = "launcher.source", "launcher.config"

_BOOT = "/sbin/boot"
_SMOKE_TEST = "smoke_test.py"


def identity(place: Place, commit: str) -> dict[str, str]:
    """Return the labels that say what an image was made of."""
    return {SOURCE_LABEL: commit, HASH_LABEL: place.hash_of_image(), CONFIG_LABEL: place.hash_of_config()}


def same(labels: Mapping[str, str] | None, wanted: Mapping[str, str], names: Sequence[str] = ()) -> bool:
    """Return whether labels say the same, all or those of `names`."""
    return labels is not None and all(labels.get(name) == wanted.get(name) for name in names or wanted)


def bootstrap(engine: Engine, place: Place, site: Site, source: Source, commit: str) -> str:
    """Return a green image of the site. Nothing else is tagged, and what is not green is removed.

    Raises:
        Failure: a step of the config failed, or the smoke test is red.
    """
    image = _build(engine, place, source, commit)
    try:
        with environment(engine, place, site) as variables:
            _smoke_test(engine, place, site, image, variables)
    except BaseException:
        with undisturbed():
            engine.call("image", "rm", image, quiet=True)
        raise
    return image


def _build(engine: Engine, place: Place, source: Source, commit: str) -> str:
    """Build the site's image in a container, and return its name; it has no tag but the time.

    Raises:
        Failure: a step of the config failed.
    """
    builder = place.container("build")
    image = place.image(datetime.now(timezone.utc).strftime("%Y%m%d%H%M%S"))
    say(f"Building {image} from commit {commit[:12]}.")
    with source.exported(commit) as directory, _thrown_away(engine, builder):
        mounts = ("--volume", place.mount, "--volume", f"{directory}:/source:ro")
        task = (BASE, "site-bootstrap", "build", place.config_inside)
        engine.do("run", "--name", builder, "--pull", "never", *mounts, *task)
        labels = {container.SITE_LABEL: place.name, **identity(place, commit)}
        changes = [f'CMD ["{_BOOT}"]', *(f"LABEL {name}={value}" for name, value in labels.items())]
        engine.do("commit", *(word for each in changes for word in ("--change", each)), builder, image)
    return image


def _smoke_test(engine: Engine, place: Place, site: Site, image: str, variables: Sequence[str]) -> None:
    """Start the image with throw-away data and no network, and test it from inside.

    Raises:
        Failure: it did not become healthy, or the test was not green.
    """
    name = place.container("smoke")
    say(f"Smoke-testing {image}.")
    with _thrown_away(engine, name):
        script = place.directory / _SMOKE_TEST
        alone = ("--network", "none", "--volume", "/shared", "--volume", f"{script}:/{_SMOKE_TEST}:ro")
        container.start(engine, place, name, image, "smoke", [*alone, *variables])
        container.wait_healthy(engine, name)
        if engine.call("exec", name, "python3", f"/{_SMOKE_TEST}", _address(site)):
            engine.call("logs", "--tail", "50", name)
            raise Failure(f"The smoke test of {image} is red; what it said stands above.")


def _address(site: Site) -> str:
    port = site.params.get("listen", "80").rpartition(":")[2]
    return f"http://127.0.0.1:{port}"


@contextmanager
def _thrown_away(engine: Engine, name: str) -> Iterator[None]:
    """Remove a container before and after, however it ends."""
    container.remove(engine, name)
    try:
        yield
    finally:
        with undisturbed():
            container.remove(engine, name)


@contextmanager
def undisturbed() -> Iterator[None]:
    """Let a second Ctrl-C not leave behind what the first one made superfluous."""
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
