"""`logster unsolve`: takes solved marks away."""

from logster.cli import options
from logster.cli.changing import change
from logster.cli.options import keys
from logster.cli.session import Session


@options.command(
    "unsolve",
    "logster unsolve 3f2a91c0",
    "logster search --json timeout | jq -r .key | xargs logster unsolve",
    json=True,
)
@keys
def command(session: Session, keys: tuple[str, ...], as_json: bool) -> None:
    """Take solved marks away and show their entries again.

    A KEY may be the beginning of one.
    """
    store = session.store
    change(session, keys, as_json, "unsolved", lambda key: store.unsolve([key]))
