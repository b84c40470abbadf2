"""Patience: for how long a request's body is waited for. Who sends a byte now and then would stay for ever."""

from collections.abc import Iterator
from contextlib import contextmanager

import anyio

from logster.viewer.problems import Problem

BODY_SECONDS = 30.0
TOO_SLOW = "The body of the request did not come within {:g} seconds."


@contextmanager
def in_time() -> Iterator[None]:
    """Bound the time of a block that reads a request's body.

    Raises:
        Problem: 408, the body took longer.
    """
    try:
        with anyio.fail_after(BODY_SECONDS):
            yield
    except TimeoutError:
        raise Problem(408, TOO_SLOW.format(BODY_SECONDS)) from None
