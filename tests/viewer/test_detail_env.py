"""Env samples one at a time, and what differs between them."""

import re
from typing import Any

import pytest
from starlette.testclient import TestClient

from logster.service import Service
from tests.viewer.entries import add


def marks(page: str) -> dict[str, str]:
    """Return which keys are marked, and how."""
    rows = re.findall(r'<th scope="row" dir="auto">([^<]*?)\s*<span class="difference"[^>]*>(\w+)</span>', page)
    return dict(rows)


def env_page(client: TestClient, key: str, **parameters: Any) -> str:
    return client.get(f"/show/{key}", params={"tab": "env", **parameters}).text


def test_what_differs_from_the_older_sample_and_what_varies_at_all_is_marked(
    client: TestClient, service: Service
) -> None:
    key = add(
        service,
        envs=(
            {"host": "a", "user": 1, "url": "/", "nested": {"x": 1, "y": [1, 2]}},
            {"host": "b", "user": 1, "url": "/", "nested": {"x": 1, "y": [1, 2]}},
            {"host": "b", "user": 1, "url": "/", "nested": {"x": 1, "y": [1, 3]}},
        ),
    )
    newest = env_page(client, key)
    assert marks(newest) == {"1": "changed", "host": "varies"}
    assert marks(env_page(client, key, env=2)) == {"host": "changed", "1": "varies"}


def test_keys_that_only_the_older_sample_has_are_named(client: TestClient, service: Service) -> None:
    key = add(service, envs=({"a": 1, "b": {"c": 2}}, {"a": 1}))
    assert "b.c</code>" in env_page(client, key)


def test_samples_that_are_alike_are_said_to_be(client: TestClient, service: Service) -> None:
    key = add(service, envs=({"a": 1}, {"a": 1}))
    page = env_page(client, key)
    assert "All 2 occurrences are alike" in page
    assert marks(page) == {}


def test_a_search_for_some_samples_shows_those_only(client: TestClient, service: Service) -> None:
    key = add(service, envs=tuple({"host": f"web-{number % 2}", "number": number} for number in range(6)))
    page = client.get("/", params={"q": "env.host:web-1", "key": key, "tab": "env"}).text
    assert "1 of 3 that the search finds" in page
    assert ", of 6 kept" in page
    assert re.search(r"Env <span[^>]*>3/6<", page)
    assert 'rel="prev"' not in page
    older = re.search(r'rel="next" href="([^"]*)"', page)
    assert older
    assert "env=3" in older[1]


@pytest.mark.parametrize("query", ["level:", '"', "nothing-of-the-kind"])
def test_a_search_that_finds_no_sample_hides_none(client: TestClient, service: Service, query: str) -> None:
    key = add(service, envs=({"a": 1}, {"a": 2}))
    page = client.get("/", params={"q": query, "key": key, "tab": "env"}).text
    assert "1 of 2" in page


def test_a_long_value_is_folded_and_whole(client: TestClient, service: Service) -> None:
    key = add(service, envs=({"long": "x" * 5_000, "short": "y" * 100},))
    page = env_page(client, key)
    assert page.count('<details class="long">') == 1
    assert "all 5,000 characters" in page
    assert "x" * 5_000 in page
