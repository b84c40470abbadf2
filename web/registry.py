"""Which sandboxes there are, kept in Redis for all processes: how many, how long, and how much each takes."""

import time

from logster.store.connection import Connection
from logster.store.script import Word
from web import sandbox
from web.options import Options

VISITED = "logster-site:visited"
USED = "logster-site:used"
TURN = "logster-site:turn"

# Whoever looks around just now keeps the log, however many others want one.
SETTLED_SECONDS = 300
_KEYS_A_CALL = 1_000


class Registry:
    """The sandboxes; connects when first used."""

    def __init__(self, connection: Connection, options: Options) -> None:
        self._connection = connection
        self._options = options

    def visit(self, name: str) -> bool:
        """Note a visit, and return whether there is such a sandbox."""
        born = sandbox.born(name)
        now = int(time.time())
        if born is None or born + self._options.life_seconds < now:
            return False
        before, _ = self._connection.run_all([["ZSCORE", VISITED, name], ["ZADD", VISITED, "XX", now, name]])
        return before is not None

    def create(self) -> str:
        """Return a new sandbox; empty where all are in use."""
        name, now = sandbox.new_name(), int(time.time())
        _, count = self._connection.run_all([["ZADD", VISITED, now, name], ["ZCARD", VISITED]])
        if int(count) > self._options.sandboxes and not self._remove_oldest(now):
            self.remove(name)
            return ""
        return name

    def exists(self, name: str) -> bool:
        """Return whether there is such a sandbox; that is no visit."""
        return self._connection.run(["ZSCORE", VISITED, name]) is not None

    def spend(self, name: str) -> bool:
        """Count one more error or change, and return whether the sandbox still takes it."""
        return int(self._connection.run(["HINCRBY", USED, name, 1])) <= self._options.changes

    def take_turn(self, name: str, milliseconds: int) -> bool:
        """Return whether this process may do the next thing in a sandbox; the others wait so long."""
        return self._connection.run(["SET", f"{TURN}:{name}", 1, "NX", "PX", milliseconds]) is not None

    def remove(self, name: str) -> None:
        """Remove a sandbox with all that is in it."""
        self._connection.run_all([["ZREM", VISITED, name], ["HDEL", USED, name]])
        self._sweep(name)

    def clean(self) -> None:
        """Remove the sandboxes whose time is over, and what late writes left of others."""
        now = int(time.time())
        for name, visited in self._visits():
            born = sandbox.born(name) or 0
            if visited + self._options.idle_seconds < now or born + self._options.life_seconds < now:
                self._connection.run_all([["ZREM", VISITED, name], ["HDEL", USED, name]])
        self._sweep()

    def _visits(self) -> list[tuple[str, float]]:
        return [
            (name.decode(), visited)
            for name, visited in self._connection.client().zrange(VISITED, 0, -1, withscores=True)
        ]

    def _remove_oldest(self, now: int) -> bool:
        """Make room by the sandbox that was left alone for longest, if it was for long enough."""
        left_alone: list[Word] = ["ZRANGEBYSCORE", VISITED, "-inf", now - SETTLED_SECONDS, "LIMIT", 0, 1]
        oldest = self._connection.run(left_alone)
        for name in oldest:
            self.remove(name.decode())
        return bool(oldest)

    def _sweep(self, name: str = "") -> None:
        """Remove the keys of sandboxes that are not registered: of one, or of all."""
        begin, end = f"{{logster:{sandbox.PREFIX}", "}:"
        cursor: int = -1
        while cursor:
            scan: list[Word] = ["SCAN", max(cursor, 0), "MATCH", f"{begin}{name}*", "COUNT", _KEYS_A_CALL]
            cursor, keys = self._connection.run(scan)
            owners = {key: key.decode().removeprefix(begin).partition(end)[0] for key in keys}
            gone = {owner for owner in set(owners.values()) if not self.exists(owner)}
            if orphans := [key for key, owner in owners.items() if owner in gone]:
                self._connection.run(["UNLINK", *orphans])
