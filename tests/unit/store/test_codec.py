import random

from logster.entry import ExceptionInfo, Frame, Occurrence
from logster.store import codec

FRAMES = tuple(
    Frame(f"/srv/app/module_{number}.py", f"work_{number}", number, f"app.module_{number}", "return work(item)")
    for number in range(30)
)


def occurrence(**fields: object) -> Occurrence:
    defaults = {"key": "0", "level": 40, "logger": "app", "message": "It failed", "timestamp_ms": 0}
    return Occurrence(**{**defaults, **fields})  # type: ignore[arg-type]


def test_details_come_back_exactly() -> None:
    cause = ExceptionInfo("KeyError", "'x'", FRAMES[:2], notes=("look there",))
    exception = ExceptionInfo("ValueError", "no", FRAMES, cause=cause, relation="cause", exceptions=(cause,))
    details = codec.decode_details(codec.encode_details(occurrence(exception=exception, traceback="T\n  x\r\n\tünï")))
    assert (details.exception, details.traceback) == (exception, "T\n  x\r\n\tünï")


def test_large_details_are_compressed_and_small_ones_are_not() -> None:
    text = "".join(
        f'  File "/srv/app/module_{number}.py", line {number}\n    return work(item)\n' for number in range(30)
    )
    large = occurrence(exception=ExceptionInfo("ValueError", "no", FRAMES), traceback=text)
    assert len(codec.encode_details(large)) < 1_000
    assert b"short" in codec.encode_details(occurrence(traceback="short"))
    noise = "".join(map(chr, random.Random(1).choices(range(33, 126), k=20)))
    assert codec.decode_details(codec.encode_details(occurrence(traceback=noise))).traceback == noise


def test_nothing_takes_no_room() -> None:
    assert codec.encode_details(occurrence()) == b""
    assert codec.decode_details(b"") == codec.decode_details(None) == codec.Details()


def test_the_search_text_holds_every_part_once_in_lower_case() -> None:
    exception = ExceptionInfo("ValueError", "It failed")
    text = codec.search_text(
        occurrence(exception=exception, traceback="Traceback\nValueError: It failed", template="It %s", logger="APP.Ü")
    )
    for part in ("valueerror", "it failed", "it %s", "app.ü", "traceback"):
        assert text.count(part) == 1
