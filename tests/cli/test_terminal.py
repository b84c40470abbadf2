"""What reaches a terminal: colours where they are wanted, and nothing that a stranger's text makes it do."""

import re
from collections.abc import Callable

import pytest

from logster.cli.visible import first_line, visible
from logster.settings import Settings
from logster.store.redis_store import RedisStore
from tests.cli.conftest import Ended
from tests.store.reports import key_of, report

Run = Callable[..., Ended]

HOSTILE = "\x1b]0;owned\x07\x1b[2J\x1b[31mred\r\x08\x9b5A\x7f\u202egnp\u2028\u200b\x00"
COLOUR = re.compile(r"\x1b\[[0-9;]*m")
DANGEROUS = set("\x1b\x07\x08\x9b\x7f\u202e\u2028\u200b\x00")


def hostile(settings: Settings) -> list[object]:
    env = {HOSTILE: {HOSTILE: HOSTILE}, "plain": HOSTILE}
    texts = {"message": f"a {HOSTILE}\n{HOSTILE}", "logger": HOSTILE, "traceback": f"{HOSTILE}\n  {HOSTILE}"}
    return [report(settings, **texts, version=HOSTILE, template=HOSTILE, envs=[env])]


@pytest.mark.parametrize(
    "command", [["search"], ["search", "--json"], ["show", key_of(1)], ["show", key_of(1), "--json"], ["export"]]
)
def test_no_report_controls_the_terminal(
    on_terminal: Run, store: RedisStore, settings: Settings, command: list[str]
) -> None:
    store.report(hostile(settings))
    done = on_terminal(*command)
    assert done.code == 0
    assert "owned" in done.out
    assert not DANGEROUS & set(COLOUR.sub("", done.out))
    assert "\r" not in done.out.replace("\r\n", "")


def test_off_a_terminal_nothing_is_raw_either(run: Run, store: RedisStore, settings: Settings) -> None:
    """Output is looked at later with `less -R`, or by `watch`."""
    store.report(hostile(settings))
    for command in (["search"], ["show", key_of(1)]):
        assert not DANGEROUS & set(run(*command).out)


def test_no_argument_controls_the_terminal(on_terminal: Run) -> None:
    for command in (["search", f"level:{HOSTILE[:-1]}"], ["show", HOSTILE[:-1]], ["solve", HOSTILE[:-1]]):
        done = on_terminal(*command)
        assert done.code in (1, 2)
        assert not DANGEROUS & set(COLOUR.sub("", done.out))


def test_colours_are_for_terminals(on_terminal: Run, run: Run, store: RedisStore, settings: Settings) -> None:
    store.report([report(settings)])
    for command in (["search"], ["show", key_of(1)], ["doctor"]):
        assert COLOUR.search(on_terminal(*command).out)
        assert "\x1b" not in on_terminal(*command, NO_COLOR="1").out
        assert "\x1b" not in on_terminal(*command, TERM="dumb").out
        assert "\x1b" not in run(*command).out


def test_a_row_is_one_line_of_the_terminal(on_terminal: Run, store: RedisStore, settings: Settings) -> None:
    store.report([report(settings, message="long " * 100)])
    (line,) = on_terminal("search", NO_COLOR="1").out.splitlines()
    assert len(line) <= 100
    assert line.endswith("…")


def test_off_a_terminal_a_row_is_whole(run: Run, store: RedisStore, settings: Settings) -> None:
    store.report([report(settings, message="long " * 100 + "end")])
    (line,) = run("search").out.splitlines()
    assert line.endswith("end")


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a\x1b[0m", "a\\x1b[0m"),
        ("a\nb\tc\r", "a\\nb\\tc\\r"),
        ("\x85\u2029\U000e0041", "\\x85\\u2029\\U000e0041"),
        ("größe 💥 日本", "größe 💥 日本"),
    ],
)
def test_control_characters_become_visible(text: str, shown: str) -> None:
    assert visible(text) == shown


def test_lines_stay_where_they_are_wanted() -> None:
    assert visible("a\n\tb\x07", lines=True) == "a\n    b\\x07"


def test_a_first_line_says_that_there_are_more() -> None:
    assert first_line("\n a \nb") == "a …"
    assert first_line("a\n \n") == "a"
