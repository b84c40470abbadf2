"""Several rows at once, by forms alone; the page that groups; and the first entry."""

import re

from starlette.testclient import TestClient

from logster.service import Service
from tests.viewer.entries import add, key_of
from tests.viewer.forms import SAME_ORIGIN, token
from tests.viewer.test_list_overview import rows


def send(client: TestClient, path: str, data: dict[str, object]) -> str:
    """Send a form of the list, and return the page it leads to."""
    answer = client.post(path, data={"csrf_token": token(client), **data}, headers=SAME_ORIGIN)
    assert answer.status_code == 200, answer.text
    return answer.text


def test_chosen_rows_are_solved_protected_and_deleted(service: Service, client: TestClient) -> None:
    for number in range(1, 7):
        add(service, number, version="1.0")
    text = send(client, "/bulk", {"action": "solve", "key": [key_of(1), key_of(2)]})
    assert "They come back" in text
    assert rows(text) == [3, 4, 5, 6]
    text = send(client, "/bulk", {"action": "protect", "key": [key_of(3), key_of(4)]})
    assert service.store.clearable() == (4, 2)
    text = send(client, "/bulk", {"action": "delete", "key": [key_of(4), key_of(5)]})
    assert rows(text) == [3, 6]
    undo = re.search(r'name="token" value="([^"]+)"', text)
    assert undo
    assert rows(send(client, "/undo", {"token": undo[1]})) == [3, 4, 5, 6]


def test_a_bulk_change_leads_back_to_where_it_was_made(service: Service, client: TestClient) -> None:
    for number in range(1, 4):
        add(service, number, "Payment failed" if number < 3 else "Cache is cold")
    place = f"q=payment&key={key_of(1)}"
    text = send(client, "/bulk", {"action": "delete", "key": [key_of(1)], "place": place})
    assert rows(text) == [2]
    assert 'value="payment"' in text
    assert "This entry is gone" not in text


def test_a_bulk_change_without_rows_or_of_another_name_is_refused(service: Service, client: TestClient) -> None:
    add(service, 1)
    for fields, status in (({"action": "solve"}, 400), ({"action": "burn", "key": key_of(1)}, 404)):
        data = {"csrf_token": token(client), **fields}
        assert client.post("/bulk", data=data, headers=SAME_ORIGIN).status_code == status
    assert client.post("/bulk", data={"action": "delete", "key": key_of(1)}).status_code == 403
    assert rows(client.get("/").text) == [1]


def test_chosen_rows_become_one_by_the_pattern_proposed(service: Service, client: TestClient) -> None:
    for number in range(1, 4):
        add(service, number, f"Timeout of feed {number}")
    add(service, 4, "Cache is cold")
    text = send(client, "/bulk", {"action": "group", "key": [key_of(1), key_of(2)]})
    proposed = re.search(r'name="pattern" value="([^"]+)"', text)
    assert proposed
    assert "It matches <b>3</b> entries" in text
    text = send(client, "/group", {"pattern": proposed[1]})
    assert "3 entries" in text
    assert len(service.store.patterns("grouping")) == 1
    assert service.store.history(1)[0].by == "Ada"


def test_a_pattern_that_cannot_group_is_said_to_be_so(service: Service, client: TestClient) -> None:
    add(service, 1)
    answer = client.get("/group", params={"q": "/(/"})
    assert answer.status_code == 400
    assert 'aria-invalid="true"' in answer.text
    assert "too little in common" in client.get("/group").text


def test_the_empty_log_reports_a_first_error_all_the_way(service: Service, client: TestClient) -> None:
    assert "Report a first error" in client.get("/").text
    text = send(client, "/trial", {})
    assert "First light" in text
    assert "came all the way" in text
    entries = service.store.page().entries
    assert [(entry.message, entry.exception_type, entry.logger) for entry in entries] == [
        ("First light", "RuntimeError", "hello")
    ]
