"""What a browser does with the viewer's pages: take the token from one, and send it back with a change."""

import re
from html import unescape

from starlette.testclient import TestClient

SAME_ORIGIN = {"Origin": "http://testserver"}


def token(client: TestClient, path: str = "/") -> str:
    found = re.search(r'<meta name="csrf-token" content="([^"]+)">', client.get(path).text)
    assert found
    return found[1]


def change_headers(client: TestClient, path: str = "/") -> dict[str, str]:
    return {"X-CSRF-Token": token(client, path), **SAME_ORIGIN}


def fields(page: str, form: str) -> dict[str, str]:
    """Return the hidden fields of the form that `form` starts."""
    body = page[page.index(form) :]
    found = re.findall(r'<input type="hidden" name="([^"]*)" value="([^"]*)">', body[: body.index("</form>")])
    return {name: unescape(value) for name, value in found}
