"""What is cut when it is too large, and how that is shown.

Owns the arithmetic of cutting. Does not decide which settings hold, and never touches what makes occurrences equal.
"""

from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from logster.entry import Env, ExceptionInfo, Frame, Occurrence
from logster.recall import Recall
from logster.settings import Settings

# An env sample says when it was taken; that is never cut.
_KEPT_KEYS = frozenset({"time", "timestamp"})
_SHORTEST_VALUE = 40
# What a character takes at the most, and what the names and numbers of an exception's fields do.
_LONGEST_ESCAPE = 6
_LONGEST_NAMES = 200


def shorten(text: str, characters: int, already_cut: int = 0) -> str:
    """Return `text` within `characters`, saying how much was cut.

    Arguments:
        text: what to shorten.
        characters: how long the result may be, the remark about the cut included.
        already_cut: how many characters were left out of `text` before.
    """
    if len(text) <= characters and not already_cut:
        return text
    if len(text) + _remark_length(already_cut) <= characters:
        return text + _remark(already_cut)
    keep = max(characters - _remark_length(len(text) + already_cut), 0)
    return text[:keep] + _remark(len(text) - keep + already_cut)


def _remark(count: int) -> str:
    return f"… ({count:,} more characters)"


def _remark_length(count: int) -> int:
    return len(_remark(count))


def json_size(value: object) -> int:
    """Return how many bytes `value` takes as JSON."""
    return len(msgspec.json.encode(value))


_frames_size: Recall[tuple[Frame, ...], int] = Recall(json_size, 250)


def fit_env(env: Mapping[str, Any], max_bytes: int) -> Env:
    """Return `env` within `max_bytes` of JSON: its largest values are cut first, those that say when are kept."""
    result = dict(env)
    size = json_size(result)
    if size <= max_bytes:
        return result
    sizes = {key: json_size(value) for key, value in result.items() if key not in _KEPT_KEYS}
    while size > max_bytes and sizes:
        key = max(sizes, key=sizes.__getitem__)
        before = sizes.pop(key)
        result[key] = _cut_value(result[key], before, before - (size - max_bytes))
        size = json_size(result)
    return _fewer_keys(result, max_bytes) if size > max_bytes else result


def _cut_value(value: Any, size: int, wanted: int) -> str:
    text = value if isinstance(value, str) else msgspec.json.encode(value).decode()
    # A character may take several bytes, or an escape: count in proportion, and leave room for the remark.
    share = max(wanted, 0) / max(size, 1)
    return shorten(text, max(int(len(text) * share * 0.9) - _SHORTEST_VALUE, _SHORTEST_VALUE))


def _fewer_keys(env: Env, max_bytes: int) -> Env:
    kept: Env = {key: value for key, value in env.items() if key in _KEPT_KEYS}
    left_out = 0
    for key, value in env.items():
        if key in _KEPT_KEYS:
            continue
        if json_size(kept | {key: value, "…": "999,999 more keys"}) <= max_bytes:
            kept[key] = value
        else:
            left_out += 1
    return kept | {"…": f"{left_out:,} more keys"}


def fit(occurrence: Occurrence, settings: Settings, already_cut: int = 0) -> Occurrence:
    """Return `occurrence` within the limits that the settings give.

    Arguments:
        occurrence: what to cut.
        settings: how much may remain.
        already_cut: how many characters of the message were left out before.
    """
    return fit_occurrence(
        occurrence,
        max_characters=settings.maximum_message_length,
        max_bytes=settings.maximum_entry_bytes,
        max_env_bytes=settings.max_env_bytes,
        already_cut=already_cut,
    )


def fit_occurrence(
    occurrence: Occurrence, *, max_characters: int, max_bytes: int, max_env_bytes: int, already_cut: int = 0
) -> Occurrence:
    """Return `occurrence` within the limits; what makes it equal to others stays as it is.

    Arguments:
        occurrence: what to cut.
        max_characters: the longest message.
        max_bytes: the largest message with traceback.
        max_env_bytes: the largest env, as JSON.
        already_cut: how many characters of the message were left out before.
    """
    changes: dict[str, Any] = {}
    if len(occurrence.message) > max_characters or already_cut:
        changes["message"] = shorten(occurrence.message, max_characters, already_cut)
    if len(occurrence.template) > max_characters:
        changes["template"] = shorten(occurrence.template, max_characters)
    if occurrence.env and json_size(occurrence.env) > max_env_bytes:
        changes["env"] = fit_env(occurrence.env, max_env_bytes)
    # A traceback says more than the end of a long message.
    share = max_bytes // 2 if occurrence.traceback else max_bytes
    if _utf8_size(changes.get("message", occurrence.message)) > share:
        changes["message"] = shorten_bytes(occurrence.message, share, already_cut)
    room = max_bytes - _utf8_size(changes.get("message", occurrence.message))
    if len(occurrence.traceback) * 4 > room and _utf8_size(occurrence.traceback) > room:
        changes["traceback"] = shorten_middle(occurrence.traceback, room)
    if occurrence.exception and _is_larger(occurrence.exception, max_bytes):
        changes["exception"] = fit_exception(occurrence.exception, max_bytes)
    return msgspec.structs.replace(occurrence, **changes) if changes else occurrence


def _is_larger(exception: ExceptionInfo, max_bytes: int) -> bool:
    """Return whether `exception` takes more than `max_bytes` as JSON."""
    if exception.cause is None and not exception.exceptions:
        texts = len(exception.type) + len(exception.message) + sum(map(len, exception.notes))
        names = _LONGEST_NAMES + 3 * len(exception.notes)
        if _frames_size(exception.frames) + _LONGEST_ESCAPE * texts + names <= max_bytes:
            return False
    return json_size(exception) > max_bytes


def shorten_bytes(text: str, max_bytes: int, already_cut: int = 0) -> str:
    """Return `text` within `max_bytes` of UTF-8, never splitting a character, saying how much was cut."""
    data = text.encode()
    if len(data) <= max_bytes and not already_cut:
        return text
    room = max(max_bytes - len(_remark(len(text) + already_cut).encode()), 0)
    kept = data[:room].decode(errors="ignore")
    return kept + _remark(len(text) - len(kept) + already_cut)


def shorten_middle(text: str, max_bytes: int) -> str:
    """Return the first and last lines of `text` within `max_bytes`, saying how many between were cut."""
    lines = text.split("\n")
    remark = f"  … ({len(lines):,} lines left out)"
    room = max_bytes - len(remark.encode()) - 2
    head, used = _lines_within(lines, room // 3)
    tail, _ = _lines_within(lines[len(head) :][::-1], room - used)
    left_out = len(lines) - len(head) - len(tail)
    if left_out <= 0:
        return text
    if not head and not tail:
        return shorten_bytes(text, max(max_bytes, 0))
    return "\n".join([*head, f"  … ({left_out:,} lines left out)", *reversed(tail)])


def _lines_within(lines: list[str], room: int) -> tuple[list[str], int]:
    taken: list[str] = []
    used = 0
    for line in lines:
        size = _utf8_size(line) + 1
        if used + size > room:
            break
        taken.append(line)
        used += size
    return taken, used


def fit_exception(exception: ExceptionInfo, max_bytes: int) -> ExceptionInfo:
    """Return `exception` in about `max_bytes`: surrounding lines go first, then what is far from the error."""
    for reduce in (_without_library_context, _without_context, _with_ten_frames, _bare):
        exception = reduce(exception)
        if json_size(exception) <= max_bytes:
            return exception
    return ExceptionInfo(type=shorten(exception.type, 200), message=shorten_bytes(exception.message, max_bytes // 4))


def _each(exception: ExceptionInfo, change: Callable[[ExceptionInfo], ExceptionInfo]) -> ExceptionInfo:
    """Return `exception` with `change` applied to it and to all that it grew out of."""
    return msgspec.structs.replace(
        change(exception),
        cause=_each(exception.cause, change) if exception.cause else None,
        exceptions=tuple(_each(each, change) for each in exception.exceptions),
    )


def _without_library_context(exception: ExceptionInfo) -> ExceptionInfo:
    return _each(exception, lambda each: _stripped(each, in_app=False))


def _without_context(exception: ExceptionInfo) -> ExceptionInfo:
    return _each(exception, lambda each: _stripped(each, in_app=True))


def _stripped(exception: ExceptionInfo, *, in_app: bool) -> ExceptionInfo:
    frames = tuple(
        frame if frame.in_app and not in_app else msgspec.structs.replace(frame, before=(), after=(), locals=None)
        for frame in exception.frames
    )
    return msgspec.structs.replace(exception, frames=frames)


def _with_ten_frames(exception: ExceptionInfo) -> ExceptionInfo:
    return _each(exception, _few_frames)


def _few_frames(exception: ExceptionInfo) -> ExceptionInfo:
    frames = exception.frames
    if len(frames) <= 10:
        return exception
    left_out = len(frames) - 10 + exception.omitted
    return msgspec.structs.replace(exception, frames=frames[:3] + frames[-7:], omitted=left_out, omitted_at=3)


def _bare(exception: ExceptionInfo) -> ExceptionInfo:
    return _each(
        exception,
        lambda each: msgspec.structs.replace(
            each,
            message=shorten(each.message, 500),
            notes=tuple(shorten(note, 200) for note in each.notes[:3]),
            exceptions=each.exceptions[:5],
            frames=tuple(
                msgspec.structs.replace(frame, source=shorten(frame.source, 200)) for frame in each.frames[-5:]
            ),
        ),
    )


def _utf8_size(text: str) -> int:
    return len(text) if text.isascii() else len(text.encode())
