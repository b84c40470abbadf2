"""A progress bar on stderr, where somebody looks at it; nowhere else."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

Bar = Callable[[int], None]
"""Told how much was done since the last time."""


@contextmanager
def bar(title: str, total: int, *, is_wanted: bool = True) -> Iterator[Bar]:
    """Yield what moves the bar; the bar is gone when the context ends."""
    if not (is_wanted and sys.stderr.isatty()):
        yield lambda _: None
        return
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    from logster.cli.screen import console

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console(stderr=True), transient=True) as progress:
        task = progress.add_task(title, total=total)
        yield lambda count: progress.advance(task, count)
