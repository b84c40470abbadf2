import random
import re

import pytest

from logster.errors import InvalidCursor
from logster.store.cursor import Cursor


def test_a_cursor_comes_back_from_its_text() -> None:
    randomness = random.Random(3)
    for _ in range(200):
        cursor = Cursor(randomness.randrange(10**13), f"{randomness.getrandbits(128):032x}")
        assert Cursor.parse(str(cursor)) == cursor


def test_a_cursor_needs_no_escaping_in_a_url() -> None:
    for number in range(200):
        assert re.fullmatch(r"[A-Za-z0-9_-]+", str(Cursor(number**5, f"{number:x}")))


@pytest.mark.parametrize(
    "text", ["", "=", "x", "%", "MTIz", "LTEtYQ", "MS1H", "MS0", "١-a", "\ud800", "MS1h\n", str(Cursor(1, "a")) + "!"]
)
def test_other_text_is_no_cursor(text: str) -> None:
    with pytest.raises(InvalidCursor, match="cannot be read"):
        Cursor.parse(text)
