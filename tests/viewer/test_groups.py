"""Groups in the list, in the detail and in the API: one row, its members, and changes that hold for all."""

import re
from typing import Any

import pytest
from starlette.testclient import TestClient

from logster.service import Service
from tests.viewer.entries import add, key_of
from tests.viewer.forms import SAME_ORIGIN, change_headers, fields

PATTERN = r"/^Feed \d+ failed/"


@pytest.fixture
def group(service: Service) -> str:
    """Three entries in one group, and one beside it; returns the key of the group's row."""
    service.store.add_pattern("grouping", PATTERN)
    add(service, 1, "Feed 17 failed", count=2)
    add(service, 2, "Feed 18 failed", count=3)
    add(service, 3, "Feed 19 failed", level=30)
    add(service, 4, "Payment failed")
    [row] = [entry for entry in service.store.page().entries if entry.group]
    return row.key


def listed(client: TestClient, query: str = "") -> list[Any]:
    return list(client.get(f"/api/entries{query}").json()["entries"])


def test_a_group_is_one_row_with_its_pattern_count_and_members(client: TestClient, group: str) -> None:
    first, second = listed(client)
    assert (first["key"], second["key"]) == (group, key_of(4))
    assert first["group"] == {"pattern": PATTERN, "count": 3, "members": [key_of(1), key_of(2), key_of(3)]}
    assert (first["message"], first["count"]) == ("Feed 17 failed", 6)
    assert second["group"] is None


def test_a_group_is_had_by_its_key(client: TestClient, group: str) -> None:
    entry = client.get(f"/api/entries/{group}").json()
    assert entry["group"]["count"] == 3
    assert client.get(f"/api/entries/{group}/env").status_code == 200
    assert client.get(f"/api/entries/{group}/timeline").status_code == 200


@pytest.mark.parametrize(("action", "flag"), [("protect", "protected"), ("solve", "solved")])
def test_a_change_of_a_group_changes_all_members(
    client: TestClient, service: Service, group: str, action: str, flag: str
) -> None:
    answer = client.post(f"/api/entries/{group}/{action}", headers=change_headers(client))
    assert answer.status_code == 200
    for number in (1, 2, 3):
        entry = service.store.entry(key_of(number))
        assert entry
        assert entry.flags == [flag]
    other = service.store.entry(key_of(4))
    assert other
    assert other.flags == []


def test_deleting_a_group_deletes_its_members(client: TestClient, service: Service, group: str) -> None:
    assert client.delete(f"/api/entries/{group}", headers=change_headers(client)).json()["changed"] == 3
    assert [entry["key"] for entry in listed(client)] == [key_of(4)]
    assert client.delete(f"/api/entries/{group}", headers=change_headers(client)).status_code == 404


def test_a_removed_pattern_gives_the_rows_back(client: TestClient, group: str) -> None:
    headers = change_headers(client)
    assert client.request("DELETE", "/api/patterns/grouping", json={"pattern": PATTERN}, headers=headers).is_success
    assert [entry["key"] for entry in listed(client)] == [key_of(number) for number in (1, 2, 3, 4)]


def test_the_row_of_a_group_says_how_many_it_stands_for(client: TestClient, group: str) -> None:
    page = client.get("/").text
    row = page[page.index(f'data-key="{group}"') :]
    row = row[: row.index("</li>")]
    assert re.search(r'<span class="badge grouped"[^>]*>.*3 entries</span>', row)
    assert page.count("badge grouped") == 1


@pytest.mark.parametrize("address", ["/?key={}", "/show/{}"])
def test_the_detail_of_a_group_leads_to_its_members(client: TestClient, group: str, address: str) -> None:
    page = client.get(address.format(group)).text
    section = page[page.index('class="group-members"') :]
    section = section[: section.index("</ol>")]
    assert re.findall(r">(Feed \d+ failed)<", section) == [
        "Feed 17 failed",
        "Feed 18 failed",
        "Feed 19 failed",
    ]
    for key in (key_of(1), key_of(2), key_of(3)):
        assert re.search(rf'href="[^"]*{key}', section)
    assert "Solve all" in page
    assert "Delete all" in page


def test_solve_all_is_a_form(client: TestClient, group: str) -> None:
    page = client.get(f"/show/{group}").text
    form = fields(page, '<form class="actions"')
    answer = client.post(f"/show/{group}/solve", data=form, headers=SAME_ORIGIN)
    assert answer.status_code == 200
    assert [entry["key"] for entry in listed(client)] == [key_of(4)]
    assert [entry["key"] for entry in listed(client, "?q=is:solved")] == [key_of(1), key_of(2), key_of(3)]


def test_an_entry_that_is_in_no_group_has_no_members(client: TestClient, group: str) -> None:
    page = client.get(f"/show/{key_of(4)}").text
    assert "group-members" not in page
    assert "Solve all" not in page
