"""A site's running containers: one that holds everything, or, behind a front proxy, two that change places.

Two Valkeys must never open the same directory. So behind a proxy Valkey has a container of its own, made from the same
image, and both others reach it through its socket in the volume they share; it stays while they come and go.
"""

from __future__ import annotations

from launch import container, front
from launch.build import undisturbed
from launch.engine import Engine
from launch.failure import Failure
from launch.front import Front
from launch.place import Place
from launch.site import Site, environment
from launch.terminal import note, say

APP, VALKEY = "app", "valkey"

_SERVICES = "SITE_SERVICES"
"""Tells the supervisor in the image which of its services this container is for."""


class Deployment:
    """What runs of a site, and what can be done to it."""

    def __init__(self, engine: Engine, place: Place, site: Site) -> None:
        self.engine = engine
        self.place = place
        self.site = site
        self.front = front.of(place, site, engine.dry)

    def running(self) -> list[str]:
        """Return the containers that answer requests."""
        return container.names(self.engine, self.place, APP)

    def start(self, image: str) -> None:
        """Start the site where nothing of it runs, and return when it answers.

        Raises:
            Failure: it did not get healthy; its container is left for a look at it.
        """
        if self.front is None:
            name = self.place.container()
            self._run(name, image, container.published(self.site.expose))
            container.wait_healthy(self.engine, name)
            return
        self._start_valkey(image)
        self._start_slot(self.front, front.SLOTS[0], image)

    def stop(self) -> None:
        """Stop all that runs of the site, Valkey last."""
        for name in self.running() or self._assumed():
            container.stop(self.engine, name)
        for name in container.names(self.engine, self.place, VALKEY):
            container.stop(self.engine, name)

    def remove(self) -> None:
        """Remove all containers of the site; the data stay."""
        for role in (APP, VALKEY):
            for name in container.names(self.engine, self.place, role, stopped=True):
                container.remove(self.engine, name)
        if self.engine.dry:
            container.remove(self.engine, self.place.container())

    def swap(self, image: str, former: str) -> None:
        """Put containers of `image` in the place of those that run; with no failed request where a proxy stands before.

        Args:
            former: the image to go back to where `image` does not get healthy.
        """
        if self.front is None or (self.place.container() in self.running()):
            self._restart(image, former)
        else:
            self._change_places(self.front, image)

    def _change_places(self, proxy: Front, image: str) -> None:
        old = self._slot_in_use(proxy)
        new = next(slot for slot in front.SLOTS if slot != old)
        self._start_valkey(image)
        try:
            self._start_slot(proxy, new, image)
        except BaseException as error:
            with undisturbed():
                container.remove(self.engine, self._name(new))
            if isinstance(error, Failure):
                raise Failure(f"{error}\n{self._name(old)} goes on as it was.", error.code) from None
            raise
        say(f"Requests go to {self._name(new)} now.")
        try:
            proxy.drain(old)
        finally:
            container.stop(self.engine, self._name(old))
            proxy.withdraw(old)

    def _restart(self, image: str, former: str) -> None:
        say("There is no front proxy between old and new: the site is away for some seconds.")
        self.stop()
        try:
            self.start(image)
        except Failure as error:
            say(f"{error}\nStarting the image before again.")
            self.stop()
            self.start(former)
            raise Failure(
                "The new image did not get healthy with this site's data; the one before runs again."
            ) from None

    def _slot_in_use(self, proxy: Front) -> str:
        """Return the slot that requests go to; one that runs beside it is what an interrupted swap left behind."""
        if self.engine.dry:
            note("Supposing that blue is in use.")
            return front.SLOTS[0]
        running = [slot for slot in front.SLOTS if self._name(slot) in self.running()]
        serving = [slot for slot in proxy.serving() if slot in running]
        oldest_last = [slot for name in self.running() for slot in serving or running if self._name(slot) == name]
        return oldest_last[-1]

    def _start_valkey(self, image: str) -> None:
        name = self._name(VALKEY)
        if not container.is_running(self.engine, name):
            self._run(name, image, ["--env", f"{_SERVICES}=valkey"], VALKEY)
            container.wait_healthy(self.engine, name)

    def _start_slot(self, proxy: Front, slot: str, image: str) -> None:
        """Start a slot's container, and let requests in once it is healthy."""
        name = self._name(slot)
        proxy.withdraw(slot)
        self._run(name, image, ["--env", f"{_SERVICES}=app nginx", *proxy.publish(slot)])
        container.wait_healthy(self.engine, name)
        proxy.admit(slot)

    def _run(self, name: str, image: str, options: list[str], role: str = APP) -> None:
        if not self.engine.dry:
            container.make_directories(self.place, self.site)
        container.remove(self.engine, name)  # it has stopped
        mounts = container.volumes(self.place, self.site)
        with environment(self.engine, self.place, self.site) as variables:
            container.start(
                self.engine, self.place, name, image, role, [*container.lasting(), *mounts, *variables, *options]
            )

    def _name(self, part: str) -> str:
        return self.place.container(part)

    def _assumed(self) -> list[str]:
        return [self.place.container()] if self.engine.dry else []
