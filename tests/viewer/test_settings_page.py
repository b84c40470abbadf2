"""The settings page: patterns by forms alone, as a browser without scripts sends them."""

import re
from html import unescape
from typing import Any
from urllib.parse import urljoin

import pytest
from starlette.testclient import TestClient

from logster.service import Service
from logster.viewer.app import Viewer
from tests.viewer.entries import add
from tests.viewer.forms import SAME_ORIGIN, token

HOSTILE = '"><script>alert(1)</script>'


def submit(client: TestClient, change: str, **fields: str) -> Any:
    """Send a form of the page, and follow where it leads."""
    data = {"csrf_token": token(client, "/settings"), **fields}
    return client.post(f"/settings/{change}", data=data, headers=SAME_ORIGIN)


def shown(page: str, kind: str) -> list[str]:
    """Return the patterns that can be changed in one section of the page."""
    section = page[page.index(f'aria-labelledby="{kind}"') :]
    section = section[: section.index("</section>")]
    return [unescape(value) for value in re.findall(r'name="new_pattern" value="([^"]*)"', section)]


def test_without_patterns_the_page_says_so(client: TestClient) -> None:
    page = client.get("/settings").text
    assert "Nothing is suppressed." in page
    assert "Nothing is grouped." in page


def test_the_list_leads_to_the_settings(client: TestClient) -> None:
    found = re.search(r'<a href="([^"]*)">Settings</a>', client.get("/").text)
    assert found
    assert client.get(urljoin("/", found[1])).status_code == 200


@pytest.mark.parametrize("kind", ["suppression", "grouping"])
def test_patterns_are_added_changed_and_removed_by_forms(client: TestClient, kind: str) -> None:
    page = submit(client, f"{kind}/add", pattern="ping").text
    assert "Added." in page
    assert shown(page, kind) == ["/ping/"]
    page = submit(client, f"{kind}/change", pattern="/ping/", new_pattern="/pong/i").text
    assert "Changed." in page
    assert shown(page, kind) == ["/pong/i"]
    page = submit(client, f"{kind}/remove", pattern="/pong/i").text
    assert "Removed." in page
    assert shown(page, kind) == []


def test_every_button_of_a_row_leads_to_a_form_that_is_there(client: TestClient) -> None:
    page = submit(client, "suppression/add", pattern="/ping/").text
    targets = set(re.findall(r'(?:form)?action="([^"]*settings/[^"]*)"', page))
    assert {urljoin("/settings", target) for target in targets} == {
        *(f"/settings/grouping/{change}" for change in ("add", "test")),
        *(f"/settings/suppression/{change}" for change in ("add", "change", "remove", "reset-count", "test")),
    }


def test_hits_are_shown_and_reset(client: TestClient, service: Service) -> None:
    submit(client, "suppression/add", pattern="/ping/")
    add(service, message="ping", count=1_234)
    assert "1,234 hits" in client.get("/settings").text
    page = submit(client, "suppression/reset-count", pattern="/ping/").text
    assert "0 hits" in page
    assert "counted from zero" in page


def test_a_retroactive_pattern_says_how_much_it_deleted(client: TestClient, service: Service) -> None:
    add(service, 1, "ping")
    add(service, 2, "pong")
    assert "1 entry deleted." in submit(client, "suppression/add", pattern="/ping/", retroactive="1").text
    assert [entry.message for entry in service.store.page().entries] == ["pong"]


def test_without_the_tick_nothing_is_deleted(client: TestClient, service: Service) -> None:
    add(service, 1, "ping")
    assert "deleted" not in submit(client, "suppression/add", pattern="/ping/").text
    assert service.store.count() == 1


def test_the_rules_of_the_app_stand_first_and_cannot_be_changed(service: Service) -> None:
    strict = Service(service.settings.with_changes(ignore=["wp-login"]))
    client = TestClient(Viewer(lambda request: True, service=strict))
    page = submit(client, "suppression/add", pattern="/ping/").text
    assert page.index("wp-login") < page.index("/ping/")
    assert shown(page, "suppression") == ["/ping/"]
    assert "from the code" in page
    assert submit(client, "suppression/remove", pattern="wp-login").status_code == 404


@pytest.mark.parametrize("kind", ["suppression", "grouping"])
def test_a_test_counts_what_a_pattern_matches_and_changes_nothing(
    client: TestClient, service: Service, kind: str
) -> None:
    for number in range(1, 8):
        add(service, number, f"ping <b>{number}</b>")
    add(service, 9, "Payment failed")
    answer = submit(client, f"{kind}/test", pattern="ping", retroactive="1")
    assert answer.status_code == 200
    assert "matches <b>7</b> entries of those stored. Nothing was changed; some of them:" in answer.text
    assert answer.text.count("ping &lt;b&gt;") == 5
    assert 'value="ping"' in answer.text
    assert shown(answer.text, kind) == []
    assert ("checked" in answer.text) == (kind == "suppression")
    assert len(service.store.page().entries) == 8
    assert service.store.history() == []
    assert "matches none" in submit(client, f"{kind}/test", pattern="nothing").text


def test_a_test_of_a_pattern_that_stands_there_keeps_the_one_typed(client: TestClient, service: Service) -> None:
    add(service, 1, "pong")
    submit(client, "suppression/add", pattern="/ping/")
    page = submit(client, "suppression/test", pattern="/ping/", new_pattern="/p[io]ng/").text
    assert shown(page, "suppression") == ["/p[io]ng/"]
    assert "matches <b>1</b> entry of those stored. Nothing was changed." in page
    assert [each.pattern for each in service.store.patterns("suppression")] == ["/ping/"]
    answer = submit(client, "suppression/test", pattern="/ping/", new_pattern="(")
    assert answer.status_code == 400
    assert shown(answer.text, "suppression") == ["("]


@pytest.mark.parametrize("kind", ["suppression", "grouping"])
def test_a_mistake_is_shown_beside_what_was_typed(client: TestClient, kind: str) -> None:
    answer = submit(client, f"{kind}/add", pattern="(unclosed")
    assert answer.status_code == 400
    assert 'value="(unclosed"' in answer.text
    assert re.search(r'<p class="mistake" id="mistake-\w+" role="alert">.+</p>', answer.text)


def test_a_change_that_cannot_be_made_keeps_what_was_typed(client: TestClient) -> None:
    submit(client, "grouping/add", pattern="/ping/")
    submit(client, "grouping/add", pattern="/pong/")
    answer = submit(client, "grouping/change", pattern="/pong/", new_pattern="/ping/")
    assert answer.status_code == 409
    assert shown(answer.text, "grouping") == ["/ping/", "/ping/"]
    assert answer.text.count('role="alert"') == 1


def test_after_a_mistake_the_form_can_be_sent_again(client: TestClient) -> None:
    page = submit(client, "grouping/add", pattern="(unclosed").text
    found = re.search(r'name="csrf_token" value="([^"]+)"', page)
    assert found
    data = {"csrf_token": found[1], "pattern": "closed"}
    assert "Added." in client.post("/settings/grouping/add", data=data, headers=SAME_ORIGIN).text


def test_a_pattern_that_is_gone_is_told(client: TestClient) -> None:
    answer = submit(client, "grouping/change", pattern="/gone/", new_pattern="/here/")
    assert answer.status_code == 404
    assert "/gone/" in answer.text


@pytest.mark.parametrize("change", ["forgetting/add", "grouping/explode", "grouping/reset-count"])
def test_there_is_no_other_change(client: TestClient, change: str) -> None:
    assert submit(client, change, pattern="/ping/").status_code == 404


def test_a_form_without_the_token_changes_nothing(client: TestClient, service: Service) -> None:
    client.get("/settings")
    answer = client.post("/settings/grouping/add", data={"pattern": "/ping/"}, headers=SAME_ORIGIN)
    assert answer.status_code == 403
    assert service.store.patterns("grouping") == []


def test_any_text_is_shown_as_text(client: TestClient) -> None:
    for kind in ("suppression", "grouping"):
        submit(client, f"{kind}/add", pattern=HOSTILE)
        answer = submit(client, f"{kind}/add", pattern=HOSTILE + "(")
        assert "<script>" not in answer.text
    assert shown(client.get("/settings").text, "grouping") == [f"/{HOSTILE.replace('/', chr(92) + '/')}/"]


def test_the_page_shows_who_changed_what(client: TestClient) -> None:
    page = submit(client, "suppression/add", pattern="/ping/").text
    changes = page[page.index('aria-labelledby="changes"') :]
    assert "<b>Ada</b>" in changes
    assert "add suppression" in changes or "/ping/" in changes
