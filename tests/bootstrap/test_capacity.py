"""How many workers a container gets."""

from pathlib import Path

import pytest

from serving import capacity

GIBIBYTE = 1 << 30


@pytest.mark.parametrize(
    ("cores", "memory", "workers"),
    [
        pytest.param(4, 8 * GIBIBYTE, 4, id="one for each core"),
        pytest.param(1, 8 * GIBIBYTE, 2, id="one is there while the other ends"),
        pytest.param(64, 64 * GIBIBYTE, 16, id="no more than make sense"),
        pytest.param(8, GIBIBYTE // 2, 6, id="no more than fit"),
        pytest.param(8, GIBIBYTE // 8, 1, id="one, however little there is"),
    ],
)
def test_workers_follow_cores_and_memory(cores: int, memory: int, workers: int) -> None:
    assert capacity.fitting(cores, memory) == workers


def test_a_number_is_taken_as_it_is_written() -> None:
    assert capacity.workers("3") == 3
    assert capacity.workers("auto") >= 1
    with pytest.raises(ValueError, match="many"):
        capacity.workers("many")


def test_the_limits_of_the_container_count(tmp_path: Path) -> None:
    (tmp_path / "cpu.max").write_text("100000 100000\n")
    (tmp_path / "memory.max").write_text("268435456\n")
    assert capacity.cores(tmp_path) == 1
    assert capacity.memory(tmp_path) == 268_435_456


def test_without_limits_the_machine_counts(tmp_path: Path) -> None:
    (tmp_path / "cpu.max").write_text("max 100000\n")
    (tmp_path / "memory.max").write_text("max\n")
    assert capacity.cores(tmp_path) == capacity.cores(tmp_path / "nowhere") >= 1
    assert capacity.memory(tmp_path) == capacity.memory(tmp_path / "nowhere") > 0
