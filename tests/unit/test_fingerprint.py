"""Equal occurrences share a key, different ones do not, and a version of the algorithm never changes its mind."""

from collections.abc import Sequence

import msgspec
import pytest

from logster import fingerprint
from logster.entry import ExceptionInfo, Frame


def frame(source: str = "raise ValueError", line: int = 10, *, in_app: bool = True, **changes: str) -> Frame:
    values = {"file": "/srv/app/orders.py", "function": "Orders.pay", "module": "app.orders"} | changes
    return Frame(line=line, source=source, in_app=in_app, **values)


def error(frames: Sequence[Frame] = (frame(),), **changes: object) -> ExceptionInfo:
    return msgspec.structs.replace(ExceptionInfo("ValueError", "no", tuple(frames)), **changes)


GOLDEN = {
    "exception": fingerprint.of_exception(error()),
    "chain": fingerprint.of_exception(error(cause=error([frame("int(x)")], type="KeyError"), relation="cause")),
    "group": fingerprint.of_exception(error(type="ExceptionGroup", exceptions=(error(), error([frame("x()")])))),
    "call": fingerprint.of_call(
        logger="app", level=40, template="order %s failed", module="app.orders", function="pay"
    ),
    "message": fingerprint.of_message(
        logger="app", level=40, message="order 17 of 'bob' failed", module="app.orders", function="pay"
    ),
    "javascript": fingerprint.of_javascript(
        type="TypeError", message="x is undefined", frames=[frame(file="https://e.com/a.js?v=1", function="f")]
    ),
    "app": fingerprint.of_app("payment"),
    "app, several": fingerprint.of_app(("payment", "acme")),
}


def test_version_1_has_not_changed() -> None:
    """These keys are in people's Redis; an algorithm that gives others needs a new VERSION."""
    assert fingerprint.VERSION == 1
    assert GOLDEN == {
        "exception": "c09e7eb33e761080ba9800167a8e24f1",
        "chain": "c5be6dc888360dd4e992e084fa2f3627",
        "group": "d8dbc1d0a91c6b7e370afa2c2d24b06e",
        "call": "988d0db329e08f4f64522d159851f273",
        "message": "d9d85e1dd9b5eb4f28ad70ab6ab1a57d",
        "javascript": "e7d71dc66878c09d9afc5bd7f96ea57c",
        "app": "58ae04be436af7977ba35f9bb1edaf70",
        "app, several": "b1159498a4080fe969d44b7a97dbcbd6",
    }


def test_a_key_is_32_hexadecimal_digits() -> None:
    assert all(len(key) == 32 and set(key) <= set("0123456789abcdef") for key in GOLDEN.values())


def test_keys_of_different_kinds_differ() -> None:
    assert len(set(GOLDEN.values())) == len(GOLDEN)


def same(first: ExceptionInfo, second: ExceptionInfo) -> bool:
    return fingerprint.of_exception(first) == fingerprint.of_exception(second)


def test_line_numbers_messages_and_files_do_not_count() -> None:
    moved = frame(line=99, file="/srv/releases/2/app/orders.py")

    assert same(error(), error([moved], message="other", notes=("a note",)))


def test_type_module_function_and_source_line_count() -> None:
    assert not same(error(), error(type="KeyError"))
    assert not same(error(), error([frame("return 1 / 0")]))
    assert not same(error(), error([frame(function="Orders.cancel")]))
    assert not same(error(), error([frame(module="app.billing")]))


def test_indentation_does_not_count() -> None:
    assert same(error([frame("raise ValueError")]), error([frame("        raise ValueError")]))


def test_library_frames_count_only_where_there_are_no_others() -> None:
    library = frame("send()", in_app=False, module="http.client")
    other = frame("recv()", in_app=False, module="http.client")

    assert same(error([frame(), library]), error([frame(), other]))
    assert not same(error([library]), error([other]))


def test_deeper_recursion_is_the_same_error() -> None:
    call = frame("return walk(node.next)", function="walk")

    assert same(error([frame(), *[call] * 3]), error([frame(), *[call] * 900]))


def test_causes_count_and_so_does_their_order() -> None:
    first, second = error([frame("a()")], type="A"), error([frame("b()")], type="B")
    chained = msgspec.structs.replace(first, cause=second, relation="cause")

    assert not same(chained, first)
    assert not same(chained, msgspec.structs.replace(second, cause=first, relation="cause"))


def test_neither_number_nor_order_of_equal_group_members_counts() -> None:
    first, second = error([frame("a()")]), error([frame("b()")])

    assert same(error(exceptions=(first, second)), error(exceptions=(second, first, first)))
    assert not same(error(exceptions=(first, second)), error(exceptions=(first,)))


def of_message(message: str, **changes: object) -> str:
    values = {"logger": "app", "level": 40, "module": "app", "function": "f"} | changes
    return fingerprint.of_message(message=message, **values)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("order 1 failed", "order 22 failed"),
        ("took 0.12 s", "took 13.5 s"),
        ("at 10:15:30", "at 23:59:59"),
        ("from 10.0.0.1:80", "from 192.168.12.13:8080"),
        ("<Foo object at 0x7f12ab>", "<Foo object at 0x10c3D4E5>"),
        ("id 123e4567-e89b-12d3-a456-426614174000", "id 00000000-0000-4000-8000-00000000000a"),
        ("commit 9fceb02d0ae598e95dc970b74767f19372d61af8", "commit 1b6453892473a467d07372d45eb05abc2031647a"),
        ("user 'bob' unknown", "user 'ann' unknown"),
        ('file "a b.txt" missing', 'file "c.txt" missing'),
    ],
)
def test_what_varies_in_a_message_does_not_count(first: str, second: str) -> None:
    assert of_message(first) == of_message(second)


@pytest.mark.parametrize("changes", [{"logger": "x"}, {"level": 50}, {"module": "x"}, {"function": "x"}])
def test_where_a_message_was_logged_counts(changes: dict[str, object]) -> None:
    assert of_message("failed") != of_message("failed", **changes)
    assert of_message("failed") != of_message("gone")


def test_parts_do_not_run_into_each_other() -> None:
    assert fingerprint.of_app(("ab", "c")) != fingerprint.of_app(("a", "bc"))
    assert fingerprint.of_app(("a\0b",)) != fingerprint.of_app(("a", "b"))


def test_a_script_url_counts_without_its_query() -> None:
    def of(url: str) -> str:
        return fingerprint.of_javascript(type="Error", message="m", frames=[Frame(file=url, function="f", line=3)])

    assert of("https://e.com/a.js?v=1") == of("https://e.com/a.js?v=2#x")
    assert of("https://e.com/a.js") != of("https://e.com/b.js")


def test_lone_surrogates_do_no_harm() -> None:
    assert of_message("\ud800") != of_message("\udfff")
