"""Of a request what helps is kept, and nothing that must not be."""

import io
import json
from typing import Any
from wsgiref.util import setup_testing_defaults

import pytest

from logster.capture.request import asgi_env, client_address, wsgi_env
from logster.entry import Env
from logster.redaction import Redactor

HEADERS = {
    "Host": "shop.example.com",
    "User-Agent": "Firefox",
    "Referer": "https://shop.example.com/?token=hunter2",
    "Cookie": "session=hunter2",
    "Authorization": "Bearer hunter2",
    "X-Forwarded-For": "6.6.6.6, 10.0.0.9",
    "X-Tenant": "acme",
}


def asgi(path: str = "/orders/5", query: str = "a=1", root_path: str = "", **settings: Any) -> Env:
    scope = {
        "type": "http",
        "method": "POST",
        "scheme": "https",
        "path": path,
        "root_path": root_path,
        "query_string": query.encode(),
        "headers": [(name.lower().encode(), value.encode()) for name, value in HEADERS.items()],
        "client": ("10.0.0.1", 5000),
        "server": ("0.0.0.0", 8000),
    }
    return asgi_env(scope, **settings)


def wsgi(path: str = "/orders/5", query: str = "a=1", root_path: str = "", **settings: Any) -> Env:
    environ: dict[str, Any] = {
        "REQUEST_METHOD": "POST",
        "wsgi.url_scheme": "https",
        "SCRIPT_NAME": root_path,
        "PATH_INFO": path.removeprefix(root_path).encode().decode("latin-1"),
        "QUERY_STRING": query,
        "REMOTE_ADDR": "10.0.0.1",
        "wsgi.input": io.BytesIO(b"password=hunter2"),
        **{f"HTTP_{name.upper().replace('-', '_')}": value for name, value in HEADERS.items()},
    }
    setup_testing_defaults(environ)
    return wsgi_env(environ, **settings)


both = pytest.mark.parametrize("env_of", [asgi, wsgi])


@both
def test_method_url_and_parameters_are_kept(env_of: Any) -> None:
    env = env_of(query="a=1&b=2&b=3&empty=")

    assert env["method"] == "POST"
    assert env["url"] == "https://shop.example.com/orders/5?a=1&b=2&b=3&empty="
    assert env["path"] == "/orders/5"
    assert env["parameters"] == {"a": "1", "b": ["2", "3"], "empty": ""}


@both
def test_a_mount_prefix_belongs_to_the_path(env_of: Any) -> None:
    assert env_of(path="/shop/orders/5", root_path="/shop")["path"] == "/shop/orders/5"


@both
def test_only_listed_headers_are_kept(env_of: Any) -> None:
    headers = env_of()["headers"]

    assert headers["host"] == "shop.example.com"
    assert headers["user-agent"] == "Firefox"
    assert not {"cookie", "authorization", "x-tenant"} & set(headers)
    assert env_of(headers=["X-Tenant"])["headers"]["x-tenant"] == "acme"


@both
def test_secrets_are_gone_after_redaction(env_of: Any) -> None:
    env = env_of(query="api_key=hunter2&user%5Bpassword%5D=hunter2", headers=["Cookie", "Authorization"])

    assert "hunter2" in json.dumps(env)
    assert "hunter2" not in json.dumps(Redactor().env(env))


@both
def test_forwarded_addresses_are_believed_only_from_trusted_hops(env_of: Any) -> None:
    assert env_of()["client_address"] == "10.0.0.1"
    assert env_of(trusted_hops=1)["client_address"] == "10.0.0.9"
    assert env_of(trusted_hops=2)["client_address"] == "6.6.6.6"


@pytest.mark.parametrize(
    ("forwarded", "hops", "expected"),
    [
        ("", 1, "peer"),
        (" , ,", 1, "peer"),
        ("1.1.1.1", 3, "1.1.1.1"),
        ("spoofed, 1.1.1.1", 1, "1.1.1.1"),
        ("x" * 1_000, 1, "x" * 100 + "… (900 more characters)"),
    ],
)
def test_client_address(forwarded: str, hops: int, expected: str) -> None:
    assert client_address("peer", forwarded, hops) == expected


@both
@pytest.mark.parametrize("query", ["%ff%fe=%00", "a" * 100_000, "&".join(f"k{n}=1" for n in range(1_000)), "\xff=\xfe"])
def test_odd_requests_have_an_env_too(env_of: Any, query: str) -> None:
    if env_of is asgi:
        query = query.encode("latin-1").decode("utf-8", "replace")
    env = env_of(path="/☃", query=query)

    assert env["path"] == "/☃"
    assert len(json.dumps(env)) < 20_000


def test_an_empty_scope_has_an_env_too() -> None:
    assert asgi_env({"type": "websocket"})["method"] == "WEBSOCKET"
    assert wsgi_env({})["method"] == ""
