"""What strangers and broken programs write, in every form that is read: it is refused or kept, and never raises.

`make soak SOAK=fuzz` runs the same for minutes, guided by what of the code each input reaches.
"""

import json
import logging
from collections.abc import Callable
from typing import Any

from hypothesis import HealthCheck, example, given
from hypothesis import settings as limits
from hypothesis import strategies as st
from starlette.requests import Request

from logster import patterns
from logster.access.passwords import PasswordHash
from logster.capture.browser import BrowserReportSnapshot
from logster.capture.javascript import JavaScriptSnapshot
from logster.capture.plain import clean
from logster.capture.request import client_address
from logster.capture.sentry_event import SentryEventSnapshot
from logster.capture.snapshot import RecordSnapshot
from logster.entry import Occurrence
from logster.errors import InvalidPattern, LogsterError, QuerySyntaxError
from logster.limits import json_size
from logster.redaction import Redactor
from logster.search import parse
from logster.settings import Settings
from logster.store.cursor import Cursor
from logster.viewer import beacon, csrf, envelope
from logster.viewer.place import Place
from logster.viewer.problems import Problem
from tests.unit.test_redaction import SECRET

SETTINGS = Settings(max_env_bytes=2_000, maximum_entry_bytes=40_000, maximum_message_length=1_000)
REDACTOR = Redactor()

# Any text, with what the grammars know of more often than chance would bring it.
GRAMMARS = """
/ \" ' - ( ) level: env. is: * .. > < : \\ [ {9} (?i) | %s %(a)s %999999999d {} password= & = % %c3%28 at @
"""
WORDS = st.sampled_from([*GRAMMARS.split(), "\0", "\n", "\ud800", " "])
TEXT = st.lists(st.one_of(WORDS, st.text(max_size=12)), max_size=12).map("".join)
PLAIN = st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(), st.binary())
JSON = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(-(2**63), 2**63), st.floats(allow_nan=False), TEXT),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXT, inner, max_size=4),
    max_leaves=15,
)
BODY = st.one_of(st.binary(max_size=200), JSON.map(lambda value: json.dumps(value).encode()))
FIELDS = """
exception values type value module stacktrace frames vars function filename lineno context_line message logentry params
formatted level fingerprint tags user request headers contexts breadcrumbs timestamp release threads extra
"""
EVENT = st.recursive(
    JSON,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(FIELDS.split()), inner, max_size=5),
    max_leaves=25,
)
ITEM = st.tuples(st.sampled_from(["event", "log", "session"]), EVENT).map(
    lambda item: b"\n".join(json.dumps(each).encode() for each in ({"type": item[0]}, item[1]))
)
ENVELOPE = st.lists(ITEM | BODY, max_size=4).map(lambda items: b"\n".join([b"{}", *items]))
relaxed = limits(deadline=None, suppress_health_check=[HealthCheck.too_slow])


def _fail(*_: object) -> Any:
    raise RuntimeError("hostile")


class Hostile:
    """Whatever is asked of it, it fails."""

    __getattribute__ = __repr__ = __str__ = __bool__ = __len__ = __eq__ = __hash__ = __iter__ = _fail  # type: ignore[assignment]


class HostileBytes(bytes):
    """What claims to be bytes, and fails whatever is asked of it."""

    __getattribute__ = __len__ = __getitem__ = __iter__ = __str__ = __repr__ = _fail  # type: ignore[assignment]


class HostileError(SyntaxError):
    """What was raised, and fails whatever is asked of it."""

    __getattribute__ = __str__ = _fail  # type: ignore[assignment]


class LazyUser:
    """What an object relational mapper gives out: it is read from the database when anything is asked of it."""

    asked: list[str]

    def __init__(self) -> None:
        object.__setattr__(self, "asked", [])

    def __getattribute__(self, name: str) -> Any:
        object.__getattribute__(self, "asked").append(name)
        return object.__getattribute__(self, name)

    def __repr__(self) -> str:
        return "<ada>"


# Classes stand for their objects, which no tool can list either.
VALUES = st.recursive(
    PLAIN | st.sampled_from([Hostile, HostileBytes, LazyUser]),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4) | st.tuples(inner, inner),
    max_leaves=15,
)


def made(value: Any) -> Any:
    """Return what a drawn value stands for."""
    if isinstance(value, type):
        return value()
    if isinstance(value, dict):
        return {name: made(each) for name, each in value.items()}
    return type(value)(map(made, value)) if isinstance(value, list | tuple) else value


def tried(read: Callable[[], Any], *refusals: type[Exception]) -> tuple[Any, Any]:
    """Return what was read, and how it was refused; one of them is None."""
    try:
        return read(), None
    except refusals as refusal:
        return None, refusal


def is_bounded(occurrence: Occurrence | None) -> bool:
    """Return whether an occurrence can be written and is within the settings."""
    if occurrence is None:
        return True
    json.dumps(occurrence.env).encode()
    occurrence.message.encode()
    return len(occurrence.message) <= SETTINGS.maximum_message_length and json_size(occurrence.env) <= 2_000


@relaxed
@given(TEXT)
@example("level:>error env.user:" + "x" * 5_000)
@example("(" * 500)
def test_a_query_is_understood_or_its_mistake_is_shown(text: str) -> None:
    query, mistake = tried(lambda: parse(text, now_ms=1_700_000_000_000), QuerySyntaxError)
    if mistake:
        assert 0 <= mistake.start <= mistake.end <= len(text)
        assert str(mistake)
    else:
        query.explain()


@relaxed
@given(TEXT, TEXT)
@example("/" + "(a*)*" * 200 + "b/", "a" * 1_000)
@example("/\\Q/", "")
def test_a_pattern_is_understood_or_refused(text: str, subject: str) -> None:
    pattern, mistake = tried(lambda: patterns.parse(text), InvalidPattern)
    if mistake:
        assert str(mistake)
    else:
        assert pattern.matches(clean(subject)) in (True, False)
        assert patterns.parse(pattern.text) == pattern


@relaxed
@given(
    VALUES, VALUES, st.dictionaries(st.text() | st.sampled_from(["env", "count", "timestamp", "fingerprint"]), VALUES)
)
@example(HostileBytes, Hostile, {"timestamp": Hostile, "env": Hostile, "hostile": Hostile})
@example("%s %s", (Hostile, HostileBytes), {"fingerprint": [Hostile], "count": Hostile})
def test_a_record_is_kept_whatever_was_logged(message: Any, args: Any, extra: dict[str, Any]) -> None:
    record = logging.LogRecord("shop", logging.ERROR, __file__, 1, "", None, None)
    record.msg, record.args = made(message), made(args)
    for key, value in extra.items():
        record.__dict__.setdefault(key, made(value))
    snapshot = RecordSnapshot(record, "default")
    assert is_bounded(snapshot.occurrence(SETTINGS, REDACTOR))
    snapshot.subject()
    hash(snapshot.identity())


def test_nothing_that_is_lazy_is_read_because_it_was_logged() -> None:
    user = LazyUser()
    record = logging.LogRecord("shop", logging.ERROR, __file__, 1, "sold", None, None)
    record.user, record.env = user, {"buyer": [user]}
    occurrence = RecordSnapshot(record, "default").occurrence(SETTINGS, REDACTOR)
    assert occurrence is not None
    assert (occurrence.env["user"], occurrence.env["buyer"]) == ("<ada>", ["<ada>"])
    assert user.asked == ["asked"]


@relaxed
@given(
    st.lists(st.tuples(st.sampled_from([ValueError, SyntaxError, ExceptionGroup, HostileError]), TEXT), min_size=1),
    VALUES,
)
@example([(HostileError, "hostile")], Hostile)
def test_an_exception_is_kept_whatever_was_raised(chain: list[tuple[Any, str]], notes: Any) -> None:
    error: BaseException | None = None
    for kind, text in chain[:10]:
        hurt = kind(text, [error or ValueError()]) if kind is ExceptionGroup else kind(text)
        BaseException.__dict__["__context__"].__set__(hurt, error)
        BaseException.__dict__["__dict__"].__get__(hurt)["__notes__"] = made(notes)
        try:
            raise hurt
        except BaseException as raised:
            error = raised
    # As `exc_info=True` has it.
    record = logging.LogRecord("shop", logging.ERROR, __file__, 1, "no", None, (type(error), error, None))  # type: ignore[arg-type]
    assert is_bounded(RecordSnapshot(record, "default").occurrence(SETTINGS, REDACTOR))


@relaxed
@given(TEXT, TEXT, st.integers(), st.integers(), TEXT, st.dictionaries(st.text(), JSON))
@example("a", "b", 1, 1, "f@http://a/b.js:1:1\n" * 5_000, {})
def test_an_error_of_a_browser_is_kept_whatever_it_says(
    message: str, url: str, line: int, column: int, stack: str, env: dict[str, Any]
) -> None:
    assert is_bounded(JavaScriptSnapshot(message, url, line, column, stack, env=env).occurrence(SETTINGS, REDACTOR))


@relaxed
@given(st.sampled_from(["csp-violation", "deprecation", "crash", "network-error"]), st.dictionaries(TEXT, JSON), TEXT)
def test_a_report_of_a_browser_is_kept_whatever_it_says(kind: str, body: dict[str, Any], url: str) -> None:
    assert is_bounded(BrowserReportSnapshot(kind, body, url, 0, {}).occurrence(SETTINGS, REDACTOR))


def answered(read: Callable[[], Any]) -> Any:
    """Return what was read; None where it is refused, as a mistake of who sent it."""
    found, problem = tried(read, Problem)
    assert problem is None or problem.status in (400, 413)
    return found


@relaxed
@given(ENVELOPE)
@example(b'{}\n{"type":"event","length":99999999999999999999}\n{}')
@example(b'{}\n{"type":"event"}\n' + b'{"extra":' * 2_000)
def test_an_envelope_is_understood_or_refused(body: bytes) -> None:
    found = answered(lambda: envelope.parse(body))
    for item in found[1] if found else ():
        said = answered(lambda payload=item.payload: envelope.decoded(payload))  # type: ignore[misc]
        if said is not None:
            assert is_bounded(SentryEventSnapshot(said).occurrence(SETTINGS, REDACTOR))


@relaxed
@given(st.sampled_from(["json", "form"]), st.one_of(BODY, TEXT.map(lambda text: text.encode(errors="replace"))))
@example("json", b"[" * 100_000)
@example("form", b"message=" + b"%" * 1_000)
@example("form", b"a=b&" * 10_000)
def test_a_form_is_understood_or_refused(kind: str, body: bytes) -> None:
    answered(lambda: beacon._fields(kind, body))
    headers = [(b"content-type", b"application/x-www-form-urlencoded")]
    csrf.form(Request({"type": "http", "headers": headers}), body)


@relaxed
@given(TEXT, TEXT)
def test_what_an_address_says_is_understood_or_refused(first: str, second: str) -> None:
    Place.parse(first, second)
    client_address(first, second, 2)
    for read in (Cursor.parse, PasswordHash.parse):
        _, mistake = tried(lambda read=read: read(first), LogsterError, ValueError)  # type: ignore[misc]
        assert mistake is None or str(mistake)


PLACES = [
    "password={}",
    "https://ada:{}@shop.example/",
    '{{"api_key": "{}"}}',
    "Authorization: Bearer {}",
    "?token={}&",
]


@relaxed
@given(st.sampled_from(PLACES), TEXT, TEXT, st.sampled_from(["\n", " ", ""]))
def test_a_planted_secret_is_masked_whatever_stands_around_it(place: str, before: str, after: str, gap: str) -> None:
    text = f"{before}{gap}{place.format(SECRET)}{gap}{after}"
    assert SECRET not in REDACTOR.text(text)
    assert SECRET not in json.dumps(REDACTOR.env({"a": [text], "b": {before: text}}))
    record = logging.LogRecord("shop", logging.ERROR, __file__, 1, text, None, None)
    record.given = {after: [text, {"password": before + SECRET}]}
    occurrence = RecordSnapshot(record, "default").occurrence(SETTINGS, REDACTOR)
    assert occurrence is not None
    assert SECRET not in f"{occurrence}"
