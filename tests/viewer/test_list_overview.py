"""What the list shows at a glance: each row's last day, what happened when, what is new, what was looked for."""

import re
import time

from starlette.testclient import TestClient

from logster.service import Service
from logster.viewer import syntax
from tests.unit.test_documentation import ROOT
from tests.viewer.entries import add, add_error, key_of

HOUR = 3_600_000


def hour_of(age_hours: int) -> int:
    return (time.time_ns() // 1_000_000 // HOUR - age_hours) * HOUR


def rows(text: str) -> list[int]:
    """Return the numbers of the entries that a page lists."""
    return [int(key, 16) for key in re.findall(r'<li class="row[^>]*data-key="([0-9a-f]+)"', text)]


def test_a_row_draws_its_last_day(service: Service, client: TestClient) -> None:
    add(service, 1, age_ms=0, count=4)
    add(service, 1, age_ms=23 * HOUR, count=2)
    add(service, 2, age_ms=5 * 24 * HOUR)
    paths = re.findall(r'<svg class="spark"[^>]*>(.*?)</svg>', client.get("/").text)
    assert paths == ['<path d="M0 18v-8h2v8zM69 18v-17h2v17z"/>', ""]


def test_an_entry_is_new_for_an_hour(service: Service, client: TestClient) -> None:
    add(service, 1, age_ms=2 * HOUR)
    add(service, 1, age_ms=0)
    assert "badge new" not in client.get("/").text
    add(service, 2, age_ms=0)
    assert client.get("/").text.count("badge new") == 1


def test_message_and_type_are_not_said_twice(service: Service, client: TestClient) -> None:
    add_error(service, 1, message="psycopg.OperationalError: connection refused")
    row = client.get("/?fragment=list").text.partition("data-rows")[2].partition("</ol>")[0]
    assert row.count("connection refused</span>") == 1
    assert "OperationalError: connection" not in row
    assert ">OperationalError</b>" in row


def test_bars_stack_levels_and_lead_to_their_span(service: Service, client: TestClient) -> None:
    add(service, 1, level=40, age_ms=0, count=3)
    add(service, 2, level=20, age_ms=0)
    add(service, 3, level=40, age_ms=30 * HOUR)
    text = client.get("/").text
    assert "3 error, 1 info" in text
    assert f"during={hour_of(30)}-{hour_of(29) - 1}" in text
    assert text.count('<a class="bar ') == 2


def span_of(text: str) -> tuple[int, int]:
    """Return how long a page's histogram is, and how long each of its bars, in minutes."""
    found = re.search(r'data-start="(\d+)" data-end="(\d+)" data-bars="(\d+)"', text)
    assert found
    length = (int(found[2]) - int(found[1])) // 60_000
    return length, length // int(found[3])


def test_bars_begin_with_the_first_occurrence(service: Service, client: TestClient) -> None:
    add(service, 1, age_ms=0)
    assert span_of(client.get("/").text) == (61, 1)
    add(service, 2, age_ms=4 * HOUR)
    length, step = span_of(client.get("/").text)
    assert 4 * 60 <= length <= 5 * 60 + 5
    assert step == 5
    add(service, 3, age_ms=40 * HOUR)
    assert span_of(client.get("/").text) == (41 * 60, 60)


def test_bars_of_a_time_that_is_asked_for_fill_that_time(service: Service, client: TestClient) -> None:
    add(service, 1, age_ms=0)
    assert span_of(client.get("/?since=24h").text) == (25 * 60, 60)
    assert span_of(client.get("/?since=30m").text) == (31, 1)


def test_bars_of_a_few_entries_are_hours_and_not_a_single_one(service: Service, client: TestClient) -> None:
    add(service, 1, "Payment failed", age_ms=0)
    assert span_of(client.get("/?q=payment").text) == (12 * 60, 60)


def test_a_minute_shows_what_occurred_in_it(service: Service, client: TestClient) -> None:
    add(service, 1, age_ms=0)
    # In the minute before. Of more than 61 minutes since its hour began, bars would be of five.
    add(service, 2, age_ms=60_000)
    entry = client.get(f"/api/entries/{key_of(2)}").json()
    start = entry["last_seen"] // 60_000 * 60_000
    text = client.get("/?during=" + f"{start}-{start + 59_999}").text
    assert rows(text) == [2]
    assert "1 minute: 1 error" in text


def test_a_span_shows_what_occurred_in_it_even_if_seen_since(service: Service, client: TestClient) -> None:
    add(service, 1, age_ms=3 * HOUR)
    add(service, 1, age_ms=0)
    add(service, 2, age_ms=0)
    add(service, 3, age_ms=6 * HOUR)
    found = client.get(f"/?during={hour_of(3)}-{hour_of(2) - 1}")
    assert rows(found.text) == [1]
    assert "bar is-chosen" in found.text
    assert "data-clear-span" in found.text
    listed = client.get("/api/entries", params={"during": f"{hour_of(3)}-{hour_of(2) - 1}"}).json()
    assert [each["key"] for each in listed["entries"]] == [key_of(1)]


def test_a_span_that_is_none_is_said_to_be(client: TestClient) -> None:
    for value in ("x", "5", "9-3", "1-2-3", "-1-2"):
        assert client.get("/api/entries", params={"during": value}).status_code == 400, value
    assert client.get("/", params={"during": "0-999999999999999"}).status_code == 200


def test_bars_of_a_query_add_up_its_matches(service: Service, client: TestClient) -> None:
    add(service, 1, "Payment failed", count=5, age_ms=0)
    add(service, 2, "Cache is cold", count=7, age_ms=0)
    assert "5 occurrences" in client.get("/?q=payment").text
    assert "12 occurrences" in client.get("/").text
    assert "7 occurrences" in client.get("/?q=cold&level=ERROR").text
    assert "data-histogram" not in client.get("/?q=nothing").text


def test_bars_of_very_many_matches_say_of_how_many_they_tell(service: Service, client: TestClient) -> None:
    for number in range(1, 231):
        add(service, number, "Payment failed", age_ms=number * 10)
    text = client.get("/?q=payment").text
    assert "the newest 200 entries" in text
    assert len(rows(text)) == 50
    older = re.search(r'href="([^"]+)" rel="next"', text)
    assert older
    assert rows(client.get("/" + older[1].replace("&amp;", "&")).text) == list(range(51, 101))


def test_bars_follow_the_levels_that_are_asked_for(service: Service, client: TestClient) -> None:
    add(service, 1, level=40, count=5, age_ms=0)
    add(service, 2, level=20, count=7, age_ms=0)
    assert "7 occurrences" in client.get("/?level=INFO").text


def test_old_entries_widen_the_bars_until_they_show(service: Service, client: TestClient) -> None:
    add(service, 1, age_ms=4 * 24 * HOUR, count=9)
    text = client.get("/").text
    assert "9 occurrences" in text
    assert "3 hours: 9 error" in text
    add(service, 2, age_ms=0)
    assert "10 occurrences" in client.get("/").text


def test_deploys_are_marked_where_a_version_was_first_seen(service: Service, client: TestClient) -> None:
    add(service, 1, age_ms=2 * HOUR, version="2.4.0")
    add(service, 1, age_ms=0, version="2.5.0")
    text = client.get("/").text
    assert re.findall(r"First seen [^:]+:[^:]+:[^:]+: ([\d.]+)<", text) == ["2.4.0", "2.5.0"]


def test_what_was_looked_for_is_marked_in_rows(service: Service, client: TestClient) -> None:
    add(service, 1, "The <b>payment</b> & the PAYMENT")
    text = client.get("/?q=payment").text
    assert "The &lt;b&gt;<mark>payment</mark>&lt;/b&gt; &amp; the <mark>PAYMENT</mark>" in text


def test_every_example_at_hand_is_one_of_the_documentation() -> None:
    documented = (ROOT / "docs/search.md").read_text(encoding="utf-8")
    assert [example for example, _ in syntax.SYNTAX if f"`{example}`" not in documented] == []


def test_fields_are_completed_from_the_entries(service: Service, client: TestClient) -> None:
    add(service, 1, logger="shop.payments", version="2.5.0", envs=({"hostname": "web-1"},))
    add(service, 2, logger="shop.cache", envs=({"hostname": "web-2"},))
    add_error(service, 3, logger="shop.payments")

    def values(field: str, prefix: str = "") -> list[str]:
        found = client.get("/api/completions", params={"field": field, "prefix": prefix})
        return list(found.json()["values"])

    assert values("logger") == ["shop.payments", "shop.cache"]
    assert values("logger", "shop.C") == ["shop.cache"]
    assert values("logger", "pay") == ["shop.payments"]
    assert values("type") == ["psycopg.OperationalError"]
    assert sorted(values("host", "web")) == ["web-1", "web-2"]
    assert values("version") == ["2.5.0"]
    assert values("level", "e") == ["error", "debug"]
    assert client.get("/api/completions", params={"field": "env"}).status_code == 400
