"""The sandboxes as this process knows them: who was here lately, what is being sown, and when to ask Redis."""

import asyncio
import time
from contextvars import copy_context

from logster.service import current
from web import sandbox, seeds
from web.registry import Registry

# A sandbox that was visited is not removed for minutes, so it need not be looked up with every request.
KNOWN_SECONDS = 10.0
ACTIVE_SECONDS = 90.0
FLUSH_SECONDS = 1.0


class Lodgers:
    """Sandboxes over a registry; used on the event loop, except for `active` and `forget_gone`."""

    def __init__(self, registry: Registry) -> None:
        self.registry = registry
        self._looked_up: dict[str, float] = {}
        self._seen: dict[str, float] = {}
        self._sowing: dict[str, asyncio.Task[None]] = {}

    async def returning(self, name: str) -> str:
        """Return the sandbox that a visitor says is his, where there is such a one; else nothing."""
        if sandbox.born(name) is None:
            return ""
        now = time.monotonic()
        if now - self._looked_up.get(name, -KNOWN_SECONDS) >= KNOWN_SECONDS:
            if not await asyncio.to_thread(self.registry.visit, name):
                return ""
            self._looked_up[name] = now
        self._seen[name] = now
        return name

    async def arriving(self) -> str:
        """Return a new sandbox, which is being filled; nothing where all are in use."""
        name = await asyncio.to_thread(self.registry.create)
        if name:
            self._seen[name] = self._looked_up[name] = time.monotonic()
            context = copy_context()
            context.run(sandbox.enter, name)
            task = asyncio.get_running_loop().create_task(asyncio.to_thread(seeds.sow), context=context)
            self._sowing[name] = task
            task.add_done_callback(lambda _: self._sowing.pop(name, None))
        return name

    async def settled(self, name: str) -> None:
        """Wait until a sandbox is filled, where this process is at it."""
        if task := self._sowing.get(name):
            await asyncio.wait([task])

    async def leave(self, name: str) -> None:
        """Remove a sandbox at its visitor's wish, once nothing is on its way to it."""
        await self.settled(name)
        await asyncio.to_thread(current().worker.flush, FLUSH_SECONDS)
        await asyncio.to_thread(self.registry.remove, name)
        self._drop(name)

    async def spend(self, name: str) -> bool:
        """Count one more error or change, and return whether the sandbox still takes it."""
        return await asyncio.to_thread(self.registry.spend, name)

    def active(self) -> list[str]:
        """Return the sandboxes that somebody looks at just now."""
        since = time.monotonic() - ACTIVE_SECONDS
        return [name for name, seen in list(self._seen.items()) if seen >= since]

    def forget_gone(self) -> None:
        """Let go of what this process keeps of sandboxes that are no more."""
        for name in list(self._seen):
            if not self.registry.exists(name):
                self._drop(name)

    def _drop(self, name: str) -> None:
        self._seen.pop(name, None)
        self._looked_up.pop(name, None)
        current().forget(sandbox.namespace_of(name))
