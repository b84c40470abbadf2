"""System checks: what is wrong with how a site is set up, told by `manage.py check`, `runserver` and `migrate`."""

from typing import Any

from django.apps import apps
from django.conf import settings
from django.core import checks
from django.core.checks import CheckMessage, Error
from django.core.exceptions import ImproperlyConfigured
from django.utils.module_loading import import_string

from logster.integrations.django.configuration import STAFF, authorizer, configuration, problem
from logster.integrations.django.mount import log_url

MIDDLEWARE = "logster.integrations.django.middleware.LogsterMiddleware"
AUTHENTICATION = "django.contrib.auth.middleware.AuthenticationMiddleware"
FOREIGN = ("logster.LogsterMiddleware", "logster.LogsterWSGIMiddleware")


def check_settings(**_: Any) -> list[CheckMessage]:
    """Check the dict LOGSTER."""
    if reason := problem():
        return [Error(f"LOGSTER cannot be used: {reason}", hint="Nothing is reported until then.", id="logster.E001")]
    try:
        authorizer()
    except ImproperlyConfigured as error:
        return [Error(str(error), hint="The log stays closed until then.", id="logster.E002")]
    return []


def check_middleware(**_: Any) -> list[CheckMessage]:
    """Check what MIDDLEWARE holds."""
    found: list[CheckMessage] = [
        Error(
            f"{name} wraps a whole ASGI or WSGI app, and is no middleware of Django.",
            hint=f"Put '{MIDDLEWARE}' in its place.",
            id="logster.E003",
        )
        for name in FOREIGN
        if name in settings.MIDDLEWARE
    ]
    if not found and not _has_middleware(MIDDLEWARE):
        hint = f"Add '{MIDDLEWARE}' to MIDDLEWARE, before all others."
        found.append(checks.Warning("Reports will not show the request they come from.", hint=hint, id="logster.W001"))
    if _asks_login() and not (apps.is_installed("django.contrib.auth") and _has_middleware(AUTHENTICATION)):
        found.append(
            Error(
                "The log asks Django's login who may see it, and there is none, so it stays closed.",
                hint="Add django.contrib.auth and its middleware, or name another LOGSTER['authorize'].",
                id="logster.E004",
            )
        )
    return found


def check_urls(**_: Any) -> list[CheckMessage]:
    """Check where the URLconf includes the log. A broken URLconf is for Django's own checks to tell."""
    if not getattr(settings, "ROOT_URLCONF", None):
        return []
    try:
        url = log_url()
    except Exception:
        return []
    if not url:
        hint = "Add path('logs/', include('logster.integrations.django.urls')) to the URLconf."
        return [
            checks.Warning(
                "The log is not included in the URLconf, so nobody can see it.", hint=hint, id="logster.W002"
            )
        ]
    if not url.endswith("/"):
        hint = "Include it as path('logs/', …)."
        return [Error(f"The log is included at {url!r}, without a slash at the end.", hint=hint, id="logster.E005")]
    return []


def _asks_login() -> bool:
    try:
        return bool(configuration().authorize == STAFF)
    except ImproperlyConfigured:
        return False


def _has_middleware(wanted: str) -> bool:
    kind = import_string(wanted)
    return any(isinstance(each, type) and issubclass(each, kind) for each in map(_imported, settings.MIDDLEWARE))


def _imported(name: str) -> Any:
    try:
        return import_string(name)
    except ImportError:
        # Django itself will tell.
        return None
