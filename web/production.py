"""The website as several worker processes serve it, configured by the environment alone.

    gunicorn --preload --worker-class uvicorn_worker.UvicornWorker web.production:app

LOGSTER_* variables are Logster's own settings. Importing this module starts no thread and opens no connection, so that
it may be loaded before the workers are forked. Each worker writes what it still holds before it ends: the lifespan of
the app does that.
"""

import logging
import os
from collections.abc import Mapping

from starlette.types import ASGIApp

import logster
from web.proxy import LocalProxy
from web.site import create

DEFAULTS = {"namespace": "site", "title": "Logster demo", "application_version": logster.__version__}


def production(environ: Mapping[str, str]) -> ASGIApp:
    """Return the website as `environ` wants it."""
    given = {name: value for name, value in DEFAULTS.items() if f"LOGSTER_{name.upper()}" not in environ}
    logster.configure(**given)
    root = logging.getLogger()
    root.setLevel(logging.INFO)
    root.addHandler(logster.LogsterHandler())
    return LocalProxy(create())


app = production(os.environ)
