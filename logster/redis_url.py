"""What a `redis_url` is made of, and what may be shown of it: where it leads, without user, password and options."""

import re
from typing import NamedTuple

HIDDEN = "…"

# Passwords are often not encoded as a URL wants it, so whatever is no place for sure is not shown.
_HOST = r"(?:\[[^\]@]*\]|[^\[\]@:/\s,]*)(?::\d{0,5})?"
_PLACE = re.compile(rf"{_HOST}(?:,{_HOST})*(?:/[^@]*)?")
_PARTS = re.compile(r"(?:([a-z][a-z+]*):)?(?://([^/?#]*))?([^?#]*)")
_QUOTED = re.compile(r"""'[^']*'|"[^"]*\"""")


class Parts(NamedTuple):
    """A URL's scheme, authority (`USER:PASSWORD@HOST:PORT,HOST:PORT`) and path; what is not there is empty."""

    scheme: str
    authority: str
    path: str


def parts_of(url: str) -> Parts:
    """Return the parts of `url`. From Python 3.14 on, urlsplit() refuses an IPv6 address in a list of nodes."""
    found = _PARTS.match(url)
    return Parts(*(each or "" for each in found.groups())) if found else Parts("", "", "")


def public(url: str) -> str:
    """Return `url` without what must not be shown."""
    if url.startswith(("embedded:", "memory:")) and "@" not in url:
        return url.partition("?")[0]
    scheme, separator, rest = url.rpartition("://") if "://" in url else ("", "", url)
    if scheme == "unix" and rest.startswith("/"):
        return url.partition("?")[0]
    place, _, options = rest.partition("?")
    place = place.rpartition("@")[2]
    # A question mark before the @ may be the password's.
    is_clear = _PLACE.fullmatch(place) and "@" not in options and "://" not in scheme
    return f"{scheme}{separator}{place if is_clear else HIDDEN}"


def public_text(text: str, url: str) -> str:
    """Return what is said of `url`, such as by an error, without what it quotes of the parts that must not be shown."""
    shown = public(url)
    return _QUOTED.sub(lambda each: each[0] if each[0][1:-1] in shown else f"'{HIDDEN}'", text)
