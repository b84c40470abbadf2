"""`logster show`: one entry whole."""

import click
import msgspec
from msgspec.structs import replace
from rich.text import Text

from logster.cli import options, screen
from logster.cli.ending import NOTHING, fail
from logster.cli.finding import key_of, nobody
from logster.cli.row import moment
from logster.cli.session import Session
from logster.cli.visible import visible
from logster.entry import Entry, Env


@options.command(
    "show",
    "logster show 3f2a91c0",
    "logster show 3f2a91c0 --env 5",
    "logster show 3f2a91c0 --json | jq .traceback",
    json=True,
)
@click.argument("key")
@click.option("--env", "samples", type=click.IntRange(0), default=1, show_default=True, help="How many env samples.")
def command(session: Session, key: str, samples: int, as_json: bool) -> None:
    """Show an entry with its traceback and its newest env samples.

    KEY is its key, or the beginning of it.
    """
    store = session.store
    whole = key_of(store, key)
    entry = store.entry(whole)
    if entry is None:
        fail(nobody(key), NOTHING)
    env = store.env_samples(whole, limit=samples)
    if as_json:
        screen.print_json(replace(entry, env=env))
        return
    out = screen.console()
    for part in (_head(entry), *_body(entry), *map(_env, env)):
        out.print(part)


def _head(entry: Entry) -> Text:
    shown = Text()
    shown.append(f"{entry.level}  {visible(entry.logger)}\n", screen.COLOURS[entry.level])
    shown.append(visible(entry.message, lines=True) + "\n", "bold")
    for name, value in _facts(entry):
        shown.append(f"\n{name:<10} ", "dim")
        shown.append(visible(value))
    return shown


def _facts(entry: Entry) -> list[tuple[str, str]]:
    place = entry.location
    facts = [
        ("key", entry.key),
        ("group of", f"{entry.group.count:,} entries that match {entry.group.pattern}" if entry.group else ""),
        ("count", f"{entry.count:,}"),
        ("first seen", moment(entry.first_seen)),
        ("last seen", moment(entry.last_seen)),
        ("at", f"{place.file}:{place.line} in {place.function}" if place else ""),
        ("versions", ", ".join(entry.versions)),
        ("flags", ", ".join(entry.flags)),
        ("first said", entry.first_message if entry.first_message != entry.message else ""),
    ]
    return [(name, value) for name, value in facts if value]


def _body(entry: Entry) -> list[Text]:
    if not entry.traceback:
        return []
    shown = Text("\n")
    for line in entry.traceback.splitlines():
        is_quiet = line.startswith(("    ", "Traceback"))
        shown.append(
            visible(line, lines=True) + "\n", "dim" if is_quiet else "cyan" if line.startswith("  ") else "red"
        )
    return [shown]


def _env(sample: Env) -> Text:
    shown = Text("\n")
    shown.append(f"env of {moment(sample['time'])}", "dim")
    width = max((len(visible(key)) for key in sample), default=0)
    for key, value in sample.items():
        if key == "time":
            continue
        text = value if isinstance(value, str) else msgspec.json.encode(value).decode()
        shown.append(f"\n  {visible(key):<{min(width, 30)}}  ", "blue")
        shown.append(visible(text))
    return shown
