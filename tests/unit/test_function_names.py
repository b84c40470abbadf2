"""A function's original name is found from what the browser calls it, in scripts and in callers."""

import pytest

from logster.capture.function_names import Script, is_defined, plain_name


@pytest.mark.parametrize(
    ("function", "name"),
    [
        ("n", "n"),
        ("$", "$"),
        ("_a$1", "_a$1"),
        ("été", "été"),
        ("new Basket", "Basket"),
        ("async n", "n"),
        ("s.greeting", "greeting"),
        ("Object.n [as pay]", "n"),
        ("HTMLButtonElement.<anonymous>", ""),
        ("<anonymous>", ""),
        ("checkout/<", ""),
        ("", ""),
        ("1n", ""),
        ("n" * 101, ""),
    ],
)
def test_the_name_itself_is_taken_from_what_a_browser_says(function: str, name: str) -> None:
    assert plain_name(function) == name


# In each the definition is marked by ‹›, and the place that runs by a ¤.
@pytest.mark.parametrize(
    "marked",
    [
        "function ‹n›(e){return e.¤x}",
        "async function*‹n›(e){return e.¤x}",
        "var a=1,‹n›=e=>e.¤x",
        "let ‹n›=async(e,t=r(1))=>{e.¤x}",
        "const ‹n›=function(){¤x}",
        "a.b.‹n›=function(){¤x}",
        "({‹n›:e=>e.¤x})",
        "({a(){},‹n›(e){return e.¤x}})",
        "class a{b=1;‹n›(){return this.¤x}}",
        "class a{async #‹n›(){return this.¤x}}",
        "class ‹n› extends a{constructor(){¤x}}",
        "var ‹n›=class{constructor(){¤x}}",
        "const ‹n› = (basket: Basket): string => { ¤x",
        "if(n(e)){}function a(){n(1)}function ‹n›(){a(n,n);¤x}",
        # One that is over is none, as long as there is another.
        "function ‹n›(){function a(){function n(){return 1}return n()}¤x}",
        "function a(){}\nfunction\n‹n›(){\n\n¤x}",
        "'é😀';function ‹n›(e){'😀';return e.¤x}",
        "function n(){}function a(){}var ‹n›=()=>¤x",
        "function ‹n›(){¤x}function n(){}",
        "function ‹$›(e){return e.¤x}",
    ],
)
def test_the_last_definition_before_the_place_is_found(marked: str) -> None:
    name = marked[marked.index("‹") + 1 : marked.index("›")]
    expected, place = (place_of(marked, sign) for sign in "‹¤")
    script = Script(marked.translate(dict.fromkeys(map(ord, "‹›¤"))).encode())
    assert script.definition(name, *place) == expected


def place_of(marked: str, sign: str) -> tuple[int, int]:
    """Return line and column of what stands after a sign, in UTF-16 code units."""
    before = marked[: marked.index(sign)].translate(dict.fromkeys(map(ord, "‹›¤")))
    line = before.rpartition("\n")[2]
    return before.count("\n") + 1, len(line.encode("utf-16-le")) // 2 + 1


@pytest.mark.parametrize(
    "text",
    [
        "if(n(e)){x}",
        "n(1);n;a.n(2);x",
        "function nn(){x}",
        "function an(){x}",
        "n=1;x",
        "n==e;x",
        "a?n:e;x",
        "n",
        "",
    ],
)
def test_what_is_no_definition_is_not_taken_for_one(text: str) -> None:
    assert Script(text.encode()).definition("n", 1, len(text)) is None


@pytest.mark.parametrize("place", [(0, 1), (2, 1), (10**9, 1), (-1, 5)])
def test_a_place_outside_of_the_script_has_no_definition(place: tuple[int, int]) -> None:
    assert Script(b"function n(){x}").definition("n", *place) is None


def test_a_definition_far_before_the_place_is_not_looked_for() -> None:
    text = "function n(){" + "x;" * 30_000
    assert Script(text.encode()).definition("n", 1, 1_000)
    assert Script(text.encode()).definition("n", 1, len(text)) is None


def test_a_script_in_no_encoding_can_be_searched() -> None:
    assert Script(b"\xff\xfe;function n(){x}").definition("n", 1, 16) == (1, 13)


def test_a_source_defines_what_stands_before_the_line() -> None:
    lines = ["function pay(basket) {", "  total();", "}", "function later() {"]
    assert is_defined("pay", lines, 2)
    assert not is_defined("later", lines, 2)
    assert not is_defined("total", lines, 2)
