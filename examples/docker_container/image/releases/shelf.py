"""Where releases lie, and which of them is current: numbered directories, and links that are changed at once."""

import fcntl
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from releases.failure import Failure

ROOT = Path("/opt/site")
KEPT = 3


class Shelf:
    """The releases of a container.

    Arguments:
        root: holds `releases/N`, the `dependencies` that they share, and the links `current` and `previous`.
    """

    def __init__(self, root: Path = ROOT) -> None:
        self.root = root

    @property
    def current(self) -> Path | None:
        """The release that serves, or is the next to."""
        return self._followed("current")

    @property
    def previous(self) -> Path | None:
        """The release that served before."""
        return self._followed("previous")

    def next(self) -> Path:
        """Return the place of the next release."""
        return self.root / "releases" / str(max(self._numbers(), default=0) + 1)

    def select(self, release: Path) -> None:
        """Make a release the current one, and that the one before."""
        before = self.current
        if before is not None:
            self._link("previous", before)
        self._link("current", release)

    def restore(self, current: Path, previous: Path | None) -> None:
        """Take a selection back."""
        self._link("current", current)
        if previous is None:
            (self.root / "previous").unlink(missing_ok=True)
        else:
            self._link("previous", previous)

    def remove(self, release: Path) -> None:
        shutil.rmtree(release, ignore_errors=True)

    def tidy(self) -> None:
        """Remove releases that nobody goes back to, and dependencies that none needs."""
        kept = {self.current, self.previous}
        for number in sorted(self._numbers())[:-KEPT]:
            place = self.root / "releases" / str(number)
            if place not in kept:
                self.remove(place)
        used = {(self.root / "releases" / str(each) / "dependencies").resolve() for each in self._numbers()}
        for place in (self.root / "dependencies").iterdir():
            if place not in used:
                self.remove(place)

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Let nobody else change which release is current meanwhile.

        Raises:
            Failure: somebody does.
        """
        with (self.root / "lock").open("w") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise Failure("Another update or rollback is going on in this container.") from None
            yield

    def _numbers(self) -> list[int]:
        return [int(place.name) for place in (self.root / "releases").glob("[0-9]*") if place.name.isdigit()]

    def _followed(self, name: str) -> Path | None:
        link = self.root / name
        return link.resolve() if link.exists() else None

    def _link(self, name: str, target: Path) -> None:
        unfinished = self.root / f"{name}.new"
        unfinished.unlink(missing_ok=True)
        unfinished.symlink_to(target)
        unfinished.replace(self.root / name)
