"""alert: tells people, through channels, what becomes of what is reported.

Owns when an alert is raised and what it says. How it gets to people is the dispatcher's and the channels' business.
"""

import os
import sys
import time
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from logster import ending, rates, service
from logster.alerts.alert import Alert, Kind
from logster.alerts.dispatcher import Channel, Dispatcher
from logster.delivery.observers import observers
from logster.entry import LEVELS, Report, level_floor
from logster.errors import ConfigurationError
from logster.forking import after_fork
from logster.rates import Level, Rate
from logster.store.rates import Per
from logster.store.reporting import ReportResult

dispatcher = Dispatcher()


def alert(
    channel: Channel,
    *,
    kinds: Iterable[Kind] | None = None,
    minimum_level: Level = "ERROR",
    limit: int | None = None,
    per: Per = "minute",
) -> None:
    """Send alerts through `channel` from now on.

    Arguments:
        channel: a MailChannel, WebhookChannel or AppriseChannel, or anything with a method `send(alert)`.
        kinds: "new" (the first sight of an entry), "regressed" (it was solved and is back), "milestone" (an entry
            reached a power of ten occurrences), "rate" (more than `limit`); by default new, regressed and, with a
            limit, rate.
        minimum_level: what is below it is not worth an alert.
        limit: how many occurrences from `minimum_level` on are expected in one minute or hour; for kind "rate".
        per: "minute" or "hour".

    Raises:
        ConfigurationError: a kind or level that there is not, or a rate without a limit.
    """
    lowest = rates.number(minimum_level)
    chosen = tuple(kinds) if kinds is not None else ("new", "regressed", *(("rate",) if limit is not None else ()))
    if ("rate" in chosen) != (limit is not None):
        raise ConfigurationError("Kind 'rate' and a limit go together: alert(channel, limit=100, per='hour').")
    own = Dispatcher() if "rate" in chosen else None
    dispatcher.add(channel, [kind for kind in chosen if kind != "rate"], lowest)
    if own is not None and limit is not None:
        # A channel's limit is its own: others must not get its alerts.
        own.add(channel, ["rate"], 0)
        _of_rates.append(own)
        levels = [level for level in LEVELS if level >= level_floor(lowest)]
        rates.on_rate(levels, limit, per, lambda rate: _dispatch(own, _rate_alert(rate)))
    if not any(each.callback is _observe for each in observers):
        observers.add(_observe)


def _observe(store: Any, reports: Sequence[Report], results: Sequence[ReportResult]) -> None:  # noqa: ARG001
    for report, result in zip(reports, results, strict=True):
        for kind in _kinds(report, result):
            if dispatcher.wants(kind):
                _dispatch(dispatcher, _alert(kind, report, result))


def _kinds(report: Report, result: ReportResult) -> Iterator[Kind]:
    if result.outcome == "created":
        yield "new"
    if result.outcome == "regressed":
        yield "regressed"
    if result.count and _reached(result.count - report.count, result.count):
        yield "milestone"


def _reached(before: int, after: int) -> int:
    """Return the largest power of ten, from ten on, that is above `before` and not above `after`; 0 for none."""
    power = 10 ** (len(str(after)) - 1)
    return power if power >= 10 and before < power <= after else 0


def _alert(kind: Kind, report: Report, result: ReportResult) -> Alert:
    latest = report.latest
    place = latest.location
    return Alert(
        kind=kind,
        namespace=latest.namespace,
        level=latest.level,
        time_ms=report.last_ms,
        key=latest.key,
        logger=latest.logger,
        message=latest.message,
        exception_type=latest.exception_type,
        location=f"{place.file}:{place.line}" if place else "",
        version=latest.version,
        count=_reached(result.count - report.count, result.count) if kind == "milestone" else result.count,
        url=_url(f"/show/{latest.key}"),
    )


def _rate_alert(rate: Rate) -> Alert:
    return Alert(
        kind="rate",
        namespace=rate.namespace,
        level=min(rate.levels),
        time_ms=int(time.time() * 1_000),
        rate=int(rate),
        limit=rate.limit,
        per=rate.per,
        url=_url("/"),
    )


def _url(path: str) -> str:
    running = service.running()
    base = running.settings.url if running else ""
    return base.rstrip("/") + path if base else ""


_of_rates: list[Dispatcher] = []


def _close() -> None:
    running = service.running()
    deadline = time.monotonic() + (running.settings.drain_seconds if running else 3.0)
    for each in (dispatcher, *_of_rates):
        each.close(max(deadline - time.monotonic(), 0.0))


def _dispatch(by: Dispatcher, alert: Alert) -> None:
    global _pid
    if _pid != os.getpid():
        _pid = os.getpid()
        # A child of multiprocessing ends without running what is registered with atexit; after the worker wrote.
        util = sys.modules.get("multiprocessing.util")
        if util is not None:
            util.Finalize(None, _close, exitpriority=-1)
    by.dispatch(alert)


_pid = os.getpid()


def _reset() -> None:
    for each in (dispatcher, *_of_rates):
        each._reset()


ending.then(_close)
after_fork(_reset)
