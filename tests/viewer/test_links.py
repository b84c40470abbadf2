"""Where the detail of an entry leads: to the code host, to an editor, back to the site; and what it folds."""

import re
from html import unescape

import pytest
from starlette.testclient import TestClient

from logster.entry import ExceptionInfo, Frame
from logster.service import Service
from logster.viewer.app import Viewer
from tests.viewer.entries import add, add_error

LIBRARY = Frame(file="site-packages/starlette/routing.py", function="app", line=76, module="starlette.routing")
MAIN = {"path": "shop/", "url": "https://github.com/example/shop", "main_app": True}


def reader(service: Service, **settings: object) -> TestClient:
    changed = Service(service.settings.with_changes(**settings))
    return TestClient(Viewer(lambda request: True, service=changed))


def links(page: str) -> list[dict[str, str]]:
    """Return the attributes of the links to source."""
    found = re.findall(r'<a class="frame-(?:place|editor)"([^>]*)>', page)
    return [{name: unescape(value) for name, value in re.findall(r'([\w-]+)="([^"]*)"', each)} for each in found]


@pytest.mark.parametrize("tab", ["info", "traceback"])
def test_a_frame_leads_to_its_line_at_the_version_that_was_seen_last(service: Service, tab: str) -> None:
    key = add_error(service, version="v1.2.0")
    add_error(service, version="v1.3.0", age_ms=10)
    page = reader(service, project_directories=[MAIN]).get(f"/show/{key}?tab={tab}").text
    assert links(page)[0]["href"] == "https://github.com/example/shop/blob/v1.3.0/payments.py#L64"


def test_links_open_a_tab_that_knows_nothing_of_the_log(service: Service) -> None:
    key = add_error(service)
    page = reader(service, project_directories=[MAIN]).get(f"/show/{key}").text
    assert {(link["target"], link["rel"]) for link in links(page)} == {("_blank", "noopener noreferrer")}


def test_a_frame_of_an_installed_library_leads_to_its_repository(service: Service) -> None:
    key = add_error(service, exception=ExceptionInfo("ValueError", "x", frames=(LIBRARY,)), location=None)
    page = reader(service).get(f"/show/{key}?tab=traceback").text
    assert re.fullmatch(
        r"https://github\.com/[\w-]+/starlette/blob/v[\d.]+/starlette/routing\.py#L76", links(page)[0]["href"]
    )


def test_a_frame_whose_source_is_nowhere_known_is_text(service: Service) -> None:
    page = reader(service).get(f"/show/{add_error(service)}?tab=traceback").text
    assert "shop/payments.py:64" in page
    assert links(page) == []


def test_an_editor_opens_files_of_this_machine(service: Service) -> None:
    here = Frame(file=__file__, function="test", line=3, in_app=True)
    key = add_error(service, exception=ExceptionInfo("ValueError", "x", frames=(here,)), location=here)
    client = reader(service, editor="vscode")
    assert f"vscode://file/{__file__}:3" in [link["href"] for link in links(client.get(f"/show/{key}").text)]
    assert "Open in editor" not in TestClient(Viewer(lambda request: True, service=service)).get(f"/show/{key}").text


def test_folded_env_keys_are_closed_and_whole(service: Service) -> None:
    key = add(service, envs=({"job": {"arguments": [1, 2, 3], "queue": "mail"}, "host": "web-1"},))
    page = reader(service, env_expandable_keys=["arguments"]).get(f"/show/{key}?tab=env").text
    assert page.count('<details class="folded-value"><summary>3 items</summary>') == 1
    assert '<details class="folded-value" open' not in page
    plain = reader(service).get(f"/show/{key}?tab=env").text
    assert "folded-value" not in plain


def test_title_and_way_back_are_the_site_s_own(service: Service) -> None:
    page = reader(service, title="Shop errors", back_to_site="/admin/").get("/").text
    assert "<title>Shop errors</title>" in page
    assert '<a href="/admin/" target="_top" aria-label="Back to site">' in page
    assert "Back to site" not in reader(service, back_to_site="").get("/").text
