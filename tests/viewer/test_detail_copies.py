"""Entries to take away: what stands in each form, and that nothing in one can do harm where it is pasted."""

import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from logster.entry import ExceptionInfo, Frame
from logster.redaction import Redactor
from logster.service import Service
from logster.viewer.app import Viewer
from logster.viewer.curl import curl, quoted
from tests.viewer.entries import TRACEBACK, add, add_error, key_of
from tests.viewer.test_hostile import STRINGS, hostile_entry

REQUEST = {
    "method": "POST",
    "url": "https://shop.example/orders?number=7&token=[redacted]",
    "headers": {"user-agent": "Browser/1.0", "content-type": "application/json", "content-length": "12"},
    "user_id": 48123,
}
HOSTILE = [
    *STRINGS,
    "'; touch PWNED; '",
    "\\'; touch PWNED; echo \\'",
    "$(touch PWNED)",
    "`touch PWNED`",
    '"; touch PWNED; "',
    "a\ntouch PWNED\n",
    "a\r\ntouch PWNED",
    "x\x03\ntouch PWNED\n",
    "x\x15touch PWNED\x0d",
    "\x1b[200~\x1b[201~touch PWNED\n",
    "| touch PWNED",
    "& touch PWNED &",
    "> PWNED",
    "!touch",
    "\\",
    "'\\''",
    "\\\\'\\",
    "{a,b}[1-9]*?~",
    "\u0085\u2028touch PWNED",
    "\u009b31m",
]
SHELLS = [path for name in ("sh", "bash", "dash", "zsh", "fish") if (path := shutil.which(name))]


def test_the_plain_text_says_all(client: TestClient, service: Service) -> None:
    key = add_error(service, count=3, version="1.4.2", envs=(REQUEST,))
    answer = client.get(f"/show/{key}.txt")
    assert answer.headers["content-type"] == "text/plain; charset=utf-8"
    for text in ("Payment failed", TRACEBACK, "Count: 3", "1.4.2", "48123", f"http://testserver/show/{key}"):
        assert text in answer.text


def test_the_markdown_says_all_that_an_issue_needs(client: TestClient, service: Service) -> None:
    key = add_error(service, count=1_234, version="1.4.2", envs=(REQUEST,))
    answer = client.get(f"/show/{key}.md")
    assert answer.headers["content-type"] == "text/markdown; charset=utf-8"
    assert answer.text.startswith("# Payment failed\n")
    for text in (
        "`psycopg.OperationalError`: connection refused",
        "- Count: `1,234`",
        "- Version: `1.4.2`",
        f"- Permalink: http://testserver/show/{key}",
        "`shop/payments.py:64` in `charge`",
        "> 64 |     provider.charge(total)",
        "```python",
        "- `KeyError`: 'currency'",
        "note: order 48123 stays open",
        TRACEBACK,
        '"user_id": 48123',
        "[redacted]",
    ):
        assert text in answer.text


def test_markdown_keeps_code_within_its_fences(client: TestClient, service: Service) -> None:
    hostile = "```\n# Injected\n````\n<script>alert(1)</script>"
    key = add(service, message=hostile, traceback=hostile, envs=({"a": hostile},))
    text = client.get(f"/show/{key}.md").text
    outside, fence = [], ""
    for line in text.splitlines():
        mark = re.match(r"`{3,}", line)
        if not fence and mark:
            fence = mark[0]
        elif fence and line == fence:
            fence = ""
        elif not fence:
            outside.append(line)
    assert not fence
    assert "# Injected" not in outside
    assert not any("<script>" in line.replace("\\<", "") for line in outside)


def test_json_is_what_the_api_answers(client: TestClient, service: Service) -> None:
    key = add_error(service, envs=(REQUEST, {"user_id": 2}))
    answer = client.get(f"/show/{key}.json")
    assert answer.headers["content-type"] == "application/json"
    found = answer.json()
    assert found.pop("link") == f"http://testserver/show/{key}"
    expected = client.get(f"/api/entries/{key}?env=1").json()
    assert found == {name: value for name, value in expected.items() if name in found}
    assert len(found["env"]) == 2


@pytest.mark.parametrize("form", ["txt", "md", "json", "curl"])
def test_copies_are_named_safely_and_not_sniffed(client: TestClient, service: Service, form: str) -> None:
    answer = client.get(f"/show/{add_error(service, envs=(REQUEST,))}.{form}")
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["cache-control"] == "no-store"
    assert re.fullmatch(
        r'inline; filename="logster-[0-9a-f]{32}\.(txt|md|json)"', answer.headers["content-disposition"]
    )


@pytest.mark.parametrize("form", ["txt", "md", "json", "curl"])
def test_copies_are_closed_like_all_else(service: Service, form: str) -> None:
    key = add_error(service, envs=(REQUEST,))
    assert TestClient(Viewer(lambda request: False, service=service)).get(f"/show/{key}.{form}").status_code == 403


@pytest.mark.parametrize("form", ["txt", "md", "json", "curl"])
def test_there_is_no_copy_of_what_is_gone(client: TestClient, form: str) -> None:
    assert client.get(f"/show/{key_of(9)}.{form}").status_code == 404


@pytest.mark.parametrize("text", STRINGS)
@pytest.mark.parametrize("form", ["txt", "md", "json"])
def test_any_text_can_be_copied(client: TestClient, service: Service, form: str, text: str) -> None:
    answer = client.get(f"/show/{hostile_entry(service, text)}.{form}")
    assert answer.status_code == 200
    if form == "json":
        assert json.loads(answer.content)["message"] == text


def test_a_host_that_is_none_is_not_believed(client: TestClient, service: Service) -> None:
    key = add(service)
    text = client.get(f"/show/{key}.md", headers={"Host": "evil`<b>"}).text
    assert "evil" not in text
    assert f"/show/{key}" in text


def test_the_sample_that_is_read_is_copied(client: TestClient, service: Service) -> None:
    key = add(service, envs=({"user_id": "first"}, {"user_id": "second"}))
    assert '"first"' in client.get(f"/show/{key}.md?env=2").text
    assert f"{key}.md?env=2" in client.get(f"/show/{key}?tab=env&env=2").text


def arguments(command: str, shell: str, directory: Path) -> list[str]:
    """Return the words that a shell hands to curl; a curl of our own stands first on the path and tells."""
    tell = directory / "curl"
    tell.write_text('#!/bin/sh\nfor each in "$@"; do printf \'%s\\0\' "$each"; done\n')
    tell.chmod(0o755)
    found = subprocess.run(
        [shell, "-c", command],
        cwd=directory,
        env={"PATH": f"{directory}:/usr/bin:/bin", "HOME": str(directory), "LC_ALL": "C.UTF-8"},
        capture_output=True,
        check=True,
        timeout=20,
    )
    assert found.stderr == b""
    return found.stdout.decode().split("\0")[:-1]


def test_curl_repeats_the_request() -> None:
    command = curl(REQUEST, Redactor())
    assert command == (
        "curl --globoff --request POST --header 'user-agent: Browser/1.0' --header 'content-type: application/json' "
        "--url 'https://shop.example/orders?number=7&token=[redacted]'"
    )


@pytest.mark.parametrize("shell", SHELLS)
@pytest.mark.parametrize("text", HOSTILE)
def test_no_value_runs_or_presses_a_key_when_its_curl_is_pasted(tmp_path: Path, text: str, shell: str) -> None:
    sample: dict[str, Any] = {
        "method": "PUT",
        "url": f"https://shop.example/{text}?q={text}",
        "headers": {"user-agent": text, "referer": text, text: "x", "x-evil": "y"},
    }
    command = curl(sample, Redactor())
    assert command.isprintable()
    found = arguments(command, shell, tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["curl"]
    assert found[:3] == ["--globoff", "--request", "PUT"]
    assert found[-2] == "--url"
    assert found[-1].startswith("https://shop.example/")
    assert all(option == "--header" for option in found[3:-2:2])
    assert all(re.match(r"(user-agent|referer): ", header) for header in found[4:-2:2])


@pytest.mark.parametrize("shell", SHELLS)
@pytest.mark.parametrize("text", ["it's", "\\", "\\'", "'\\''", 'a"b', "$x `y` !z", "a\\\\'b"])
def test_a_quoted_word_is_the_word(tmp_path: Path, text: str, shell: str) -> None:
    assert arguments(f"curl {quoted(text)}", shell, tmp_path) == [text]


@pytest.mark.parametrize(
    "sample",
    [
        {},
        {"method": "GET"},
        {"url": "file:///etc/passwd"},
        {"url": "javascript:alert(1)"},
        {"url": "-o/etc/passwd"},
        {"url": "https://"},
        {"url": "http://[bad/"},
        {"url": "https://a.example/", "method": "GET; rm -rf /"},
        {"url": ["https://a.example/"]},
    ],
)
def test_what_is_no_request_has_no_curl(sample: dict[str, Any]) -> None:
    assert curl(sample, Redactor()) == ""


def test_secrets_do_not_leave_in_a_curl() -> None:
    headers = {
        "authorization": "Bearer abc",
        "cookie": "session=abc",
        "x-request-id": "7",
        "referer": "https://u:abc@x/",
    }
    command = curl({"url": "https://a.example/?password=abc", "headers": headers}, Redactor())
    assert "abc" not in command
    assert "x-request-id: 7" in command


def test_an_entry_without_a_request_offers_no_curl(client: TestClient, service: Service) -> None:
    key = add(service, envs=({"user_id": 1},))
    assert ".curl" not in client.get(f"/show/{key}").text
    assert client.get(f"/show/{key}.curl").status_code == 404
    other = add(service, 2, envs=(REQUEST,))
    assert f"{other}.curl" in client.get(f"/show/{other}").text
    assert client.get(f"/show/{other}.curl").text.startswith("curl --globoff")


def test_local_variables_of_the_failing_frame_stand_in_the_markdown(client: TestClient, service: Service) -> None:
    frame = Frame("a.py", "f", 1, "a", "g()", in_app=True, locals={"total": "12"})
    key = add(service, exception=ExceptionInfo("E", "m", (frame,)), location=frame)
    assert "total = 12" in client.get(f"/show/{key}.md").text
