"""Which of many entries a regular expression may match, told by their lowercase texts. Does not talk to Redis.

Reading an entry costs more than looking at its text, and looking at many texts as one costs least: so they are looked
at together, and one by one only where there is something to find.
"""

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

import msgspec

from logster.entry import Env
from logster.search.subject import Sample
from logster.store import codec
from logster.store.frames import stack_of

Found = tuple[bytes, Sequence[bytes | None], Sequence[bytes]]
"""An entry as scan.lua answers it: its key, its message, text, first env and shared stack, and its samples that differ
from the first env.
"""


class Expression(NamedTuple):
    """A regular expression, and the ids of the stacks in which it occurs; None where that may be any."""

    compiled: Any
    stacks: frozenset[bytes] | None


_envs = msgspec.json.Decoder(list[Env])


def plausible(found: Sequence[Found], expressions: Iterable[Expression]) -> list[bytes]:
    """Return the keys of those entries in whose text, stack or samples each expression may occur somewhere."""
    texts = _texts(found) if found else []
    left: Sequence[int] = range(len(found))
    for expression in expressions:
        by_stack = _in_stack(found, left, expression.stacks)
        by_text = _matching(texts, [number for number in left if number not in by_stack], expression.compiled)
        left = sorted([*by_stack, *by_text])
    return [found[number][0] for number in left]


def _in_stack(found: Sequence[Found], numbers: Iterable[int], stacks: frozenset[bytes] | None) -> set[int]:
    shared = ((number, found[number][1][3]) for number in numbers) if stacks != frozenset() else ()
    return {number for number, field in shared if field and (stacks is None or stack_of(field) in stacks)}


def _matching(texts: Sequence[bytes], numbers: Sequence[int], expression: Any) -> list[int]:
    if not expression.search(b"\n".join([texts[number] for number in numbers])):
        return []
    return [number for number in numbers if expression.search(texts[number])]


def _texts(found: Sequence[Found]) -> list[bytes]:
    """Return for each entry what a query looks at, and more: its message, its text and the values of its samples."""
    first_envs = iter(_first_envs([base for _, (_, _, base, _), _ in found if base]))
    texts = []
    for _, (message, text, base, _), samples in found:
        parts = [message or b"", text or b""]
        if base:
            parts.append(Sample(next(first_envs)).encoded)
            parts += [Sample(env).encoded for env in codec.decode_envs(base, samples)]
        texts.append(b"\n".join(parts))
    return texts


def _first_envs(bases: Sequence[bytes]) -> list[Env]:
    # In the stored form a line ends nowhere but between two keys.
    return _envs.decode(b"[{" + b"},{".join(bases).replace(b"\n", b",") + b"}]")
