"""Paging cursors: a row's place in the list as an opaque, url-safe string."""

import base64
import binascii
import re
from typing import NamedTuple

from logster.errors import InvalidCursor

_PLACE = re.compile(r"(\d{1,16})-((?:g-)?[0-9a-f]{1,64})", re.ASCII)


class Cursor(NamedTuple):
    """A row's place: lists are ordered by last seen, and by key where that is equal."""

    last_seen: int
    key: str

    def __str__(self) -> str:
        return base64.urlsafe_b64encode(f"{self.last_seen}-{self.key}".encode()).decode().rstrip("=")

    @classmethod
    def parse(cls, text: str) -> "Cursor":
        """Return the cursor that `text` stands for.

        Raises:
            InvalidCursor: no cursor of this store has this form.
        """
        try:
            place = base64.b64decode(text.encode() + b"=" * (-len(text) % 4), b"-_", validate=True).decode()
        except (binascii.Error, UnicodeError):
            place = ""
        if found := _PLACE.fullmatch(place):
            return cls(int(found[1]), found[2])
        raise InvalidCursor("This page's address holds a place in the list that cannot be read; start from its top.")
