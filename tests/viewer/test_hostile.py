"""Any string in any field is shown as text."""

from html.parser import HTMLParser

import pytest
from starlette.testclient import TestClient

from logster.entry import ExceptionInfo, Frame
from logster.service import Service
from tests.viewer.entries import add

STRINGS = [
    "<script>alert(1)</script>",
    "</script><script>alert(1)</script>",
    "\"><img src=x onerror=alert(1)>",
    "' onmouseover='alert(1)",
    "</textarea></title></pre></code><svg onload=alert(1)>",
    "javascript:alert(1)",
    "{{ 1234567 * 7 }}{% raw %}${1234567*7}#{1234567*7}",
    "<!--",
    "]]><![CDATA[",
    "\x00\x01\x08\x1b[31m\x7f",
    "\u202egnp.exe\u2066\u2067",
    "\ufeff\u2028\u2029",
    "🧨" * 50 + "\u0300" * 200,
    "W" * 5_000,
    "a\r\nSet-Cookie: x=y\r\n\r\n<b>",
    "&lt;script&gt;&amp;#x41;",
]  # fmt: skip


class Tags(HTMLParser):
    """The elements and attributes that a page is made of, once a browser has read it."""

    def __init__(self, page: str) -> None:
        super().__init__(convert_charrefs=True)
        self.names: list[str] = []
        self.attributes: set[str] = set()
        self.scripts: list[str | None] = []
        self.text = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.names.append(tag)
        self.attributes |= {name for name, _ in attrs}
        if tag == "script":
            self.scripts.append(dict(attrs).get("src"))
        for name, value in attrs:
            assert name not in ("href", "src", "action", "formaction") or not (value or "").startswith("javascript")

    def handle_data(self, data: str) -> None:
        self.text += data


def hostile_entry(service: Service, text: str) -> str:
    frame = Frame(text, text, 1, text, text, (text,), (text,), True, locals={text: text})
    inner = ExceptionInfo(text, text, (frame,), (text,))
    exception = ExceptionInfo(text, text, (frame,), (text,), cause=inner, relation="cause", exceptions=(inner,))
    return add(
        service,
        message=text,
        logger=text,
        template=text,
        exception=exception,
        traceback=text,
        location=frame,
        version=text,
        envs=({text: text, "nested": {text: [text, {text: text}]}, "url": text, "method": text, "user_id": text},),
    )


@pytest.mark.parametrize("text", STRINGS)
def test_no_string_becomes_markup(client: TestClient, service: Service, text: str) -> None:
    key = hostile_entry(service, text)
    for path in ("/", f"/?key={key}", f"/show/{key}?tab=traceback", f"/show/{key}?tab=env", f"/show/{key}"):
        tags = Tags(client.get(path).text)
        assert len(tags.scripts) == 2
        assert all(tags.scripts)
        assert not any(name.startswith("on") for name in tags.attributes)
        assert "img" not in tags.names[tags.names.index("main") :]
        assert "8641969" not in tags.text


@pytest.mark.parametrize("text", STRINGS)
def test_no_parameter_becomes_markup(client: TestClient, text: str) -> None:
    for parameters in ({"q": text}, {"level": text}, {"key": text}, {"since": text}, {"done": text}, {"tab": text}):
        answer = client.get("/", params=parameters)
        assert answer.status_code in (200, 400)
        tags = Tags(answer.text)
        assert all(src and src.startswith("./static/") for src in tags.scripts)
        assert not any(name.startswith("on") for name in tags.attributes)


def test_a_lone_surrogate_does_not_break_a_page(client: TestClient) -> None:
    assert client.get("/?q=%ED%A0%80").status_code == 200
    assert client.get("/?q=%FF%FE").status_code == 200
