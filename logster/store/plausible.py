"""Which of many entries a regular expression may match, told by their lowercase texts. Does not talk to Redis.

Reading an entry costs more than looking at its text, and looking at many texts as one costs least: so they are looked
at together, and one by one only where there is something to find.
"""

from collections.abc import Iterable, Sequence
from typing import Any

import msgspec

from logster.entry import Env
from logster.search.subject import Sample
from logster.store import codec

Found = tuple[bytes, Sequence[bytes | None], Sequence[bytes]]
"""An entry as scan.lua answers it: its key, its message, text and first env, and its samples that differ from that."""

_envs = msgspec.json.Decoder(list[Env])


def plausible(found: Sequence[Found], expressions: Iterable[Any]) -> list[bytes]:
    """Return the keys of those entries in whose text, or samples, each expression occurs somewhere."""
    texts = _texts(found) if found else []
    keys = [key for key, _, _ in found]
    left: Iterable[int] = range(len(keys))
    for expression in expressions:
        left = _matching(texts, left, expression)
    return [keys[number] for number in left]


def _matching(texts: Sequence[bytes], numbers: Iterable[int], expression: Any) -> list[int]:
    numbers = list(numbers)
    if not expression.search(b"\n".join([texts[number] for number in numbers])):
        return []
    return [number for number in numbers if expression.search(texts[number])]


def _texts(found: Sequence[Found]) -> list[bytes]:
    """Return for each entry what a query looks at, and more: its message, its text and the values of its samples."""
    first_envs = iter(_first_envs([base for _, (_, _, base), _ in found if base]))
    texts = []
    for _, (message, text, base), samples in found:
        parts = [message or b"", text or b""]
        if base:
            parts.append(Sample(next(first_envs)).encoded)
            parts += [Sample(env).encoded for env in codec.decode_envs(base, samples)]
        texts.append(b"\n".join(parts))
    return texts


def _first_envs(bases: Sequence[bytes]) -> list[Env]:
    # In the stored form a line ends nowhere but between two keys.
    return _envs.decode(b"[{" + b"},{".join(bases).replace(b"\n", b",") + b"}]")
