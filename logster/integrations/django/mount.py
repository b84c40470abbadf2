"""Where in the site the log stands: what `include()` in the URLconf says. Knows no request and no answer."""

from functools import lru_cache
from typing import Any

from django.core.signals import setting_changed
from django.urls import NoReverseMatch, get_script_prefix, get_urlconf, reverse

APP_NAME = "logster"
VIEW_NAME = "log"


def log_url(path: str = "") -> str:
    """Return the address of what stands at `path` below the log; empty where the URLconf does not include it."""
    try:
        return str(reverse(f"{APP_NAME}:{VIEW_NAME}", kwargs={"path": path}))
    except NoReverseMatch:
        return ""


def log_path() -> str:
    """Return where the log stands, without a slash at the end; empty where it does not, or the URLconf is broken."""
    try:
        return _log_path(get_urlconf(), get_script_prefix())
    except Exception:
        # Whoever serves the request will find out, and say it better.
        return ""


@lru_cache(maxsize=16)
def _log_path(_urlconf: Any, _prefix: str) -> str:
    return log_url().rstrip("/")


def _forget(setting: str, **_: Any) -> None:
    if setting in ("ROOT_URLCONF", "FORCE_SCRIPT_NAME"):
        _log_path.cache_clear()


setting_changed.connect(_forget, dispatch_uid="logster.mount")
