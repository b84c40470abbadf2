"""The detail says what went wrong first, and says it once."""

import re

import pytest
from starlette.testclient import TestClient

from logster.entry import Entry, ExceptionInfo, Frame
from logster.service import Service
from logster.settings import Settings
from logster.viewer.highlighting import Piece, highlighted
from logster.viewer.stack import culprit, library, short_path, source
from logster.viewer.title import Title, title
from tests.viewer.entries import APP_FRAME, add, add_error, key_of


def text_of(page: str) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]*>", "", page))


def heading_of(page: str) -> str:
    return page[page.index('<header class="entry-head">') : page.index("</header>", page.index("entry-head"))]


def entry_of(service: Service, key: str) -> Entry:
    entry = service.store.entry(key)
    assert entry
    return entry


@pytest.mark.parametrize(
    ("message", "kind", "raised", "expected"),
    [
        ("ValueError: no", "ValueError", "no", Title("no", "ValueError")),
        ("shop.Failed: no", "shop.Failed", "no", Title("no", "shop.Failed")),
        ("Failed: no", "shop.Failed", "no", Title("no", "shop.Failed")),
        ("no", "ValueError", "no", Title("no", "ValueError")),
        ("ValueError", "ValueError", "", Title("ValueError")),
        ("Job failed", "ValueError", "no", Title("Job failed", "ValueError", "no")),
        ("Job failed", "", "", Title("Job failed")),
    ],
)
def test_type_and_message_are_said_once(
    service: Service, message: str, kind: str, raised: str, expected: Title
) -> None:
    exception = ExceptionInfo(kind, raised) if kind else None
    assert title(entry_of(service, add(service, message=message, exception=exception))) == expected


def test_an_uncaught_error_s_heading_holds_its_type_and_message_once(client: TestClient, service: Service) -> None:
    exception = ExceptionInfo("shop.Failed", "no such order", frames=(APP_FRAME,))
    key = add(service, message="shop.Failed: no such order", exception=exception, location=APP_FRAME)
    page = client.get(f"/show/{key}").text
    shown = page[page.index("<main") :]
    assert text_of(shown).count("no such order") == 1
    assert text_of(shown).count("shop.Failed") == 1


def test_the_heading_says_count_times_versions_and_logger(client: TestClient, service: Service) -> None:
    key = add_error(service, 1, count=1234, version="1.4.2", logger="shop.pay")
    shown = heading_of(client.get(f"/show/{key}").text)
    for text in ("1,234", "1.4.2", "shop.pay", " UTC", "Error"):
        assert text in shown
    assert shown.count("data-exact") == 2


def test_the_cause_is_named_below_the_failing_line(client: TestClient, service: Service) -> None:
    page = client.get(f"/show/{add_error(service)}").text
    words = text_of(page[page.index("culprit") :])
    assert words.index("provider.charge(total)") < words.index("KeyError") < words.index("led to")


def test_what_failed_in_a_group_stands_first(service: Service) -> None:
    member = Frame("shop/feeds.py", "fetch", 3, "shop.feeds", "get()", in_app=True)
    group = ExceptionInfo("ExceptionGroup", "2", frames=(APP_FRAME,), exceptions=(ExceptionInfo("E", "", (member,)),))
    assert culprit(entry_of(service, add_error(service, exception=group))) == member


def test_paths_are_relative_to_the_project_and_whole_on_hover(service: Service) -> None:
    frame = Frame("/srv/app/shop/pay.py", "f", 1, "pay", "x()", in_app=True)
    assert short_path(frame, "/srv/app") == "shop/pay.py"
    assert short_path(frame, "/srv/app/") == "shop/pay.py"
    assert short_path(Frame("/srv/app/shop/pay.py", module="shop.pay", in_app=True)) == "shop/pay.py"
    assert short_path(Frame("/srv/app/shop/__init__.py", module="shop", in_app=True)) == "shop/__init__.py"
    assert short_path(Frame("/elsewhere/pay.py", module="other", in_app=True), "/srv/app") == "/elsewhere/pay.py"
    assert short_path(Frame("/srv/app2/pay.py", in_app=True), "/srv/app") == "/srv/app2/pay.py"
    assert short_path(Frame("site-packages/anyio/x.py")) == "site-packages/anyio/x.py"


def test_the_page_shows_a_short_path_and_keeps_the_whole_one(
    settings: Settings, service: Service, client: TestClient
) -> None:
    frame = Frame("/srv/app/shop/pay.py", "f", 7, "shop.pay", "x()", in_app=True)
    page = client.get(f"/show/{add(service, location=frame)}").text
    assert 'title="/srv/app/shop/pay.py">shop/pay.py:7</span>' in page


def test_source_is_coloured_and_stays_the_same_text() -> None:
    lines = ("def f(a):  # why", '    return "x" + str(1)', "")
    found = highlighted(lines, "a.py")
    assert tuple("".join(piece.text for piece in line) for line in found) == lines
    kinds = {piece.text.strip(): piece.kind for line in found for piece in line}
    assert kinds["def"] == "keyword"
    assert kinds["f"] == "name"
    assert kinds["# why"] == "comment"
    assert kinds['"x"'] == "string"
    assert kinds["1"] == "number"


@pytest.mark.parametrize("file", ["a.py", "a.js", "a.ts", "a.html", "a.unknown", "", "https://x/a.js?v=1"])
@pytest.mark.parametrize(
    "lines", [('"""',), ("x = '''", "y"), ("\x00\x1b", "\u2028"), ("<" * 50,), ("", ""), ("def " * 9_000,)]
)
def test_any_source_stays_the_same_text(lines: tuple[str, ...], file: str) -> None:
    assert tuple("".join(piece.text for piece in line) for line in highlighted(lines, file)) == lines


def test_the_end_of_a_docstring_does_not_turn_code_into_text() -> None:
    found = highlighted(('    it says."""', "    return total"), "a.py")
    assert Piece("keyword", "return") in found[1]


def test_the_column_is_marked_where_it_is_known() -> None:
    frame = Frame("a.py", "", 2, source="    foo = = 1", before=("    x = 1",), column=11)
    (failing,) = [line for line in source(frame) if line.failing]
    assert [piece.text for piece in failing.pieces if "column" in piece.kind] == ["="]
    assert "".join(piece.text for piece in failing.pieces) == "foo = = 1"


def test_local_variables_are_shown_as_text(client: TestClient, service: Service) -> None:
    frame = Frame("a.py", "f", 1, "a", "g()", in_app=True, locals={"<i>total": "<b>12</b>"})
    key = add(service, exception=ExceptionInfo("E", "m", (frame,)), location=frame)
    for tab in ("info", "traceback"):
        page = client.get(f"/show/{key}?tab={tab}").text
        assert "Local variables" in page
        assert "&lt;i&gt;total" in page
        assert "&lt;b&gt;12&lt;/b&gt;" in page


def test_library_frames_are_folded_under_the_names_of_their_libraries(client: TestClient, service: Service) -> None:
    def call_of(name: str) -> Frame:
        return Frame(f"site-packages/{name}/core.py", "call", 1, f"{name}.core", "go()")

    frames = (call_of("starlette"),) * 9 + (call_of("anyio"),) * 3 + (APP_FRAME,)
    key = add_error(service, exception=ExceptionInfo("E", "m", frames))
    page = client.get(f"/show/{key}?tab=traceback").text
    assert '12 frames <span class="quiet">in starlette, anyio</span>' in page
    assert page.count("<details open>") == 1
    everything = client.get(f"/show/{key}?tab=traceback&frames=all").text
    assert everything.count("<details open>") == 14
    raw = client.get(f"/show/{key}?tab=traceback&frames=raw").text
    assert "Traceback (most recent call last)" in raw
    assert "<details open>" not in raw


def test_an_entry_that_is_gone_says_so(client: TestClient) -> None:
    assert "This entry is gone" in client.get(f"/?key={key_of(9)}").text
    assert client.get(f"/show/{key_of(9)}").status_code == 404


@pytest.mark.parametrize(
    ("file", "name"),
    [
        ("site-packages/starlette/routing.py", "starlette"),
        ("node_modules/react-dom/cjs/react-dom.js", "react-dom"),
        ("node_modules/@vue/runtime-core/index.js", "@vue/runtime-core"),
        ("node_modules/.pnpm/react@18/node_modules/react/index.js", "react"),
        ("webpack/bootstrap", "bootstrap"),
    ],
)
def test_a_library_is_called_as_its_package(file: str, name: str) -> None:
    assert library(Frame(file=file)) == name
