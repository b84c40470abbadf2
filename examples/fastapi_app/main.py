"""A shop in FastAPI with its log at /logs/: `python examples/fastapi_app/main.py`, then http://127.0.0.1:8000/.

The log asks for a name and a password: `admin`, and what the environment variable SHOP_PASSWORD says.
"""

import os
import secrets
import sys

import uvicorn
from fastapi import FastAPI, Request
from fastapi.responses import HTMLResponse

import logster
from logster import access
from logster.integrations.fastapi import add_logster

password = os.environ.setdefault("SHOP_PASSWORD", secrets.token_urlsafe(9))

app = FastAPI()
add_logster(app, authorize=access.basic({"admin": access.hash_password(password)}))


@app.get("/", response_class=HTMLResponse)
async def home() -> str:
    return '<a href="charge">charge</a> <a href="logs/">log</a> <script src="logs/logster.js"></script>'


@app.get("/charge")
async def charge() -> None:
    raise ValueError("The bank said no")


@app.exception_handler(500)
async def failed(request: Request, error: Exception) -> HTMLResponse:
    return HTMLResponse(f'Something failed: <a href="{logster.permalink()}">what?</a>', 500)


if __name__ == "__main__":
    sys.stdout.write(f"The log is for admin with the password {password}\n")
    uvicorn.run(app, port=int(os.environ.get("PORT", "8000")))
