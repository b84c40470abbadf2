"""`logster search` and `logster show`: what is there, for people and for scripts."""

import json
import time
from collections.abc import Callable

import pytest

from logster.settings import Settings
from logster.store.redis_store import RedisStore
from tests.cli.conftest import Ended
from tests.store.reports import EXCEPTION, NOW, TRACEBACK, key_of, report

Run = Callable[..., Ended]
HOUR = 3_600_000


def test_rows_are_newest_first(inside: Run, store: RedisStore, settings: Settings) -> None:
    store.report([report(settings, number, last_ms=NOW + number, count=number) for number in (1, 2, 3)])
    done = inside("search")
    assert done.code == 0
    assert [line.partition("app.orders  ")[2] for line in done.out.splitlines()] == [
        "Order 3 failed",
        "Order 2 failed",
        "Order 1 failed",
    ]
    assert "2×" in done.out.splitlines()[1]


def test_words_are_one_query(inside: Run, store: RedisStore, settings: Settings) -> None:
    store.report([report(settings, 1), report(settings, 2), report(settings, 3, level=10)])
    assert inside("search", "order", "2").out.count("\n") == 1
    assert inside("search", "level:debug").out.count("\n") == 1
    assert inside("search", "--", "-2").out.count("\n") == 2


def test_levels_times_and_limit_choose(inside: Run, store: RedisStore, settings: Settings) -> None:
    now = int(time.time() * 1_000)  # NOW is when the run began, which may be a while ago
    store.report([report(settings, number, level=number * 10, last_ms=now - number * HOUR) for number in range(1, 6)])

    def levels(*options: str) -> list[str]:
        return [json.loads(each)["level"] for each in inside("search", "--json", *options).out.splitlines()]

    assert levels("--level", "error", "--level", "debug") == ["DEBUG", "ERROR"]
    assert levels("--since", "150m") == ["DEBUG", "INFO"]
    assert levels("--until", "270m") == ["CRITICAL"]
    assert levels("--limit", "2") == ["DEBUG", "INFO"]


def test_json_is_the_entry_one_a_line(inside: Run, store: RedisStore, settings: Settings) -> None:
    store.report([report(settings, 1, message="größe\n\x9b\x7f\u202e💥")])
    out = inside("search", "--json").out
    assert out.count("\n") == 1
    assert not {"\x9b", "\x7f", "\u202e"} & set(out)
    entry = json.loads(out)
    assert (entry["key"], entry["message"], entry["level_number"]) == (key_of(1), "größe\n\x9b\x7f\u202e💥", 40)


def test_more_than_a_page_is_found(inside: Run, store: RedisStore, settings: Settings) -> None:
    store.report([report(settings, number) for number in range(450)])
    assert inside("search", "--limit", "430").out.count("\n") == 430
    assert inside("search", "--limit", "1000").out.count("\n") == 450


def test_nothing_found_is_exit_code_1(inside: Run) -> None:
    assert inside("search", "nothing") == (1, "", "Nothing was found.\n")
    assert inside("search", "nothing", "--json") == (1, "", "")


@pytest.mark.parametrize(
    ("query", "shown", "carets"),
    [
        ("order level:loud", "order level:loud", "            ^^^^"),
        ("日本\x1b level:loud", "日本\\x1b level:loud", " " * 15 + "^^^^"),
    ],
)
def test_a_mistake_is_shown_at_its_place(inside: Run, query: str, shown: str, carets: str) -> None:
    done = inside("search", query)
    assert (done.code, done.out) == (2, "")
    error, given, below = done.err.rstrip("\n").split("\n")
    assert error.startswith("Error: 'loud' is no level")
    assert (given, below) == (f"  {shown}", f"  {carets}")


def test_an_entry_is_shown_whole(inside: Run, store: RedisStore, settings: Settings) -> None:
    envs = [{"host": "old"}, {"host": "new", "nested": {"a": [1]}}]
    store.report(
        [report(settings, 0xABCDEF << 104, exception=EXCEPTION, traceback=TRACEBACK, version="1.0", envs=envs)]
    )
    done = inside("show", f"{0xABCDEF << 104:032x}"[:8])
    assert done.code == 0
    assert TRACEBACK in done.out
    for expected in ("ERROR  app.orders", "versions   1.0", "host    new", 'nested  {"a":[1]}'):
        assert expected in done.out
    assert "old" not in done.out


def test_env_says_how_many_samples(inside: Run, store: RedisStore, settings: Settings) -> None:
    store.report([report(settings, envs=[{"n": number} for number in range(5)])])
    assert inside("show", key_of(1), "--env", "3").out.count("env of") == 3
    assert inside("show", key_of(1), "--env", "0").out.count("env of") == 0
    entry = json.loads(inside("show", key_of(1), "--env", "2", "--json").out)
    assert [env["n"] for env in entry["env"]] == [4, 3]


def test_the_beginning_of_a_key_is_enough(inside: Run, store: RedisStore, settings: Settings) -> None:
    numbers = [0xABCD1 << 108, 0xABCD2 << 108]
    store.report([report(settings, number) for number in numbers])
    store.protect(f"{numbers[1]:032x}")
    assert inside("show", "ABCD2").code == 0
    several = inside("show", "abcd")
    assert (several.code, "several" in several.err) == (2, True)
    assert inside("show", "abc").code == 2
    assert inside("show", "ffff").code == 1
    assert inside("show", key_of(7)).code == 1
