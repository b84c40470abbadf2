"""A shop in plain ASGI with its log at /logs/: `python examples/asgi_app/main.py`, then http://127.0.0.1:8000/charge.

The log asks for a name and a password: `admin`, and what the environment variable SHOP_PASSWORD says.
"""

import logging
import os
import secrets
import sys
from collections.abc import Awaitable, Callable
from typing import Any

import uvicorn

import logster
from logster import access

password = os.environ.setdefault("SHOP_PASSWORD", secrets.token_urlsafe(9))

logging.getLogger().addHandler(logster.LogsterHandler("WARNING"))


async def shop(scope: dict[str, Any], receive: Callable[..., Any], send: Callable[..., Awaitable[None]]) -> None:
    if scope["type"] == "lifespan":
        await live(receive, send)
    elif scope["type"] == "http":
        await answer(scope, send)


async def live(receive: Callable[..., Any], send: Callable[..., Awaitable[None]]) -> None:
    for step in ("startup", "shutdown"):
        await receive()
        await send({"type": f"lifespan.{step}.complete"})


async def answer(scope: dict[str, Any], send: Callable[..., Awaitable[None]]) -> None:
    if scope["path"].removeprefix(scope["root_path"]) == "/charge":
        raise ValueError("The bank said no")
    log = f"{scope['root_path']}/logs"
    page = f'<a href="charge">charge</a> <a href="{log}/">log</a> <script src="{log}/logster.js"></script>'
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"text/html")]})
    await send({"type": "http.response.body", "body": page.encode()})


app = logster.LogsterMiddleware(shop, authorize=access.basic({"admin": access.hash_password(password)}))

if __name__ == "__main__":
    sys.stdout.write(f"The log is for admin with the password {password}\n")
    uvicorn.run(app, port=int(os.environ.get("PORT", "8000")))
