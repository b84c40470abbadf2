"""Finds the files a site is made of: its config and the templates it mixes in, each once and before who names it."""

from pathlib import Path, PurePosixPath
from typing import NamedTuple

from bootstrap.document import Fields, Reading, Value, load, suggestion

KEYS = ("templates", "params", "env", "expose", "volumes", "labels", "hooks", "code", "run")


class Source(NamedTuple):
    """The sections of one file."""

    file: str
    sections: Fields


def find(site: Path, reading: Reading) -> list[Source]:
    """Return the templates of a site in the order they take effect, and the site itself as the last.

    Args:
        site: DIRECTORY/sites/NAME.yml; templates are looked for in DIRECTORY.
        reading: takes the mistakes.
    """
    directory = site.absolute().parent.parent
    return _Finder(directory, reading).find(f"{site.absolute().parent.name}/{site.name}", ())


class _Finder:
    def __init__(self, directory: Path, reading: Reading) -> None:
        self._directory = directory
        self._reading = reading
        self._seen: set[str] = set()

    def find(self, file: str, users: tuple[str, ...]) -> list[Source]:
        self._seen.add(file)
        root = load(self._directory / file, file, self._reading)
        if root is None:
            return []
        sections = root.fields(KEYS)
        if root.is_empty:
            root.wrong("is empty")
        found = []
        for template in sections.items_of("templates"):
            found += self._template(template, (*users, file))
        return [*found, Source(file, sections)]

    def _template(self, named: Value, users: tuple[str, ...]) -> list[Source]:
        file = str(PurePosixPath(named.written(self._complaint)))
        if file in users:
            circle = " → ".join([*users[users.index(file) :], file])
            named.wrong(f"templates that include each other in a circle: {circle}")
        if file in self._seen or self._complaint(file):
            return []
        return self.find(file, users)

    def _complaint(self, file: str) -> str | None:
        path = PurePosixPath(file)
        if path.is_absolute() or ".." in path.parts:
            return f"{file!r} has to be a path below the directory that holds sites and templates"
        if (self._directory / path).is_file():
            return None
        there = [str(each.relative_to(self._directory)) for each in self._directory.glob("templates/*.yml")]
        return f"there is no {file!r}{suggestion(file, there)}"
