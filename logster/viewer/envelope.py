"""Sentry's envelopes: a line of headers, then items, each a line of headers and a payload.

Owns the form. Source: https://develop.sentry.dev/sdk/data-model/envelopes/.
"""

import re
from typing import Any, NamedTuple

import msgspec

from logster.viewer.problems import Problem

MAX_HEADER_BYTES = 16_384
MAX_ITEMS = 200

LARGE_HEADERS = f"A line of headers may have {MAX_HEADER_BYTES:,} bytes at most."
MANY_ITEMS = f"An envelope may have {MAX_ITEMS} items at most."
NOT_HEADERS = "An envelope begins with a line of JSON, and so does each of its items, which have a 'type'."
WRONG_LENGTH = "An item's 'length' is a number of bytes, and as many bytes and a line feed come after its headers."
NOT_JSON = "What the body says is not JSON in UTF-8, an object in each place."


_LINE_FEEDS = re.compile(rb"\n*")


class Item(NamedTuple):
    """One item: its type and its payload."""

    type: str
    payload: bytes


def parse(body: bytes) -> tuple[dict[str, Any], list[Item]]:
    """Return an envelope's headers and its items.

    Raises:
        Problem: 400, it is no envelope; 413, it has too many items or too long headers.
    """
    headers, position = _headers(body, 0)
    items: list[Item] = []
    # Some clients end with more than one line feed.
    while (position := _LINE_FEEDS.match(body, position).end()) < len(body):  # type: ignore[union-attr]
        if len(items) >= MAX_ITEMS:
            raise Problem(413, MANY_ITEMS)
        about, position = _headers(body, position)
        kind = about.get("type")
        if not isinstance(kind, str):
            raise Problem(400, NOT_HEADERS)
        end = _end(body, position, about.get("length"))
        items.append(Item(kind, body[position:end]))
        position = end + 1
    return headers, items


def decoded(payload: bytes) -> dict[str, Any]:
    """Return an object in JSON.

    Raises:
        Problem: 400, it is none.
    """
    try:
        value = msgspec.json.decode(payload)
    except (msgspec.DecodeError, ValueError, RecursionError):
        raise Problem(400, NOT_JSON) from None
    if not isinstance(value, dict):
        raise Problem(400, NOT_JSON)
    return value


def _headers(body: bytes, start: int) -> tuple[dict[str, Any], int]:
    end = body.find(b"\n", start, start + MAX_HEADER_BYTES + 1)
    if end < 0:
        if len(body) - start > MAX_HEADER_BYTES:
            raise Problem(413, LARGE_HEADERS)
        end = len(body)
    try:
        return decoded(body[start:end]), end + 1
    except Problem:
        raise Problem(400, NOT_HEADERS) from None


def _end(body: bytes, start: int, length: object) -> int:
    if length is None:
        end = body.find(b"\n", start)
        return end if end >= 0 else len(body)
    if type(length) is not int or length < 0 or start + length > max(len(body), start):
        raise Problem(400, WRONG_LENGTH)
    end = start + length
    if end < len(body) and body[end : end + 1] != b"\n":
        raise Problem(400, WRONG_LENGTH)
    return end
