"""The browser fixtures notice what they are there to notice."""

from collections.abc import Callable
from typing import Any

from playwright.sync_api import Page
from starlette.applications import Starlette
from starlette.responses import HTMLResponse
from starlette.routing import Route

from tests.browser.conftest import Problems

POLICY = {"Content-Security-Policy": "default-src 'none'"}


def app_with(html: str, headers: dict[str, str] | None = None) -> Starlette:
    async def page(request: Any) -> HTMLResponse:
        return HTMLResponse("<!doctype html><title>t</title>" + html, headers=headers)

    return Starlette(routes=[Route("/", page)])


def test_a_quiet_page_has_no_problems(page: Page, serve: Callable[[Any], str], problems: Problems) -> None:
    page.goto(serve(app_with("<p>Hello</p>")))
    assert page.text_content("p") == "Hello"
    assert problems.found() == []


def test_a_thrown_error_is_a_problem(page: Page, serve: Callable[[Any], str], problems: Problems) -> None:
    page.goto(serve(app_with("<script>throw new Error('boom')</script>")))
    assert "boom" in str(problems.found())
    problems.allow("boom")


def test_an_inline_script_under_the_policy_is_a_problem(
    page: Page, serve: Callable[[Any], str], problems: Problems
) -> None:
    page.goto(serve(app_with("<script>let here = 1</script>", POLICY)))
    assert "Content Security Policy" in str(problems.found())
    problems.allow("Content Security Policy|CSP violation")


def test_a_request_to_another_host_is_a_problem(page: Page, serve: Callable[[Any], str], problems: Problems) -> None:
    page.goto(serve(app_with("<img src='http://example.invalid/pixel.png'>")))
    assert "request leaves the host: http://example.invalid/pixel.png" in problems.found()
    problems.allow("example.invalid|ERR_NAME_NOT_RESOLVED|Failed to load")
