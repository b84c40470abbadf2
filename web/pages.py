"""What the website shows. The errors themselves are made in `faults`."""

from pathlib import Path
from typing import TYPE_CHECKING
from xml.sax.saxutils import escape

from jinja2 import StrictUndefined
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, RedirectResponse, Response
from starlette.templating import Jinja2Templates

import logster
from logster import service
from logster.errors import LogsterError
from web import sandbox
from web.docs import INDEX
from web.faults import FAULTS, Fault
from web.headers import HEADERS

if TYPE_CHECKING:
    from web.site import Site

STATIC = Path(__file__).parent / "static"
WRITTEN_WITHIN_SECONDS = 1.0
NEWEST = 20

_templates = Jinja2Templates(Path(__file__).parent / "templates")
_templates.env.undefined = StrictUndefined
_templates.env.trim_blocks = _templates.env.lstrip_blocks = True


async def home(request: Request) -> Response:
    """Show what Logster is, in one screen, with the log itself."""
    return page(request, "home.html", faults=FAULTS)


async def demo(request: Request) -> Response:
    """Show the buttons that cause errors, and what the last one did."""
    caused = FAULTS.get(request.query_params.get("caused", ""))
    key = request.query_params.get("key", "")
    return page(request, "demo.html", faults=FAULTS, caused=caused, key=key if _is_key(key) else "")


async def cause(request: Request) -> Response:
    """Do what a button promises; most of it ends in an exception that nobody catches."""
    fault = FAULTS.get(request.path_params["fault"])
    if fault is None:
        raise HTTPException(404)
    await run_in_threadpool(fault.happen)
    return await _back(request, fault)


async def fresh(request: Request) -> Response:
    """Throw the visitor's log away; the next page gives another one."""
    lodgers = _site(request).lodgers
    if lodgers and (name := sandbox.current()):
        await lodgers.leave(name)
    return RedirectResponse(f"{_base(request)}/demo", 303)


async def docs(request: Request) -> Response:
    """Lead to the table of contents, from where relative links are right."""
    return RedirectResponse(f"{_base(request)}/docs/", 301)


async def doc(request: Request) -> Response:
    """Show a page of the documentation."""
    library = _site(request).library
    found = library.pages.get(request.path_params.get("name", INDEX))
    if found is None or request.url.path.endswith(f"/{INDEX}"):
        raise HTTPException(404)
    return page(request, "doc.html", doc=found, pages=library.pages.values())


async def icon(request: Request) -> Response:
    """Lead to the icon, for browsers that ask for it where it used to be."""
    return RedirectResponse(f"{_base(request)}/static/{_site(request).assets.address('icon.svg')}", 302)


async def robots(request: Request) -> Response:
    """Ask robots to stay out of what visitors do."""
    lines = ["User-agent: *", "Disallow: /logs", "Disallow: /demo/", f"Sitemap: {_outside(request)}/sitemap.xml"]
    return PlainTextResponse("\n".join(lines) + "\n")


async def sitemap(request: Request) -> Response:
    """List the pages for search engines."""
    names = ["" if name == INDEX else name for name in _site(request).library.pages]
    paths = ["/", "/demo", *(f"/docs/{name}" for name in names)]
    entries = "".join(f"<url><loc>{escape(_outside(request) + path)}</loc></url>" for path in paths)
    body = (
        f'<?xml version="1.0" encoding="UTF-8"?><urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">{entries}'
    )
    return Response(f"{body}</urlset>", media_type="application/xml")


async def health(request: Request) -> Response:
    """Say that the website works with Redis, or what is wrong."""
    headers = {"Cache-Control": "no-store"}
    try:
        await run_in_threadpool(service.current().store.count)
    except LogsterError as error:
        return JSONResponse({"status": "failing", "reason": str(error)}, 503, headers)
    return JSONResponse({"status": "ok", "version": logster.__version__}, 200, headers)


async def failed(request: Request, error: Exception) -> Response:
    """Lead the visitor of a failed request back; the server and Logster's middleware still see the exception."""
    if fault := FAULTS.get(request.path_params.get("fault", "")):
        return await _back(request, fault)
    # Whatever wraps the routes is not asked any more where one of them failed.
    return page(request, "failed.html", status_code=500, headers=HEADERS)


async def missing(request: Request, error: Exception) -> Response:
    """Say that there is no such page."""
    status = error.status_code if isinstance(error, HTTPException) else 404
    headers = dict(error.headers or {}) if isinstance(error, HTTPException) else {}
    return page(request, "missing.html", status_code=status, headers=headers)


def page(
    request: Request, template: str, *, status_code: int = 200, headers: dict[str, str] | None = None, **context: object
) -> Response:
    """Return a template as an answer."""
    site = _site(request)
    context |= {
        "base": _base(request),
        "static": lambda name: f"{_base(request)}/static/{site.assets.address(name)}",
        "picture": site.library.pictures.address,
        "canonical": f"{site.options.url}{request.url.path}" if site.options.url else "",
        "version": logster.__version__,
        "shows_log": site.lodgers is None or bool(sandbox.current()),
        "is_own": site.lodgers is not None,
    }
    answer = _templates.TemplateResponse(request, template, context, status_code=status_code, headers=headers)
    if template != "doc.html":
        answer.headers.setdefault("Cache-Control", "no-store" if site.lodgers else "no-cache")
    return answer


async def _back(request: Request, fault: Fault) -> Response:
    """Lead to where the error is seen: the log itself where a frame with it asked, else the demo with a link."""
    key = await run_in_threadpool(_key_of, fault)
    shown = f"&key={key}" if key else ""
    if request.query_params.get("show") == "log":
        return RedirectResponse(f"{_base(request)}/logs/{shown.replace('&', '?')}", 303)
    return RedirectResponse(f"{_base(request)}/demo?caused={request.path_params['fault']}{shown}", 303)


def _key_of(fault: Fault) -> str:
    """Return the key of the newest entry that a fault made, once it is written; nothing where it cannot be found."""
    current = service.current()
    current.worker.flush(WRITTEN_WITHIN_SECONDS)
    try:
        newest = current.store.page(limit=NEWEST).entries
    except LogsterError:
        return ""
    return next((entry.key for entry in newest if fault.trace in f"{entry.exception_type} {entry.message}"), "")


def _is_key(text: str) -> bool:
    return text.isascii() and text.isalnum() and len(text) <= 64


def _site(request: Request) -> "Site":
    site: Site = request.app.state.site
    return site


def _base(request: Request) -> str:
    base: str = request.scope.get("root_path", "")
    return base


def _outside(request: Request) -> str:
    """Return where the site is reached from outside; what the browser says where that is not configured."""
    return _site(request).options.url or str(request.base_url).rstrip("/")
