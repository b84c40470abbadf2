"""What single values may look like: each function says what is wrong with a text, or None."""

import re
from pathlib import PurePosixPath

from bootstrap.params import NAME

_MODE = re.compile(r"0?[0-7]{3,4}")
_OWNER = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]*(:[A-Za-z0-9_][A-Za-z0-9_.-]*)?")
_EXPOSED = re.compile(r"(?:(?P<address>[0-9.]+|\[[0-9A-Fa-f:.]+\]):)?(?P<host>\d+):(?P<container>\d+)")
_LARGEST_PORT = 65_535


def guest_path(text: str) -> str | None:
    """A path inside the container."""
    path = PurePosixPath(text)
    if not path.is_absolute() or ".." in path.parts or len(path.parts) == 1:
        return f"{text!r} has to be an absolute path inside the container, with no '..'"
    return None


def directory(text: str) -> str | None:
    return None if text == "/" else guest_path(text)


def host_path(text: str) -> str | None:
    """A path on the host."""
    if text.startswith(("/", "./")) and ".." not in PurePosixPath(text).parts and ":" not in text:
        return None
    return f"{text!r} has to be an absolute path on the host, or begin with ./ for the directory of the launcher"


def mode(text: str) -> str | None:
    return None if _MODE.fullmatch(text) else f"{text!r} is no mode: write three or four octal digits, such as 0644"


def owner(text: str) -> str | None:
    return None if _OWNER.fullmatch(text) else f"{text!r} is no owner: write USER or USER:GROUP"


def user(text: str) -> str | None:
    return f"{text!r} is no user" if ":" in text or not _OWNER.fullmatch(text) else None


def exposed(text: str) -> str | None:
    """A port of the host and the port of the container that it leads to."""
    match = _EXPOSED.fullmatch(text)
    if not match:
        return f"{text!r} is no pair of ports: write HOST:CONTAINER, or ADDRESS:HOST:CONTAINER"
    for port in (match["host"], match["container"]):
        if not 1 <= int(port) <= _LARGEST_PORT:
            return f"{port} is no port: it has to be from 1 to {_LARGEST_PORT}"
    return None


def name(text: str) -> str | None:
    """The name of a param or of a variable."""
    return None if NAME.fullmatch(text) else f"{text!r} is no name: letters, digits and _, not beginning with a digit"


def command(text: str) -> str | None:
    if "\0" in text:
        return "a command cannot hold a NUL character"
    return None if text.strip() else "the command is empty"
