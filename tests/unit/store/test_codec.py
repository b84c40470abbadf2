import hashlib
import json
import random
from typing import Any

import msgspec
import pytest

from logster.capture import traceback
from logster.entry import ExceptionInfo, Frame, Occurrence
from logster.store import codec, details
from logster.store.details import Details

FRAMES = tuple(
    Frame(f"/srv/app/module_{number}.py", f"work_{number}", number, f"app.module_{number}", "return work(item)")
    for number in range(30)
)


def occurrence(**fields: object) -> Occurrence:
    defaults = {"key": "0", "level": 40, "logger": "app", "message": "It failed", "timestamp_ms": 0}
    return Occurrence(**{**defaults, **fields})  # type: ignore[arg-type]


def stored_and_read(exception: ExceptionInfo | None, text: str) -> Details:
    reported = occurrence(exception=exception, traceback=text)
    searched = codec.search_text(reported)
    return details.decode(codec.encode_details(reported, searched), searched)


def test_details_come_back_exactly() -> None:
    cause = ExceptionInfo("KeyError", "'x'", FRAMES[:2], notes=("look there",))
    exception = ExceptionInfo("ValueError", "no", FRAMES, cause=cause, relation="cause", exceptions=(cause,))
    assert stored_and_read(exception, "T\n  x\r\n\tünï") == Details(exception, "T\n  x\r\n\tünï")


@pytest.mark.parametrize(
    "module", ["app.module_7", "srv.app.module_7", "", "app", "x.module_7", "app/module_7", "a.b.c.d.e"]
)
@pytest.mark.parametrize(
    "file", ["/srv/app/module_7.py", "app/module_7/__init__.py", "<string>", "", "C:\\x\\app.py", "a.b.py"]
)
def test_every_field_of_a_frame_comes_back(module: str, file: str) -> None:
    frames = (
        Frame(file, "Shop.work.<locals>.f", 7, module, "    return 1", ("", "  x"), ("",), True, 3, {"a": "1"}),
        Frame(file, "", 0, module, "", (), (), False, 0, {}),
        Frame(file, module=module),
    )
    exception = ExceptionInfo("E", "m", frames, omitted=3, omitted_at=1)
    assert stored_and_read(exception, "") == Details(exception, "")


def test_a_traceback_comes_back_exactly_whatever_stands_between_its_frames() -> None:
    frames = (FRAMES[0], FRAMES[1], FRAMES[1], FRAMES[1], FRAMES[1], FRAMES[2])
    cause = ExceptionInfo("KeyError", "'x'", (*FRAMES[:2], Frame("gone.py", "f", 3)), notes=("look\0there",))
    member = ExceptionInfo("OSError", "away", FRAMES[4:6])
    exception = ExceptionInfo("ValueError", "no", frames, cause=cause, relation="context", exceptions=(member, member))
    whole = traceback.text(exception)
    for text in (
        whole,
        whole[:200],
        whole[100:],
        whole.replace("\n", "\r\n"),
        whole * 2,
        whole.replace("line 1", "line 9"),
    ):
        assert stored_and_read(exception, text) == Details(exception, text)


@pytest.mark.parametrize("source", ["return work(item)", "  raise Größe('Ж', \"x\")", "", "\0 \t \ud800"])
@pytest.mark.parametrize("message", ["", "no", "first\nsecond: Ü \0", "x" * 5_000, "line 1, in work"])
@pytest.mark.parametrize("notes", [(), ("look\nthere",)])
def test_what_has_a_usual_stack_comes_back_exactly(source: str, message: str, notes: tuple[str, ...]) -> None:
    frames = tuple(msgspec.structs.replace(frame, source=source, before=("a", " b"), in_app=True) for frame in FRAMES)
    exception = ExceptionInfo("shop.PaymentError", message, frames, notes=notes)
    whole = traceback.text(exception)
    expected = Details(msgspec.convert(plain(exception), ExceptionInfo), plain(whole))
    assert stored_and_read(exception, whole) == expected
    assert stored_and_read(exception, f"before\n{whole}\nafter").traceback == plain(f"before\n{whole}\nafter")


def plain(value: object) -> Any:
    """Return a value as it can be encoded: half a surrogate pair cannot."""
    return json.loads(json.dumps(msgspec.to_builtins(value), ensure_ascii=False).encode("utf-8", "replace"))


def test_equal_stacks_are_compressed_once(monkeypatch: pytest.MonkeyPatch) -> None:
    compressed: list[int] = []
    work_out = details._compressed
    monkeypatch.setattr(
        details, "_compressed", lambda plain, text: (compressed.append(len(plain)), work_out(plain, text))[1]
    )
    frames = tuple(msgspec.structs.replace(frame, line=1_000 + frame.line) for frame in FRAMES)
    stored = set()
    for number in range(10):
        exception = ExceptionInfo("ValueError", f"no {number}", frames)
        reported = occurrence(exception=exception, traceback=traceback.text(exception), message=f"no {number}")
        stored.add(codec.encode_details(reported, codec.search_text(reported)))
    assert (len(compressed), len(stored)) == (1, 10)


def test_large_details_are_compressed_and_small_ones_are_not() -> None:
    text = "".join(
        f'  File "/srv/app/module_{number}.py", line {number}\n    return work(item)\n' for number in range(30)
    )
    large = occurrence(exception=ExceptionInfo("ValueError", "no", FRAMES), traceback=text)
    assert len(codec.encode_details(large, b"")) < 1_000
    assert b"short" in codec.encode_details(occurrence(traceback="short"), b"")
    noise = "".join(map(chr, random.Random(1).choices(range(33, 126), k=20)))
    assert stored_and_read(None, noise).traceback == noise


def test_what_the_search_text_says_is_not_stored_again() -> None:
    frames = tuple(
        Frame(f"/srv/{number}.py", f"f_{number}", number, "", hashlib.sha256(bytes([number])).hexdigest())
        for number in range(30)
    )
    exception = ExceptionInfo("ValueError", "no", frames)
    reported = occurrence(exception=exception, traceback=traceback.text(exception))
    assert len(codec.encode_details(reported, codec.search_text(reported))) < 700 < 30 * 32


def test_nothing_takes_no_room() -> None:
    assert codec.encode_details(occurrence(), b"") == b""
    assert details.decode(b"", None) == details.decode(None, b"") == Details()


def test_the_search_text_holds_every_part_once_in_lower_case() -> None:
    exception = ExceptionInfo("ValueError", "It failed")
    text = codec.search_text(
        occurrence(exception=exception, traceback="Traceback\nValueError: It failed", template="It %s", logger="APP.ü")
    ).decode()
    for part in ("valueerror", "it failed", "it %s", "app.ü", "traceback"):
        assert text.count(part) == 1
