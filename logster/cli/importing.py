"""`logster import`: an archive back into a namespace."""

import gzip
import io
import shutil
import sys
import tempfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import IO, Literal

import click

from logster.cli import options, screen
from logster.cli.clear import entries
from logster.cli.ending import WRONG_USE, fail
from logster.cli.export import STREAM
from logster.cli.progress import bar
from logster.cli.session import Session
from logster.errors import ArchiveConflict
from logster.store.archive import LONGEST_LINE
from logster.store.importing import Imported, Lines

_PACKED = b"\x1f\x8b"


@options.command(
    "import",
    "logster import shop.jsonl.gz",
    "logster import --merge other-site.jsonl",
    "logster import --namespace copy - < shop.jsonl",
    json=True,
)
@click.argument("file")
@click.option("--merge", is_flag=True, help="Add the archive's counts and samples to entries that are there.")
@click.option("--replace", is_flag=True, help="Put the archive's entries in the place of those that are there.")
def command(session: Session, file: str, merge: bool, replace: bool, as_json: bool) -> None:
    """Import what `logster export` wrote to FILE; - stands for stdin. Packed or not, it is understood.

    All of FILE is checked before anything is written. An entry that is there already in the same form is left alone;
    one that differs is a refusal, unless --merge or --replace says what to do. An interrupted import may be repeated.
    """
    if merge and replace:
        raise click.UsageError("Choose --merge or --replace, not both.")
    mode: Literal["add", "merge", "replace"] = "merge" if merge else "replace" if replace else "add"
    with _opened(file) as lines:
        try:
            _, total = session.store.check_archive(lines, mode)
            with bar("Importing", total) as shown:
                done = session.store.import_checked(lines, mode, shown)
        except ArchiveConflict as error:
            fail(f"{error} (--merge, --replace)", WRONG_USE)
        except (EOFError, gzip.BadGzipFile, zlib.error) as error:
            fail(f"{file} cannot be unpacked: {error}", WRONG_USE)
    if as_json:
        screen.print_json(done)
    else:
        click.echo(_told(done))
    _warn_of_limits(session, total)


def _told(done: Imported) -> str:
    parts = [
        f"{count:,} {name}" for name in ("created", "merged", "replaced", "unchanged") if (count := getattr(done, name))
    ]
    total = done.created + done.merged + done.replaced + done.unchanged
    return f"Imported {entries(total)}" + (f": {', '.join(parts)}." if parts else ".")


def _warn_of_limits(session: Session, total: int) -> None:
    limit = session.settings.max_backlog
    if total and session.store.clearable()[0] > limit:
        click.echo(
            f"Note: more than {limit:,} entries are there now. Where that is setting 'max_backlog' of the app, too, "
            "the next reports trim the oldest.",
            err=True,
        )


@contextmanager
def _opened(file: str) -> Iterator[Lines]:
    """Yield what opens the archive at its beginning, as often as needed."""
    path = Path(file)
    if file != STREAM and path.is_file():
        yield lambda: _lines_of(path)
        return
    if file == STREAM and sys.stdin.isatty():
        raise click.UsageError("Let an archive come from stdin, or name a FILE.")
    with tempfile.TemporaryFile() as kept:
        # A pipe can be read once only.
        with nullcontext(sys.stdin.buffer) if file == STREAM else path.open("rb") as stream:
            shutil.copyfileobj(stream, kept)
        yield lambda: _lines(_Again(kept))


def _lines_of(path: Path) -> Iterator[bytes]:
    with path.open("rb", buffering=0) as raw:
        yield from _lines(raw)


class _Again(io.RawIOBase):
    """A file from its beginning; closing it leaves the file open."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        file.seek(0)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: bytearray | memoryview) -> int:  # type: ignore[override]
        data = self._file.read(len(buffer))
        buffer[: len(data)] = data
        return len(data)


def _lines(raw: io.RawIOBase) -> Iterator[bytes]:
    with io.BufferedReader(raw) as stream:
        packed = stream.peek(2)[:2] == _PACKED
        source = gzip.GzipFile(fileobj=stream) if packed else stream
        # A line that is too long is refused by its length, and never read whole.
        while line := source.readline(LONGEST_LINE + 1):
            yield line
