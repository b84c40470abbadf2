"""Tests a running site over HTTP, the way a visitor meets it: `smoke_test.py URL`. Needs Python 3.9 and nothing else.

It plays in a sandbox of its own, which it gives back, so that it does no harm to a live site. Exit code 0: all green;
1: something is red; 2: wrong use.
"""

from __future__ import annotations

import argparse
import gzip
import json
import re
import secrets
import string
import sys
import time
import zlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from email.message import Message
from html import unescape
from html.parser import HTMLParser
from http.client import HTTPException, IncompleteRead
from http.cookiejar import CookieJar
from typing import Any
from urllib import request as http
from urllib.error import URLError
from urllib.parse import quote, urlencode, urljoin, urlsplit

REQUEST_SECONDS, WAIT_SECONDS, PAUSE_SECONDS = 10.0, 10.0, 0.1
MOST_REDIRECTS = 5
MANY_BYTES = 20_000_000
# Servers leave alone what is so small that compressing would not pay.
COMPRESSED_FROM_BYTES = 1_000
HALF_A_YEAR_SECONDS = 182 * 86_400

USER_AGENT = "Mozilla/5.0 (compatible; logster-smoke-test)"
HTML, ANYTHING = "text/html,*/*;q=0.8", "*/*"
LOADED = {"stylesheet", "icon", "preload", "modulepreload", "manifest", "prefetch", "preconnect", "dns-prefetch"}
HASHED = re.compile(r"/[0-9a-f]{8,64}/[^/]+$")
TEXT = re.compile(r"text/|application/(javascript|json)|image/svg")
DEFAULT_PORTS = {"http": 80, "https": 443}
LOOPBACK = {"localhost", "127.0.0.1", "::1"}


class Failed(Exception):
    """What was expected, and what came."""


class Refused(Failed):
    """Nobody listens there, or not yet."""


@dataclass
class Answer:
    """What came of a request, complete."""

    url: str
    status: int
    headers: Message
    body: bytes

    @property
    def text(self) -> str:
        return self.body.decode("utf-8", "replace")

    @property
    def title(self) -> str:
        found = re.search(r"<title>(.*?)</title>", self.text, re.DOTALL)
        return unescape(found[1]) if found else ""

    def header(self, name: str) -> str:
        return self.headers.get(name) or ""

    def expect(self, status: int = 200, kind: str = "") -> Answer:
        """Return itself, or say what came instead."""
        if self.status != status:
            raise Failed(f"expected {status} from {self.url}, came {self.status} {self.title}".rstrip())
        if not self.header("Content-Type").startswith(kind):
            raise Failed(f"expected {kind} from {self.url}, came {self.header('Content-Type') or 'no type'}")
        return self


@dataclass
class Form:
    """A form of a page, with what it sends by itself."""

    action: str
    fields: dict[str, str] = field(default_factory=dict)


class Page(HTMLParser):
    """What a page loads, links and lets its visitor send; all addresses are absolute."""

    def __init__(self, answer: Answer) -> None:
        super().__init__()
        self.url = answer.url
        self.files: list[str] = []
        self.frames: list[str] = []
        self.links: list[str] = []
        self.forms: list[Form] = []
        self.feed(answer.text)

    def handle_starttag(self, tag: str, attrs: Sequence[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag in ("script", "img", "source") or (tag == "link" and LOADED & set(given.get("rel", "").split())):
            several = [each.split()[0] for each in given.get("srcset", "").split(",") if each.strip()]
            self.files += self._absolute(given.get("src"), given.get("href"), *several)
        elif tag == "iframe":
            self.frames += self._absolute(given.get("src"))
        elif tag == "a":
            self.links += self._absolute(given.get("href"))
        elif tag == "form":
            self.forms.append(Form(urljoin(self.url, given.get("action", ""))))
        elif tag == "input" and given.get("type") == "hidden" and self.forms:
            self.forms[-1].fields[given.get("name", "")] = given.get("value", "")

    def form(self, pattern: str) -> Form:
        """Return the first form whose address ends so."""
        found = [each for each in self.forms if re.search(f"{pattern}$", urlsplit(each.action).path)]
        if not found:
            raise Failed(f"expected a form for {pattern} on {self.url}, came none")
        return found[0]

    def _absolute(self, *addresses: str | None) -> Iterator[str]:
        for each in addresses:
            if each and not each.startswith("data:"):
                yield urljoin(self.url, each).partition("#")[0]


class _AsItIs(http.HTTPErrorProcessor):
    """Raises no error and follows no redirect."""

    def http_response(self, request: http.Request, response: Any) -> Any:
        return response

    https_response = http_response


class Browser:
    """Asks one site and no other, as a browser does: with cookies, and with the headers that browsers send."""

    def __init__(self, site: str) -> None:
        self.origin = urljoin(site, "/")[:-1]
        self.cookies = CookieJar()
        # A proxy that the environment names is none for this machine itself.
        proxy = http.ProxyHandler({} if urlsplit(site).hostname in LOOPBACK else None)
        self._opener = http.build_opener(_AsItIs, proxy, http.HTTPCookieProcessor(self.cookies))

    def owns(self, url: str) -> bool:
        return url.startswith(f"{self.origin}/")

    def get(self, url: str, accept: str = ANYTHING, encoding: str = "identity") -> Answer:
        return self._follow(url, None, {"Accept": accept, "Accept-Encoding": encoding})

    def post(self, url: str, body: str, kind: str) -> Answer:
        headers = {"Accept": HTML, "Content-Type": kind, "Origin": self.origin}
        # Browsers say so to HTTPS only.
        trusted = {"Sec-Fetch-Site": "same-origin"} if url.startswith("https:") else {}
        return self._follow(url, body.encode(), {**headers, **trusted})

    def submit(self, form: Form) -> Answer:
        return self.post(form.action, urlencode(form.fields), "application/x-www-form-urlencoded")

    def leave(self, form: Form) -> None:
        """Submit a form and follow it nowhere: the page behind it would be that of a new visitor."""
        self._ask(form.action, b"", {"Accept": HTML, "Origin": self.origin})

    def _follow(self, url: str, body: bytes | None, headers: dict[str, str]) -> Answer:
        answer = self._ask(url, body, headers)
        for _ in range(MOST_REDIRECTS):
            if not (300 <= answer.status < 400 and answer.header("Location")):
                return answer
            answer = self._ask(urljoin(answer.url, answer.header("Location")), None, {"Accept": headers["Accept"]})
        raise Failed(f"expected {url} to lead somewhere, came more than {MOST_REDIRECTS} redirects")

    def _ask(self, url: str, body: bytes | None, headers: dict[str, str]) -> Answer:
        if not self.owns(url):
            raise Failed(f"expected addresses and redirects to stay on {self.origin}, came {url}")
        deadline = time.monotonic() + REQUEST_SECONDS
        asked = http.Request(url, body, {"User-Agent": USER_AGENT, **headers})
        try:
            with self._opener.open(asked, timeout=REQUEST_SECONDS) as response:
                return Answer(url, response.status, response.headers, _read(response, deadline))
        except (OSError, HTTPException) as error:
            reason = error.reason if isinstance(error, URLError) else error
            kind = Refused if isinstance(reason, ConnectionRefusedError) else Failed
            raise kind(f"expected an answer from {url}, came {str(reason) or type(reason).__name__}") from None


def _read(response: Any, deadline: float) -> bytes:
    """Return the body, however slowly it drips, before the deadline."""
    body = bytearray()
    while piece := response.read1(65_536):
        body += piece
        if time.monotonic() > deadline or len(body) > MANY_BYTES:
            raise TimeoutError(f"no end after {REQUEST_SECONDS:g} s and {len(body)} bytes")
    if response.length:
        raise IncompleteRead(bytes(body), response.length)
    return bytes(body)


class Visit:
    """A visitor and what he has seen so far. Each check returns what it saw, or raises Failed."""

    def __init__(self, site: str, wait_seconds: float) -> None:
        self.site, self.wait_seconds = site, wait_seconds
        self.browser = Browser(site)
        self._home: Answer | None = None
        self._files: list[Answer] = []
        self._markers: list[str] = []
        self._is_own = False

    @property
    def is_reached(self) -> bool:
        return self._home is not None

    def home_page(self) -> str:
        self._home = self._first_answer()
        page = Page(self._home.expect(kind="text/html"))
        if "Logster" not in self._home.title:
            raise Failed(f"expected a title that says Logster, came {self._home.title!r}")
        if not self._home.header("Content-Security-Policy"):
            raise Failed("expected the header Content-Security-Policy, came none")
        foreign = [url for url in (*page.files, *page.frames) if not self.browser.owns(url)]
        if foreign:
            raise Failed(f"expected nothing from elsewhere, came {', '.join(foreign)}")
        return self._home.title

    def static_files(self) -> str:
        self._files = self._files_of(Page(self._seen_home()))
        hashed = [each for each in self._files if HASHED.search(each.url)]
        if not hashed:
            raise Failed("expected files whose address changes with their content, came none")
        for each in hashed:
            kept = each.header("Cache-Control")
            age = re.search(r"max-age=(\d+)", kept)
            if "immutable" not in kept or not age or int(age[1]) < HALF_A_YEAR_SECONDS:
                raise Failed(f"expected {each.url} to be kept for good, came Cache-Control {kept!r}")
        return f"{len(self._files)} files"

    def compression(self) -> str:
        texts = [self._seen_home(), *(each for each in self._files if TEXT.match(each.header("Content-Type")))]
        used = {encoding for each in texts for encoding in ("gzip", "br") if self._is_compressed(each, encoding)}
        return ", ".join(sorted(used, reverse=True)) or "none, which is the server's choice"

    def docs(self) -> str:
        index = self._page("docs/")
        pages = {url for url in index.links if url.startswith(urljoin(self.site, "docs/"))}
        if len(pages) < 2:
            raise Failed(f"expected links to pages on {index.url}, came {len(pages)}")
        for url in sorted(pages):
            self.browser.get(url, HTML).expect(kind="text/html")
        return f"{len(pages)} pages"

    def own_log(self) -> str:
        if not len(self.browser.cookies):
            raise Failed("expected a cookie from the first visit, came none")
        files = self._files_of(self._page("logs/"))
        return f"{len(files)} files"

    def no_stranger(self) -> str:
        for path in ("logs/", "logs/api/entries"):
            # Who asks for HTML is a new visitor, and gets a log of his own.
            Browser(self.site).get(self.site + path).expect(403)
        self._is_own = True
        return "403"

    def python_error(self) -> str:
        form = self._page("demo").form("/demo/(?!fresh)[a-z]+")
        marker = self._unknown_word()
        # The form has no field to write into, but the address is kept with the error.
        form.action += f"{'&' if '?' in form.action else '?'}marker={marker}"
        self.browser.submit(form).expect()
        return self._arrived(marker, "python")

    def javascript_error(self) -> str:
        scripts = [url for url in self._page("demo").files if url.endswith("/logster.js")]
        if not scripts:
            raise Failed("expected the demo page to load logster.js, came a page without it")
        marker, page = self._unknown_word(), f"{self.site}demo"
        # What logster.js sends when a page throws.
        report = {
            "message": f"Error: smoke test {marker}",
            "stacktrace": f"Error: smoke test {marker}\n    at thrown ({page}:1:1)",
            "url": page,
            "line": 1,
            "column": 1,
            "window_location": page,
            "severity": "error",
            "env": {},
        }
        beacon = urljoin(scripts[0], "report_js_error")
        self.browser.post(beacon, json.dumps(report), "application/json").expect(204)
        return self._arrived(marker, "javascript")

    def clear(self) -> str:
        if not self._is_own:
            raise Failed("expected a log of one's own, came one that may be everybody's: not cleared")
        if not self._markers:
            raise Failed("expected an error that clearing could remove, came none")
        self.browser.submit(self._page("logs/clear").form("/logs/clear")).expect()
        for marker in self._markers:
            if left := self._search(marker):
                raise Failed(f"expected an empty log, came {left[0]['message']!r}")
        return f"{len(self._markers)} gone"

    def leave(self) -> None:
        """Give the sandbox back, for a site has only so many."""
        with suppress(Exception):  # it would be removed an hour later
            self.browser.leave(self._page("demo").form("/demo/fresh"))

    def _first_answer(self) -> Answer:
        deadline = time.monotonic() + self.wait_seconds
        while time.monotonic() < deadline:
            with suppress(Refused):
                return self.browser.get(self.site, HTML)
            time.sleep(PAUSE_SECONDS)
        return self.browser.get(self.site, HTML)

    def _seen_home(self) -> Answer:
        if not self._home:
            raise Failed("expected a home page, came none")
        return self._home.expect(kind="text/html")

    def _page(self, path: str) -> Page:
        return Page(self.browser.get(self.site + path, HTML).expect(kind="text/html"))

    def _files_of(self, page: Page) -> list[Answer]:
        return [self.browser.get(url).expect() for url in dict.fromkeys(page.files) if self.browser.owns(url)]

    def _is_compressed(self, plain: Answer, encoding: str) -> bool:
        packed = self.browser.get(plain.url, HTML, encoding).expect()
        came = packed.header("Content-Encoding") or "identity"
        is_nginx = packed.header("Server").lower().startswith("nginx")
        is_due = encoding == "gzip" and is_nginx and len(plain.body) >= COMPRESSED_FROM_BYTES
        if came == "identity" and not is_due:
            return False
        if came != encoding or not packed.body:
            raise Failed(f"expected {plain.url} as {encoding}, came {came}, {len(packed.body)} bytes")
        # Of Brotli the standard library understands nothing.
        if encoding == "gzip" and _unpacked(packed) != plain.body and HASHED.search(plain.url):
            raise Failed(f"expected {plain.url} to be the same as gzip, came something else")
        return True

    def _unknown_word(self) -> str:
        """Return a marker that the search does not find yet, as it would if it found everything."""
        # Letters only: what looks like a number or a key may be masked.
        marker = "smoke" + "".join(secrets.choice(string.ascii_lowercase) for _ in range(12))
        if self._search(marker):
            raise Failed(f"expected the search for a word that nobody wrote to find nothing, came {marker}")
        return marker

    def _arrived(self, marker: str, source: str) -> str:
        """Wait until an error is found, and return what it says."""
        deadline = time.monotonic() + self.wait_seconds
        while not (found := self._search(marker)):
            if not time.monotonic() < deadline:
                raise Failed(f"expected {marker} in the log within {self.wait_seconds:g} s, came nothing")
            time.sleep(PAUSE_SECONDS)
        self._markers.append(marker)
        if found[0]["source"] != source:
            raise Failed(f"expected an error from {source}, came one from {found[0]['source']}")
        return str(found[0]["message"])

    def _search(self, word: str) -> list[dict[str, Any]]:
        answer = self.browser.get(f"{self.site}logs/api/entries?q={quote(word)}").expect(kind="application/json")
        entries: list[dict[str, Any]] = json.loads(answer.text)["entries"]
        return entries


def _unpacked(answer: Answer) -> bytes:
    try:
        return gzip.decompress(answer.body)
    except (OSError, EOFError, zlib.error) as error:
        raise Failed(f"expected {answer.url} as gzip, came what is none: {error}") from None


CHECKS: tuple[tuple[str, Callable[[Visit], str]], ...] = (
    ("home page", Visit.home_page),
    ("static files", Visit.static_files),
    ("compression", Visit.compression),
    ("docs", Visit.docs),
    ("own log", Visit.own_log),
    ("no log for strangers", Visit.no_stranger),
    ("Python error", Visit.python_error),
    ("JavaScript error", Visit.javascript_error),
    ("clear", Visit.clear),
)


def run(visit: Visit) -> int:
    """Check everything, say so line by line, and return how many checks are red."""
    red = 0
    for name, check in CHECKS:
        is_green, what = _outcome(visit, check)
        _say(f"ok    {name} ({what})" if is_green else f"FAIL  {name}: {what}")
        red += not is_green
        if not visit.is_reached:
            _say("The other checks were not tried: the site does not answer.")
            return red
    visit.leave()
    return red


def _outcome(visit: Visit, check: Callable[[Visit], str]) -> tuple[bool, str]:
    try:
        return True, check(visit)
    except Failed as error:
        return False, str(error)
    except Exception as error:  # whatever a broken site makes of us, it is a line and no traceback
        return False, f"expected what can be understood, came {type(error).__name__}: {error}"


def _say(line: str) -> None:
    print("".join(each if each.isprintable() else " " for each in line)[:500], flush=True)


def _address(text: str) -> str:
    """Return the address of a site as browsers write it: without a default port, with a slash at the end."""
    try:
        parts = urlsplit(text)
        port = parts.port or DEFAULT_PORTS[parts.scheme]
    except (ValueError, KeyError):
        raise argparse.ArgumentTypeError(f"{text!r} is no address such as https://logster.example") from None
    if not parts.hostname or parts.username is not None or parts.query or parts.fragment:
        raise argparse.ArgumentTypeError(f"{text!r} has to be scheme, host, and perhaps port and path")
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    place = host if port == DEFAULT_PORTS[parts.scheme] else f"{host}:{port}"
    return f"{parts.scheme}://{place}{parts.path.rstrip('/')}/"


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="smoke_test.py", description="Tests a running site the way a visitor does.")
    parser.add_argument("url", type=_address, metavar="URL", help="where the site is, as https://logster.example")
    about = "how long to wait for the site to listen, and for an error to arrive (%(default)g)"
    parser.add_argument("--wait", type=float, default=WAIT_SECONDS, metavar="SECONDS", help=about)
    given = parser.parse_args(arguments)
    sys.stdout.reconfigure(errors="backslashreplace")  # type: ignore[union-attr]
    started = time.monotonic()
    try:
        red = run(Visit(given.url, given.wait))
    except KeyboardInterrupt:
        _say("FAIL  interrupted")
        return 1
    how = f"{red} of {len(CHECKS)} checks red" if red else f"{len(CHECKS)} checks green"
    _say(f"{how}, {time.monotonic() - started:.1f} s: {given.url}")
    return 1 if red else 0


if __name__ == "__main__":
    sys.exit(main())
