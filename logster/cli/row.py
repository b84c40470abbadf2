"""An entry as a line: the same for `tail` and `search`."""

from datetime import UTC, datetime

from rich.text import Text

from logster.cli import screen
from logster.cli.visible import first_line, visible
from logster.entry import Entry

KEY_SHOWN = 10


def row(entry: Entry, *, count: int | None = None) -> Text:
    """Return an entry as a line: when, level, how often, key, logger, message.

    Arguments:
        entry: what to show.
        count: how often, where that is not the entry's own count.
    """
    style = screen.COLOURS[entry.level]
    shown = Text()
    shown.append(f"{moment(entry.last_seen)}  ", "dim")
    shown.append(f"{entry.level:<8}", style)
    shown.append(f"  {f'{entry.count if count is None else count:,}×':>7}", "bold")
    shown.append(f"  {visible(entry.key)[:KEY_SHOWN]}", "dim")
    shown.append(f"  {visible(entry.logger)}", "blue")
    shown.append(f"  {first_line(entry.message) or '(empty)'}")
    if entry.group:
        shown.append(f"  ({entry.group.count:,} entries of {visible(entry.group.pattern)})", "cyan")
    if entry.flags:
        shown.append(f"  [{', '.join(entry.flags)}]", "green")
    return shown


def moment(milliseconds: int) -> str:
    """Return a point in time in the reader's own time zone."""
    try:
        return f"{datetime.fromtimestamp(milliseconds / 1_000, UTC).astimezone():%Y-%m-%d %H:%M:%S}"
    except (OverflowError, ValueError, OSError):
        return f"{milliseconds} ms"
