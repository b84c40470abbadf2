"""What each command of the launcher does, by name."""

from __future__ import annotations

import os
import sys
from argparse import Namespace
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from launch import base, build, container, images, prerequisites, site
from launch import update as updating
from launch.deployment import APP, VALKEY, Deployment
from launch.doctor import examine
from launch.engine import Engine
from launch.failure import FAILED, WRONG_USE, Failure
from launch.place import Place
from launch.site import Site
from launch.source import Source
from launch.terminal import confirm, note, say


@dataclass(frozen=True)
class Work:
    """One run of the launcher: which site, with which engine, and what else was typed."""

    engine: Engine
    place: Place
    typed: Namespace

    def prepared(self, *, builds: bool = False) -> Site:
        """Return what the config says, once all is there that the command needs."""
        prerequisites.require(self.engine, self.place, builds=builds)
        base.ensure(self.engine, self.place)
        return site.read(self.engine, self.place)

    def deployment(self) -> Deployment:
        return Deployment(self.engine, self.place, self.prepared())

    def source(self, found: Site) -> Source:
        ref = self.typed.ref or found.labels.get("launcher.ref", "")
        return Source(self.place.directory, ref, self.engine.dry)


def bootstrap(work: Work) -> None:
    """Build the site's image, smoke-test it, and tag it as good when it is green."""
    _bootstrap(work, work.prepared(builds=True))
    say(f"`launcher start {work.place.name}` or `launcher restart {work.place.name}` lets it run.")


def _bootstrap(work: Work, found: Site) -> None:
    source = work.source(found)
    image = build.bootstrap(work.engine, work.place, found, source, source.commit())
    images.promote(work.engine, work.place, image)
    say(f"{image} is green, and is {work.place.image(images.GOOD)} now.")


def start(work: Work) -> None:
    """Start the good image."""
    deployment = work.deployment()
    image = images.require(work.engine, work.place, images.GOOD)
    if running := deployment.running():
        say(f"{' and '.join(running)} runs already; `launcher restart {work.place.name}` starts it anew.")
        return
    deployment.start(image)
    say(f"{work.place.name} is up.")


def stop(work: Work) -> None:
    """Stop the site when it has answered what it has begun."""
    work.deployment().stop()


def restart(work: Work) -> None:
    """Stop the site and start the good image; it is away for some seconds."""
    deployment = work.deployment()
    image = images.require(work.engine, work.place, images.GOOD)
    deployment.stop()
    deployment.start(image)
    say(f"{work.place.name} is up.")


def destroy(work: Work) -> None:
    """Remove the site's containers; its data too with --with-data."""
    deployment = work.deployment()
    what = "containers AND DATA" if work.typed.with_data else "containers"
    if not (work.typed.yes or work.engine.dry or confirm(f"Remove the {what} of site {work.place.name!r}?")):
        raise Failure("Nothing was removed; --yes does it without asking.", WRONG_USE)
    deployment.stop()
    deployment.remove()
    if work.typed.with_data:
        for volume in deployment.site.volumes:
            # Inside a container: what lies there belongs to the users of the image.
            mount = f"{work.place.directory / volume['host']}:/data"
            words = ("--rm", "--pull", "never", "--network", "none", "--volume", mount, base.BASE)
            work.engine.do("run", *words, "find", "/data", "-mindepth", "1", "-delete")


def enter(work: Work) -> None:
    """Open a shell in the running container."""
    terminal = ["--tty"] if sys.stdin.isatty() else []
    work.engine.replace("exec", "--interactive", *terminal, _one_running(work), "bash")


def logs(work: Work) -> None:
    """Show what the running container prints."""
    options = ["--follow"] if work.typed.follow else []
    work.engine.replace("logs", *options, "--tail", str(work.typed.tail), _one_running(work))


def run(work: Work) -> int:
    """Run a command in a container of its own, with the site's image, data and variables."""
    if not work.typed.words:
        raise Failure(f"Say what to run: launcher run {work.place.name} -- COMMAND", WRONG_USE)
    found = work.prepared()
    image = images.require(work.engine, work.place, images.GOOD)
    terminal = ["--tty"] if sys.stdin.isatty() else []
    with site.environment(work.engine, work.place, found) as variables:
        options = [*container.confined(work.place, "run"), *container.volumes(work.place, found), *variables]
        return work.engine.call("run", "--rm", "--interactive", *terminal, *options, image, *work.typed.words)


def rebuild(work: Work) -> None:
    """Bootstrap, and put the new image in the place of what runs, whether anything has changed or not."""
    found = work.prepared(builds=True)
    deployment = Deployment(work.engine, work.place, found)
    source = work.source(found)
    image = build.bootstrap(work.engine, work.place, found, source, source.commit())
    if deployment.running() or work.engine.dry:
        deployment.swap(image, work.place.image(images.GOOD))
    else:
        deployment.start(image)
    images.promote(work.engine, work.place, image)


def update(work: Work) -> None:
    """Fetch, bootstrap, and let the new image take over; nothing happens where nothing has changed."""
    prerequisites.require(work.engine, work.place, builds=True)
    if not work.typed.fetched:
        known = site.read(work.engine, work.place) if base.is_current(work.engine, work.place) else Site()
        source = work.source(known)
        before = source.commit()
        source.fetch()
        if not source.ref and source.commit() != before:
            _go_on_as_fetched()
    found = work.prepared(builds=True)
    source = work.source(found)
    updating.update(Deployment(work.engine, work.place, found), source, force=work.typed.force)
    _sweep(work)


def _go_on_as_fetched() -> None:
    """Start the launcher anew as it was fetched; the lock is free for a moment, which whoever takes it is told."""
    sys.stderr.flush()
    os.execv(sys.executable, [sys.executable, *sys.argv, "--fetched"])


def rollback(work: Work) -> None:
    """Put the image before in the place of the good one."""
    found = work.prepared()
    updating.rollback(Deployment(work.engine, work.place, found))


def cleanup(work: Work) -> None:
    """Remove images that are neither good nor previous, and what builds left behind."""
    prerequisites.require(work.engine, work.place)
    _sweep(work)


def _sweep(work: Work) -> None:
    for part in ("build", "smoke"):
        container.remove(work.engine, work.place.container(part))
    for role in (APP, VALKEY):
        running = container.names(work.engine, work.place, role)
        for name in container.names(work.engine, work.place, role, stopped=True):
            if name not in running and running:
                container.remove(work.engine, name)
    for image in images.superfluous(work.engine, work.place):
        work.engine.call("image", "rm", image)
    work.engine.call("image", "prune", "--force", "--filter", f"label={base.HASH_LABEL}")


def doctor(work: Work) -> int:
    """Look whether everything is there that the site needs."""
    work.place.require_config()
    if work.engine.dry:
        note("The doctor only looks, and changes nothing.")
        return 0
    return 0 if examine(work.engine, work.place) else FAILED


def _one_running(work: Work) -> str:
    if work.engine.dry:
        return work.place.container()
    running = container.names(work.engine, work.place, APP)
    if not running:
        raise Failure(f"Nothing runs of site {work.place.name!r}; `launcher start {work.place.name}` starts it.")
    return running[0]


COMMANDS: dict[str, Callable[[Work], object]] = {
    each.__name__: each
    for each in (bootstrap, start, stop, restart, destroy, enter, logs, run, rebuild, update, rollback, cleanup, doctor)
}

UNLOCKED: Sequence[str] = ("enter", "logs", "run", "doctor")
"""These change nothing that another command could stumble over."""
