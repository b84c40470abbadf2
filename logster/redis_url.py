"""What may be shown of a `redis_url`: where it leads, without user, password and options."""

import re

HIDDEN = "…"

# Passwords are often not encoded as a URL wants it, so whatever is no place for sure is not shown.
_HOST = r"(?:\[[^\]@]*\]|[^\[\]@:/\s,]*)(?::\d{0,5})?"
_PLACE = re.compile(rf"{_HOST}(?:,{_HOST})*(?:/[^@]*)?")
_QUOTED = re.compile(r"""'[^']*'|"[^"]*\"""")


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
