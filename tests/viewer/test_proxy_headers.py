"""Single sign-on at a proxy: its headers are believed from its own address, and from nowhere else."""

from typing import Any

import pytest
from starlette.testclient import TestClient

from logster.access import proxy_headers
from logster.errors import ConfigurationError
from logster.service import Service
from logster.viewer.app import Viewer
from tests.viewer.entries import add
from tests.viewer.forms import change_headers

ADA = {"X-Forwarded-User": "ada"}


def visitor(service: Service, address: Any = ("10.0.3.7", 5000), **options: Any) -> TestClient:
    return TestClient(Viewer(proxy_headers(["10.0.3.0/24", "2001:db8::1"], **options), service=service), client=address)


@pytest.mark.parametrize("address", ["10.0.3.7", "10.0.3.255", "2001:db8::1", "::ffff:10.0.3.7"])
def test_the_proxys_user_gets_in(service: Service, address: str) -> None:
    key = add(service)
    client = visitor(service, (address, 5000))
    client.headers.update(ADA)
    assert client.post(f"/api/entries/{key}/protect", headers=change_headers(client)).status_code < 300
    assert service.store.history(1)[0].by == "ada"


@pytest.mark.parametrize("address", ["10.0.4.7", "192.0.2.1", "::ffff:10.0.4.7", "2001:db8::2", "", "testclient"])
@pytest.mark.parametrize("claim", [{}, {"X-Forwarded-For": "10.0.3.7"}, {"Forwarded": "for=10.0.3.7"}])
def test_another_addresss_headers_are_nothing(service: Service, address: str, claim: dict[str, str]) -> None:
    assert visitor(service, (address, 5000)).get("/", headers=ADA | claim).status_code == 403


def test_an_address_that_came_out_of_a_header_is_no_peer(service: Service) -> None:
    assert visitor(service, ("10.0.3.7", 0)).get("/", headers=ADA).status_code == 403


@pytest.mark.parametrize(
    "headers",
    [
        [],
        [("X-Forwarded-User", "")],
        [("X-Forwarded-User", " ")],
        [("X-Forwarded-User", "ada,grace")],
        [("X-Forwarded-User", "x" * 201)],
        [("X-Forwarded-User", "ada"), ("X-Forwarded-User", "grace")],
        [("Remote-User", "ada")],
    ],
)
def test_without_one_name_nobody_gets_in(service: Service, headers: list[tuple[str, str]]) -> None:
    assert visitor(service).get("/", headers=headers).status_code == 403


def test_groups_say_who_may_what(service: Service) -> None:
    key = add(service)
    options = {"groups_header": "Remote-Groups", "editors": ["ops"], "viewers": ["staff", "sales"]}
    client = visitor(service, **options)

    def statuses(groups: str) -> tuple[int, int]:
        headers = ADA | {"Remote-Groups": groups}
        client.headers.update(headers)
        seen = client.get("/").status_code
        token = change_headers(client) if seen == 200 else {}
        return seen, client.post(f"/api/entries/{key}/protect", headers=token).status_code

    assert statuses("staff, ops")[0] == 200
    assert statuses("staff, ops")[1] < 300
    assert statuses("sales") == (200, 403)
    assert statuses("guests") == (403, 403)
    assert statuses("") == (403, 403)


@pytest.mark.parametrize(
    ("trusted", "options"),
    [([], {}), (["proxy.example"], {}), (["10.0.0.1/8"], {}), (["10.0.0.1"], {"editors": ["ops"]})],
)
def test_a_wrong_set_up_is_refused(trusted: list[str], options: dict[str, Any]) -> None:
    with pytest.raises(ConfigurationError):
        proxy_headers(trusted, **options)
