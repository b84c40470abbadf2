"""Stolen: what the load soak says that the hypervisor took is what Linux says."""

import os
from pathlib import Path

import pytest

from soak import stolen

TICKS = os.sysconf("SC_CLK_TCK")


@pytest.fixture
def stat(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    path = tmp_path / "stat"
    monkeypatch.setattr(stolen, "_STAT", path)
    return path


def test_what_all_cpus_lost_is_told_in_milliseconds(stat: Path) -> None:
    stat.write_text(f"cpu  10 20 30 40 50 60 70 {3 * TICKS} 80 90\ncpu0 1 2 3 4 5 6 7 8 9 10\n")
    assert stolen.stolen_ms() == pytest.approx(3_000)


@pytest.mark.parametrize("text", [None, "", "cpu 1 2 3\n", "cpu a b c d e f g h\n"])
def test_where_nobody_tells_no_figure_is_made_up(stat: Path, text: str | None) -> None:
    if text is not None:
        stat.write_text(text)
    assert stolen.stolen_ms() is None
