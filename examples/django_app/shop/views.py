"""The shop's pages: one that goes well, one that logs, and two that fail."""

import logging

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

import logster

logger = logging.getLogger("shop")


def front(request: HttpRequest) -> HttpResponse:
    """Show the page that reports what goes wrong in its JavaScript."""
    return render(request, "front.html")


def order(request: HttpRequest, order: int) -> HttpResponse:
    """Show an order, with a remark in the log."""
    text = f"Order {order} of {request.user}\n"
    logger.warning("The parcel is late")
    return HttpResponse(text, content_type="text/plain")


def charge(request: HttpRequest, order: int) -> HttpResponse:
    """Fail."""
    raise ValueError("The bank said no")


async def label(request: HttpRequest, order: int) -> HttpResponse:
    """Fail, in an async view."""
    raise OSError("The printer is out of paper")


def failed(request: HttpRequest) -> HttpResponse:
    """Show the page for what failed, with a link for the staff."""
    return HttpResponse(f'Something failed: <a href="{logster.permalink()}">what?</a>', status=500)
