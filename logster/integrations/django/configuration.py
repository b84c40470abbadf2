"""The dict LOGSTER of Django's settings: what in it is Logster's own, and what is for this integration alone."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from django.apps import apps
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.utils.module_loading import import_string

NAME = "logster.integrations.django"
LABEL = "logster"
STAFF = "logster.integrations.django.access.staff"


@dataclass(frozen=True)
class Configuration:
    """What LOGSTER says: `settings` as for `logster.configure()`, who gets in, and from which level on to report."""

    settings: Mapping[str, Any]
    authorize: Any
    level: Any


def configuration() -> Configuration:
    """Return what LOGSTER says, with what it leaves out.

    Raises:
        ImproperlyConfigured: LOGSTER is no dict.
    """
    given = getattr(settings, "LOGSTER", {})
    if not isinstance(given, Mapping):
        raise ImproperlyConfigured(f"LOGSTER is of type {type(given).__name__}; allowed is a dict of settings.")
    rest = dict(given)
    authorize, level = rest.pop("authorize", STAFF), rest.pop("level", "WARNING")
    return Configuration(rest, authorize, level)


def problem() -> str:
    """Return why nothing is reported; empty where all is well."""
    if not apps.is_installed(NAME):
        return f"{NAME!r} is not in INSTALLED_APPS."
    found: str = apps.get_app_config(LABEL).problem
    return found


def authorizer() -> Callable[..., Any]:
    """Return the function that LOGSTER names as `authorize`.

    Raises:
        ImproperlyConfigured: there is no such function.
    """
    named = configuration().authorize
    try:
        found = import_string(named) if isinstance(named, str) else named
    except ImportError as error:
        raise ImproperlyConfigured(f"LOGSTER['authorize'] cannot be imported: {error}") from error
    if not callable(found):
        raise ImproperlyConfigured(
            f"LOGSTER['authorize'] is of type {type(found).__name__}; allowed is a function of the request, or the "
            "dotted path of one."
        )
    function: Callable[..., Any] = found
    return function
