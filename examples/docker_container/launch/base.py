"""The base image: which software is on the box. Built when it is missing, and when its directory has changed."""

from __future__ import annotations

from launch.engine import Engine
from launch.place import Place
from launch.terminal import say

BASE = "localhost/logster-base:1"
HASH_LABEL = "launcher.image"


def is_current(engine: Engine, place: Place) -> bool:
    labels = engine.labels("image", BASE)
    return labels is not None and labels.get(HASH_LABEL) == place.hash_of_image()


def ensure(engine: Engine, place: Place) -> None:
    """Build the base image unless it is what the directory `image` says."""
    if is_current(engine, place):
        return
    say("Building the base image, which takes some minutes the first time.")
    label = f"{HASH_LABEL}={place.hash_of_image()}"
    engine.do("build", "--tag", BASE, "--label", label, str(place.directory / "image"))
