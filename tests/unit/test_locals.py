"""Local variables are shown as they were, within bounds, without secrets and without running anybody's code."""

import dataclasses
import datetime
import enum
import json
import subprocess
import sys
from collections import OrderedDict, defaultdict, deque, namedtuple
from collections.abc import Callable, Iterator
from decimal import Decimal
from pathlib import PurePosixPath
from typing import Any, NoReturn
from uuid import UUID

import msgspec
import pytest

from logster.capture import variables as local_variables
from logster.capture.shape import Looker, text_of
from logster.capture.uncaught import capture_exception
from logster.entry import Frame
from logster.redaction import Redactor
from tests.unit.captured import Log


@pytest.fixture
def log(monkeypatch: pytest.MonkeyPatch) -> Iterator[Log]:
    # On a busy machine some variables would be left out.
    monkeypatch.setattr(local_variables, "_LONGEST_SECONDS", 60)
    log = Log(capture_locals=True)
    yield log
    log.close()


def frames(log: Log, function: Callable[[], Any]) -> tuple[Frame, ...]:
    try:
        function()
    except Exception as error:
        capture_exception(error, service=log.service)
    exception = log.only.exception
    assert exception
    return exception.frames


def shown(value: object) -> str:
    return text_of(Looker().look(value), Redactor())


Point = namedtuple("Point", "x y")


class Colour(enum.Enum):
    RED = 1


class Level(enum.IntEnum):
    LOW = 1


class Order:
    def __init__(self) -> None:
        self.id = 5
        self.lines = ["beans"]


@dataclasses.dataclass(slots=True)
class Slotted:
    id: int
    password: str


class Text(str):
    __slots__ = ()


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("beans", "'beans'"),
        (7, "7"),
        (1.5, "1.5"),
        (None, "None"),
        (True, "True"),
        (b"\xffx", r"b'\\xffx'"),
        ([1, "a"], "[1, 'a']"),
        ((1,), "(1,)"),
        ({1}, "{1}"),
        ({"a": {"b": 2}}, "{'a': {'b': 2}}"),
        (OrderedDict(a=1), "OrderedDict({'a': 1})"),
        (defaultdict(list, a=1), "defaultdict({'a': 1})"),
        (deque([1]), "deque([1])"),
        (Point(1, 2), "Point((1, 2))"),
        (Decimal("1.5"), "Decimal('1.5')"),
        (UUID(int=1), "UUID('00000000-0000-0000-0000-000000000001')"),
        (datetime.date(2026, 1, 2), "datetime.date(2026, 1, 2)"),
        (datetime.time(1, tzinfo=datetime.UTC), "datetime.time(1, 0, tzinfo=datetime.timezone.utc)"),
        (PurePosixPath("/srv"), "PurePosixPath('/srv')"),
        (Colour.RED, "Colour.RED"),
        (Level.LOW, "Level.LOW"),
        (Order(), "Order(id=5, lines=['beans'])"),
        (Slotted(5, "hunter2"), "Slotted(id=5, password=[redacted])"),
        (Text("beans"), "Text('beans')"),
        (ValueError("no", 1), "ValueError('no', 1)"),
        (Order, "<class Order>"),
        (shown, "<function shown>"),
        (sys, "<module>"),
        (object(), "<object>"),
        (10**2_000, "<int of 6,644 bits>"),
        ([[[["deep"]]]], "[[[<list>]]]"),
    ],
)  # fmt: skip
def test_a_value_is_shown_as_it_is(value: object, expected: str) -> None:
    assert shown(value) == expected


@pytest.mark.parametrize(
    "value",
    [
        {"password": "hunter2"},
        {"user": {"api_key": "hunter2"}},
        ("password", "hunter2"),
        {"name": "password", "value": "hunter2"},
        "password=hunter2",
        {"url": "https://joe:hunter2@shop.example/"},
        Slotted(1, "hunter2"),
        [{"headers": [("Authorization", "Bearer hunter2hunter2")]}],
        b"password=hunter2",
        "x" * 180 + " password=hunter2",
        PurePosixPath("/x?token=hunter2"),
        Text("password=hunter2"),
    ],
)
def test_secrets_are_masked(value: object) -> None:
    assert "hunter2" not in shown(value)


class Trap:
    """Tells whenever its code is run."""

    sprung: list[str] = []  # noqa: RUF012 - all instances tell the same one

    def __init__(self) -> None:
        self.kept = 1

    def _spring(self, *_: object) -> NoReturn:
        Trap.sprung.append("sprung")
        raise SystemExit

    __repr__ = __str__ = __eq__ = __hash__ = __len__ = __iter__ = __bool__ = __format__ = __getattr__ = _spring  # type: ignore[assignment]
    __class__ = lazy = property(_spring)  # type: ignore[assignment]


class TrapDict(dict):  # type: ignore[type-arg]
    items = keys = __iter__ = __len__ = __repr__ = __getitem__ = Trap._spring  # type: ignore[assignment]


class TrapList(list):  # type: ignore[type-arg]
    __iter__ = __len__ = __repr__ = __getitem__ = Trap._spring  # type: ignore[assignment]


class TrapText(str):
    __slots__ = ()
    __str__ = __repr__ = __len__ = encode = Trap._spring  # type: ignore[assignment]


class TrapNumber(int):
    __str__ = __repr__ = __index__ = __int__ = Trap._spring  # type: ignore[assignment]


class TrapMeta(type):
    def __hash__(cls) -> int:
        Trap.sprung.append("hashed")
        return 1

    def __eq__(cls, other: object) -> bool:
        Trap.sprung.append("compared")
        return False

    def __instancecheck__(cls, instance: object) -> bool:
        Trap.sprung.append("checked")
        return False


class TrapOfMeta(metaclass=TrapMeta):
    pass


class TrapDictProperty:
    __dict__ = property(Trap._spring)  # type: ignore[assignment]


class TrapZone(datetime.tzinfo):
    utcoffset = dst = tzname = __repr__ = Trap._spring  # type: ignore[assignment]


# Made in the test: pytest itself would ask them how to be called.
@pytest.mark.parametrize(
    ("make", "expected"),
    [
        (Trap, "Trap(kept=1)"),
        (lambda: TrapDict(a=1), "TrapDict({'a': 1})"),
        (lambda: TrapList([1]), "TrapList([1])"),
        (lambda: TrapText("x"), "TrapText('x')"),
        (lambda: TrapNumber(7), "TrapNumber(7)"),
        (TrapOfMeta, "<TrapOfMeta>"),
        (TrapDictProperty, "<TrapDictProperty>"),
        (lambda: datetime.datetime(2026, 1, 1, tzinfo=TrapZone()), "<datetime>"),
        (lambda: [{"nested": Trap()}], "[{'nested': Trap(kept=1)}]"),
    ],
    ids=["object", "dict", "list", "str", "int", "metaclass", "__dict__", "tzinfo", "nested"],
)
def test_no_code_of_a_value_is_run(make: Callable[[], Any], expected: str) -> None:
    value = make()
    Trap.sprung.clear()
    text = shown(value)
    sprung = list(Trap.sprung)
    del value
    assert (text, sprung) == (expected, [])


def test_a_lazy_queryset_of_django_asks_no_database() -> None:
    program = """
import django
from django.conf import settings
settings.configure(DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}}, INSTALLED_APPS=[
    "django.contrib.contenttypes", "django.contrib.auth"])
django.setup()
from django.contrib.auth.models import User
from django.db import connection
from django.utils.functional import SimpleLazyObject
from logster.capture.shape import Looker
asked = []
def watch(execute, sql, *rest):
    asked.append(sql)
    return execute(sql, *rest)
with connection.execute_wrapper(watch):
    Looker().look({"users": User.objects.filter(id=1), "user": SimpleLazyObject(lambda: User.objects.get(id=1)),
        "new": User(username="joe")})
    print(asked)
    try:
        list(User.objects.all())
    except Exception:
        print(len(asked))
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert (done.stdout, done.stderr) == ("[]\n1\n", "")


def test_a_cycle_a_long_list_and_a_long_text_end() -> None:
    cycle: list[Any] = []
    cycle.append(cycle)
    assert shown(cycle) == "[[[<list>]]]"
    assert shown(list(range(100))).endswith("18, 19, … 80 more]")
    assert len(shown("x" * 1_000_000)) < 210


def test_one_exception_holds_no_more_than_a_bounded_size(log: Log) -> None:
    def fail() -> None:
        many = [["x" * 2_000] * 20] * 20  # noqa: F841 - it is there to be looked at
        more = [dict.fromkeys(range(20), "y" * 2_000) for _ in range(20)]  # noqa: F841
        raise ValueError

    def deep(depth: int) -> None:
        text = "z" * 2_000  # noqa: F841
        if depth:
            deep(depth - 1)
        fail()

    found = frames(log, lambda: deep(50))
    assert 0 < sum(frame.locals is not None for frame in found) <= 10
    assert len(msgspec.json.encode([frame.locals for frame in found])) < 30_000


def test_frames_of_the_app_have_their_variables(log: Log) -> None:
    def charge(order: int, card_number: str) -> None:
        total = order * 2
        raise ValueError(total)

    *_, frame = frames(log, lambda: charge(7, "4111 1111 1111 1111"))
    assert frame.locals == {"order": "7", "card_number": "[redacted]", "total": "14"}


def test_frames_of_libraries_have_none(log: Log) -> None:
    text = "{"
    found = frames(log, lambda: json.loads(text))
    assert {frame.in_app: frame.locals is not None for frame in found} == {True: True, False: False}


def test_variables_are_off_unless_asked_for() -> None:
    log = Log()
    found = frames(log, lambda: 1 // 0)
    log.close()
    assert [frame.locals for frame in found] == [None] * len(found)


def test_values_are_those_of_the_moment(log: Log) -> None:
    basket = ["beans"]

    def fail(basket: list[str]) -> None:
        raise ValueError

    try:
        fail(basket)
    except ValueError:
        log.logger.exception("m")
    basket.append("rice")
    assert log.only.exception
    assert log.only.exception.frames[-1].locals == {"basket": "['beans']"}


def test_causes_and_members_of_groups_have_theirs_too(log: Log) -> None:
    def first() -> None:
        inner = 1  # noqa: F841
        raise ValueError("first")

    def second() -> None:
        try:
            first()
        except ValueError as error:
            raise ExceptionGroup("group", [error]) from None

    def third() -> None:
        try:
            second()
        except ExceptionGroup as error:
            raise LookupError from error

    frames(log, third)
    exception = log.only.exception
    assert exception
    assert exception.cause
    assert exception.cause.exceptions[0].frames[-1].locals == {"inner": "1"}


def test_variables_do_not_make_equal_errors_differ(log: Log) -> None:
    def fail(number: int) -> None:
        raise ValueError("no")

    for number in range(3):
        try:
            fail(number)
        except ValueError:
            log.logger.exception("m")
    assert len({each.latest.key for each in log.reports}) == 1
    assert log.reports[-1].latest.exception
    assert log.reports[-1].latest.exception.frames[-1].locals == {"number": "2"}


def test_what_takes_too_long_to_look_at_is_left_out(log: Log, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail() -> None:
        code = 1  # noqa: F841
        raise ValueError

    monkeypatch.setattr(local_variables, "_LONGEST_SECONDS", 0)
    assert [frame.locals for frame in frames(log, fail)] == [None, None]


def test_a_deep_recursion_keeps_the_variables_of_the_innermost_frames(log: Log) -> None:
    def down(depth: int) -> None:
        if depth == 0:
            raise ValueError
        down(depth - 1)

    found = frames(log, lambda: down(200))
    assert [frame.locals and frame.locals["depth"] for frame in found[-3:]] == ["2", "1", "0"]


def test_a_program_shows_what_its_module_has_but_not_what_it_imports(tmp_path: Any) -> None:
    program = tmp_path / "program.py"
    program.write_text(
        """
import json, logging
from logster import LogsterHandler, subscribe, flush
subscribe(lambda occurrence: print(json.dumps(occurrence.exception.frames[-1].locals)))
logging.getLogger().addHandler(LogsterHandler(redis_url="memory://", capture_locals=True))
order = 5
try:
    1 / 0
except ZeroDivisionError:
    logging.exception("m")
flush(10)
"""
    )
    done = subprocess.run([sys.executable, str(program)], capture_output=True, text=True, check=True)
    assert done.stdout == '{"order": "5"}\n'


def test_the_bodies_of_classes_and_modules_run_no_code_for_it_either(log: Log) -> None:
    class Namespace(dict):  # type: ignore[type-arg]
        items = keys = __iter__ = Trap._spring  # type: ignore[assignment]

    class Prepared(type):
        @classmethod
        def __prepare__(cls, name: str, bases: tuple[type, ...], /, **_: Any) -> Namespace:
            return Namespace()

    def define() -> None:
        class Failing(metaclass=Prepared):
            order = 5
            raise ValueError("no")

    found = frames(log, define)
    made = {"__name__": __name__, "trap": TrapOfMeta(), 7: "seven", "order": 5}
    Trap.sprung.clear()
    with pytest.raises(ZeroDivisionError) as caught:
        exec(compile("1 / 0", __file__, "exec"), made)  # type: ignore[arg-type]
    log.logger.error("m", exc_info=caught.value)
    assert Trap.sprung == []
    assert found[-1].function.endswith("Failing")
    assert found[-1].locals is None
    last = log.occurrences[-1].exception
    assert last
    assert last.frames[-1].locals == {"trap": "<TrapOfMeta>", "order": "5"}
