"""Errors on demand, each of them real: what is raised here is raised by the thing that failed, not made up."""

import asyncio
import json
import logging
import socket
import sqlite3
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass

logger = logging.getLogger("shop")

ANSWER_WITHIN_SECONDS = 0.2


@dataclass(frozen=True)
class Fault:
    """Something that goes wrong when `happen` is called; `trace` is in the type or message of the entry it leaves."""

    title: str
    about: str
    happen: Callable[[], object]
    trace: str


class CheckoutFailed(Exception):
    """An order that could not be completed."""


def failing_query() -> None:
    """Ask a database for a table that it does not have."""
    with closing(sqlite3.connect(":memory:")) as database:
        database.execute("CREATE TABLE orders (id INTEGER PRIMARY KEY, total INTEGER)")
        database.execute("SELECT number, total FROM invoices WHERE paid = ?", (False,))


def timeout() -> None:
    """Ask a server that accepts the connection and never answers."""
    with socket.create_server(("127.0.0.1", 0)) as server, socket.create_connection(server.getsockname()) as payment:
        payment.settimeout(ANSWER_WITHIN_SECONDS)
        payment.sendall(b"CHARGE 4200\n")
        payment.recv(1024)


def chained_error() -> None:
    """Fail to read a price, and fail the checkout because of it."""
    order = {"number": 1138, "price": "12,50 €"}
    try:
        float(str(order["price"]))
    except ValueError as error:
        raise CheckoutFailed(f"Order {order['number']} cannot be charged") from error


def exception_group() -> None:
    """Notify three partners at once, of whom one is unknown and one answers nothing."""
    asyncio.run(_notify_partners())


async def _notify_partners() -> None:
    async with asyncio.TaskGroup() as tasks:
        for partner in ("warehouse", "courier", "accounting"):
            tasks.create_task(_notify(partner), name=partner)


async def _notify(partner: str) -> None:
    answers = {"warehouse": "", "accounting": '{"accepted": true}'}
    await asyncio.sleep(0)
    json.loads(answers[partner])


def warning() -> None:
    """Log a warning; nothing is raised."""
    logger.warning("Stock of %s is down to %d", "espresso beans", 3)


FAULTS = {
    "query": Fault(
        "A failing query", "SQLite is asked for a table that does not exist.", failing_query, "no such table: invoices"
    ),
    "timeout": Fault("A timeout", "A payment server accepts the call and never answers.", timeout, "timed out"),
    "chained": Fault(
        "An error from an error", "A price cannot be read, so the checkout fails.", chained_error, "CheckoutFailed"
    ),
    "group": Fault(
        "Several errors at once",
        "Three tasks run together; an exception group comes back.",
        exception_group,
        "ExceptionGroup",
    ),
    "warning": Fault(
        "A warning", "Nothing is raised; a logger says that stock is low.", warning, "Stock of espresso beans"
    ),
}
