"""The stacks that a namespace's entries share, as this process knows them: read once each, and searched here.

An id stands for the same frames for ever, so what was read stays true. Which stacks there are is asked before a search.
"""

from typing import Any, NamedTuple

from logster.entry import Frame
from logster.store.connection import Command, Connection
from logster.store.frames import decode, ids_in, lowered, parsed, stack_of
from logster.store.keys import Keys
from logster.store.script import Word, script

ANY = b"*"
"""Says to scan.lua that a literal may be in any stack."""

_MOST_SEARCHED = 50_000
_MOST_READ = 200
_GONE_AT_MOST = 1_000
_IDS_SENT = 500
_FIELDS_A_CALL = 500
_APART = b"\n\xff\n"


class Texts(NamedTuple):
    """What a search looks at of all shared stacks at one moment.

    Frames by their ids and as one text, and the ids of the frames of stacks. `since` and `last` say where to read on.
    Where there is too much there is no text, and `is_whole` is false.
    """

    since: bytes = b""
    last: int = 0
    frames: dict[bytes, bytes] = {}  # noqa: RUF012 - never changed
    joined: bytes = b""
    stacks: dict[bytes, bytes] = {}  # noqa: RUF012
    is_whole: bool = True

    def having(self, literal: bytes) -> bytes:
        """Return the ids of the stacks in which a lowercase literal without an end of line occurs, joined, or ANY."""
        if not self.is_whole:
            return ANY
        if literal not in self.joined:
            return b""
        stacks = self._of({each for each, text in self.frames.items() if literal in text})
        return ANY if len(stacks) > _IDS_SENT else b"".join(stacks)

    def matching(self, expression: Any) -> frozenset[bytes] | None:
        """Return the ids of the stacks in which an expression occurs that stays in a line; None where it may be any."""
        if not self.is_whole:
            return None
        if not expression.search(self.joined):
            return frozenset()
        return frozenset(self._of({each for each, text in self.frames.items() if expression.search(text)}))

    def of_stack(self, stack: bytes) -> list[bytes]:
        """Return the texts of a stack's frames, as far as they are known."""
        return [self.frames[each] for each in ids_in(self.stacks.get(stack, b"")) if each in self.frames]

    def _of(self, frames: set[bytes]) -> list[bytes]:
        return [each for each, joined in self.stacks.items() if not frames.isdisjoint(ids_in(joined))]


class Pool:
    """The shared stacks of one namespace.

    Threads may use it together, and a forked process may go on with it: what is known is replaced and never changed.
    """

    def __init__(self, connection: Connection, keys: Keys) -> None:
        self._connection = connection
        self._keys = keys
        self._texts = Texts()
        self._read: dict[bytes, list[Frame]] = {}

    def frames(self, field: bytes | None) -> list[Frame]:
        """Return the frames of the stack that an entry's field names; none where it has none, or it is lost."""
        if not field:
            return []
        stack = stack_of(field)
        found = self._read.get(stack)
        if found is None:
            found = list(map(decode, self._connection.run(self._command("read_stack", field=field))))
            if found:
                kept = self._read if len(self._read) < _MOST_READ else {}
                self._read = kept | {stack: found}
        return found

    def texts_of(self, field: bytes | None) -> list[bytes]:
        """Return what the last search looked at of an entry's stack, as far as it was known."""
        return self._texts.of_stack(stack_of(field)) if field else []

    def texts(self) -> Texts:
        """Return what a search looks at of the stacks that there are now; only new ones are read."""
        texts = self._texts
        while True:
            command = self._command("read_frames", since=texts.since, last=texts.last)
            follows, since, last, count, found = self._connection.run(command)
            if not count or count > _MOST_SEARCHED:
                texts = Texts(since, last, is_whole=not count)
                break
            known = len(texts.frames) + len(texts.stacks)
            if not (follows and texts.is_whole) or known > 2 * count + _GONE_AT_MOST:
                texts = _with(Texts(since), last, self._all())
            elif last == texts.last:
                break
            else:
                texts = _with(texts, last, dict(zip(found[::2], found[1::2], strict=True)))
        self._texts = texts
        return texts

    def _all(self) -> dict[bytes, bytes]:
        fields: dict[bytes, bytes] = {}
        cursor = 0
        while True:
            cursor, found = self._connection.run(["HSCAN", self._keys.frames, cursor, "COUNT", _FIELDS_A_CALL])
            fields |= found
            if not int(cursor):
                return fields

    def _command(self, name: str, **arguments: Word) -> Command:
        return script(name).words([self._keys.prefix], (), arguments)


def _with(texts: Texts, last: int, fields: dict[bytes, bytes]) -> Texts:
    bodies, stacks = parsed(fields)
    new = {each: lowered(decode(body)) for each, body in bodies.items() if each not in texts.frames}
    joined = texts.joined + b"".join(_APART + text for text in new.values())
    return Texts(texts.since, last, texts.frames | new, joined, texts.stacks | stacks)
