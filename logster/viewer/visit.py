"""Visit: what one request to the viewer knows: the service, who asks, where the mount is. Decides nothing."""

from dataclasses import dataclass

from starlette.requests import Request
from starlette.types import Scope

from logster.service import Service
from logster.settings import Settings
from logster.store.redis_store import RedisStore
from logster.viewer.permission import Access, Visitor

_KEY = "logster.visit"


@dataclass
class Visit:
    """One request: `path` is what follows the mount, `base` leads from the page back to the mount, relatively.

    `visitor` is whom `authorize` let in; `body` the request's body where it changes something; `token` the CSRF token
    that a page may show, and `secret` the cookie it belongs to.
    """

    service: Service
    path: str
    base: str
    visitor: Visitor | None = None
    body: bytes = b""
    token: str = ""
    secret: str = ""

    @property
    def by(self) -> str:
        """Who makes a change, where `authorize` said it."""
        return self.visitor.name if self.visitor else ""

    @property
    def may_change(self) -> bool:
        """Whether who asks may do more than look."""
        return self.visitor is not None and self.visitor.access is Access.EDIT

    @property
    def settings(self) -> Settings:
        return self.service.settings

    @property
    def store(self) -> RedisStore:
        return self.service.store


def begin(scope: Scope, service: Service) -> Visit:
    """Return the visit of a request that arrives, and keep it with the request."""
    path = path_below(scope)
    visit = scope[_KEY] = Visit(service, path, _base(path, scope))
    return visit


def visit_of(request: Request) -> Visit:
    """Return the visit that belongs to `request`."""
    return visit_in(request.scope)


def visit_in(scope: Scope) -> Visit:
    """Return the visit that belongs to the request of `scope`."""
    visit: Visit = scope[_KEY]
    return visit


def path_below(scope: Scope) -> str:
    """Return the request's path without the prefix under which the viewer is mounted."""
    path: str = scope.get("path", "")
    root: str = scope.get("root_path", "")
    if root and (path == root or path.startswith(root + "/")):
        return path[len(root) :]
    return path


def _base(path: str, scope: Scope) -> str:
    """Return the way up from `path` to the mount: relative, so no proxy and no prefix can make it wrong."""
    # For the browser an encoded slash is no step.
    steps = path.count("/") - 1 - scope.get("raw_path", b"").lower().count(b"%2f")
    return "../" * steps or "./"
