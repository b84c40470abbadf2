"""Who gets in, by Django's own login. Each is an `authorize` for LOGSTER: a function of the Django request."""

from collections.abc import Callable
from typing import Any

from django.conf import global_settings, settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import resolve_url
from django.urls import NoReverseMatch, reverse
from starlette.requests import Request

from logster.integrations.django.scope import scope_of

Authorize = Callable[[HttpRequest], "str | bool | HttpResponse"]


def signed_in(test: Callable[[Any], object] = lambda _: True) -> Authorize:
    """Return an `authorize` that lets in whoever is signed in, active, and passes a test.

    Who is not signed in is led to the login; programs, which could not follow, are refused. Who does not pass the
    test is refused. Changes are noted under the user's name.

    Arguments:
        test: called with the user: `signed_in(lambda user: user.has_perm("shop.view_log"))`.
    """

    def authorize(request: HttpRequest) -> str | bool | HttpResponse:
        user = getattr(request, "user", None)
        if user is None or not user.is_authenticated:
            return _login(request)
        return bool(user.is_active and test(user)) and (user.get_username() or True)

    return authorize


staff = signed_in(lambda user: user.is_staff)
"""Lets in the staff: who may use Django's admin."""


def by_starlette_request(authorize: Callable[[Request], Any]) -> Callable[[HttpRequest], Any]:
    """Return an `authorize` that asks one for Starlette's request, as `logster.loopback_only` is.

    Arguments:
        authorize: called with the request as the log sees it, sync or async.
    """

    def ask(request: HttpRequest) -> Any:
        match = request.resolver_match
        return authorize(Request(scope_of(request, f"/{match.kwargs['path']}")))

    return ask


def _login(request: HttpRequest) -> bool | HttpResponse:
    if request.method not in ("GET", "HEAD") or "text/html" not in request.headers.get("accept", ""):
        return False
    # Django's settings may import this module, when there are no models yet.
    from django.contrib.auth.views import redirect_to_login

    return redirect_to_login(request.get_full_path(), _login_url())


def _login_url() -> str:
    """Return LOGIN_URL; where the site leaves it at Django's default and has the admin, the admin's login."""
    if settings.LOGIN_URL == global_settings.LOGIN_URL:
        try:
            return str(reverse("admin:login"))
        except NoReverseMatch:
            pass
    return str(resolve_url(settings.LOGIN_URL))
