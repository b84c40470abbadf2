"""Whether a regular expression can match across the end of a line, which decides whether frames are looked at alone."""

import pytest

from logster.search import expression


@pytest.mark.parametrize(
    "written",
    ["abc", r"\d{4}[q-z]+", r"a.b", r"^at \w+$", r"\bfoo\b|bar", r"[\w.]+\(", "x*", r"\/[a-z_]+\.py", "(a|b)c?"],
)
def test_what_stays_in_a_line(written: str) -> None:
    compiled = expression.compiled(written, ignore_case=False)
    assert expression.stays_in_line(written)
    assert expression.stays_in_line(compiled.pattern)


@pytest.mark.parametrize(
    "written",
    [
        *(
            "a\nb",
            r"a\nb",
            r"a\sb",
            r"a\Wb",
            r"a\Db",
            r"[^x]",
            r"[\s]",
            r"[\n]",
            "[\n]",
            r"[\t-a]",
            "[ -~]",
            r"[[:space:]]",
        ),
        *(r"\x0a", r"\012", r"\pC", r"(?s)a.b", "(?s:.)", r"\Qa\E", r"\Sa\C", r"[\W]", r"\A", r"\z"),
    ],
)
def test_what_may_go_on_in_the_next_line(written: str) -> None:
    assert not expression.stays_in_line(written)
