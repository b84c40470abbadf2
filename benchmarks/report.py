"""What is shown of a run: the table, the machine and the versions, and where these stand in a page."""

import os
import platform
import time
from collections.abc import Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from benchmarks import growth, plot
from benchmarks.bench import Bench
from benchmarks.row import Row
from benchmarks.ruby_logster import Yardstick

_HEADS = ("what", "ours", "the other", "ratio", "bar", "")
_BEGIN, _END = "<!-- measured: `make bench` writes what is below -->", "<!-- end of what was measured -->"
_PACKAGES = ("logster-web", "redis", "hiredis", "msgspec", "google-re2", "starlette", "jinja2", "sentry-sdk")


def table(rows: Sequence[Row]) -> str:
    """Return the rows as Markdown that can be read as it is."""
    cells = [_HEADS, *([*row.cells()[:-1], _verdict(row)] for row in rows)]
    widths = [max(len(line[column]) for line in cells) for column in range(len(_HEADS))]
    lines = [
        "| " + " | ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)) + " |" for line in cells
    ]
    lines.insert(1, "|" + "|".join("-" * (width + 2) for width in widths) + "|")
    return "\n".join(lines)


def _verdict(row: Row) -> str:
    return "; ".join(each for each in (row.cells()[-1], row.note) if each)


def page(rows: Sequence[Row], bench: Bench) -> str:
    """Return what a run has to say, as a part of a page."""
    return "\n\n".join([_machine(bench), _scaling(bench.yardstick), table(rows)])


def _machine(bench: Bench) -> str:
    packages = ", ".join(f"{name} {found}" for name in _PACKAGES if (found := _version(name)))
    load = f"{os.getloadavg()[0]:.1f}" if hasattr(os, "getloadavg") else "unknown"
    return (
        f"Measured on {time.strftime('%Y-%m-%d')}: {_processor()}, {os.cpu_count()} cores, {platform.system()} "
        f"{platform.release()}, load average at the end {load}. Python {platform.python_version()}, "
        f"{bench.server.version} on a unix socket, {packages}."
    )


def _scaling(yardstick: Yardstick) -> str:
    return (
        "Figures with ≈ are Ruby Logster's from another machine, scaled by a yardstick: all through the run (medians) "
        f"a PING took {yardstick.ping:.2f} × and a fixed loop of pure Python {yardstick.loop:.2f} × what they "
        "took there. Of the two, the factor is the one that flatters Ruby Logster more."
    )


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return ""


def _processor() -> str:
    path = Path("/proc/cpuinfo")
    lines = path.read_text().splitlines() if path.exists() else []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.machine()


def write(measured: str, path: Path) -> None:
    """Put what was measured into a page, whose other parts stay."""
    text = path.read_text() if path.exists() else f"# Performance\n\n{_BEGIN}\n{_END}\n"
    before, _, rest = text.partition(_BEGIN)
    after = rest.partition(_END)[2]
    path.write_text(f"{before}{_BEGIN}\n\n{measured}\n\n{_END}{after}")


def draw(bench: Bench, path: Path) -> None:
    """Draw how costs grow."""
    path.write_text(plot.svg(growth.by_entries(bench), growth.by_processes(bench)))
