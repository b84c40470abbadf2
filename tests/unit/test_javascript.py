"""A browser's report becomes an occurrence, whichever browser it was and whatever it sent."""

from typing import Any

import msgspec
import pytest

from logster.capture.javascript import JavaScriptSnapshot, parse_stack
from logster.entry import Occurrence
from logster.redaction import Redactor
from logster.settings import Settings

V8 = """TypeError: Cannot read properties of undefined (reading 'x')
    at foo (https://ex.com/a.js?v=2:10:5)
    at new Bar (https://ex.com/a.js:20:7)
    at async Promise.all (index 0)
    at async load (https://ex.com/c.js:3:4)
    at https://ex.com/b.js:1:2"""
FIREFOX = """foo@https://ex.com/a.js?v=2:10:5
Bar@https://ex.com/a.js:20:7
async*load@https://ex.com/c.js:3:4
@https://ex.com/b.js:1:2
"""
SAFARI = """foo@https://ex.com/a.js?v=2:10:5
Bar@https://ex.com/a.js:20:7
load@https://ex.com/c.js:3:4
[native code]
https://ex.com/b.js:1:2"""
PLACES = [
    ("https://ex.com/b.js", 1, 2),
    ("https://ex.com/c.js", 3, 4),
    ("https://ex.com/a.js", 20, 7),
    ("https://ex.com/a.js?v=2", 10, 5),
]


def occurrence(message: str = "TypeError: x is undefined", **values: Any) -> Occurrence:
    return JavaScriptSnapshot(message, **values).occurrence(Settings(), Redactor())


@pytest.mark.parametrize("stack", [V8, FIREFOX, SAFARI], ids=["V8", "Firefox", "Safari"])
def test_stacks_are_parsed_outermost_call_first(stack: str) -> None:
    frames = list(parse_stack(stack, Redactor()))

    assert [(frame.file, frame.line, frame.column) for frame in frames] == PLACES
    assert frames[-1].function == "foo"


def test_the_error_is_shown_where_it_happened() -> None:
    found = occurrence("Uncaught TypeError: x is undefined", stack=V8, url="https://ex.com/a.js", line=10, column=5)

    assert found.exception_type == "TypeError"
    assert found.message == "Uncaught TypeError: x is undefined"
    assert found.location
    assert (found.location.file, found.location.line) == ("https://ex.com/a.js?v=2", 10)
    assert found.traceback.split("\n")[:2] == [
        "TypeError: x is undefined",
        "    at foo (https://ex.com/a.js?v=2:10:5)",
    ]
    assert (found.source, found.logger) == ("javascript", "javascript")


def test_without_a_stack_url_and_line_are_the_place() -> None:
    location = occurrence(url="https://ex.com/a.js", line=10, column=5).location

    assert location
    assert (location.file, location.line, location.column) == ("https://ex.com/a.js", 10, 5)


def test_page_and_env_are_kept_without_their_secrets() -> None:
    found = occurrence(
        "failed with token=hunter2",
        window_location="https://ex.com/?token=hunter2",
        url="https://bob:hunter2@ex.com/a.js",
        stack="f@https://ex.com/a.js?token=hunter2:1:2",
        env={"user": {"password": "hunter2", "id": 5}},
    )

    assert found.env["user"]["id"] == 5
    assert found.env["window_location"].startswith("https://ex.com/")
    assert b"hunter2" not in msgspec.json.encode(found)


def test_equal_errors_of_different_releases_and_lines_are_the_same() -> None:
    first = occurrence(stack="f@https://ex.com/a.js?v=1:1:2")
    second = occurrence(stack="f@https://ex.com/a.js?v=2:9:9")
    other = occurrence(stack="g@https://ex.com/a.js?v=2:9:9")

    assert first.key == second.key != other.key


@pytest.mark.parametrize(
    "values",
    [
        {"stack": "x" * 1_000_000},
        {"stack": "at " * 100_000},
        {"stack": "a@b:" * 100_000},
        {"stack": "\n".join(["    at f (https://e.com/a.js:1:1)"] * 10_000)},
        {"stack": "    at f (https://e.com/a.js:99999999999999999999:1)"},
        {"stack": "\ud800@https://e.com:1:1\x00"},
        {"url": "x" * 1_000_000, "line": 10**8},
        {"env": {"a": "x" * 1_000_000, "b": [[[[[[[[[[[1]]]]]]]]]]]}},
        {"window_location": "y" * 1_000_000},
    ],
)
@pytest.mark.parametrize("message", ["", "m" * 1_000_000, "\ud800"])
def test_whatever_a_stranger_sends_stays_small(message: str, values: dict[str, Any]) -> None:
    found = occurrence(message, **values)

    assert len(msgspec.json.encode(found)) < 200_000
