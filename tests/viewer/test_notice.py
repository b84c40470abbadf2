"""The line above the log that says which one it is."""

import pytest
from starlette.testclient import TestClient

from logster.service import Service
from logster.settings import Settings
from logster.viewer.app import Viewer


@pytest.mark.parametrize("path", ["/", "/settings", "/clear", "/unknown"])
def test_a_notice_stands_on_every_page_as_text(settings: Settings, path: str) -> None:
    service = Service(settings.with_changes(notice="Staging <b>only</b>"))
    page = TestClient(Viewer(lambda request: True, service=service)).get(path).text
    assert '<aside class="notice" aria-label="About this log">Staging &lt;b&gt;only&lt;/b&gt;</aside>' in page
    service.close()


def test_without_a_notice_there_is_none(client: TestClient) -> None:
    assert 'class="notice"' not in client.get("/").text


def test_the_way_back_to_the_site_leaves_a_frame(client: TestClient) -> None:
    assert '<a href="/" target="_top"' in client.get("/").text
