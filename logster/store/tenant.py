"""One namespace on one connection: runs scripts under the namespace's keys, on data in the form they know."""

from collections.abc import Sequence
from typing import Any

from logster.errors import InvalidPattern
from logster.patterns import Pattern, Rule, parse
from logster.store import schema
from logster.store.connection import Command, Connection
from logster.store.filter import Filter
from logster.store.keys import Keys
from logster.store.pool import Pool
from logster.store.script import Word, script
from logster.store.sharing import Sharing

_TRIMMED_A_CALL = 10


class Tenant:
    """A namespace's keys with the connection that leads to them, and its patterns as this process knows them."""

    def __init__(self, connection: Connection, namespace: str, max_age_ms: int, rules: Sequence[Rule] = ()) -> None:
        self.connection = connection
        self.max_age_ms = max_age_ms
        self.keys = Keys(namespace)
        self.rules = rules
        self.filter = Filter(rules)
        self.pool = Pool(connection, self.keys)
        self.sharing = Sharing()
        self.is_missed = False
        self._is_checked = False

    def check(self) -> None:
        """Raise SchemaMismatch where a newer Logster has written, and read the patterns; asked once only."""
        if not self._is_checked:
            self.learn()
            self._is_checked = True

    def learn(self) -> None:
        """Read the patterns as they are now, once the data have the form that this Logster knows."""
        found, *patterns = self.connection.run_all([["GET", self.keys.schema], *self._patterns()])
        if schema.check(self.keys, found) < schema.SCHEMA:
            schema.migrate(self.connection, self.keys)
            patterns = self.connection.run_all(self._patterns())
        self._take(patterns)

    def _patterns(self) -> list[Command]:
        # The version first: were it read last, it could be that of patterns which were not read.
        names = ("suppression", "grouping")
        return [["GET", self.keys.pattern_version], *(["HGETALL", self.keys.patterns(name)] for name in names)]

    def _take(self, answers: Sequence[Any]) -> None:
        version, suppression, grouping = answers
        known = version.decode() if version else "0"
        self.filter = Filter(self.rules, _compiled(suppression), _compiled(grouping), known)

    def run(self, name: str, *rest: Word, **arguments: Word) -> Any:
        """Return what a script answers that takes the prefix alone as its key."""
        self.check()
        return self.connection.run(self.call(name, *rest, **arguments))

    def run_all(self, commands: Sequence[Command]) -> list[Any]:
        """Return what several commands answer."""
        self.check()
        return self.connection.run_all(commands)

    def run_trimmed(self, commands: Sequence[Command]) -> list[Any]:
        """Return what commands answer once nothing over age is left: time passes also when nothing is reported."""
        trim = self.call("trim", max_age_ms=self.max_age_ms, limit=_TRIMMED_A_CALL)
        while True:
            dealt_with, *answers = self.run_all([trim, *commands])
            if dealt_with < _TRIMMED_A_CALL:
                return answers

    def call(self, name: str, *rest: Word, **arguments: Word) -> Command:
        """Return the call of a script that takes the prefix alone as its key."""
        return script(name).words([self.keys.prefix], rest, arguments)


def _compiled(stored: dict[bytes, bytes]) -> list[Pattern]:
    """Return patterns in the order in which they were made."""
    patterns = []
    for text, _ in sorted(stored.items(), key=lambda item: (int(item[1].split(b"\t")[0]), item[0])):
        try:
            patterns.append(parse(text.decode()))
        except InvalidPattern:  # another version of RE2 wrote it
            continue
    return patterns
