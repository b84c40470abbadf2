"""Links from frames to code hosts and editors."""

import json
import sysconfig
from pathlib import Path
from typing import Any

import pytest

from logster.entry import Frame
from logster.errors import ConfigurationError
from logster.links import Links, ProjectDirectory
from logster.settings import Settings

SHA = "0a1b2c3d4e5f60718293a4b5c6d7e8f901234567"


def links(**settings: Any) -> Links:
    return Links(Settings(**settings))


def app_frame(file: str = "/srv/shop/orders/views.py") -> Frame:
    return Frame(file=file, line=41, in_app=True)


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://github.com/acme/shop", f"https://github.com/acme/shop/blob/{SHA}/orders/views.py#L41"),
        ("https://github.com/acme/shop.git", f"https://github.com/acme/shop/blob/{SHA}/orders/views.py#L41"),
        ("git@github.com:acme/shop.git", f"https://github.com/acme/shop/blob/{SHA}/orders/views.py#L41"),
        ("https://gitlab.acme.org/a/b/shop", f"https://gitlab.acme.org/a/b/shop/-/blob/{SHA}/orders/views.py#L41"),
        ("https://codeberg.org/acme/shop", f"https://codeberg.org/acme/shop/src/commit/{SHA}/orders/views.py#L41"),
        ("https://bitbucket.org/acme/shop", f"https://bitbucket.org/acme/shop/src/{SHA}/orders/views.py#lines-41"),
    ],
)
def test_a_frame_of_the_app_leads_to_its_line_at_the_entrys_version(url: str, expected: str) -> None:
    project = {"path": "/srv/shop", "url": url, "main_app": True}
    assert links(project_directories=[project]).code_host(app_frame(), SHA) == expected


def test_a_directory_that_is_not_the_main_app_is_shown_at_its_newest_revision() -> None:
    project = {"path": "/srv/shop/", "url": "https://codeberg.org/acme/shop"}
    found = links(project_directories=[project]).code_host(app_frame(), SHA)
    assert found == "https://codeberg.org/acme/shop/src/branch/HEAD/orders/views.py#L41"


def test_the_innermost_directory_decides() -> None:
    outer, inner = ProjectDirectory("/srv", "https://github.com/a/outer"), "/srv/shop=https://github.com/a/inner"
    for order in ([outer, inner], [inner, outer]):
        assert "/a/inner/" in links(project_directories=order).code_host(app_frame())


def test_a_directory_holds_no_file_of_a_directory_whose_name_only_begins_alike() -> None:
    assert links(project_directories=["/srv/sh=https://github.com/a/b"]).code_host(app_frame()) == ""


def test_odd_characters_stay_inside_the_link() -> None:
    found = links(project_directories=["/srv=https://github.com/a/b"]).code_host(
        app_frame('/srv/a b/"><script>.py'), "x/../y#z"
    )
    assert found == "https://github.com/a/b/blob/x/../y%23z/a%20b/%22%3E%3Cscript%3E.py#L41"


def test_a_library_leads_to_the_repository_that_its_metadata_names() -> None:
    found = links().code_host(Frame(file="site-packages/starlette/routing.py", line=7))
    assert found.startswith("https://github.com/")
    assert found.endswith("/starlette/routing.py#L7")


def test_the_standard_library_leads_to_its_source() -> None:
    found = links().code_host(Frame(file="python3.11/json/decoder.py", line=7))
    assert found == "https://github.com/python/cpython/blob/3.11/Lib/json/decoder.py#L7"


@pytest.mark.parametrize(
    "file", ["/srv/shop/x.py", "site-packages/no_such_module.py", "<string>", "site-packages/", ""]
)
def test_no_link_is_better_than_a_wrong_one(file: str) -> None:
    assert links().code_host(Frame(file=file, line=7)) == ""


@pytest.mark.parametrize(
    "given",
    [
        "/srv/shop",
        5,
        {"path": "/srv"},
        {"path": "/srv", "url": "https://github.com/a/b", "revision": "x"},
        {"path": "/srv", "url": "javascript:alert(1)"},
        {"path": "/srv", "url": "https://user:secret@github.com/a/b"},
        {"path": "/srv", "url": "https://github.com/a/b", "host": "sourceforge"},
    ],
)
def test_a_directory_that_cannot_be_meant_is_a_configuration_error(given: Any) -> None:
    with pytest.raises(ConfigurationError, match="project_directories") as caught:
        links(project_directories=[given])
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize(
    ("editor", "expected"),
    [
        ("vscode", "vscode://file/{path}:41"),
        ("pycharm", "pycharm://open?file={path}&line=41"),
        ("my-editor://x?f={path}&l={line}&o={}", "my-editor://x?f={path}&l=41&o={}"),
    ],
)
def test_an_editor_opens_the_file_at_its_line(editor: str, expected: str, tmp_path: Path) -> None:
    file = tmp_path / "views.py"
    file.touch()
    assert links(editor=editor).editor(app_frame(str(file))) == expected.replace("{path}", str(file))


def test_an_editor_opens_libraries_too() -> None:
    stdlib = Path(sysconfig.get_path("stdlib"))
    found = links(editor="vscode").editor(Frame(file=f"{stdlib.name}/json/decoder.py", line=7))
    assert found == f"vscode://file/{Path(json.__file__).parent / 'decoder.py'}:7"


def test_an_editor_cannot_open_what_is_not_on_this_machine(tmp_path: Path) -> None:
    assert links(editor="vscode").editor(app_frame(str(tmp_path / "gone.py"))) == ""
    assert links().editor(app_frame(__file__)) == ""


@pytest.mark.parametrize("editor", ["vi", "javascript:alert('{path}{line}')", "{path}{line}", "http://x/{path}"])
def test_an_editor_that_cannot_be_meant_is_a_configuration_error(editor: str) -> None:
    with pytest.raises(ConfigurationError, match="editor"):
        links(editor=editor)
