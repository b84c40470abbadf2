"""docs/search.md shows queries that are understood, and mistakes that are answered as it says."""

import re
from pathlib import Path

import pytest

from logster.errors import QuerySyntaxError
from logster.search import parse
from logster.search.token import FIELDS

TEXT = (Path(__file__).parents[3] / "docs/search.md").read_text()
SECTIONS = dict(re.findall(r"^## (.+?)$(.*?)(?=^## |\Z)", TEXT, re.MULTILINE | re.DOTALL))
ROWS = {name: re.findall(r"^\| `(.+?)` \| (.+?) \|$", text, re.MULTILINE) for name, text in SECTIONS.items()}
UNDERSTOOD = [query for name, rows in ROWS.items() if name != "Mistakes" for query, _ in rows]


@pytest.mark.parametrize("query", UNDERSTOOD)
def test_an_example_is_understood(query: str) -> None:
    assert parse(query).explain()


@pytest.mark.parametrize(("query", "answer"), ROWS["Mistakes"])
def test_a_mistake_is_answered_as_documented(query: str, answer: str) -> None:
    with pytest.raises(QuerySyntaxError, match=f"^{re.escape(answer)}"):
        parse(query)


@pytest.mark.parametrize("query", [query for query, _ in ROWS["Words with a colon"]])
def test_a_word_with_a_colon_is_looked_for_as_it_is(query: str) -> None:
    assert parse(query).terms == (query.strip('"'),)


@pytest.mark.parametrize("field", FIELDS)
def test_every_field_has_an_example(field: str) -> None:
    start = f"{field.removesuffix('KEY')}" + ("" if field.endswith("KEY") else ":")
    assert any(query.startswith(start) for query, _ in ROWS["Fields"])
