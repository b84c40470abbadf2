"""A day of a small shop: what it logs, and what goes wrong in it. Knows nothing of when that was."""

import logging
import random

from starlette.testclient import TestClient

from web import jobs
from web.site import create

ORDERS, PAYMENTS, STOCK = (logging.getLogger(f"shop.{name}") for name in ("orders", "payments", "stock"))
MAIL, SEARCH, ACCOUNTS = (logging.getLogger(f"shop.{name}") for name in ("mail", "search", "accounts"))

PHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 19_1 like Mac OS X) Safari/604.1"
DESK = "Mozilla/5.0 (X11; Linux x86_64; rv:143.0) Gecko/20100101 Firefox/143.0"
VISITORS = (("203.0.113.24", PHONE, "de"), ("198.51.100.7", DESK, "en"), ("203.0.113.80", DESK, "fr"))
BACKUPS = ("north", "south")


def send_order() -> None:
    ORDERS.info("Order %d sent to %s", random.randint(41_000, 42_000), random.choice(("Graz", "Lyon", "Aarhus")))


def hold_order() -> None:
    ORDERS.warning("Order %d waits for its payment for %d hours", random.randint(41_000, 42_000), random.randint(3, 30))


def lose_order() -> None:
    ORDERS.error("Order %d has no address to send it to", random.randint(41_000, 42_000))


def refuse_card() -> None:
    PAYMENTS.warning("Card refused: %s", random.choice(("expired", "limit reached")))


def retry_charge() -> None:
    PAYMENTS.error("Charge of order %d failed, tried %d times", random.randint(41_000, 42_000), random.randint(2, 5))


def stop_payments() -> None:
    PAYMENTS.critical("Payments are off: %d charges in a row failed", 12)


def run_low() -> None:
    STOCK.warning("Stock of %s is down to %d", random.choice(("espresso beans", "filters")), random.randint(1, 5))


def count_wrong() -> None:
    STOCK.error("Stock of %s is negative: %d", "decaf 500 g", -2)


def bounce_mail() -> None:
    MAIL.warning("Mail to customer %d came back: mailbox full", random.randint(100, 900))


def send_mail() -> None:
    MAIL.debug("Sent the receipt of order %d in %d ms", random.randint(41_000, 42_000), random.randint(40, 400))


def search_slowly() -> None:
    SEARCH.warning("Search for %r took %.1f s", random.choice(("grinder", "filter")), random.uniform(2, 6))


def build_index() -> None:
    SEARCH.info("Index built: %d articles", 1_284)


def fail_login() -> None:
    ACCOUNTS.warning("Wrong password for customer %d", random.randint(100, 900))


def greet_in_arabic() -> None:
    ACCOUNTS.info("رسالة ترحيب أرسلت إلى العميل %d", random.randint(100, 900))


def ping() -> None:
    logging.getLogger("shop.health").info("Ping of %s answered", random.choice(BACKUPS))


def ask(fault: str) -> None:
    """Let a visitor ask for something that the site fails to do."""
    address, agent, language = random.choice(VISITORS)
    headers = {"User-Agent": agent, "Accept-Language": language, "Referer": "https://shop.example/cart"}
    site = TestClient(
        create(jobs=False),
        base_url="https://shop.example",
        client=(address, random.randint(40_000, 60_000)),
        raise_server_exceptions=False,
        headers=headers,
    )
    query = random.choice(("", "?step=2", "?step=3"))
    site.post(f"/demo/{fault}{query}", follow_redirects=False)


def report_script() -> None:
    """Let a visitor's browser report an error of a script."""
    site = TestClient(create(jobs=False), base_url="https://shop.example", client=("203.0.113.24", 50_000))
    at = "https://shop.example/static/cart.js"
    stack = f"TypeError: cart.items is undefined\n    at totalOf ({at}:31:17)\n    at HTMLButtonElement.add ({at}:12:5)"
    fields = {
        "message": "TypeError: cart.items is undefined",
        "url": at,
        "line": "31",
        "column": "17",
        "window_location": "https://shop.example/cart",
        "stacktrace": stack,
    }
    site.post("/logs/report_js_error", data=fields).raise_for_status()


def work() -> None:
    """Run one of the demo's jobs."""
    jobs.run(random.choice(jobs.JOBS))
