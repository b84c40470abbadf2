"""Points in time as users write them: an age, a date, or milliseconds since the epoch."""

import re
from datetime import UTC, datetime, timedelta

_AGE = re.compile(r"(?:\d{1,9}[smhdw])+", re.ASCII | re.IGNORECASE)
_PART = re.compile(r"(\d+)([smhdw])", re.ASCII | re.IGNORECASE)
_UNIT_MS = {"s": 1_000, "m": 60_000, "h": 3_600_000, "d": 86_400_000, "w": 604_800_000}
_EPOCH_MS = re.compile(r"\d{11,15}", re.ASCII)
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_DATE_TIME = re.compile(r"\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}(:\d{2}(\.\d{1,6})?)?(Z|[+-]\d{2}:\d{2})?", re.ASCII)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

FORMS = "an age as 30m, 2h or 7d, a date as 2026-01-31, a time as 2026-01-31T12:00 (UTC), or milliseconds since 1970"


def moment(text: str, now_ms: int, *, is_end: bool = False) -> int:
    """Return the point in time that `text` names, in milliseconds since the epoch.

    Arguments:
        text: an age in s, m, h, d or w, a date or time in ISO form (UTC where no offset is given), or milliseconds.
        now_ms: what ages count back from.
        is_end: whether a date stands for its last millisecond instead of its first.

    Raises:
        ValueError: none of these; the text says what is understood.
    """
    if _AGE.fullmatch(text):
        return now_ms - sum(int(number) * _UNIT_MS[unit.lower()] for number, unit in _PART.findall(text))
    if _EPOCH_MS.fullmatch(text):
        return int(text)
    if _DATE.fullmatch(text):
        return _milliseconds(text) + (_UNIT_MS["d"] - 1 if is_end else 0)
    if _DATE_TIME.fullmatch(text.upper()):
        return _milliseconds(text.upper())
    raise ValueError(f"{text!r} is no point in time; understood are {FORMS}.")


def show(moment_ms: int) -> str:
    """Return a point in time as a reader wants it."""
    try:
        return f"{_EPOCH + timedelta(milliseconds=moment_ms):%Y-%m-%d %H:%M:%S} UTC"
    except OverflowError:
        return f"{moment_ms} ms since 1970"


def _milliseconds(text: str) -> int:
    try:
        found = datetime.fromisoformat(text)
        found = found if found.tzinfo else found.replace(tzinfo=UTC)
        return (found - _EPOCH) // timedelta(milliseconds=1)
    except (ValueError, OverflowError):
        raise ValueError(f"{text!r} is no date of the calendar.") from None
