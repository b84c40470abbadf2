"""Stacks that many entries share and frames that many stacks share: their ids, and the form in which each is kept once.

Which of them an entry shares is for `sharing`. Does not talk to Redis.
"""

import hashlib
from collections.abc import Mapping, Sequence

import msgspec

from logster.entry import Frame
from logster.recall import Recall

MOST = 100
"""How many frames a stack may have that is shared: a script that counts many stacks is not to hold Redis for long."""
LOST = Frame("(no longer stored)")
"""Stands for a frame that Redis has evicted."""

# shared/frames.lua knows these too.
_ID_BYTES = 8
SINCE_BYTES = 11
STACK_BYTES = SINCE_BYTES + _ID_BYTES
_STACKS_KNOWN = 200
_FRAMES_KNOWN = 2_000
# What is longer is no frame of anybody's program, and would be read with every search.
_LONGEST_BODY = 4_000


class Shared(msgspec.Struct, frozen=True, gc=False):
    """A frame as it is stored: what it is called, and what it holds."""

    id: bytes
    body: bytes


class Stack(msgspec.Struct, frozen=True, gc=False):
    """Frames in a certain order: `joined` are their ids."""

    id: bytes
    joined: bytes
    frames: tuple[Shared, ...]


class _Body(msgspec.Struct, frozen=True, array_like=True, gc=False):
    file: str
    function: str
    line: int
    module: str
    source: str
    before: tuple[str, ...]
    after: tuple[str, ...]
    in_app: bool
    column: int


_encoder = msgspec.json.Encoder()
_decoder = msgspec.json.Decoder(_Body)


def decode(body: bytes) -> Frame:
    """Return the frame that is stored in this form."""
    frame = _decoder.decode(body)
    return Frame(*(getattr(frame, name) for name in _Body.__struct_fields__))


def printed(frame: Frame) -> str:
    """Return a frame as a traceback has it."""
    function = f", in {frame.function.rpartition('.')[2]}" if frame.function else ""
    place = f'  File "{frame.file}", line {frame.line}{function}'
    return f"{place}\n    {frame.source.strip()}" if frame.source else place


def lowered(frame: Frame) -> bytes:
    """Return a frame as a search looks at it."""
    return printed(frame).encode("utf-8", "replace").lower()


def ids_in(joined: bytes) -> list[bytes]:
    """Return the ids of a stack's frames in their order."""
    return [joined[at : at + _ID_BYTES] for at in range(0, len(joined), _ID_BYTES)]


def stack_of(field: bytes) -> bytes:
    """Return the id of the stack that an entry's field names."""
    return field[SINCE_BYTES:]


def parsed(fields: Mapping[bytes, bytes]) -> tuple[dict[bytes, bytes], dict[bytes, bytes]]:
    """Return bodies of frames, and ids of the frames of stacks, by their ids, from what the hash of both holds."""
    bodies: dict[bytes, bytes] = {}
    stacks: dict[bytes, bytes] = {}
    for field, value in fields.items():
        if len(field) == _ID_BYTES + 1:
            (bodies if field.endswith(b"b") else stacks)[field[:-1]] = value
    return bodies, stacks


class Known:
    """The frames of one exception: as a traceback prints them, and as they are stored, None where they cannot be."""

    def __init__(self, frames: tuple[Frame, ...]) -> None:
        self.printed = "\n".join(map(printed, frames))
        shared = [_shared(frame) for frame in frames[: MOST + 1]]
        self.stack = _stack([each for each in shared if each]) if all(shared) else None


def together(stacks: Sequence[Stack]) -> Stack:
    """Return as one the stacks of an exception and what it grew out of."""
    return stacks[0] if len(stacks) == 1 else _stack([frame for each in stacks for frame in each.frames])


def _stack(frames: Sequence[Shared]) -> Stack:
    joined = b"".join([each.id for each in frames])
    return Stack(_digest(joined, b"stack"), joined, tuple(frames))


def _digest(content: bytes, person: bytes) -> bytes:
    return hashlib.blake2b(content, digest_size=_ID_BYTES, person=person).digest()


def _encode(frame: Frame) -> Shared | None:
    if frame.locals is not None:
        return None
    try:
        body = _encoder.encode(_Body(*(getattr(frame, name) for name in _Body.__struct_fields__)))
    except UnicodeEncodeError:  # half a surrogate pair
        return None
    if len(body) > _LONGEST_BODY:
        return None
    return Shared(_digest(body, b"frame"), body)


_shared = Recall(_encode, _FRAMES_KNOWN)
known = Recall(Known, _STACKS_KNOWN)
