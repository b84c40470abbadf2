"""The proxy before a site, which lets two containers change places with no request failing."""

from __future__ import annotations

import time
from typing import Protocol

from launch.failure import WRONG_USE, Failure
from launch.haproxy import HAProxy
from launch.nginx import Nginx
from launch.place import Place
from launch.site import Site
from launch.terminal import note

SLOTS = ("blue", "green")


class Proxy(Protocol):
    """What every kind of proxy can do with a slot; `port` is where the slot's container listens on loopback."""

    def serving(self) -> list[str]: ...
    def admit(self, slot: str) -> None: ...
    def drain(self, slot: str) -> None: ...
    def withdraw(self, slot: str) -> None: ...


class Front:
    """A site's proxy and the loopback port of each slot, as the labels of the site's config say."""

    def __init__(self, proxy: Proxy, ports: dict[str, int], container_port: str, dry: bool) -> None:
        self._proxy = proxy
        self._ports = ports
        self._container_port = container_port
        self._dry = dry

    def publish(self, slot: str) -> list[str]:
        """Return the option that lets the proxy alone reach a container."""
        return ["--publish", f"127.0.0.1:{self._ports[slot]}:{self._container_port}"]

    def serving(self) -> list[str]:
        """Return the slots that requests go to.

        Raises:
            Failure: the proxy does not answer.
        """
        return [] if self._dry else self._proxy.serving()

    def admit(self, slot: str) -> None:
        """Send requests to a slot, and return when the proxy does."""
        if self._is_told("requests may go to", slot):
            self._proxy.admit(slot)

    def drain(self, slot: str) -> None:
        """Send nothing new to a slot, and wait until what it has begun is answered, within bounds."""
        if self._is_told("nothing new goes to", slot):
            self._proxy.drain(slot)

    def withdraw(self, slot: str) -> None:
        """Send nothing to a slot."""
        if self._is_told("nothing goes to", slot):
            self._proxy.withdraw(slot)

    def _is_told(self, what: str, slot: str) -> bool:
        """Return whether this is no dry run, which shows what would be told."""
        if self._dry:
            note(f"The proxy is told: {what} {slot}.")
        return not self._dry


def of(place: Place, site: Site, dry: bool) -> Front | None:
    """Return the proxy that the site's labels name, or None where the site is reached directly.

    Raises:
        Failure: the labels do not fit together.
    """
    labels = {name: value for name, value in site.labels.items() if name.startswith("launcher.")}
    kind = labels.get("launcher.front")
    if not kind:
        return None
    ports = _ports(labels.get("launcher.ports", "8081 8082"))
    if len(site.expose) != 1:
        raise Failure(
            "Behind a front proxy, `expose` has to be one pair: the port of the proxy, and that of the container.",
            WRONG_USE,
        )
    proxy: Proxy
    if kind == "haproxy":
        socket = labels.get("launcher.socket", "/run/haproxy/admin.sock")
        proxy = HAProxy(socket, labels.get("launcher.backend", place.name))
    elif kind == "nginx":
        upstream = labels.get("launcher.upstream", f"/etc/nginx/upstreams/{place.name}.conf")
        pause = float(labels.get("launcher.pause_seconds", "5"))
        proxy = Nginx(upstream, labels.get("launcher.nginx", "nginx"), ports, lambda: time.sleep(pause))
    else:
        raise Failure(f"The label launcher.front is {kind!r}; it may be haproxy or nginx.", WRONG_USE)
    return Front(proxy, ports, site.expose[0].rpartition(":")[2], dry)


def _ports(text: str) -> dict[str, int]:
    found = text.replace(",", " ").split()
    if len(found) != len(SLOTS) or len(set(found)) != len(SLOTS) or not all(each.isdigit() for each in found):
        raise Failure(f"The label launcher.ports is {text!r}; it has to be two ports, such as 8081 8082.", WRONG_USE)
    return dict(zip(SLOTS, map(int, found)))
