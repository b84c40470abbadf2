"""Undo, suppression, timeline and similar entries, as a browser without scripts uses them."""

import re

from starlette.testclient import TestClient

from logster.entry import ExceptionInfo
from logster.service import Service
from logster.viewer.chart import DAY_MS, HEIGHT, HOUR_MS, chart, since, span_of
from logster.viewer.suppression import proposal
from tests.viewer.entries import APP_FRAME, add, add_error, key_of
from tests.viewer.forms import SAME_ORIGIN, change_headers, fields


def test_a_deletion_is_undone_by_the_form_that_tells_of_it(client: TestClient, service: Service) -> None:
    key = add_error(service, 1, count=7, envs=({"a": 1},))
    service.store.protect(key)
    before = service.store.entry(key), service.store.env_samples(key)
    page = client.get(f"/show/{key}").text
    told = client.post(f"/show/{key}/delete", data=fields(page, '<form class="actions"'), headers=SAME_ORIGIN).text
    assert "Deleted." in told
    assert service.store.entry(key) is None
    restored = client.post("/undo", data=fields(told, '<form method="post" action="./undo"'), headers=SAME_ORIGIN)
    assert "Restored." in restored.text
    assert f'data-key="{key}"' in restored.text
    assert (service.store.entry(key), service.store.env_samples(key)) == before


def test_an_undo_that_comes_too_late_says_so(client: TestClient, service: Service) -> None:
    add(service)
    page = client.get("/?done=delete&undo=long-gone").text
    answer = client.post("/undo", data=fields(page, '<form method="post" action="./undo"'), headers=SAME_ORIGIN)
    assert "no longer be undone" in answer.text


def test_an_undo_without_the_token_of_a_page_changes_nothing(client: TestClient, service: Service) -> None:
    _, token = service.store.discard([add(service)])
    assert client.post("/undo", data={"token": token}, headers=SAME_ORIGIN).status_code == 403
    assert service.store.restore(token) == [key_of(1)]


def test_the_api_undoes_what_it_deleted(client: TestClient, service: Service) -> None:
    key = add(service)
    headers = change_headers(client)
    token = client.delete(f"/api/entries/{key}", headers=headers).json()["undo"]
    assert client.post("/api/entries/undo", json={"token": token}, headers=headers).json() == {"restored": [key]}
    assert client.post("/api/entries/undo", json={"token": token}, headers=headers).status_code == 404


def test_a_pattern_is_proposed_with_what_it_hits(client: TestClient, service: Service) -> None:
    key = add(service, 1, "Order 1138 cannot be charged")
    add(service, 2, "Order 7 cannot be charged")
    add(service, 3, "Cache is cold")
    page = client.get(f"/show/{key}/suppress").text
    assert r'value="/^Order \d+ cannot be charged/"' in page
    assert "It matches <b>2</b> entries" in page
    assert "this one among them" in page
    assert service.store.patterns("suppression") == []


def test_saying_yes_suppresses_and_deletes_only_where_asked(client: TestClient, service: Service) -> None:
    key = add(service, 1, "Order 1138 cannot be charged")
    given = fields(client.get(f"/show/{key}/suppress").text, '<form class="stack"')
    answer = client.post(f"/show/{key}/suppress", data=given, headers=SAME_ORIGIN)
    assert "Suppressed" in answer.text
    (made,) = service.store.patterns("suppression")
    assert (made.pattern, made.by) == (r"/^Order \d+ cannot be charged/", "Ada")
    assert service.store.entry(key)
    other = add(service, 2, "Cache is cold")
    given = fields(client.get(f"/show/{other}/suppress").text, '<form class="stack"') | {"stored": "delete"}
    client.post(f"/show/{other}/suppress", data=given, headers=SAME_ORIGIN)
    assert service.store.entry(other) is None


def test_a_pattern_that_cannot_be_used_is_said_beside_it(client: TestClient, service: Service) -> None:
    key = add(service)
    answer = client.get(f"/show/{key}/suppress", params={"pattern": "/(unclosed/"})
    assert answer.status_code == 400
    assert 'role="alert"' in answer.text
    assert 'value="/(unclosed/"' in answer.text
    assert "Suppress</button>" not in answer.text


def test_a_pattern_that_misses_the_entry_is_said_to(client: TestClient, service: Service) -> None:
    key = add(service)
    assert "but not this one" in client.get(f"/show/{key}/suppress", params={"pattern": "/elsewhere/"}).text


def test_what_is_suppressed_already_is_not_suppressed_again(client: TestClient, service: Service) -> None:
    key = add(service, 1, "Cache is cold")
    service.store.add_pattern("suppression", "/^Cache is cold/")
    assert "suppressed already" in client.get(f"/show/{key}/suppress").text


def test_both_messages_of_an_entry_shape_the_proposal(service: Service) -> None:
    add(service, 1, "Stock of beans is low", age_ms=9_000)
    key = add(service, 1, "Stock of milk is low", age_ms=1_000)
    entry = service.store.entry(key)
    assert entry
    assert proposal(entry) == "/^Stock of .+ is low/"


def test_the_timeline_shows_bars_and_the_same_in_words(client: TestClient, service: Service) -> None:
    for hours in (0, 3):
        add(service, 1, count=5 if hours else 2, age_ms=hours * HOUR_MS)
    page = client.get(f"/show/{key_of(1)}?tab=timeline").text
    assert "<b>7</b> in the last 24 hours" in page
    assert page[page.index("<figure") :].count("<rect ") == 2
    assert f'height="{float(HEIGHT)}"' in page
    rows = re.findall(r'<th scope="row"><time [^>]*>[^<]*</time></th><td>(\d+)</td>', page)
    assert rows == ["2", "5"]
    assert "7 days" in page


def test_bars_add_up_to_what_happened() -> None:
    now = 1_800_000_000_000
    for span in ("day", "week", "month", "all"):
        found = chart(span, [], now)
        assert found.bars[0].start == since(span, now)
        assert found.bars[-1].start <= now < found.bars[-1].end
        assert found.total == 0
    assert span_of("", now - HOUR_MS, now, now) == "day"
    assert span_of("", now - 80 * DAY_MS, now - 20 * DAY_MS, now) == "month"
    assert span_of("week", now, now, now) == "week"


def test_similar_entries_share_place_type_or_wording(client: TestClient, service: Service) -> None:
    key = add_error(service, 1, message="Payment 1 failed", logger="a")
    add_error(service, 2, message="Elsewhere", logger="b", exception=ExceptionInfo("E", "m", (APP_FRAME,)))
    add(service, 3, "Refund", exception=ExceptionInfo("psycopg.OperationalError", "gone"))
    add(service, 4, "Quite another")
    add_error(service, 5, message="The same in all but words", logger="c")
    page = client.get(f"/show/{key}?tab=timeline").text
    similar = page[page.index('<ul class="similar">') :]
    assert re.findall(r'href="[^"]*show/(\w+)"', similar) == [key_of(5), key_of(2), key_of(3)]
    assert "same place, same exception" in similar


def test_an_entry_is_not_similar_to_itself(client: TestClient, service: Service) -> None:
    assert "None among the newest" in client.get(f"/show/{add_error(service)}?tab=timeline").text
