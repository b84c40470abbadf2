"""Short cuts that a page of many rows takes, beside the long way."""

import pytest

from logster.viewer.place import Place
from logster.viewer.rendering import iso, iso_and_stamp, stamp

HOSTILE = """<script>alert("1" & '2')</script>"""


@pytest.mark.parametrize("moment", [0, 1, 999, 1_795_417_239_557, 253_402_300_799_999, 10**17, -1])
def test_a_moment_for_machines_and_readers_at_once_is_the_same(moment: int) -> None:
    assert iso_and_stamp(moment) == (iso(moment), stamp(moment))


@pytest.mark.parametrize("value", ["0123456789abcdef", "g-0123", "a b&c=d", "\u0660", HOSTILE, "ü\n"])
@pytest.mark.parametrize("query", ["", "q=a+b&level=ERROR&before=x"])
def test_links_of_one_parameter_are_the_usual_ones(query: str, value: str) -> None:
    place = Place.parse("./", query)
    assert place.links("key")(value) == place.link(key=value)
    during = place.without("before", "after").links("during")
    assert during(value) == place.link(during=value, before=None, after=None)
