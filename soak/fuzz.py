"""Garbage: the properties of tests/unit/test_garbage.py, on inputs that coverage guides, for a minute each.

`python -m soak.fuzz NAME SECONDS` fuzzes one of them. An input that breaks it is printed, and is kept where Hypothesis
keeps its examples, so that `make test` tries it as well. Source: https://hypothesis.readthedocs.io, "Use with external
fuzzers".
"""

import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import chain

from benchmarks.row import Row, at_most

PROPERTIES = "tests.unit.test_garbage"
SECONDS = 60
# One CPU each.
_AT_A_TIME = 2
_LONGEST_INPUT = 4_096
_SECONDS_AN_INPUT = 20
_MEGABYTES = 1_500
_RUNS = re.compile(r"^stat::number_of_executed_units:\s+(\d+)", re.MULTILINE)
_COVERED = re.compile(r"cov: (\d+)")


def run(seconds: int = SECONDS) -> Iterator[Row]:
    """Yield a row for each property: how many inputs broke it, hung or took too much memory."""
    with ThreadPoolExecutor(_AT_A_TIME) as pool:
        yield from pool.map(lambda name: _row(name, seconds), names())


def names() -> list[str]:
    """Return the names of all properties."""
    from tests.unit import test_garbage

    return [name for name, each in vars(test_garbage).items() if hasattr(each, "hypothesis")]


def _row(name: str, seconds: int) -> Row:
    command = [sys.executable, "-m", "soak.fuzz", name, str(seconds)]
    done = subprocess.run(command, capture_output=True, text=True, errors="replace", check=False)
    if done.returncode:
        print(f"{done.stdout[-5_000:]}{done.stderr[-15_000:]}", file=sys.stderr)
    runs, covered = _RUNS.search(done.stderr), _COVERED.findall(done.stderr)
    if not runs:
        raise RuntimeError(f"The fuzzer of {name} ended with {done.returncode}, and did nothing.")
    note = f"{int(runs[1]):,} inputs in {seconds} s, {int(max(covered, key=int, default=0)):,} branches reached"
    what = name.removeprefix("test_").replace("_", " ")
    return Row(f"Fuzzed, {what}: broken", float(done.returncode != 0), "", (at_most(0),), note=note)


def main(arguments: Sequence[str]) -> None:
    """Fuzz one property in this process, which libFuzzer ends."""
    try:
        import atheris
    except ImportError:
        sys.exit("atheris is missing, which has wheels for Linux on x86-64 only: pip install --group soak")
    with atheris.instrument_imports(include=["logster"]):
        from tests.unit import test_garbage
    name, seconds = arguments
    bounds = {
        "max_total_time": seconds,
        "max_len": _LONGEST_INPUT,
        "timeout": _SECONDS_AN_INPUT,
        "rss_limit_mb": _MEGABYTES,
        "print_final_stats": 1,
        # libFuzzer ends the process, and what it wrote there goes with the machine's other temporary files.
        "artifact_prefix": f"{tempfile.mkdtemp(prefix='logster-fuzz-')}/",
    }
    options = chain([name], (f"-{option}={value}" for option, value in bounds.items()))
    atheris.Setup(list(options), getattr(test_garbage, name).hypothesis.fuzz_one_input)
    atheris.Fuzz()


if __name__ == "__main__":
    main(sys.argv[1:])
