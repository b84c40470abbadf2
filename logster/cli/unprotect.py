"""`logster unprotect`: takes the protection of entries away."""

from logster.cli import options
from logster.cli.changing import change
from logster.cli.options import keys
from logster.cli.session import Session


@options.command(
    "unprotect",
    "logster unprotect 3f2a91c0",
    "logster search --json timeout | jq -r .key | xargs logster unprotect",
    json=True,
)
@keys
def command(session: Session, keys: tuple[str, ...], as_json: bool) -> None:
    """Take the protection of entries away.

    A KEY may be the beginning of one.
    """
    store = session.store
    change(session, keys, as_json, "unprotected", lambda key: store.unprotect(key))
