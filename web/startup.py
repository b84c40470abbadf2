"""How the website starts where it serves visitors: its settings, its logging, and what stands before its pages."""

import logging
from collections.abc import Mapping
from typing import Any

from starlette.types import ASGIApp

import logster
from web import faults, sandbox
from web.options import Options
from web.proxy import LocalProxy
from web.site import create

DEFAULTS: dict[str, Any] = {
    "application_version": logster.__version__,
    "title": "Logster demo",
    "notice": "A demo: yours alone, and gone an hour after your last visit.",
    # A sandbox is small.
    "max_backlog": 100,
    "max_env_count_per_entry": 5,
    "max_env_bytes": 4_000,
    "maximum_message_length": 2_000,
    "maximum_entry_bytes": 16_000,
    "beacon_per_minute": 30,
    "beacon_max_bytes": 16_000,
}


def production(environ: Mapping[str, str]) -> ASGIApp:
    """Return the website as `environ` wants it.

    Raises:
        ConfigurationError: a variable has a value that is not allowed.
    """
    options = Options.from_environment(environ)
    given = {name: value for name, value in DEFAULTS.items() if f"LOGSTER_{name.upper()}" not in environ}
    logster.configure(**given, namespace=sandbox.namespace, same_origin_frames=True)
    root = logging.getLogger()
    root.setLevel(logging.INFO)
    root.addHandler(logster.LogsterHandler())
    logging.getLogger("uvicorn.error").addFilter(not_meant)
    return LocalProxy(create(sandboxes=True, options=options))


def not_meant(record: logging.LogRecord) -> bool:
    """Return whether a record is no error that a visitor caused on purpose: those are in his log, and nowhere else."""
    trace = record.exc_info[1].__traceback__ if record.exc_info and record.exc_info[1] else None
    while trace:
        if trace.tb_frame.f_code.co_filename == faults.__file__:
            return False
        trace = trace.tb_next
    return True
