"""What changed in one namespace, as it happens, from Redis's pub/sub."""

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import msgspec

from logster.errors import StoreUnavailable
from logster.store.tenant import Tenant

Event = dict[str, Any]

_WAIT_SECONDS = 1.0


@contextmanager
def listen(tenant: Tenant, idle_seconds: float | None = None) -> Iterator[Iterator[Event]]:
    """Subscribe, and yield an iterator over what changes from then on; it ends in a forked child.

    Arguments:
        idle_seconds: after so much silence the iterator yields an event of kind "idle"; never by default.
    """
    tenant.check()
    with tenant.connection.errors():
        subscription = tenant.connection.client().pubsub()
    try:
        with tenant.connection.errors():
            subscription.subscribe(tenant.keys.events)
            _await_confirmation(subscription, tenant.connection.timeout_seconds)
        yield _events(tenant, subscription, idle_seconds)
    finally:
        subscription.close()


def _await_confirmation(subscription: Any, timeout_seconds: float) -> None:
    deadline = time.monotonic() + timeout_seconds
    while (left := deadline - time.monotonic()) > 0:
        message = subscription.get_message(timeout=left)
        if message and message["type"] == "subscribe":
            return
    raise StoreUnavailable("Redis did not confirm a subscription in time.")


def _events(tenant: Tenant, subscription: Any, idle_seconds: float | None) -> Iterator[Event]:
    pid = os.getpid()
    heard = time.monotonic()
    while os.getpid() == pid:
        message = _message(tenant, subscription, _wait(heard, idle_seconds))
        if message:
            heard = time.monotonic()
            yield msgspec.json.decode(message["data"])
        elif idle_seconds is not None and time.monotonic() - heard >= idle_seconds:
            heard = time.monotonic()
            yield {"kind": "idle"}


def _message(tenant: Tenant, subscription: Any, timeout: float) -> Any:
    try:
        with tenant.connection.errors():
            return subscription.get_message(ignore_subscribe_messages=True, timeout=timeout)
    except (AttributeError, TypeError, ValueError) as error:
        # What redis-py comes to when another thread closes the client under it.
        raise StoreUnavailable("The connection was closed while waiting for events.") from error


def _wait(heard: float, idle_seconds: float | None) -> float:
    if idle_seconds is None:
        return _WAIT_SECONDS
    # Never zero: a cluster's or fakeredis's client takes that for "do not wait", which would spin.
    return min(_WAIT_SECONDS, max(heard + idle_seconds - time.monotonic(), 0.001))
