"""What the website shows. The errors themselves are made in `faults`."""

from pathlib import Path

from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.templating import Jinja2Templates

import logster
from logster import service
from logster.errors import LogsterError
from web.faults import FAULTS

_templates = Jinja2Templates(Path(__file__).parent / "templates")


async def home(request: Request) -> Response:
    """Show what Logster is, in one screen."""
    return _page(request, "home.html")


async def demo(request: Request) -> Response:
    """Show the buttons that cause errors, and what the last one did."""
    caused = FAULTS.get(request.query_params.get("caused", ""))
    return _page(request, "demo.html", faults=FAULTS, caused=caused)


async def cause(request: Request) -> Response:
    """Do what a button promises; most of it ends in an exception that nobody catches."""
    fault = FAULTS.get(request.path_params["fault"])
    if fault is None:
        raise HTTPException(404)
    await run_in_threadpool(fault.happen)
    return _back(request)


async def health(request: Request) -> Response:
    """Say that the website works with Redis, or what is wrong."""
    try:
        await run_in_threadpool(service.current().store.count)
    except LogsterError as error:
        return JSONResponse({"status": "failing", "reason": str(error)}, 503)
    return JSONResponse({"status": "ok", "version": logster.__version__})


async def failed(request: Request, error: Exception) -> Response:
    """Lead the visitor of a failed request back; the server and Logster's middleware still see the exception."""
    if "fault" in request.path_params:
        return _back(request)
    return _page(request, "failed.html", status_code=500)


async def missing(request: Request, error: Exception) -> Response:
    """Say that there is no such page."""
    return _page(request, "missing.html", status_code=404)


def _back(request: Request) -> Response:
    return RedirectResponse(f"{_base(request)}/demo?caused={request.path_params['fault']}", 303)


def _page(request: Request, template: str, *, status_code: int = 200, **context: object) -> Response:
    context |= {"base": _base(request), "version": logster.__version__}
    return _templates.TemplateResponse(request, template, context, status_code=status_code)


def _base(request: Request) -> str:
    base: str = request.scope.get("root_path", "")
    return base
