"""What Prometheus scrapes: how delivery does in this process, and how many entries the namespace has."""

import platform
from collections import Counter
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from logster import __version__
from logster.delivery.losses import AWAY, AWAY_TOO_LONG, QUEUE_FULL, SPOOL_FULL, UNWRITABLE
from logster.entry import LEVELS
from logster.errors import SchemaMismatch, StoreUnavailable
from logster.store.redis_store import RedisStore
from logster.viewer.exposition import MEDIA_TYPE, Family, counter, gauge, histogram, several, text
from logster.viewer.threads import in_thread
from logster.viewer.visit import Visit, visit_of

REASONS = {
    QUEUE_FULL: "queue_full",
    AWAY: "away",
    AWAY_TOO_LONG: "away_too_long",
    SPOOL_FULL: "spool_full",
    UNWRITABLE: "unwritable",
}
UNRENDERABLE = "unrenderable"


def routes() -> list[Route]:
    return [Route("/metrics", metrics, methods=["GET"])]


async def metrics(request: Request) -> Response:
    """Show the numbers; while Redis is away, those that this process knows by itself."""
    families = await in_thread(_families, visit_of(request))
    return Response(text(families), media_type=MEDIA_TYPE)


def _families(visit: Visit) -> list[Family]:
    # First of all: it asks Redis, and the numbers of this process are to include that.
    kept = _kept(visit.store)
    namespace = visit.settings.current_namespace()
    return [*_build(), *_delivery(visit, namespace), *_sentry(visit, namespace), *_latency(visit), *kept]


def _build() -> list[Family]:
    labels = {"version": __version__, "python": platform.python_version()}
    return [gauge("logster_build_info", "The version of Logster, always 1.", 1, **labels)]


def _delivery(visit: Visit, namespace: str) -> list[Family]:
    worker = visit.service.worker
    tally, stats, dropped = worker.tally(namespace), worker.stats, worker.dropped(namespace)
    waiting = stats["pending"] + stats["unconfirmed"]
    taken = tally["taken"] + dropped.get(QUEUE_FULL, 0)
    return [
        counter("logster_reports_total", "Occurrences that this process reported.", taken),
        counter("logster_coalesced_total", "Occurrences merged with an equal one before writing.", tally["coalesced"]),
        counter("logster_written_total", "Occurrences written to entries.", tally["written"]),
        counter("logster_suppressed_total", "Occurrences that a pattern or rule kept out.", tally["suppressed"]),
        counter("logster_solved_dropped_total", "Occurrences of entries solved in their version.", tally["solved"]),
        several("logster_dropped_total", "counter", "Occurrences lost, by reason.", "reason", _by_reason(dropped)),
        gauge("logster_queue_depth", "Occurrences in the queue of this process, of all namespaces.", stats["queued"]),
        gauge("logster_pending_entries", "Distinct entries not yet written, of all namespaces.", waiting),
    ]


def _sentry(visit: Visit, namespace: str) -> list[Family]:
    if not visit.settings.sentry_keys:
        return []
    # Those that are kept are there from the start, for rates to begin at zero.
    counts = {"event": 0, "log": 0} | visit.service.received.of(namespace)
    what = "Items of envelopes that Sentry SDKs sent, those that are not kept included."
    return [several("logster_sentry_items_total", "counter", what, "type", counts)]


def _by_reason(dropped: dict[str, int]) -> Counter[str]:
    """Return the drops by what a label can say; each reason is there from the start, for rates to begin at zero."""
    counts = Counter(dict.fromkeys([*REASONS.values(), UNRENDERABLE], 0))
    for reason, count in dropped.items():
        counts[REASONS.get(reason, UNRENDERABLE)] += count
    return counts


def _latency(visit: Visit) -> list[Family]:
    buckets, seconds = visit.store.latency.buckets()
    return [histogram("logster_store_seconds", "How long Redis takes to answer this process.", buckets, seconds)]


def _kept(store: RedisStore) -> list[Family]:
    up = "Whether Redis answers."
    try:
        counts: dict[str, Any] = {name.lower(): store.count([level]) for level, name in LEVELS.items()}
    except (StoreUnavailable, SchemaMismatch):
        return [gauge("logster_store_up", up, 0)]
    shown = "Entries of the namespace that are shown, the same from every process."
    return [gauge("logster_store_up", up, 1), several("logster_entries", "gauge", shown, "level", counts)]
