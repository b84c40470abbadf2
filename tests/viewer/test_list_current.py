"""What a process remembers of pages never shows: a list says what is stored now, to the one who asks for it."""

import re
import time
import uuid
from collections.abc import Callable
from dataclasses import replace

import pytest
from starlette.testclient import TestClient

from logster.service import Service
from logster.settings import Settings
from logster.store import listing
from logster.viewer import api, bars, histogram, pages, rendering, rows, sparkline
from logster.viewer.app import Viewer
from tests.viewer.entries import APP_FRAME, add, add_error, key_of

HOUR = 3_600_000
MARKED = '<span class="badge">'


def forget() -> None:
    """Let go of all that this process remembers of pages."""
    for remembered in (listing._decoded, api._written, rows._pieces, rendering._fragments):
        remembered._known.clear()
    for function in (bars._bar, histogram._parts, sparkline.path):
        function.cache_clear()


@pytest.fixture
def now(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The time at which pages are read, in milliseconds since the epoch; it stands still."""
    now = [time.time_ns() // 1_000_000]
    for module in (pages, api):
        monkeypatch.setattr(module, "now_ms", lambda: now[0])
    return now


def seen(client: TestClient, address: str = "/") -> tuple[str, str]:
    """Return the page and what the HTTP API lists, without what is another for each page."""
    query = address.partition("?")[2]
    text = re.sub(r'(csrf[-_]token" (?:content|value)=")[^"]*', r"\1", client.get(address).text)
    return text, client.get(f"/api/entries?{query}").text


def group(service: Service) -> None:
    service.store.add_pattern("grouping", "/failed/")


CHANGES: dict[str, Callable[[Service], object]] = {
    "a count": lambda service: add(service, 1),
    "a level": lambda service: add(service, 1, level=50),
    "a message": lambda service: add(service, 1, "Payment failed again"),
    "a logger": lambda service: add(service, 1, logger="shop.till"),
    "a version": lambda service: add(service, 1, version="2.0"),
    "a type and a place": lambda service: add_error(service, 1),
    "another place": lambda service: add(service, 1, location=APP_FRAME),
    "an env sample": lambda service: add(service, 1, envs=({"host": "web-1"},)),
    "a protection": lambda service: service.store.protect(key_of(1)),
    "no protection": lambda service: service.store.unprotect(key_of(3)),
    "a solved mark": lambda service: service.store.solve([key_of(1)]),
    "a regression": lambda service: add(service, 4, version="1.1"),
    "a new entry": lambda service: add(service, 5, "Till is empty"),
    "an entry less": lambda service: service.store.delete([key_of(1)]),
    "another entry in an entry's place": lambda service: (
        service.store.delete([key_of(1)]),
        add(service, 1, "Card was refused"),
    ),
    "a group": group,
    "a group's member more": lambda service: (group(service), add(service, 6, "Order failed")),
    "a group's member less": lambda service: (group(service), service.store.delete([key_of(2)])),
    "a group of one member": lambda service: (group(service), service.store.solve([key_of(2)])),
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_a_change_shows_at_once_and_as_to_a_process_that_remembers_nothing(
    service: Service, client: TestClient, now: list[int], change: Callable[[Service], object]
) -> None:
    add(service, 1, age_ms=0, version="1.0")
    add(service, 2, "Delivery failed", level=30, age_ms=HOUR)
    service.store.protect(add(service, 3, "Cache is cold", level=20, age_ms=30 * HOUR))
    service.store.solve([add(service, 4, "Label is missing", age_ms=2 * HOUR, version="1.0")])
    before = seen(client)
    assert seen(client) == before
    change(service)
    after = seen(client)
    assert after[0] != before[0]
    assert after[1] != before[1]
    forget()
    assert after == seen(client)


def test_what_was_seen_before_a_change_is_shown_again_after_it_is_undone(service: Service, client: TestClient) -> None:
    add(service)
    assert MARKED not in client.get("/").text
    service.store.protect(key_of(1))
    assert MARKED in client.get("/").text
    service.store.unprotect(key_of(1))
    assert MARKED not in client.get("/").text


def test_time_passes_for_rows_that_do_not_change(service: Service, client: TestClient, now: list[int]) -> None:
    add(service, age_ms=0)
    page = client.get("/").text
    assert "badge new" in page
    assert "data-ago>now</time>" in page
    assert '<path d="M69 ' in page
    now[0] += 2 * HOUR + 60_000
    page = client.get("/").text
    assert "badge new" not in page
    assert "data-ago>2h</time>" in page
    assert '<path d="M69 ' not in page


def test_the_selected_row_is_that_of_the_address(service: Service, client: TestClient) -> None:
    add(service, 1)
    add(service, 2)

    def selected(address: str) -> list[str]:
        listed = client.get(address).text.partition("data-rows")[2].partition("</ol>")[0]
        return re.findall(r'data-key="([^"]+)"(?:(?!</li>).)*?aria-current="true"', listed, re.DOTALL)

    assert selected("/") == []
    assert selected(f"/?key={key_of(1)}") == [key_of(1)]
    assert selected(f"/?key={key_of(2)}") == [key_of(2)]
    assert selected("/") == []


def test_links_of_a_row_keep_the_place_of_the_page(service: Service, client: TestClient) -> None:
    add(service)
    for query in ("", "level=error&amp;", "since=24h&amp;", "q=payment&amp;", ""):
        page = client.get(f"/?{query.replace('&amp;', '')}").text
        assert re.findall('class="row-link" href="([^"]+)"', page) == [f"./?{query}key={key_of(1)}"]


def test_what_was_looked_for_is_marked_where_it_was_looked_for(service: Service, client: TestClient) -> None:
    add(service, message="Payment <failed>")
    plain = 'dir="auto">Payment &lt;failed&gt;</span>'
    assert plain in client.get("/").text
    assert 'dir="auto"><mark>Payment</mark> &lt;failed&gt;</span>' in client.get("/?q=payment").text
    assert 'dir="auto">Payment &lt;<mark>failed</mark>&gt;</span>' in client.get("/?q=failed").text
    assert plain in client.get("/").text


def test_the_head_of_the_list_is_that_of_the_place(service: Service, client: TestClient) -> None:
    add(service)

    def heads() -> list[str]:
        addresses = ("/", "/?level=error", "/?q=payment", "/?q=(", "/?since=24h", "/?q=%3Cb%3E")
        return [client.get(address).text.partition("data-rows")[0].partition("<header")[2] for address in addresses]

    first = heads()
    assert len(set(first)) == len(first)
    forget()
    assert [re.sub(r"data-start.*", "", head, flags=re.DOTALL) for head in heads()] == [
        re.sub(r"data-start.*", "", head, flags=re.DOTALL) for head in first
    ]


def test_equal_keys_of_two_namespaces_are_two_entries(settings: Settings) -> None:
    names = [f"test-{uuid.uuid4().hex[:12]}" for _ in range(2)]
    services = [Service(replace(settings, namespace=name, title=f"Log of {name}")) for name in names]
    clients = [TestClient(Viewer(lambda request: "Ada", service=service)) for service in services]
    for service, name in zip(services, names, strict=True):
        add(service, 1, f"Secret of {name}")
    for _ in range(2):
        for client, name, other in zip(clients, names, reversed(names), strict=True):
            page, listed = seen(client)
            assert f"Secret of {name}" in page
            assert f"Log of {name}" in page
            assert f"Secret of {name}" in listed
            assert other not in page + listed
    for service in services:
        service.close()


def test_entries_with_env_are_not_shown_to_who_did_not_ask_for_it(service: Service, client: TestClient) -> None:
    add(service, envs=({"password_hint": "the dog"},))
    before = client.get("/api/entries").text
    assert "the dog" in client.get("/api/entries?env=1").text
    assert client.get("/api/entries").text == before
    assert "the dog" not in before


def test_no_two_readers_have_one_token(service: Service) -> None:
    add(service)
    viewer = Viewer(lambda request: "Ada", service=service)
    texts = [TestClient(viewer).get("/").text for _ in range(3)]
    tokens = [set(re.findall(r'csrf[-_]token" (?:content|value)="([^"]+)', text)) for text in texts]
    assert all(len(found) == 1 for found in tokens)
    assert len(set.union(*tokens)) == 3


def test_nothing_is_let_in_by_what_was_shown_to_somebody_else(service: Service) -> None:
    add(service)
    viewer = Viewer(lambda request: request.headers.get("x-user") == "ada", service=service)
    client = TestClient(viewer)
    for address in ("/", "/api/entries"):
        assert "Payment failed" in client.get(address, headers={"x-user": "ada"}).text
        refused = client.get(address)
        assert refused.status_code == 403
        assert "Payment failed" not in refused.text
