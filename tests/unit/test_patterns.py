"""Patterns: how they are written, what is refused, what `ignore` accepts, what is suggested."""

import re

import pytest

from logster import patterns
from logster.errors import ConfigurationError, InvalidPattern


@pytest.mark.parametrize(
    ("written", "canonical"),
    [
        ("timeout", "/timeout/"),
        ("/timeout/", "/timeout/"),
        ("/timeout/i", "/timeout/i"),
        ("a/b", r"/a\/b/"),
        (r"/a\/b/", r"/a\/b/"),
        ("/usr/lib/", r"/usr\/lib/"),
        (r"\d+ users", r"/\d+ users/"),
    ],
)
def test_a_pattern_has_one_canonical_form(written: str, canonical: str) -> None:
    assert patterns.parse(written).text == canonical
    assert patterns.parse(canonical).text == canonical


@pytest.mark.parametrize(
    ("written", "reason"),
    [
        ("a", "4 to 499 characters"),
        ("x" * 500, "4 to 499 characters"),
        ("/abc/x", "flag 'x'"),
        ("(abc", "missing"),
        ("(?=abc)def", "perl operator"),
        ("x*y*", "match everything"),
        ("\ud800abc", "utf-8"),
        ("", "4 to 499 characters"),
    ],
)
def test_what_cannot_be_a_pattern_is_refused_with_a_reason(written: str, reason: str) -> None:
    with pytest.raises(InvalidPattern, match=re.escape(reason)):
        patterns.parse(written)


def test_case_is_ignored_only_when_asked() -> None:
    assert patterns.parse("/café/i").matches("Un CAFÉ, s'il vous plaît")
    assert not patterns.parse("/café/").matches("Un CAFÉ")


def test_an_expression_that_explodes_elsewhere_stays_linear() -> None:
    """A backtracking engine would not come back from this in the life of the universe."""
    assert not patterns.parse("(a+)+$").matches("a" * 100_000 + "!")


@pytest.mark.parametrize(
    ("given", "subject", "env", "expected"),
    [
        ("boom", "A BOOM was heard", {}, True),
        ("a.b", "aXb", {}, False),
        (re.compile("b.z", re.IGNORECASE), "BUZZ", {}, True),
        (re.compile("b.z"), "BUZZ", {}, False),
        ({"url": "/admin"}, "", {"url": "https://host/Admin/x"}, True),
        ({"url": "/admin"}, "", {}, False),
        ({"params": {"page": re.compile("^1")}}, "", {"params": {"page": 12}}, True),
        ({"params": {"page": re.compile("^1")}}, "", {"params": "page=12"}, False),
        (patterns.Rule("boom", {"host": "web"}), "boom", {"host": "web1"}, True),
        (patterns.Rule("boom", {"host": "web"}), "boom", {"host": "db1"}, False),
        (patterns.Rule("boom", {"host": "web"}), "bang", {"host": "web1"}, False),
    ],
)
def test_a_rule_matches_when_all_that_it_names_matches(
    given: object, subject: str, env: dict[str, object], expected: bool
) -> None:
    (rule,) = patterns.rules([given])
    assert rule.matches(subject, env) is expected


@pytest.mark.parametrize("given", [5, None, "", re.compile("(?=x)"), {}, {"url": 5}])
def test_what_cannot_be_a_rule_is_a_configuration_error(given: object) -> None:
    with pytest.raises(ConfigurationError, match="ignore"):
        patterns.rules([given])


def test_a_rule_says_what_it_is() -> None:
    (rule,) = patterns.rules([patterns.Rule("boom", {"url": re.compile("/a", re.IGNORECASE), "p": {"q": "x"}})])
    assert rule.text == r"boom, url: /\/a/i, p: {q: x}"


@pytest.mark.parametrize(
    ("messages", "suggestion"),
    [
        (["user 15 not found", "user 99 not found"], r"/^user \d+ not found/"),
        (["Order #12 failed (x)", "Order #abc failed (x)"], r"/^Order #.+ failed \(x\)/"),
        (["Timeout at once", "Timeout while reading the reply"], "/Timeout /"),
        (["one thing"], "/^one thing/"),
        (["abc", "xyz"], ""),
        ([], ""),
    ],
)
def test_a_suggestion_matches_all_that_it_was_made_from(messages: list[str], suggestion: str) -> None:
    assert patterns.suggest(messages) == suggestion
    assert all(patterns.parse(suggestion).matches(message) for message in messages if suggestion)
