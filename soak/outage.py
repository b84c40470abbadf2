"""Redis away: four processes report while every fault there is comes and goes; counts, calls, memory and losses."""

import gc
import sys
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from benchmarks.child import Child
from benchmarks.row import Row, at_most
from soak.siege import Reported, Siege, besiege, report
from tests.integrations.faults import FAULTS, Place

PROCESSES = 4
RATE = 1_000
SECONDS = 60
_ROUNDS = 4
_WELL = 1 / 3
_CALL_MS = 5.0
_SWITCH_SECONDS = 0.001
_BYTES_A_MEGABYTE = 1e6
# Two thousand entries wait at the most, each with a kilobyte of text, an env and what was rendered of both.
_GROWTH_MB = 64
# What is written later needs some; what was dropped, a kilobyte each, would need twelve.
_LATER_GROWTH_MB = 8


def run(seconds: float = SECONDS, names: Sequence[str] = tuple(FAULTS)) -> Iterator[Row]:
    """Yield the rows of faults that come and go for some seconds each, and of a Redis that stays away for as long."""
    for name in names:
        yield from _fault(name, seconds)
    yield from _flood(seconds)


def _fault(name: str, seconds: float) -> Iterator[Row]:
    a_round = seconds / _ROUNDS
    with Place() as place:
        siege = besiege(
            place,
            FAULTS[name],
            _start,
            processes=PROCESSES,
            rate=RATE,
            well_seconds=_WELL * a_round,
            ill_seconds=(1 - _WELL) * a_round,
            rounds=_ROUNDS,
        )
    what = f"Redis away, {name}"
    yield _counts(what, siege, wrong=sum(abs(found - sent) for sent, found in siege.wrong.values()))
    yield _calls(what, siege)


def _flood(seconds: float) -> Iterator[Row]:
    """Nothing is like another, and Redis is away nearly all of the time, so that most has to be dropped."""
    with Place() as place:
        siege = besiege(
            place,
            FAULTS["SIGKILL"],
            _start,
            processes=PROCESSES,
            rate=RATE,
            well_seconds=1,
            ill_seconds=seconds - 1,
            rounds=1,
            is_distinct=True,
        )
    what = f"Redis away for {seconds:g} s, all distinct"
    yield _counts(what, siege, wrong=abs(siege.sent - siege.counted - siege.told))
    yield _calls(what, siege)
    first, later = (each / _BYTES_A_MEGABYTE for each in siege.growth)
    note = f"{siege.most_waiting:,} occurrences waited at the most"
    yield Row(f"{what}: growth of a process until half of the time", first, "MB", (at_most(_GROWTH_MB),), note=note)
    yield Row(
        f"{what}: growth from then on, with all that was written later", later, "MB", (at_most(_LATER_GROWTH_MB),)
    )


def _counts(what: str, siege: Siege, wrong: int) -> Row:
    note = f"{siege.sent:,} reported, {siege.counted:,} counted, {siege.told:,} said to be dropped"
    mistakes = wrong + abs(siege.dropped - siege.told) + len(siege.raised) + (not siege.is_written)
    title = f"{what}: counted other than once, raised, or dropped and not said"
    return Row(title, mistakes, "", (at_most(0),), note=note)


def _calls(what: str, siege: Siege) -> Row:
    """The bar is for what logging does: a machine that has more to do than CPUs lets a thread wait for longer."""
    note = f"by the clock on the wall {siege.calls['wall']:.1f} ms, CPU time {siege.calls['cpu']:.1f} ms"
    title = f"{what}: longest logging call, without waiting for a CPU"
    return Row(title, siege.calls["held"], "ms", (at_most(_CALL_MS),), note=note)


def _start(_: Callable[..., Reported], arguments: dict[str, Any]) -> Callable[[], Reported]:
    return Child(report_alone, arguments, profiled=False).result


def report_alone(**arguments: Any) -> Reported:
    """Report as `report` does, in a process in which Python itself takes less than what is measured.

    A thread that is at work in Python gives the lock to another after 5 ms by default. A call in which it changes hands
    once would then be over the bar, whichever library's the other thread is. And a full collection of garbage takes
    longer than the bar for what the tests alone have imported; it meets whichever call is the next to need memory.
    """
    sys.setswitchinterval(_SWITCH_SECONDS)
    gc.freeze()
    return report(**arguments)
