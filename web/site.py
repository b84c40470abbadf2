"""The website's app: its routes, what wraps them, and what starts and ends with it."""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import AbstractContextManager, asynccontextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.routing import Route

import logster
from logster import service
from logster.errors import StoreUnavailable
from logster.store.connection import Connection
from web import pages, refusal
from web.assets import Assets
from web.docs import Library
from web.headers import SecurityHeaders
from web.housekeeping import Housekeeping
from web.jobs import Jobs
from web.lodgers import Lodgers
from web.options import Options
from web.quotas import Quotas
from web.registry import Registry
from web.streams import Streams
from web.visitors import Visitors

HERE = Path(__file__).parent

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Site:
    """What the pages know of the site; `lodgers` is None where there is one log for everybody."""

    options: Options
    assets: Assets
    library: Library
    lodgers: Lodgers | None


def anyone(request: Request) -> bool:
    """Let every visitor see the demo's log: his own, or one in which all is made up."""
    return True


def create(*, jobs: bool = True, sandboxes: bool = False, options: Options | None = None) -> Starlette:
    """Return the website.

    Arguments:
        jobs: whether jobs that fail now and then run in the background.
        sandboxes: whether each visitor gets a log of his own; the setting `namespace` then is `sandbox.namespace`.
        options: how it runs.
    """
    options = options or Options()
    lodgers = Lodgers(Registry(_connection(), options)) if sandboxes else None
    library = Library(Path(options.docs) if options.docs else HERE.parent / "docs")
    app = Starlette(
        routes=_routes(Assets(HERE / "static"), library),
        middleware=_middleware(lodgers, options),
        exception_handlers={404: pages.missing, 405: pages.missing, Exception: pages.failed},
        lifespan=_lifespan(jobs, lodgers),
    )
    app.state.site = Site(options, Assets(HERE / "static"), library, lodgers)
    return app


def _connection() -> Connection:
    settings = service.current().settings
    return Connection(settings.redis_url, settings.redis_timeout_seconds)


def _routes(assets: Assets, library: Library) -> list[Route]:
    return [
        Route("/", pages.home),
        Route("/demo", pages.demo),
        Route("/demo/fresh", pages.fresh, methods=["POST"]),
        Route("/demo/{fault}", pages.cause, methods=["POST"]),
        Route("/docs", pages.docs),
        Route("/docs/", pages.doc),
        Route("/docs/{name}", pages.doc),
        Route("/docs/screenshots/{version}/{name}", library.pictures.serve),
        Route("/static/{version}/{name}", assets.serve),
        Route("/favicon.ico", pages.icon),
        Route("/robots.txt", pages.robots),
        Route("/sitemap.xml", pages.sitemap),
        Route("/healthz", pages.health),
    ]


def _middleware(lodgers: Lodgers | None, options: Options) -> list[Middleware]:
    own = [Middleware(Visitors, lodgers, Quotas(options), refusal.answer), Middleware(Streams)] if lodgers else []
    return [Middleware(SecurityHeaders), *own, Middleware(logster.LogsterMiddleware, authorize=anyone)]


def _lifespan(jobs: bool, lodgers: Lodgers | None):  # type: ignore[no-untyped-def]
    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        await asyncio.to_thread(_check)
        with _background(jobs, lodgers):
            yield

    return lifespan


def _background(jobs: bool, lodgers: Lodgers | None) -> AbstractContextManager[object]:
    if not jobs:
        return nullcontext()
    return Housekeeping(lodgers) if lodgers else Jobs()


def _check() -> None:
    """Refuse to start over the data of a newer Logster. Without Redis the site starts, and says so where it matters."""
    try:
        service.current().store.count()
    except StoreUnavailable as error:
        logger.warning("The website starts without Redis: %s", error)
