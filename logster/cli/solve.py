"""`logster solve`: declares entries solved."""

from logster.cli import options
from logster.cli.changing import change
from logster.cli.options import keys
from logster.cli.session import Session


@options.command(
    "solve", "logster solve 3f2a91c0", "logster search --json timeout | jq -r .key | xargs logster solve", json=True
)
@keys
def command(session: Session, keys: tuple[str, ...], as_json: bool) -> None:
    """Declare entries solved in the versions they were seen in.

    They are hidden, and come back, marked as regressed, when another version reports them. A KEY may be the
    beginning of one.
    """
    store = session.store
    change(session, keys, as_json, "solved", lambda key: store.solve([key]))
