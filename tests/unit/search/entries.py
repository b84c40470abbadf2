"""An entry to search in."""

from typing import Any

from logster.entry import Entry


def entry(**given: Any) -> Entry:
    """Return an entry with everything that a query can ask for, changed as given."""
    values = {
        "key": "0" * 32,
        "level": "ERROR",
        "level_number": 40,
        "logger": "shop.payments",
        "message": "Connection refused by db-1",
        "first_message": "",
        "template": "",
        "count": 10,
        "first_seen": 1_000_000,
        "last_seen": 2_000_000,
        "exception_type": "billing.errors.PaymentError",
        "location": None,
        "source": "python",
        "versions": ["2.4.1", "2.3.0"],
        "flags": [],
        "traceback": 'Traceback:\n  File "pay.py", line 3, in charge\nPaymentError: Connection refused by db-1',
    }
    return Entry(**values | given)
