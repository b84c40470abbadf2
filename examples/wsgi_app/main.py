"""A shop in plain WSGI with its log at /logs/: `python examples/wsgi_app/main.py`, then http://127.0.0.1:8000/charge.

The log asks for a name and a password: `admin`, and what the environment variable SHOP_PASSWORD says.
"""

import logging
import os
import secrets
import sys
from collections.abc import Callable, Iterable
from typing import Any
from wsgiref.simple_server import make_server

import logster
from logster import access

password = os.environ.setdefault("SHOP_PASSWORD", secrets.token_urlsafe(9))

logging.getLogger().addHandler(logster.LogsterHandler("WARNING"))


def shop(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    if environ["PATH_INFO"] == "/charge":
        raise ValueError("The bank said no")
    start_response("200 OK", [("Content-Type", "text/html")])
    log = f"{environ['SCRIPT_NAME']}/logs"
    return [f'<a href="charge">charge</a> <a href="{log}/">log</a> <script src="{log}/logster.js"></script>'.encode()]


app = logster.LogsterWSGIMiddleware(shop, authorize=access.basic({"admin": access.hash_password(password)}))

if __name__ == "__main__":
    sys.stdout.write(f"The log is for admin with the password {password}\n")
    sys.stdout.flush()
    make_server("127.0.0.1", int(os.environ.get("PORT", "8000")), app).serve_forever()
