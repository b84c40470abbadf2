"""`logster export`: all that a namespace keeps, as JSON Lines."""

import gzip
import os
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

import click

from logster.cli import options
from logster.cli.clear import entries
from logster.cli.ending import WRONG_USE, fail
from logster.cli.progress import Bar, bar
from logster.cli.screen import escaped
from logster.cli.session import Session

STREAM = "-"


@options.command(
    "export",
    "logster export shop.jsonl.gz",
    "logster export | jq -r 'select(.kind == \"entry\") | .message'",
    "logster export --redis-url redis://old - | logster import --redis-url redis://new -",
)
@click.argument("file", default=STREAM)
@click.option("--force", is_flag=True, help="Overwrite a file that is there already.")
def command(session: Session, file: str, force: bool) -> None:
    """Write entries, patterns and counts to FILE, or to stdout: JSON Lines, packed where the name ends in .gz.

    `logster import` makes the same store of it. The file takes its name when it is whole.
    """
    total = sum(session.store.clearable())
    lines = session.store.export()
    # A bar amidst the lines would be of no use to anybody.
    with bar("Exporting", total, is_wanted=file != STREAM or not sys.stdout.isatty()) as shown:
        if file == STREAM:
            _write(_harmless(lines), sys.stdout.buffer, shown)
            return
        path = Path(file)
        if path.exists() and not force:
            fail(f"{file} is there already; --force overwrites it.", WRONG_USE)
        with _whole(path) as stream:
            written = _write(lines, stream, shown)
    click.echo(f"Exported {entries(written)} to {file}.", err=True)


def _write(lines: Iterable[bytes], stream: BinaryIO, shown: Bar) -> int:
    written = 0
    for line in lines:
        stream.write(line)
        if line.startswith(b'{"kind":"entry"'):
            written += 1
            shown(1)
    stream.flush()
    return written


def _harmless(lines: Iterable[bytes]) -> Iterable[bytes]:
    """Return JSON in which a terminal finds nothing to obey; unchanged where none looks."""
    return (escaped(line.decode()).encode() for line in lines) if sys.stdout.isatty() else lines


@contextmanager
def _whole(path: Path) -> Iterator[BinaryIO]:
    """Yield a stream that becomes the file at the end, and nothing where something went wrong."""
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        # Nobody else is to read what the log says.
        with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as plain:
            if path.suffix == ".gz":
                with gzip.GzipFile(filename="", fileobj=plain, mode="wb", compresslevel=6) as packed:
                    yield packed  # type: ignore[misc]
            else:
                yield plain
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)
