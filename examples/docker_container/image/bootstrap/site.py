"""Reads a whole site: its config with its templates mixed in, or every mistake in them."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bootstrap import allowed, environment, steps
from bootstrap.document import Reading, Value, suggestion
from bootstrap.environment import Variable
from bootstrap.place import ConfigWrong, Place
from bootstrap.sources import Source, find
from bootstrap.step import Step

HOOKS = ("before_code", "after_code", "after_all")

_NAME = re.compile(r"[a-z0-9]+([_-][a-z0-9]+)*")
_TELLING_LENGTH = 8
"""Shorter secrets are found in innocent words."""


@dataclass(frozen=True)
class Site:
    """What a site's config says, with its templates and params put in."""

    name: str
    params: Mapping[str, str]
    env: Mapping[str, Variable]
    expose: list[str]
    volumes: list[dict[str, str]]
    labels: Mapping[str, str]
    steps: list[Step]

    def described(self) -> dict[str, Any]:
        """Return what a launcher has to know, as JSON takes it; of secrets only the names."""
        return {
            "name": self.name,
            "params": dict(self.params),
            "env": {name: variable.value for name, variable in self.env.items() if not variable.secret},
            "secrets": [name for name, variable in self.env.items() if variable.secret],
            "expose": self.expose,
            "volumes": self.volumes,
            "labels": dict(self.labels),
        }

    def secrets(self) -> dict[str, str]:
        """Return the values of the secrets, empty where the config leaves one to the launcher's environment."""
        return {name: each.value for name, each in self.env.items() if each.secret}


def read(path: Path) -> Site:
    """Return the site of a config.

    Args:
        path: DIRECTORY/sites/NAME.yml, with the templates below DIRECTORY.

    Raises:
        ConfigWrong: holds every mistake with its file and line.
    """
    reading = Reading()
    sources = find(path, reading)
    _read_params(sources, reading)
    site = Site(
        name=_name(path, reading),
        params=reading.params,
        env=_env(sources),
        expose=_expose(sources),
        volumes=_volumes(sources),
        labels=_labels(sources),
        steps=_steps(sources),
    )
    _find_misspelt(sources, reading)
    _find_secrets(site.secrets(), reading)
    if reading.mistakes:
        raise ConfigWrong(reading.mistakes, site.secrets().values())
    return site


def _sections(sources: Iterable[Source], name: str) -> list[Value]:
    return [source.sections[name] for source in sources if name in source.sections]


def _name(path: Path, reading: Reading) -> str:
    if path.suffix != ".yml" or not _NAME.fullmatch(path.stem):
        what = "the file has to be named NAME.yml: lower-case letters and digits, with single - or _ between them"
        reading.wrong(Place(f"{path.absolute().parent.name}/{path.name}", 1), what)
    return path.stem


def _read_params(sources: list[Source], reading: Reading) -> None:
    """Let the reading know the params: what comes later wins, and the site's own come last."""
    params: dict[str, str] = {}
    lacking: dict[str, Value] = {}
    for section in _sections(sources, "params"):
        for name, value in section.map(allowed.name).items():
            if value.is_empty:
                lacking[name] = value
                continue
            lacking.pop(name, None)
            params[name] = value.written()
            reading.texts.append((value.place, params[name]))
    for name, value in lacking.items():
        value.wrong(f"the param {name!r} has no value; set it under params of the site")
    reading.params, reading.lacking = params, lacking


def _env(sources: list[Source]) -> dict[str, Variable]:
    merged: dict[str, Variable] = {}
    for section in _sections(sources, "env"):
        merged |= environment.read(section)
    return merged


def _labels(sources: list[Source]) -> dict[str, str]:
    return {name: value.text() for section in _sections(sources, "labels") for name, value in section.map().items()}


def _expose(sources: list[Source]) -> list[str]:
    containers: dict[str, str] = {}
    for section in _sections(sources, "expose"):
        for item in section.items():
            host, _, container = item.text(allowed.exposed).rpartition(":")
            if containers.setdefault(host, container) != container:
                item.wrong(f"port {host} of the host already leads to {containers[host]}")
    return [f"{host}:{container}" for host, container in containers.items()]


def _volumes(sources: list[Source]) -> list[dict[str, str]]:
    """Return the volumes; of several for one path of the guest the last, which is the site's."""
    volumes: dict[str, str] = {}
    for section in _sections(sources, "volumes"):
        for item in section.items():
            fields = item.fields(("host", "guest"), required=("host", "guest"))
            volumes[fields.text("guest", allowed.guest_path)] = fields.text("host", allowed.host_path)
    return [{"host": host, "guest": guest} for guest, host in volumes.items()]


def _steps(sources: list[Source]) -> list[Step]:
    """Return all steps in the order they run; whoever is mixed in earlier comes first within each part."""
    templates, own = sources[:-1], sources[-1:]
    hooks = [section.fields(HOOKS) for section in _sections(sources, "hooks")]

    def hooked(name: str) -> list[Value]:
        return [hook[name] for hook in hooks if name in hook]

    lists = [
        *_sections(templates, "run"),
        *hooked("before_code"),
        *_sections(sources, "code"),
        *hooked("after_code"),
        *_sections(own, "run"),
        *hooked("after_all"),
    ]
    return [step for each in lists for step in steps.read(each)]


def _find_misspelt(sources: list[Source], reading: Reading) -> None:
    """Note params that the site sets, nothing uses, and that are close to one that is declared or used."""
    declared = {name: section for section in _sections(sources[:-1], "params") for name in section.map()}
    known = declared.keys() | reading.used
    for section in _sections(sources[-1:], "params"):
        for name, value in section.map().items():
            if name not in known and (hint := suggestion(name, known)):
                value.wrong(f"nothing uses the param {name!r}{hint}")


def _find_secrets(secrets: Mapping[str, str], reading: Reading) -> None:
    """Note secrets that were also written where they would get into the image or its description."""
    for name, secret in secrets.items():
        if len(secret) >= _TELLING_LENGTH:
            for place, text in reading.texts:
                if secret in text:
                    reading.wrong(place, f"holds the value of the secret {name}, which may stand in env only")
