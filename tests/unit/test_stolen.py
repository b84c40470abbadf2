"""Stolen: what the load soak leaves out is what Linux says the hypervisor took, and no more."""

import os
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from soak import stolen
from soak.stolen import Stolen, stolen_ms

WAIT = 10.0
TICKS = os.sysconf("SC_CLK_TCK")


@pytest.fixture
def take(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Callable[[int], None]:
    """Says how many ticks the hypervisor took so far."""
    path = tmp_path / "stat"
    monkeypatch.setattr(stolen, "_STAT", path)

    def take(ticks: int) -> None:
        written = tmp_path / "written"
        written.write_text(f"cpu  10 20 30 40 50 60 70 {ticks} 0 0\ncpu0 1 2 3 4 5 6 7 {ticks} 0 0\n")
        written.rename(path)

    take(500)
    return take


def test_a_second_in_which_time_was_taken_touches_those_beside_it(take: Callable[[int], None]) -> None:
    with Stolen() as it:
        begun = int(time.time())
        take(500 + TICKS)
        deadline = time.monotonic() + WAIT
        while not it.ms and time.monotonic() < deadline:
            time.sleep(0.01)
        ended = int(time.time())
    assert it.ms == pytest.approx(1_000)
    assert all(it.touches(second) for second in range(ended, begun + 1))
    assert any(it.touches(second) for second in range(begun, ended + 1))
    assert not it.touches(begun - 3)
    assert not it.touches(ended + 3)


def test_where_nothing_was_taken_no_second_is_touched(take: Callable[[int], None]) -> None:
    with Stolen() as it:
        begun = int(time.time())
        time.sleep(0.2)
    assert it.ms == 0
    assert not any(it.touches(second) for second in range(begun - 1, begun + 3))


@pytest.mark.parametrize("text", [None, "", "cpu 1 2 3\n", "cpu a b c d e f g h\n"])
def test_where_nobody_tells_nothing_was_taken(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, text: str | None
) -> None:
    path = tmp_path / "stat"
    if text is not None:
        path.write_text(text)
    monkeypatch.setattr(stolen, "_STAT", path)
    assert stolen_ms() == 0.0
    with Stolen() as it:
        pass
    assert it.ms == 0
