"""What a site's config says. The base image reads it, so that the host needs no YAML; this keeps the answer."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from launch.base import BASE
from launch.engine import Engine
from launch.failure import WRONG_USE, Failure
from launch.place import Place
from launch.terminal import note

_FOR_OTHERS = 0o077


@dataclass(frozen=True)
class Site:
    """The config, of secrets the names alone; values that only the launcher's environment knows are kept apart."""

    params: Mapping[str, str] = field(default_factory=dict)
    env: Mapping[str, str] = field(default_factory=dict)
    secrets: Sequence[str] = ()
    expose: Sequence[str] = ()
    volumes: Sequence[Mapping[str, str]] = ()
    labels: Mapping[str, str] = field(default_factory=dict)
    given: Mapping[str, str] = field(default_factory=dict, repr=False)


def read(engine: Engine, place: Place) -> Site:
    """Return what the config says; a dry run tells it from the last time, since it may not start the base image.

    Raises:
        Failure: the config is wrong, or holds secrets that others may read.
    """
    remembered = place.state / f"{place.name}.json"
    if engine.dry:
        engine.call("run", *_task(place, "check"))
        if not remembered.is_file():
            note("The config was not read yet: ports, volumes and variables are not shown.")
            return Site()
        return _site(json.loads(remembered.read_text()), {})
    text = engine.answer("run", *_task(place, "check"))
    said = json.loads(text)
    if said["secrets"]:
        _require_private(place.config)
    place.state.mkdir(exist_ok=True)
    remembered.write_text(text)
    # From here on the values are in this process alone: not in the environment of what it starts.
    return _site(said, {name: os.environ.pop(name) for name in said["secrets"] if name in os.environ})


@contextmanager
def environment(engine: Engine, place: Place, site: Site) -> Iterator[list[str]]:
    """Give the words that hand the site's variables to a container: secrets by a file that is gone afterwards."""
    words = [word for name, value in site.env.items() for word in ("--env", f"{name}={value}")]
    if not site.secrets:
        yield words
    elif engine.dry:
        yield [*words, "--env-file", "SECRETS"]
    else:
        descriptor, path = tempfile.mkstemp(prefix="launcher-")  # of mode 0600
        try:
            with os.fdopen(descriptor, "w") as file:
                file.writelines(f"{name}={value}\n" for name, value in _secrets(engine, place, site).items())
            yield [*words, "--env-file", path]
        finally:
            Path(path).unlink()


def _secrets(engine: Engine, place: Place, site: Site) -> dict[str, str]:
    written = json.loads(engine.answer("run", *_task(place, "secrets")))
    values = {name: value or site.given.get(name, "") for name, value in written.items()}
    for name, value in values.items():
        if not value:
            raise Failure(
                f"The secret {name} has no value: write one into {place.config}, or export {name}.", WRONG_USE
            )
        if "\n" in value:
            raise Failure(f"The secret {name} has several lines, which no engine takes from a file.", WRONG_USE)
    return values


def _task(place: Place, task: str) -> tuple[str, ...]:
    options = ("--rm", "--pull", "never", "--network", "none", "--volume", place.mount)
    return (*options, BASE, "site-bootstrap", task, place.config_inside)


def _site(said: Mapping[str, object], given: Mapping[str, str]) -> Site:
    return Site(**{name: value for name, value in said.items() if name != "name"}, given=given)  # type: ignore[arg-type]


def _require_private(config: Path) -> None:
    if config.stat().st_mode & _FOR_OTHERS:
        raise Failure(f"{config} holds secrets, and others may read it. Do this first: chmod 600 {config}", WRONG_USE)
