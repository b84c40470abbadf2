"""Containers of a site: the words that start one, and whether it is well."""

from __future__ import annotations

from collections.abc import Sequence

from launch.engine import Engine
from launch.failure import Failure
from launch.patience import until
from launch.place import Place
from launch.site import Site
from launch.terminal import say

HEALTH = "/usr/local/bin/site-health"
STOP_SECONDS = 40
"""Longer than the site takes to answer what it has begun and to hand over what it has queued."""

SITE_LABEL, ROLE_LABEL = "launcher.site", "launcher.role"

_HEALTHY_SECONDS = 60
# Nothing of the image can be changed but its releases, which come and go with the container.
_WRITABLE = ("--tmpfs", "/run:size=64m", "--tmpfs", "/tmp:size=256m", "--volume", "/opt/site")  # noqa: S108
# What the supervisor needs to be root for: to give its services their users, and nginx port 80.
_CAPABILITIES = ("CHOWN", "DAC_OVERRIDE", "FOWNER", "KILL", "NET_BIND_SERVICE", "SETGID", "SETUID")


def start(engine: Engine, place: Place, name: str, image: str, role: str, options: Sequence[str]) -> None:
    """Start a container that has no more rights than it needs."""
    engine.do("run", "--detach", "--name", name, *confined(place, role), *options, image)


def confined(place: Place, role: str) -> list[str]:
    """Return the options that every container of a site has."""
    capabilities = [word for each in _CAPABILITIES for word in ("--cap-add", each)]
    return [
        *("--pull", "never", "--label", f"{SITE_LABEL}={place.name}", "--label", f"{ROLE_LABEL}={role}"),
        *("--security-opt", "no-new-privileges", "--cap-drop", "ALL", *capabilities),
        *("--read-only", *_WRITABLE),
    ]


def lasting() -> list[str]:
    """Return the options of a container that is to be there after the host was started anew."""
    return [
        *("--restart", "unless-stopped", "--stop-timeout", str(STOP_SECONDS)),
        *("--health-cmd", HEALTH, "--health-interval", "30s", "--health-start-period", "30s"),
    ]


def volumes(place: Place, site: Site) -> list[str]:
    """Return the options that mount the site's directories; those that begin with ./ are below the launcher's."""
    words: list[str] = []
    for volume in site.volumes:
        host = place.directory / volume["host"]
        words += ["--volume", f"{host}:{volume['guest']}"]
    return words


def make_directories(place: Place, site: Site) -> None:
    """Make the directories on the host that are not there yet, which Podman does not do."""
    for volume in site.volumes:
        (place.directory / volume["host"]).mkdir(parents=True, exist_ok=True)


def published(expose: Sequence[str]) -> list[str]:
    return [word for each in expose for word in ("--publish", each)]


def names(engine: Engine, place: Place, role: str, *, stopped: bool = False) -> list[str]:
    """Return the site's containers in a role, newest first: those that run, or all."""
    filters = ("--filter", f"label={SITE_LABEL}={place.name}", "--filter", f"label={ROLE_LABEL}={role}")
    found = engine.ask("ps", *(["--all"] if stopped else []), *filters, "--format", "{{.Names}}")
    return (found or "").split()


def wait_healthy(engine: Engine, name: str) -> None:
    """Wait until a container is well.

    Raises:
        Failure: it stopped, or was not well in time. Its last lines were shown.
    """
    if engine.dry:
        engine.call("exec", name, HEALTH)
        return
    well = False

    def decided() -> bool:
        nonlocal well
        well = engine.ask("exec", name, HEALTH) is not None
        return well or not is_running(engine, name)

    until(decided, _HEALTHY_SECONDS)
    if not well:
        engine.call("logs", "--tail", "50", name)
        why = f"was not healthy within {_HEALTHY_SECONDS} s" if is_running(engine, name) else "stopped"
        raise Failure(f"Container {name} {why}; its last lines stand above.")


def is_running(engine: Engine, name: str) -> bool:
    return engine.ask("container", "inspect", "--format", "{{.State.Running}}", name) == "true"


def stop(engine: Engine, name: str) -> None:
    """Stop a container once it has answered what it has begun."""
    say(f"Stopping {name} when it has answered what it has begun.")
    engine.do("stop", "-t", str(STOP_SECONDS), name)


def remove(engine: Engine, name: str) -> None:
    """Remove a container with its throw-away data, if there is one."""
    engine.call("rm", "--force", "--volumes", name, quiet=True)
