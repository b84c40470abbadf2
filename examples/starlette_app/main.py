"""A shop in Starlette with its log at /logs/: `python examples/starlette_app/main.py`, then http://127.0.0.1:8000/.

Sign in as `admin` to see the log; anybody else may not.
"""

import os
from typing import Any

import uvicorn
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.sessions import SessionMiddleware
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse
from starlette.routing import Route

import logster
from logster import access
from logster.integrations.starlette import add_logster


async def home(request: Request) -> HTMLResponse:
    return HTMLResponse('<a href="charge">charge</a> <a href="logs/">log</a> <script src="logs/logster.js"></script>')


async def charge(request: Request) -> HTMLResponse:
    raise ValueError("The bank said no")


async def failed(request: Request, error: Exception) -> HTMLResponse:
    return HTMLResponse(f'Something failed: <a href="{logster.permalink()}">what?</a>', 500)


async def sign_in(request: Request) -> Any:
    if request.method == "GET":
        return HTMLResponse('<form method="post">Name: <input name="name"><button>Sign in</button></form>')
    request.session["name"] = dict(part.split("=") for part in (await request.body()).decode().split("&"))["name"]
    return RedirectResponse("./", 303)


app = Starlette(
    routes=[Route("/", home), Route("/charge", charge), Route("/login", sign_in, methods=["GET", "POST"])],
    middleware=[Middleware(SessionMiddleware, secret_key=os.environ.get("SHOP_SECRET", "for development only"))],
    exception_handlers={500: failed},
)
add_logster(
    app,
    authorize=access.signed_in(
        lambda request: request.session.get("name"), may=lambda name: name == "admin", login="/login"
    ),
    user_id=lambda scope: scope.get("session", {}).get("name"),
)

if __name__ == "__main__":
    uvicorn.run(app, port=int(os.environ.get("PORT", "8000")))
