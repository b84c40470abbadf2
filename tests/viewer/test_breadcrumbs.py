"""The detail of an entry shows what was logged before it, escaped and apart from the env."""

from html import unescape
from typing import Any

import pytest
from starlette.testclient import TestClient

from logster.service import Service
from logster.viewer.breadcrumbs import breadcrumbs, without_breadcrumbs
from tests.viewer.entries import add

CRUMBS = [
    {"time": 1_000, "level": "INFO", "logger": "shop.orders", "message": "Order <b>placed</b>"},
    {"time": 2_500, "level": "DEBUG", "logger": "shop.stock", "message": "Took 3 beans"},
]


@pytest.mark.parametrize("tab", ["info", "env"])
def test_the_detail_tells_what_came_before(client: TestClient, service: Service, tab: str) -> None:
    key = add(service, envs=({"breadcrumbs": CRUMBS, "user_id": 5},))
    page = client.get(f"/show/{key}?tab={tab}").text
    assert "What came before" in page
    assert "Order <b>placed</b>" in unescape(page)
    assert "<b>placed</b>" not in page
    assert page.index("placed") < page.index("Took 3 beans")
    assert "shop.stock" in page
    assert ">breadcrumbs<" not in page


def test_each_says_how_long_before_it_came() -> None:
    assert [each.before for each in breadcrumbs({"breadcrumbs": CRUMBS, "time": 3_000})] == ["2.000 s", "0.500 s"]
    assert breadcrumbs({"breadcrumbs": CRUMBS, "time": 3_601_000})[0].before == "3,600 s"
    assert breadcrumbs({"breadcrumbs": CRUMBS})[0].before == ""


def test_an_entry_without_any_says_nothing_of_them(client: TestClient, service: Service) -> None:
    key = add(service, envs=({"user_id": 5},))
    assert "What came before" not in client.get(f"/show/{key}?tab=env").text


def test_breadcrumbs_do_not_count_as_differences(client: TestClient, service: Service) -> None:
    key = add(service, envs=({"breadcrumbs": CRUMBS[:1]}, {"breadcrumbs": CRUMBS, "user_id": 5}))
    page = client.get(f"/show/{key}?tab=env").text
    assert "What came before" in page
    # The user is what differs, and nothing else.
    assert page.count('class="is-changed"') == 1
    assert 'class="is-varies"' not in page


@pytest.mark.parametrize(
    "value",
    ["text", 5, None, [], [1], [{}], [CRUMBS[0], "x"], [CRUMBS[0] | {"time": "1"}], [CRUMBS[0] | {"level": "LOUD"}]],
)
def test_what_an_app_calls_breadcrumbs_itself_is_env(value: Any) -> None:
    sample = {"breadcrumbs": value, "time": 1}
    assert breadcrumbs(sample) == []
    assert without_breadcrumbs(sample) == sample
