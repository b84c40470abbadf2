"""The request of an env sample as a command line that repeats it.

What stands in a request is chosen by strangers, so a value can neither end its quotation nor press a key: this holds
for sh, bash, zsh and fish, and for a command that is pasted into a terminal.
"""

import re
import unicodedata
from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import quote, urlsplit

from logster.capture.request import HEADERS
from logster.entry import Env
from logster.redaction import Redactor

# What curl says by itself, and what would no longer be true.
_OWN_HEADERS = frozenset({"host", "content-length", "accept-encoding"})
_METHOD = re.compile(r"[A-Za-z]{1,20}")
_NAME = re.compile(r"[A-Za-z0-9-]{1,100}")
_QUOTE = re.compile(r"['\\]")


def curl(sample: Env, redactor: Redactor, further_headers: Iterable[str] = ()) -> str:
    """Return the command, or "" where the sample is not of a request.

    Arguments:
        sample: what surrounded the occurrence.
        redactor: masks secrets once more, for what was stored before they were known as such.
        further_headers: the names of headers to repeat beside the usual ones.
    """
    url = _url(redactor.url(str(sample.get("url") or "")))
    method = str(sample.get("method") or "GET").upper()
    if not url or not _METHOD.fullmatch(method):
        return ""
    # Without --globoff curl takes brackets in the address for a pattern.
    words = ["curl", "--globoff"]
    words += {"GET": [], "HEAD": ["--head"]}.get(method, ["--request", method])
    for name, value in _headers(sample, redactor, further_headers):
        words += ["--header", quoted(f"{name}: {value}")]
    return " ".join([*words, "--url", quoted(url)])


def quoted(text: str) -> str:
    """Return text as one word of any shell: neither a quote nor a backslash stands within single quotes."""
    return "'" + _QUOTE.sub(lambda found: """'"'"'""" if found[0] == "'" else """'"\\\\"'""", text) + "'"


def _url(url: str) -> str:
    try:
        parts = urlsplit(url)
    except ValueError:
        return ""
    if parts.scheme not in ("http", "https") or not parts.hostname:
        return ""
    return quote(url.encode("utf-8", "replace"), safe="%/:?#[]@!$&()*+,;=~-._")


def _headers(sample: Env, redactor: Redactor, further: Iterable[str]) -> list[tuple[str, str]]:
    given: Any = sample.get("headers")
    if not isinstance(given, Mapping):
        return []
    allowed = HEADERS.union(map(str.lower, further)) - _OWN_HEADERS
    redacted = redactor.env({str(name): value for name, value in given.items() if isinstance(value, str)})
    found = [(str(name), _typed(str(value))) for name, value in redacted.items()]
    return [(name, value) for name, value in found if value and name.lower() in allowed and _NAME.fullmatch(name)]


def _typed(value: str) -> str:
    """Return a header's value without what a terminal takes for a key, or shows elsewhere than where it stands."""
    return "".join(
        " " if unicodedata.category(each)[0] == "C" or each in "\u2028\u2029" else each for each in value
    ).strip()
