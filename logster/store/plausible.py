"""Which of many entries a regular expression may match, told by their lowercase texts. Does not talk to Redis.

Reading an entry costs more than looking at its text, and looking at many texts as one costs least: so they are looked
at together, and one by one only where there is something to find.
"""

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from logster.search.subject import Sample
from logster.store import codec
from logster.store.frames import SINCE_BYTES, STACK_BYTES


class Found(NamedTuple):
    """An entry's key and its search text as texts.lua has it; its first env and its samples where these differ."""

    key: bytes
    text: bytes
    envs: Sequence[bytes] = ()

    @property
    def stack(self) -> bytes | None:
        """The id of the stack that the entry shares."""
        field = self.text[2 : 2 + STACK_BYTES]
        return None if field.isspace() else field[SINCE_BYTES:]

    @property
    def has_other_samples(self) -> bool:
        """Whether some samples differ from the first env."""
        return self.text.startswith(b"*")

    @property
    def is_long(self) -> bool:
        """Whether what the entry said when it was new is in the entry alone."""
        return self.text[1:2] == b"+"

    def whole(self, *, in_lines: bool) -> bytes:
        """Return what a query looks at, and more; where `in_lines` its lines in any order, and not each as often."""
        if not self.envs:
            return self.text
        base, *samples = self.envs
        if in_lines:
            return b"\n".join([self.text, codec.env_values(base, samples)])
        return b"\n".join([self.text, *(Sample(env).encoded for env in codec.decode_envs(base, [b"0", *samples]))])


class Expression(NamedTuple):
    """A regular expression, and the ids of the stacks in which it occurs; None where that may be any, as where a
    match may have the end of a line in it.
    """

    compiled: Any
    stacks: frozenset[bytes] | None


def plausible(found: Sequence[Found], expressions: Sequence[Expression]) -> list[bytes]:
    """Return the keys of those entries in whose text, stack or samples each expression may occur somewhere."""
    in_lines = all(each.stacks is not None for each in expressions)
    texts = [each.whole(in_lines=in_lines) for each in found]
    left: Sequence[int] = range(len(found))
    for expression in expressions:
        by_stack = _in_stack(found, left, expression.stacks)
        by_text = _matching(texts, [number for number in left if number not in by_stack], expression.compiled)
        left = sorted([*by_stack, *by_text])
    return [found[number].key for number in left]


def _in_stack(found: Sequence[Found], numbers: Iterable[int], stacks: frozenset[bytes] | None) -> set[int]:
    shared = ((number, found[number].stack) for number in numbers) if stacks != frozenset() else ()
    return {number for number, stack in shared if stack is not None and (stacks is None or stack in stacks)}


def _matching(texts: Sequence[bytes], numbers: Sequence[int], expression: Any) -> list[int]:
    if not expression.search(b"\n".join([texts[number] for number in numbers])):
        return []
    return [number for number in numbers if expression.search(texts[number])]
