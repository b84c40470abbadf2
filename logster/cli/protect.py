"""`logster protect`: keeps entries from being trimmed or cleared."""

from logster.cli import options
from logster.cli.changing import change
from logster.cli.options import keys
from logster.cli.session import Session


@options.command(
    "protect",
    "logster protect 3f2a91c0",
    "logster search --json timeout | jq -r .key | xargs logster protect",
    json=True,
)
@keys
def command(session: Session, keys: tuple[str, ...], as_json: bool) -> None:
    """Keep entries from being trimmed or cleared.

    A KEY may be the beginning of one.
    """
    store = session.store
    change(session, keys, as_json, "protected", lambda key: store.protect(key))
