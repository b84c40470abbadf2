"""`launcher doctor`: everything that a site needs, a line each."""

from __future__ import annotations

from collections.abc import Iterator

from launch import base, container, images, prerequisites, site
from launch.deployment import VALKEY, Deployment
from launch.engine import Engine
from launch.failure import Failure
from launch.front import Front
from launch.place import Place
from launch.prerequisites import Finding


def examine(engine: Engine, place: Place) -> bool:
    """Print what was found, and return whether all is fine."""
    is_fine = True
    for finding in _findings(engine, place):
        print(f"{'ok' if finding.is_fine else 'fail':<5} {finding.what:<10} {finding.text}")
        is_fine = is_fine and finding.is_fine
    return is_fine


def _findings(engine: Engine, place: Place) -> Iterator[Finding]:
    for finding in prerequisites.findings(engine, place):
        yield finding
        if finding.what == "engine" and not finding.is_fine:
            return
    if not base.is_current(engine, place):
        yield Finding("base", False, f"The base image is missing or old; `launcher bootstrap {place.name}` builds it.")
        return
    yield Finding("base", True, f"{base.BASE} is what the directory image/ says.")
    try:
        deployment = Deployment(engine, place, site.read(engine, place))
    except Failure as error:
        yield Finding("config", False, str(error))
        return
    yield Finding("config", True, f"{place.config} is right, and no secret in it is for others to read.")
    yield _good(engine, place)
    yield from _running(deployment)


def _good(engine: Engine, place: Place) -> Finding:
    if engine.image_id(place.image(images.GOOD)):
        return Finding("image", True, f"{place.image(images.GOOD)} is there.")
    return Finding("image", False, f"There is no green image yet; `launcher bootstrap {place.name}` makes one.")


def _running(deployment: Deployment) -> Iterator[Finding]:
    engine, place = deployment.engine, deployment.place
    names = deployment.running()
    if not names:
        yield Finding("site", False, f"Nothing runs; `launcher start {place.name}` starts it.")
    for name in [*names, *container.names(engine, place, VALKEY)]:
        if engine.ask("exec", name, container.HEALTH) is None:
            yield Finding("site", False, f"{name} runs, and is not healthy; `launcher logs {place.name}` says more.")
        else:
            yield Finding("site", True, f"{name} is healthy.")
    if deployment.front:
        yield _front(deployment.front, place)


def _front(proxy: Front, place: Place) -> Finding:
    try:
        serving = proxy.serving()
    except Failure as error:
        return Finding("front", False, str(error))
    if serving:
        return Finding("front", True, f"The proxy sends requests to {' and '.join(serving)}.")
    return Finding("front", False, f"The proxy sends requests nowhere; `launcher restart {place.name}` mends it.")
