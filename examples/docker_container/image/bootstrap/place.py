"""Where something stands in a config, and what is wrong there."""

from collections.abc import Iterable
from typing import NamedTuple


class Place(NamedTuple):
    """A line of a file; the file is named relative to the directory that holds `sites` and `templates`."""

    file: str
    line: int

    def __str__(self) -> str:
        return f"{self.file}:{self.line}"


class Mistake(NamedTuple):
    """What is wrong at a place, and what is allowed there. Never holds a value that could be secret."""

    place: Place
    text: str

    def __str__(self) -> str:
        return f"{self.place}: {self.text}"


class ConfigWrong(Exception):
    """The config cannot be used; the text has a line for each mistake, and shows none of the secrets."""

    def __init__(self, mistakes: Iterable[Mistake], secrets: Iterable[str] = ()) -> None:
        self.mistakes = sorted({_without(secrets, mistake) for mistake in mistakes})
        super().__init__("\n".join(map(str, self.mistakes)))


def _without(secrets: Iterable[str], mistake: Mistake) -> Mistake:
    text = mistake.text
    for secret in filter(None, secrets):
        text = text.replace(secret, "[secret]").replace(repr(secret), "[secret]")
    return mistake._replace(text=text)
