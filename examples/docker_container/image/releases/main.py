"""The commands site-install, site-update and site-rollback.

Exit codes: 0 done, 1 failed and nothing changed, 2 wrong use.
"""

import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from releases import making, takeover
from releases.failure import Failure
from releases.shelf import Shelf

DONE, FAILED, WRONG_USE = 0, 1, 2


def install(arguments: Sequence[str]) -> int:
    return _run(_install, arguments, "site-install SOURCE", 1)


def update(arguments: Sequence[str]) -> int:
    return _run(_update, arguments, "site-update SOURCE", 1)


def rollback(arguments: Sequence[str]) -> int:
    return _run(_rollback, arguments, "site-rollback", 0)


def _install(source: str) -> None:
    shelf = Shelf()
    release = making.make(shelf, Path(source))
    if shelf.current is None:
        shelf.select(release)


def _update(source: str) -> None:
    shelf = Shelf()
    with shelf.locked():
        release = making.make(shelf, Path(source))
        try:
            takeover.take_over(shelf, release)
        except BaseException:
            shelf.remove(release)
            raise
        shelf.tidy()


def _rollback() -> None:
    shelf = Shelf()
    with shelf.locked():
        if shelf.previous is None:
            raise Failure("There is no release before this one in the container.")
        takeover.take_over(shelf, shelf.previous)


def _run(task: Callable[..., None], arguments: Sequence[str], usage: str, count: int) -> int:
    if len(arguments) != count or (arguments and not Path(arguments[0]).is_dir()):
        print(f"usage: {usage}", file=sys.stderr)
        return WRONG_USE
    try:
        task(*arguments)
    except Failure as error:
        print(error, file=sys.stderr)
        return FAILED
    return DONE
