"""The step `file`: a file with its contents, mode and owner."""

import grp
import pwd
from dataclasses import dataclass
from pathlib import Path

from bootstrap import allowed, atomic
from bootstrap.document import Value
from bootstrap.place import Place
from bootstrap.step import StepFailed


@dataclass(frozen=True)
class File:
    """A file that is there afterwards as described, whatever was there before."""

    place: Place
    path: str
    contents: str
    mode: str = "0644"
    owner: str = ""

    @classmethod
    def read(cls, place: Place, value: Value) -> "File":
        fields = value.fields(("path", "chmod", "chown", "contents"), required=("path", "contents"))
        return cls(
            place,
            path=fields.text("path", allowed.guest_path),
            contents=fields.text("contents"),
            mode=fields.text("chmod", allowed.mode, cls.mode),
            owner=fields.text("chown", allowed.owner),
        )

    def __str__(self) -> str:
        return f"file {self.path} {self.mode} {self.owner}".rstrip()

    def run(self) -> None:
        user, group = _numbers(self.owner)
        try:
            atomic.write(Path(self.path), self.contents.encode(), int(self.mode, 8), user, group)
        except OSError as error:
            raise StepFailed(f"could not be written: {error.strerror}") from error


def _numbers(owner: str) -> tuple[int, int]:
    """Return the numbers of a user and a group, -1 where none is named."""
    user, _, group = owner.partition(":")
    try:
        uid = int(user) if user.isdigit() else pwd.getpwnam(user).pw_uid if user else -1
        gid = int(group) if group.isdigit() else grp.getgrnam(group).gr_gid if group else -1
    except KeyError as error:
        raise StepFailed(f"could not be written: {error.args[0]}") from None
    return uid, gid
