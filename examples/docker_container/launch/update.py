"""Newer code, config or software for a site that goes on answering meanwhile, and the way back."""

from __future__ import annotations

from launch import build, images
from launch.base import HASH_LABEL
from launch.build import CONFIG_LABEL, SOURCE_LABEL
from launch.deployment import Deployment
from launch.engine import Engine
from launch.failure import Failure
from launch.place import Place
from launch.source import Source
from launch.terminal import note, say

_WIRING = (HASH_LABEL, CONFIG_LABEL)
_UNPACK = (
    "rm -rf /tmp/source && mkdir /tmp/source && tar -xC /tmp/source && exec /usr/local/bin/site-update /tmp/source"
)


def update(deployment: Deployment, source: Source, *, force: bool = False) -> None:
    """Build what was fetched, and let it take over once it is green.

    Args:
        force: build also what runs already, or was rolled back.

    Raises:
        Failure: something went wrong; the running site is what it was.
    """
    engine, place = deployment.engine, deployment.place
    commit = source.commit()
    wanted = build.identity(place, commit)
    if not force and (reason := _reason_to_stay(engine, place, wanted)):
        say(reason)
        return
    image = build.bootstrap(engine, place, deployment.site, source, commit)
    if deployment.running() or engine.dry:
        _take_over(deployment, source, commit, image, wanted)
    images.promote(engine, place, image)
    say(f"{place.name} is up to date with commit {commit[:12]}.")


def rollback(deployment: Deployment) -> None:
    """Put the image before in the place of the good one.

    Raises:
        Failure: there is none, or it did not get healthy; the running site is what it was.
    """
    engine, place = deployment.engine, deployment.place
    good = images.require(engine, place, images.GOOD)
    previous = images.require(engine, place, images.PREVIOUS)
    labels = engine.labels("image", previous) or {}
    if deployment.running() or engine.dry:
        names = [name for name in deployment.running() if _is_one_release_back(engine, place, name, labels)]
        if names:
            say("Only code differs: going back within the running container.")
            engine.do("exec", names[0], "/usr/local/bin/site-rollback")
        else:
            deployment.swap(previous, good)
    images.step_back(engine, place)
    commit = labels.get(SOURCE_LABEL, "")[:12]
    say(f"{place.name} is back at commit {commit}; the same command goes forward again.")


def _reason_to_stay(engine: Engine, place: Place, wanted: dict[str, str]) -> str:
    if build.same(engine.labels("image", place.image(images.GOOD)), wanted):
        return f"{place.name} is up to date. --force builds it anew."
    if build.same(engine.labels("image", place.image(images.ROLLED_BACK)), wanted):
        return f"{place.name} was rolled back from this very commit and config. --force deploys it again."
    return ""


def _take_over(deployment: Deployment, source: Source, commit: str, image: str, wanted: dict[str, str]) -> None:
    engine = deployment.engine
    if engine.dry:
        note("Where only code has changed:")
        _hand_over(engine, deployment.place.container(), source, commit)
        note("Otherwise:")
    running = deployment.running()
    if len(running) == 1 and build.same(engine.labels("container", running[0]), wanted, _WIRING):
        _hand_over(engine, running[0], source, commit)
    else:
        deployment.swap(image, deployment.place.image(images.GOOD))


def _hand_over(engine: Engine, name: str, source: Source, commit: str) -> None:
    say("Only code has changed: handing it to the running container.")
    with source.packed(commit) as archive:
        code = engine.call("exec", "--interactive", name, "sh", "-ec", _UNPACK, stdin=archive)
    if code:
        raise Failure(f"The new release did not get healthy in {name}, which goes on with the one before.")


def _is_one_release_back(engine: Engine, place: Place, name: str, labels: dict[str, str]) -> bool:
    """Return whether the release before in a container is the image before: it was updated in place just now."""
    was_rolled_back = engine.image_id(place.image(images.ROLLED_BACK)) is not None
    runs = engine.ask("container", "inspect", "--format", "{{.Image}}", name)
    is_started_from_good = runs == engine.image_id(place.image(images.GOOD))
    wired_alike = build.same(engine.labels("image", place.image(images.GOOD)), labels, _WIRING)
    return wired_alike and not is_started_from_good and not was_rolled_back
