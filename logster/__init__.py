"""Logster: embedded error and log reporting. The public names, each imported when it is first used."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from logster.alerts.rule import alert as alert
    from logster.capture.context import add_to_env as add_to_env
    from logster.capture.context import bind as bind
    from logster.capture.handler import LogsterHandler as LogsterHandler
    from logster.capture.hooks import install as install
    from logster.capture.leveling import override_level as override_level
    from logster.capture.permalink import permalink as permalink
    from logster.delivery.observers import subscribe as subscribe
    from logster.errors import ConfigurationError as ConfigurationError
    from logster.errors import LogsterError as LogsterError
    from logster.errors import StoreUnavailable as StoreUnavailable
    from logster.middleware.asgi import LogsterMiddleware as LogsterMiddleware
    from logster.middleware.wsgi import LogsterWSGIMiddleware as LogsterWSGIMiddleware
    from logster.rates import on_rate as on_rate
    from logster.service import configure as configure
    from logster.service import flush as flush
    from logster.settings import Settings as Settings
    from logster.store.redis_store import RedisStore as RedisStore
    from logster.viewer.app import Viewer as Viewer
    from logster.viewer.loopback import loopback_only as loopback_only

__version__ = "0.1.0"

# A program that only logs must not pay for the web framework, so nothing is imported before it is asked for.
_HOME = {
    "ConfigurationError": "logster.errors",
    "LogsterError": "logster.errors",
    "LogsterHandler": "logster.capture.handler",
    "LogsterMiddleware": "logster.middleware.asgi",
    "LogsterWSGIMiddleware": "logster.middleware.wsgi",
    "RedisStore": "logster.store.redis_store",
    "Settings": "logster.settings",
    "StoreUnavailable": "logster.errors",
    "Viewer": "logster.viewer.app",
    "add_to_env": "logster.capture.context",
    "alert": "logster.alerts.rule",
    "bind": "logster.capture.context",
    "configure": "logster.service",
    "flush": "logster.service",
    "install": "logster.capture.hooks",
    "on_rate": "logster.rates",
    "override_level": "logster.capture.leveling",
    "permalink": "logster.capture.permalink",
    "subscribe": "logster.delivery.observers",
    "loopback_only": "logster.viewer.loopback",
}

__all__ = ["__version__", *_HOME]


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module 'logster' has no attribute {name!r}")
    value = getattr(import_module(_HOME[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
