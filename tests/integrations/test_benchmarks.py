"""Every benchmark runs, whatever its figures are: `make bench` is for these, on a machine with nothing else to do."""

from pathlib import Path
from xml.etree import ElementTree

import pytest

from benchmarks import __main__ as command
from benchmarks.bench import Bench
from benchmarks.row import Other, Row, at_least, at_least_times, at_most, at_most_times
from benchmarks.server import Server
from benchmarks.suite import BENCHMARKS, Benchmark, named

# What the table has to say, by how the rows begin.
LINES = [
    "caller's thread, plain error",
    "caller's thread, exception with 25 frames",
    "p99 under a storm with the worker busy, plain",
    "p99 under a storm with the worker busy, exception",
    "a call below level",
    "a suppressed source",
    "identical plain errors, until drained",
    "identical exceptions of 25 frames, until drained",
    "all distinct (30 frames, own fingerprints), backlog 1,000, until drained",
    "50 distinct, zipf",
    "four processes, 50 distinct, zipf",
    "four processes, 50 distinct, zipf: runs whose counts were not exact",
    "Redis commands per 1,000 identical reports in a second",
    "20 + 20 patterns that do not match",
    "one matching grouping pattern",
    "newest page, any level filter",
    "newest page, level without match",
    "older page from anywhere",
    "text search without match",
    "first page of a common word",
    "regex search without match",
    "regex that requires a literal",
    "longest hold of Redis",
    "memory per distinct entry",
    "the same with 50 env samples",
    "list page as JSON",
    "list page as HTML",
    "JavaScript report in process",
    "event of a Sentry SDK in process, 25 frames, repeated",
    "import of logster with the handler only",
    "added memory per process",
    "growth: newest page",
    "growth: a report until drained",
]


def test_a_quick_run_writes_a_row_for_every_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    page = tmp_path / "performance.md"
    page.write_text(
        "# Ours\n\n<!-- measured: `make bench` writes what is below -->\nold\n<!-- end of what was measured -->\nkept\n"
    )
    assert command.main(["--quick", "--write", str(page)]) == 0
    text = page.read_text()
    assert [line for line in LINES if f"\n| {line}" not in text] == []
    assert text.startswith("# Ours\n")
    assert text.endswith("\nkept\n")
    assert "\nold\n" not in text
    assert "Valkey" in text
    assert "four processes, 50 distinct, zipf: runs whose counts were not exact | 0 " in " ".join(text.split())
    assert text.split("-->\n", 1)[1].strip().split("\n\n")[2].strip() in capsys.readouterr().out
    assert ElementTree.parse(page.with_suffix(".svg")).getroot().tag.endswith("svg")


def test_one_benchmark_runs_alone_and_tells_where_the_time_went(capsys: pytest.CaptureFixture[str]) -> None:
    assert command.main(["older-page", "--quick", "--profile"]) == 0
    captured = capsys.readouterr()
    assert "older page from anywhere" in captured.out
    assert "newest page" not in captured.out
    assert "function calls" in captured.err
    assert "zrevrangebyscore" in captured.err or "evalsha" in captured.err


def test_an_unknown_name_is_an_error(capsys: pytest.CaptureFixture[str]) -> None:
    assert command.main(["older-pages"]) == 2
    assert "There is no benchmark 'older-pages'. There are: caller," in capsys.readouterr().err


def test_one_that_fails_leaves_the_page_alone_and_the_others_their_figures(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(bench: Bench) -> list[Row]:
        raise RuntimeError("no figures today")

    older = next(each for each in BENCHMARKS if each.name == "older-page")
    monkeypatch.setattr("benchmarks.suite.BENCHMARKS", (Benchmark("broken", "pages", fails), older))
    page = tmp_path / "performance.md"
    assert command.main(["--quick", "--write", str(page)]) == 1
    captured = capsys.readouterr()
    assert "older page from anywhere" in captured.out
    assert "no figures today" in captured.err
    assert "Failed, as said above: broken." in captured.err
    assert not page.exists()


def test_a_group_names_its_benchmarks() -> None:
    assert [each.name for each in named(["pages"])] == ["newest-page", "older-page"]
    assert named([]) == list(BENCHMARKS)


def test_a_child_says_what_its_function_returned() -> None:
    with Server() as server:
        bench = Bench(server)
        assert bench.child(divmod_of, a=7, b=2) == [3, 1]


def divmod_of(a: int, b: int) -> list[int]:
    return list(divmod(a, b))


@pytest.mark.parametrize(
    ("row", "cells"),
    [
        (Row("w", 2.0, "ms", (at_most(3),)), ["2 ms", "", "", "≤ 3 ms", "met"]),
        (Row("w", 4.0, "ms", (at_most(3),)), ["4 ms", "", "", "≤ 3 ms", "**not met**"]),
        (
            Row("w", 2.0, "ms", (at_most_times(1.5),), Other("o", 1.0)),
            ["2 ms", "o: 1 ms", "2 ×", "≤ 1.50 ×", "**not met**"],
        ),
        (
            Row("w", 2.0, "ms", (at_least_times(20),), Other("o", 80.0, is_scaled=True)),
            ["2 ms", "o: ≈ 80 ms", "40 ×", "≥ 20 ×", "met"],
        ),
        (
            Row("w", 800.0, "/s", (at_least(500), at_least_times(9)), Other("o", 100.0)),
            ["800/s", "o: 100/s", "8 ×", "≥ 500/s, ≥ 9 ×", "**not met**"],
        ),
        (Row("w", 2.0, "µs", (at_most_times(1),), Other("o", None)), ["2 µs", "o: not measured", "", "≤ 1 ×", ""]),
        (Row("w", 2.0, "µs"), ["2 µs", "", "", "", ""]),
    ],
)
def test_a_row_says_whether_its_bars_are_met(row: Row, cells: list[str]) -> None:
    assert row.cells()[1:] == cells
