"""The table of what was measured, the machine it was measured on, and where both stand in a page."""

import os
import platform
import time
from collections.abc import Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from benchmarks.row import Row

_HEADS = ("what", "ours", "the other", "ratio", "bar", "")
_END = "<!-- end of what was measured -->"


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


def machine(server: str, packages: Sequence[str]) -> str:
    """Return the day, the machine and the versions in a sentence or two.

    Args:
        server: the server's name and version, and how it was reached.
        packages: the distributions whose versions say something about what was measured.
    """
    found = ", ".join(f"{name} {its}" for name in packages if (its := _version(name)))
    load = f"{os.getloadavg()[0]:.1f}" if hasattr(os, "getloadavg") else "unknown"
    return (
        f"Measured on {time.strftime('%Y-%m-%d')}: {_processor()}, {os.cpu_count()} cores, {platform.system()} "
        f"{platform.release()}, load average at the end {load}. Python {platform.python_version()}, {server}, {found}."
    )


def write(measured: str, path: Path, target: str) -> None:
    """Put what was measured into a page, whose other parts stay.

    Args:
        measured: Markdown.
        path: the page.
        target: the target of the Makefile that writes it, by which its place in the page is known.
    """
    begin = f"<!-- measured: `make {target}` writes what is below -->"
    text = path.read_text()
    before, mark, rest = text.partition(begin)
    if not mark:
        raise ValueError(f"{path} has no place for what `make {target}` measures: {begin}")
    path.write_text(f"{before}{begin}\n\n{measured}\n\n{_END}{rest.partition(_END)[2]}")


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
