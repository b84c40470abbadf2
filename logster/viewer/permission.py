"""Permission: what `authorize` may answer, and what that allows. Asks nobody."""

from dataclasses import dataclass
from enum import Enum
from typing import Any

from starlette.requests import Request


class Access(Enum):
    """What somebody may do in the log. `NONE` is false."""

    NONE = "none"
    VIEW = "view"
    """Look at everything, and change nothing."""
    EDIT = "edit"
    """Look, and solve, protect, delete, clear, suppress and group."""

    def __bool__(self) -> bool:
        return self is not Access.NONE


@dataclass(frozen=True)
class Visitor:
    """Who looks at the log, and what they may do there; an answer of `authorize`. False where that is nothing.

    Arguments:
        name: who it is; the history of changes shows it.
        access: what they may do.
        can_sign_out: whether the pages show a button that posts to `logout`, which the authorizer answers.
    """

    name: str = ""
    access: Access = Access.EDIT
    can_sign_out: bool = False

    def __bool__(self) -> bool:
        return bool(self.access)


class Authorizer:
    """An `authorize` that works inside the viewer: on its event loop, with the request's visit and body.

    Any other `authorize` of a WSGI app is asked on the request's own thread, where the app's session is.
    """

    async def __call__(self, request: Request) -> Any:
        """Return a `Visitor`, or the Response for whom it does not let in."""
        raise NotImplementedError


def visitor_of(answer: Any) -> Visitor:
    """Return who it is that `authorize` means: with a name, an `Access`, a `Visitor`, or anything true or false."""
    match answer:
        case Visitor():
            return answer
        case Access():
            return Visitor(access=answer)
        case str():
            return Visitor(answer, Access.EDIT if answer else Access.NONE)
        case _:
            return Visitor(access=Access.EDIT if answer else Access.NONE)
