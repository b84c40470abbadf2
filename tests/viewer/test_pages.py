"""The pages, as a browser without scripts sees and uses them."""

import re
from html import unescape
from urllib.parse import urljoin

import pytest
from starlette.testclient import TestClient

from logster.entry import ExceptionInfo
from logster.service import Service
from tests.viewer.entries import APP_FRAME, add, add_error, key_of
from tests.viewer.forms import SAME_ORIGIN, fields


def rows(page: str) -> list[str]:
    return re.findall(r'<li class="row [^"]*" data-key="([^"]+)"', page)


def link(page: str, text: str) -> str:
    """Return the address of the link that says `text`."""
    found = [
        href
        for href, body in re.findall(r'<a [^>]*?href="([^"]*)"[^>]*>(.*?)</a>', page, re.DOTALL)
        if text in re.sub(r"</?mark[^>]*>", "", body)
    ]
    assert found, f"no link says {text!r}"
    return unescape(found[0])


def submit(client: TestClient, page: str, form: str, action: str) -> str:
    """Send the form that stands on `page` to `action`, and return the page that follows."""
    answer = client.post(action, data=fields(page, form), headers=SAME_ORIGIN)
    assert answer.status_code == 200
    return answer.text


def test_the_list_shows_the_newest_first_with_what_matters(client: TestClient, service: Service) -> None:
    add(service, 2, "Cache is cold", level=30, logger="shop.cache", count=12_345)
    add_error(service, 1, message="Payment failed")
    page = client.get("/").text
    assert rows(page) == [key_of(1), key_of(2)]
    for text in ("2 entries", "Payment failed", "OperationalError", "shop.payments.charge", "Cache is cold", "12k"):
        assert text in page


def test_an_empty_log_says_how_to_send_the_first_entry(client: TestClient) -> None:
    page = client.get("/").text
    assert "All quiet" in page
    assert "logging.getLogger" in page


def test_a_search_without_a_match_says_so(client: TestClient, service: Service) -> None:
    add(service)
    page = client.get("/?q=nothing-like-it").text
    assert "Nothing matches" in page
    assert rows(client.get(link(page, "Show all entries")).text) == [key_of(1)]


def test_search_finds_and_keeps_what_was_asked(client: TestClient, service: Service) -> None:
    add(service, 1, "Payment failed")
    add(service, 2, "Cache is cold")
    page = client.get("/?q=cold").text
    assert rows(page) == [key_of(2)]
    assert 'value="cold"' in page


def test_a_mistake_in_a_query_is_shown_at_its_place(client: TestClient, service: Service) -> None:
    add(service)
    answer = client.get("/", params={"q": "payment level:nonsense"})
    assert answer.status_code == 400
    assert re.search(r"<code dir=\"auto\">payment .*<mark>.*nonsense.*</mark>", answer.text)
    assert 'aria-invalid="true"' in answer.text
    assert "Nothing matches" not in answer.text


def test_levels_are_switched_on_and_off_by_links(client: TestClient, service: Service) -> None:
    add(service, 1, level=40)
    add(service, 2, level=30)
    add(service, 3, level=20)
    one = client.get(link(client.get("/").text, "Error")).text
    assert rows(one) == [key_of(1)]
    two = client.get(link(one, "Warning")).text
    assert rows(two) == [key_of(1), key_of(2)]
    assert rows(client.get(link(two, "Error")).text) == [key_of(2)]
    assert rows(client.get(link(two, "All levels")).text) == [key_of(1), key_of(2), key_of(3)]


def test_paging_leads_through_all_rows_and_back(client: TestClient, service: Service) -> None:
    for number in range(1, 121):
        add(service, number)
    first = client.get("/").text
    second = client.get(link(first, "Older")).text
    third = client.get(link(second, "Older")).text
    assert rows(first) + rows(second) + rows(third) == [key_of(number) for number in range(1, 121)]
    assert "Older</a>" not in third
    assert rows(client.get(link(third, "Newer")).text) == rows(second)
    assert rows(client.get(link(third, "Newest")).text) == rows(first)


def test_a_row_leads_to_its_detail_beside_the_list(client: TestClient, service: Service) -> None:
    add_error(service, 1)
    page = client.get(link(client.get("/?q=payment").text, "Payment failed")).text
    assert rows(page) == [key_of(1)]
    assert 'aria-current="true"' in page
    assert 'value="payment"' in page


def test_the_failing_line_is_in_sight_without_a_click(client: TestClient, service: Service) -> None:
    add_error(service, 1)
    page = client.get(f"/show/{key_of(1)}").text
    assert "shop/payments.py:64" in page
    failing = re.search(r'<mark class="line" data-number="64">(.*?)</mark>', page)
    assert failing
    assert "provider.charge(total)" in re.sub(r"<[^>]*>", "", failing[1])


def test_the_traceback_opens_frames_of_the_app_and_folds_those_of_libraries(
    client: TestClient, service: Service
) -> None:
    add_error(service, 1)
    page = client.get(f"/show/{key_of(1)}?tab=traceback").text
    assert re.search(r'2 frames <span class="quiet">in psycopg</span>', page)
    assert page.index("KeyError") < page.index("led to") < page.rindex("psycopg.OperationalError")
    assert "order 48123 stays open" in page
    assert "Traceback (most recent call last)" in client.get(urljoin(f"/show/{key_of(1)}", link(page, "Raw"))).text
    opened = re.findall(r"<details (open)?>\s*<summary><b dir=\"ltr\">charge", page)
    assert opened == ["open", "open"]


def test_members_of_a_group_are_shown_within_it(client: TestClient, service: Service) -> None:
    member = ExceptionInfo("TimeoutError", "took 30 s", frames=(APP_FRAME,))
    group = ExceptionInfo(
        "ExceptionGroup", "2 feeds failed", exceptions=(member, ExceptionInfo("ValueError", "no XML"))
    )
    add_error(service, 1, exception=group)
    page = client.get(f"/show/{key_of(1)}?tab=traceback").text
    assert page.index("ExceptionGroup") < page.index("TimeoutError") < page.index("ValueError")


def test_frames_left_out_of_a_deep_stack_are_mentioned(client: TestClient, service: Service) -> None:
    deep = ExceptionInfo("RecursionError", "too deep", frames=(APP_FRAME,) * 4, omitted=970, omitted_at=2)
    add_error(service, 1, exception=deep)
    page = client.get(f"/show/{key_of(1)}?tab=traceback").text
    assert page.count('<li class="frame in-app">') == 4
    assert "970 frames left out" in page


def test_env_samples_are_leafed_through(client: TestClient, service: Service) -> None:
    key = add(service, envs=({"user": {"id": 1, "tags": ["old"]}}, {"user": {"id": 2, "tags": []}}))
    newest = client.get(f"/show/{key}?tab=env").text
    assert "1 of 2" in newest
    older = client.get(urljoin(f"/show/{key}", link(newest, "Older"))).text
    assert "2 of 2" in older
    assert "old" in older
    assert "1 of 2" in client.get(urljoin(f"/show/{key}", link(older, "Newer"))).text


@pytest.mark.parametrize("env", ["0", "99", "x", "-1", "1e9", "9" * 30])
def test_an_env_number_out_of_range_shows_the_nearest(client: TestClient, service: Service, env: str) -> None:
    key = add(service, envs=({"a": 1}, {"a": 2}))
    assert client.get(f"/show/{key}", params={"tab": "env", "env": env}).status_code == 200


def test_an_env_that_is_nested_too_deeply_for_tables_is_still_shown(client: TestClient, service: Service) -> None:
    value: object = "the bottom"
    for _ in range(60):
        value = {"down": [value]}
    key = add(service, envs=({"deep": value},))
    assert "the bottom" in client.get(f"/show/{key}?tab=env").text


@pytest.mark.parametrize(("action", "text"), [("protect", "Unprotect"), ("solve", "Not solved")])
def test_a_form_changes_an_entry_and_leads_back_to_its_page(
    client: TestClient, service: Service, action: str, text: str
) -> None:
    key = add(service)
    page = submit(client, client.get(f"/show/{key}").text, '<form class="actions"', f"/show/{key}/{action}")
    assert text in page


def test_after_a_form_beside_the_list_the_list_is_as_it_was(client: TestClient, service: Service) -> None:
    key = add(service)
    page = client.get(f"/?q=payment&level=ERROR&key={key}").text
    after = submit(client, page, '<form class="actions"', f"/show/{key}/protect")
    assert 'value="payment"' in after
    assert 'name="level" value="ERROR"' in after
    assert "Unprotect" in after


def test_deleting_leads_to_the_list_without_the_entry(client: TestClient, service: Service) -> None:
    key = add(service)
    page = submit(client, client.get(f"/?key={key}").text, '<form class="actions"', f"/show/{key}/delete")
    assert "Deleted." in page
    assert rows(page) == []
    assert service.store.entry(key) is None


def test_clearing_asks_first_and_says_how_many_go_and_stay(client: TestClient, service: Service) -> None:
    for number in range(1, 4):
        add(service, number)
    service.store.protect(key_of(1))
    question = client.get("/clear").text
    assert "<b>2</b> entries go" in question
    assert "<b>1</b> protected entry stays" in question
    assert service.store.count() == 3
    assert "Cleared." in submit(client, question, '<form class="actions"', "/clear")
    assert service.store.count() == 1


@pytest.mark.parametrize(
    "place",
    [
        "//evil.example",
        "https://evil.example/",
        "q=x\r\nSet-Cookie: a=b",
        "q=%0d%0aSet-Cookie:%20a=b",
        "\x00",
        "&" * 500,
        "unknown=1&done=delete",
    ],
)
def test_a_form_never_leads_elsewhere(client: TestClient, service: Service, place: str) -> None:
    key = add(service)
    form = fields(client.get(f"/?key={key}").text, '<form class="actions"') | {"place": place}
    answer = client.post(f"/show/{key}/protect", data=form, headers=SAME_ORIGIN, follow_redirects=False)
    assert answer.status_code == 303
    assert re.fullmatch(r"\.\./\.\./\?[\w=&%.+-]*done=protect", answer.headers["location"])
    assert "set-cookie" not in answer.headers


def test_an_entry_that_is_gone_is_a_page_that_says_so(client: TestClient, service: Service) -> None:
    key = add(service)
    form = fields(client.get(f"/show/{key}").text, '<form class="actions"')
    service.store.delete([key])
    assert client.get(f"/show/{key}").status_code == 404
    assert "This entry is gone" in client.get(f"/show/{key}").text
    assert "This entry is gone" in client.get(f"/?key={key}").text
    assert client.post(f"/show/{key}/protect", data=form, headers=SAME_ORIGIN).status_code == 404


def test_an_unknown_change_is_not_found(client: TestClient, service: Service) -> None:
    key = add(service)
    form = fields(client.get(f"/show/{key}").text, '<form class="actions"')
    assert client.post(f"/show/{key}/explode", data=form, headers=SAME_ORIGIN).status_code == 404


@pytest.mark.parametrize(
    "parameters", [{"level": "LOUD"}, {"since": "yesterday"}, {"before": "?"}, {"limit": "0"}, {"limit": "201"}]
)
def test_an_address_that_cannot_be_read_is_a_page_that_says_why(client: TestClient, parameters: dict[str, str]) -> None:
    answer = client.get("/", params=parameters)
    assert answer.status_code == 400
    assert "cannot be read" in answer.text


def test_fragments_are_parts_of_the_same_page(client: TestClient, service: Service) -> None:
    key = add(service, envs=({"a": 1},))
    whole = client.get(f"/?key={key}&tab=env").text
    for name, start in (("list", "<logster-list"), ("detail", "<logster-entry")):
        part = client.get(f"/?key={key}&tab=env&fragment={name}").text
        assert part.strip().startswith(start)
        # Each page has a token and a "now" of its own.
        plain = re.sub(r'name="csrf_token" value="[^"]*"|>\w+</time>', "", part.strip())
        assert plain in re.sub(r'name="csrf_token" value="[^"]*"|>\w+</time>', "", whole)


def test_the_title_names_the_entry(client: TestClient, service: Service) -> None:
    key = add(service, message="Payment failed")
    assert "<title>Payment failed · Logster</title>" in client.get(f"/show/{key}").text


def test_a_custom_level_is_shown_with_its_number(client: TestClient, service: Service) -> None:
    key = add(service, level=35)
    page = client.get(f"/show/{key}").text
    assert "Warning" in page
    assert "level 35" in page
