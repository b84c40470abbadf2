"""The step `replace`: other text in a file that exists."""

import re
from dataclasses import dataclass
from pathlib import Path

from bootstrap import allowed, atomic
from bootstrap.document import Value
from bootstrap.place import Place
from bootstrap.step import StepFailed


@dataclass(frozen=True)
class Replacement:
    """Replaces the first occurrence, or all, and fails where there is none unless that is allowed."""

    place: Place
    path: str
    pattern: str
    to: str
    everywhere: bool = False
    optional: bool = False

    @classmethod
    def read(cls, place: Place, value: Value) -> "Replacement":
        needed = ("filename", "from", "to")
        fields = value.fields((*needed, "global", "optional"), required=needed)
        pattern, to = _pattern(fields["from"], fields["to"]) if {"from", "to"} <= fields.keys() else ("", "")
        return cls(
            place,
            path=fields.text("filename", allowed.guest_path),
            pattern=pattern,
            to=to,
            everywhere=fields.flag("global"),
            optional=fields.flag("optional"),
        )

    def __str__(self) -> str:
        return f"replace in {self.path}"

    def run(self) -> None:
        path = Path(self.path).resolve()
        try:
            state = path.stat()
            # What is not UTF-8 in the file comes out as it went in.
            before = path.read_bytes().decode(errors="surrogateescape")
            after, count = re.subn(self.pattern, self.to, before, count=0 if self.everywhere else 1, flags=re.MULTILINE)
            if not count and not self.optional:
                raise StepFailed("found nothing to replace; say optional: true where that is no mistake")
            if after != before:
                data = after.encode(errors="surrogateescape")
                atomic.write(path, data, state.st_mode & 0o7777, state.st_uid, state.st_gid)
        except OSError as error:
            raise StepFailed(f"could not be done: {error.strerror}") from error


def _pattern(searched: Value, replacing: Value) -> tuple[str, str]:
    """Return a regular expression and what `re.sub` puts in its place, whichever way they were written."""
    written = searched.written()
    if not (len(written) > 2 and written.startswith("/") and written.endswith("/")):
        literal = searched.text(lambda text: None if text else "there is nothing to search for")
        return re.escape(literal), _escaped(replacing.text())
    pattern = searched.text(_complaint, escape=re.escape)[1:-1]
    return pattern, replacing.text(lambda to: _template_complaint(pattern, to), escape=_escaped)


def _escaped(text: str) -> str:
    return text.replace("\\", r"\\")


def _complaint(text: str) -> str | None:
    try:
        re.compile(text[1:-1], re.MULTILINE)
    except re.error as error:
        return f"not a regular expression: {error.msg} at character {error.pos}"
    return None


def _template_complaint(pattern: str, to: str) -> str | None:
    """Say what is wrong with the references to groups, by expanding them for a match of nothing."""
    if _complaint(f"/{pattern}/"):
        return None
    match = re.compile(f"{pattern}\n|", re.MULTILINE).match("")
    try:
        if match:
            match.expand(to)
    except (re.error, IndexError) as error:
        return f"{to!r} refers to what the regular expression does not have: {error}"
    return None
