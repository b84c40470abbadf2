"""A sandbox: the log of one visitor, which is a namespace of its own. Owns its name, and whose request this is."""

import re
import secrets
import time
from contextvars import ContextVar

PREFIX = "demo-"
# What is reported outside a visitor's request is the operator's business, and shown to nobody.
OUTSIDE = "site"

_NAME = re.compile(r"([0-9]{10})-[A-Za-z0-9_-]{22}")
_current: ContextVar[str] = ContextVar("sandbox", default="")


def new_name() -> str:
    """Return a name that nobody can guess and that says when it was given."""
    return f"{int(time.time()):010}-{secrets.token_urlsafe(16)}"


def born(name: str) -> int | None:
    """Return when a sandbox of that name was made, in seconds since the epoch; None where it is no such name."""
    found = _NAME.fullmatch(name)
    return int(found[1]) if found else None


def enter(name: str) -> None:
    """Let what this context reports, and the log that it shows, be those of a sandbox; of none where empty."""
    _current.set(name)


def current() -> str:
    """Return the name of this context's sandbox; empty outside."""
    return _current.get()


def namespace() -> str:
    """Return the namespace of this context."""
    return namespace_of(_current.get())


def namespace_of(name: str) -> str:
    """Return the namespace that a sandbox is."""
    return PREFIX + name if name else OUTSIDE
