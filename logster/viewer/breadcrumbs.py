"""The breadcrumbs of an env sample, as the detail shows them. An env may hold anything under that name."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from logster.entry import LEVEL_NUMBERS, Env

_KEY = "breadcrumbs"
_TEXTS = ("level", "logger", "message")


@dataclass(frozen=True)
class Breadcrumb:
    """A log record that came before what was reported.

    Arguments:
        time: when, in milliseconds since the epoch.
        before: how long before the report.
        level: its name.
        logger: whose it is.
        message: its text.
    """

    time: int
    before: str
    level: str
    logger: str
    message: str


def breadcrumbs(sample: Env) -> list[Breadcrumb]:
    """Return the breadcrumbs of an env sample, oldest first; none where it has something else of that name."""
    found = sample.get(_KEY)
    if not isinstance(found, list) or not all(map(_is_one, found)):
        return []
    end = sample.get("time")
    return [
        Breadcrumb(each["time"], _before(each["time"], end), each["level"], each["logger"], each["message"])
        for each in found
    ]


def without_breadcrumbs(sample: Env) -> Env:
    """Return what a sample has beside its breadcrumbs."""
    return {name: value for name, value in sample.items() if name != _KEY} if breadcrumbs(sample) else dict(sample)


def _is_one(value: Any) -> bool:
    return (
        isinstance(value, Mapping)
        and type(value.get("time")) is int
        and all(isinstance(value.get(name), str) for name in _TEXTS)
        and value["level"] in LEVEL_NUMBERS
    )


def _before(moment: int, end: Any) -> str:
    if not isinstance(end, int | float):
        return ""
    seconds = max(end - moment, 0) / 1_000
    return f"{seconds:.3f} s" if seconds < 10 else f"{seconds:,.0f} s"
