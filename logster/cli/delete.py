"""`logster delete`: deletes entries."""

from logster.cli import options
from logster.cli.changing import change
from logster.cli.options import keys
from logster.cli.session import Session


@options.command(
    "delete", "logster delete 3f2a91c0", "logster search --json timeout | jq -r .key | xargs logster delete", json=True
)
@keys
def command(session: Session, keys: tuple[str, ...], as_json: bool) -> None:
    """Delete entries, protected ones too.

    A KEY may be the beginning of one.
    """
    store = session.store
    change(session, keys, as_json, "deleted", lambda key: store.delete([key]))
