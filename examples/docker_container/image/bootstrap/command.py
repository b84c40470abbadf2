"""The step `exec`: a command in a shell, in a directory, as a user."""

import os
import pwd
import signal
import subprocess
from dataclasses import dataclass
from typing import Any

from bootstrap import allowed
from bootstrap.document import Value
from bootstrap.place import Place
from bootstrap.step import StepFailed


@dataclass(frozen=True)
class Command:
    """What runs in one shell that stops at the first line that fails."""

    place: Place
    script: str
    directory: str = "/"
    user: str = ""

    @classmethod
    def read(cls, place: Place, value: Value) -> "Command":
        if not value.is_map:
            return cls(place, _script(value))
        fields = value.fields(("cmd", "cd", "user"), required=("cmd",))
        return cls(
            place,
            script=_script(fields["cmd"]) if "cmd" in fields else "",
            directory=fields.text("cd", allowed.directory, cls.directory),
            user=fields.text("user", allowed.user),
        )

    def __str__(self) -> str:
        user = f"[{self.user}] " if self.user else ""
        return f"exec {user}{self.script.strip()}"

    def run(self) -> None:
        try:
            done = subprocess.run(
                ["/bin/sh", "-ec", self.script], cwd=self.directory, stdin=subprocess.DEVNULL, **self._identity()
            )
        except OSError as error:
            raise StepFailed(f"could not be started in {self.directory}: {error.strerror}") from error
        if done.returncode < 0:
            raise StepFailed(f"was killed by {signal.Signals(-done.returncode).name}")
        if done.returncode:
            raise StepFailed(f"ended with exit code {done.returncode}")

    def _identity(self) -> dict[str, Any]:
        """Return what makes the process the user's; nothing where it is already."""
        if not self.user:
            return {}
        try:
            user = pwd.getpwnam(self.user)
        except KeyError:
            raise StepFailed(f"could not be started: there is no user {self.user!r}") from None
        names = {"HOME": user.pw_dir, "USER": user.pw_name, "LOGNAME": user.pw_name}
        identity: dict[str, Any] = {"env": {**os.environ, **names}}
        if user.pw_uid != os.geteuid():
            groups = os.getgrouplist(user.pw_name, user.pw_gid)
            identity |= {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": groups}
        return identity


def _script(value: Value) -> str:
    if value.is_list:
        lines = [line.text(allowed.command) for line in value.items()]
        if not lines:
            value.wrong("the list of commands is empty")
        return "\n".join(lines)
    return value.text(allowed.command)
