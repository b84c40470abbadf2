"""What is shown of a run: the machine, the scaling of what others measured, the table, and the plot."""

from collections.abc import Sequence
from pathlib import Path

from benchmarks import growth, plot
from benchmarks.bench import Bench
from benchmarks.row import Row
from benchmarks.ruby_logster import Yardstick
from benchmarks.table import machine, table

_PACKAGES = ("logster-web", "redis", "hiredis", "msgspec", "google-re2", "starlette", "jinja2", "sentry-sdk")


def page(rows: Sequence[Row], bench: Bench) -> str:
    """Return what a run has to say, as a part of a page."""
    server = f"{bench.server.version} on a unix socket"
    return "\n\n".join([machine(server, _PACKAGES), _scaling(bench.yardstick), table(rows)])


def _scaling(yardstick: Yardstick) -> str:
    return (
        "Figures with ≈ are Ruby Logster's from another machine, scaled by a yardstick: all through the run (medians) "
        f"a PING took {yardstick.ping:.2f} × and a fixed loop of pure Python {yardstick.loop:.2f} × what they "
        "took there. Of the two, the factor is the one that flatters Ruby Logster more."
    )


def draw(bench: Bench, path: Path) -> None:
    """Draw how costs grow."""
    path.write_text(plot.svg(growth.by_entries(bench), growth.by_processes(bench)))
