"""What every answer says to the browser."""

import re
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from logster.service import Service
from logster.settings import Settings
from logster.viewer.app import Viewer
from logster.viewer.headers import POLICY
from tests.viewer.entries import add
from tests.viewer.test_access import closed_paths

VIEWER = Path(__file__).parents[2] / "logster" / "viewer"


@pytest.mark.parametrize("allowed", [True, False])
def test_every_answer_carries_the_policy_and_forbids_sniffing(service: Service, allowed: bool) -> None:
    client = TestClient(Viewer(lambda request: allowed, service=service))
    key = add(service)
    paths = [path for path in closed_paths(key) if path != "/api/events"]
    for path in [*paths, "/unknown", "/logster.js", "/static/x/tokens.css", "/static/x/unknown"]:
        for method in ("GET", "POST"):
            answer = client.request(method, path)
            assert answer.headers["content-security-policy"] == POLICY, path
            assert answer.headers["x-content-type-options"] == "nosniff"
            assert answer.headers["referrer-policy"] == "same-origin"


def test_the_policy_allows_nothing_but_the_viewer_itself() -> None:
    assert "default-src 'none'" in POLICY
    assert "frame-ancestors 'none'" in POLICY
    assert not re.search(r"unsafe|\*|https?:|data:|blob:", POLICY)


def test_pages_and_answers_of_the_api_are_not_kept(client: TestClient, service: Service) -> None:
    key = add(service)
    for path in ("/", f"/show/{key}", "/clear", "/api/entries", f"/api/entries/{key}", "/unknown"):
        assert client.get(path).headers["cache-control"] == "no-store"


def test_no_template_has_a_script_style_or_handler_of_its_own() -> None:
    for template in (VIEWER / "templates").glob("*.html"):
        text = template.read_text()
        assert not re.search(r"<script(?![^>]*\ssrc=)|<style|\sstyle=|\son[a-z]+=|javascript:", text), template.name
        assert not re.search(r"\|\s*safe\b|autoescape|Markup", text), template.name


def test_no_script_makes_html_of_text_but_the_one_that_fetches() -> None:
    for script in (VIEWER / "static").glob("*.js"):
        found = re.findall(
            r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|parseFromString|\beval\(", script.read_text()
        )
        assert found == (["parseFromString"] if script.name == "api.js" else []), script.name


def test_no_asset_leads_to_another_host() -> None:
    for asset in [*(VIEWER / "static").glob("*"), *(VIEWER / "templates").glob("*.html")]:
        addresses = re.findall(r"https?://[^\s\"'`]+", asset.read_text())
        assert set(addresses) <= {"http://www.w3.org/2000/svg"}, asset.name


def test_pages_of_the_same_origin_may_frame_the_log_where_the_host_asks_for_it(settings: Settings) -> None:
    service = Service(settings.with_changes(same_origin_frames=True))
    client = TestClient(Viewer(lambda request: True, service=service))
    for path in ("/", "/settings", "/unknown"):
        headers = client.get(path).headers
        assert headers["content-security-policy"] == POLICY.replace("frame-ancestors 'none'", "frame-ancestors 'self'")
        assert headers["x-frame-options"] == "SAMEORIGIN"
    service.close()


def test_no_page_may_frame_the_log_by_default(client: TestClient) -> None:
    assert client.get("/").headers["x-frame-options"] == "DENY"
