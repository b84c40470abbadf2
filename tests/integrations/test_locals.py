"""Local variables travel from a failing request to the page of its entry."""

from html import unescape

import pytest
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.testclient import TestClient

from logster.capture import variables as local_variables
from logster.middleware.asgi import LogsterMiddleware
from logster.service import Service
from logster.settings import Settings


@pytest.fixture
def settings(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Settings:
    # On a busy machine some variables would be left out.
    monkeypatch.setattr(local_variables, "_LONGEST_SECONDS", 60)
    return settings.with_changes(capture_locals=True)


def test_the_page_of_an_entry_shows_the_variables_of_its_frames(service: Service) -> None:
    async def charge(request: Request) -> Response:
        article = "<b>beans</b>"
        password = "hunter2"
        raise ValueError(len(article + password))

    middleware = [Middleware(LogsterMiddleware, authorize=lambda request: True, service=service)]
    client = TestClient(Starlette(routes=[Route("/", charge)], middleware=middleware), raise_server_exceptions=False)
    client.get("/")
    assert service.worker.flush(10)
    (row,) = service.store.page().entries
    entry = service.store.entry(row.key)
    assert entry
    assert entry.exception
    variables = entry.exception.frames[-1].locals
    assert variables
    assert variables["article"] == "'<b>beans</b>'"
    assert variables["password"] == "[redacted]"
    page = client.get(f"/logs/show/{row.key}?tab=traceback").text
    assert "'<b>beans</b>'" in unescape(page)
    assert "<b>beans</b>" not in page
    # The source line beside it is masked too.
    assert "hunter2" not in page
