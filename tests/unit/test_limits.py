"""What is cut says so, and nothing else is cut."""

import msgspec
import pytest

from logster.entry import ExceptionInfo, Frame, Occurrence
from logster.limits import fit_env, fit_exception, fit_occurrence, json_size, shorten, shorten_bytes, shorten_middle

SNOWMAN = "\N{SNOWMAN}"


def test_what_fits_stays_as_it_is() -> None:
    assert shorten("x" * 100, 100) == "x" * 100


@pytest.mark.parametrize("characters", [40, 50, 77, 99])
def test_a_cut_text_keeps_its_limit_and_says_how_much_is_missing(characters: int) -> None:
    text = "".join(chr(ord("a") + i % 26) for i in range(100))

    result = shorten(text, characters)

    kept, _, remark = result.partition("…")
    assert len(result) <= characters
    assert text.startswith(kept)
    assert remark == f" ({100 - len(kept):,} more characters)"


def test_what_was_cut_before_is_counted_in() -> None:
    assert shorten("abc", 100, already_cut=1_000_000) == "abc… (1,000,000 more characters)"
    assert shorten("x" * 100, 50, already_cut=1_000).endswith(
        f"({1_100 - 50 + len('… (1,100 more characters)'):,} more characters)"
    )


@pytest.mark.parametrize("max_bytes", range(60, 90))
def test_cutting_by_bytes_never_splits_a_character(max_bytes: int) -> None:
    result = shorten_bytes(SNOWMAN * 100, max_bytes)

    kept, _, remark = result.partition("…")
    assert len(result.encode()) <= max_bytes
    assert set(kept) <= {SNOWMAN}
    assert remark == f" ({100 - len(kept)} more characters)"


def test_a_long_traceback_keeps_its_first_and_last_lines() -> None:
    text = "\n".join(f"line {number}" for number in range(1_000))

    result = shorten_middle(text, 500)

    lines = result.split("\n")
    assert len(result.encode()) <= 500
    assert lines[0] == "line 0"
    assert lines[-1] == "line 999"
    assert f"  … ({1_000 - len(lines) + 1:,} lines left out)" in lines


def test_one_endless_line_is_cut_too() -> None:
    assert len(shorten_middle("x" * 10_000, 300).encode()) <= 300


def test_the_largest_value_of_an_env_is_cut_first() -> None:
    env = {"method": "GET", "body": "x" * 5_000, "time": 123, "path": "/" + "y" * 300}

    result = fit_env(env, 1_000)

    assert json_size(result) <= 1_000
    assert result["method"] == "GET"
    assert result["path"] == env["path"]
    assert result["time"] == 123
    assert result["body"].startswith("xxx")
    assert result["body"].endswith("more characters)")


@pytest.mark.parametrize(
    "env",
    [
        {"a": SNOWMAN * 5_000},
        {"a": "\x00" * 5_000},
        {f"key {number}": "x" * 50 for number in range(500)},
        {"k" * 5_000: 1, "time": 5},
        {"a": {"b": {"c": ["x" * 100] * 100}}, "d": list(range(3_000))},
        {"time": 5, "a": "x" * 100_000, "b": "y" * 100_000},
    ],
)
@pytest.mark.parametrize("max_bytes", [200, 1_000])
def test_any_env_is_brought_within_its_bytes(env: dict[str, object], max_bytes: int) -> None:
    result = fit_env(env, max_bytes)

    assert json_size(result) <= max_bytes
    assert result.get("time") == env.get("time")


def exception(frames: int = 1, text: str = "raise", **changes: object) -> ExceptionInfo:
    made = tuple(
        Frame(f"app/{n}.py", "f", n, "app", text, (text, text), (text, text), in_app=n % 2 == 0) for n in range(frames)
    )
    return msgspec.structs.replace(ExceptionInfo("ValueError", "no", made), **changes)


def test_surrounding_lines_of_library_frames_go_first() -> None:
    whole = exception(30, "x" * 100)

    result = fit_exception(whole, 14_000)

    assert json_size(result) <= 14_000
    assert all(frame.source for frame in result.frames)
    assert all(bool(frame.before) == frame.in_app for frame in result.frames)


@pytest.mark.parametrize("max_bytes", [2_000, 10_000, 30_000])
@pytest.mark.parametrize(
    "whole",
    [
        exception(100, "x" * 300),
        exception(2, message="m" * 100_000),
        exception(2, notes=("n" * 20_000,) * 20),
        exception(100, exceptions=(exception(100, "y" * 200),) * 50),
        exception(100, cause=exception(100, "z" * 300, cause=exception(50)), relation="cause"),
    ],
)
def test_any_exception_is_brought_within_its_bytes(whole: ExceptionInfo, max_bytes: int) -> None:
    result = fit_exception(whole, max_bytes)

    assert json_size(result) <= max_bytes
    assert result.type == "ValueError"


def test_left_out_frames_are_counted() -> None:
    result = fit_exception(exception(60, "x" * 300), 10_000)

    assert len(result.frames) + result.omitted == 60
    assert result.frames[-1].line == 59


def occurrence(**changes: object) -> Occurrence:
    start = Occurrence(key="k" * 32, level=40, logger="app", message="m", timestamp_ms=1)
    return msgspec.structs.replace(start, **changes)


def test_message_and_traceback_share_their_bytes() -> None:
    whole = occurrence(message=SNOWMAN * 9_000, traceback="\n".join(["a line"] * 100_000), env={"a": "x" * 90_000})

    result = fit_occurrence(whole, max_characters=10_000, max_bytes=20_000, max_env_bytes=5_000)

    assert len(result.message.encode()) + len(result.traceback.encode()) <= 20_000
    assert json_size(result.env) <= 5_000
    assert result.key == whole.key


def test_an_occurrence_that_fits_is_returned_as_it_is() -> None:
    whole = occurrence(env={"a": 1})

    assert fit_occurrence(whole, max_characters=100, max_bytes=2_000, max_env_bytes=200) == whole
