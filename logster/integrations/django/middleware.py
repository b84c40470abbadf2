"""LogsterMiddleware: the request around everything that is reported from it, in Django's own chain of middleware."""

from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextvars import copy_context
from typing import Any

from asgiref.sync import iscoroutinefunction, markcoroutinefunction, sync_to_async
from django.core.exceptions import MiddlewareNotUsed
from django.http import FileResponse, HttpRequest
from django.http.response import HttpResponseBase
from django.utils.log import log_response

from logster.capture.uncaught import capture_exception
from logster.integrations.django.configuration import problem
from logster.integrations.django.requests import context_of
from logster.integrations.django.uncaught import LOGGER


class LogsterMiddleware:
    """Makes reports show the request; stands first in MIDDLEWARE. Exceptions arrive without it, too.

    Arguments:
        get_response: what answers the request, sync or async.

    Raises:
        MiddlewareNotUsed: the integration is not installed or not configured, so that there is nothing to do.
    """

    sync_capable = True
    async_capable = True

    def __init__(self, get_response: Callable[[HttpRequest], Any]) -> None:
        if reason := problem():
            raise MiddlewareNotUsed(reason)
        self._get_response = get_response
        self._is_async = iscoroutinefunction(get_response)
        if self._is_async:
            markcoroutinefunction(self)

    def __call__(self, request: HttpRequest) -> HttpResponseBase | Awaitable[HttpResponseBase]:
        if self._is_async:
            return self._answer(request)
        with context_of(request):
            response = self._get_response(request)
            _log(request, response)
            return _followed(request, response)

    async def _answer(self, request: HttpRequest) -> HttpResponseBase:
        with context_of(request):
            response = await self._get_response(request)
            if response.status_code >= 400:
                await sync_to_async(_log, thread_sensitive=False)(request, response)
            return _followed(request, response)


def _log(request: HttpRequest, response: HttpResponseBase) -> None:
    # Django does this when the request's context is over, and leaves out what was logged before.
    if response.status_code >= 400:
        log_response("%s: %s", response.reason_phrase, request.path, response=response, request=request)


def _followed(request: HttpRequest, response: Any) -> HttpResponseBase:
    """Return the response; one that is made while it is sent is made within the request, and reported if it fails."""
    # Files are read by no code of the app, and servers know shortcuts for them.
    if response.streaming and not isinstance(response, FileResponse):
        pieces = response.streaming_content
        response.streaming_content = _later(request, pieces) if response.is_async else _pieces(pieces)
    answer: HttpResponseBase = response
    return answer


def _pieces(pieces: Iterator[bytes]) -> Iterator[bytes]:
    # A copy, as the thread's own context is anybody's between two pieces.
    return _in_context(iter(pieces), copy_context())


def _in_context(pieces: Iterator[bytes], context: Any) -> Iterator[bytes]:
    while True:
        try:
            piece = context.run(next, pieces)
        except StopIteration:
            return
        except Exception as error:
            context.run(capture_exception, error, logger=LOGGER)
            raise
        yield piece


async def _later(request: HttpRequest, pieces: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    with context_of(request):
        try:
            async for piece in pieces:
                yield piece
        except Exception as error:
            capture_exception(error, logger=LOGGER)
            raise
