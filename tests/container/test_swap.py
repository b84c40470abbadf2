"""A site behind HAProxy whose containers change places: three real containers of one image, and a certificate."""

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.container.clients import Clients
from tests.container.engine import state
from tests.container.host import Host
from tests.container.proxies import free_ports, haproxy_at
from tests.store.waiting import wait_until

CONFIG = """
templates:
  - templates/valkey.yml
  - templates/app.yml
  - templates/nginx.yml
  - templates/tls.yml

params:
  workers: 2
  requests_per_second: 100000
  requests_at_once: 100000
  trusted_proxy: 127.0.0.1
  hsts_seconds: 3600

env:
  LOGSTER_NAMESPACE: site
  SITE_NEW_PER_MINUTE: 100000
  SITE_READS_PER_MINUTE: 1000000

expose:
  - 127.0.0.1:FRONT:80

volumes:
  - host: ./shared/duo
    guest: /shared

labels:
  launcher.front: haproxy
  launcher.socket: DIRECTORY/admin.sock
  launcher.backend: demo
  launcher.ports: BLUE GREEN
"""

ASK = """
import http.client, ssl, sys
context = ssl.create_default_context()
if len(sys.argv) > 1:
    context.load_verify_locations(sys.argv[1])
else:
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
connection = http.client.HTTPSConnection("127.0.0.1", 443, context=context, timeout=10)
connection.request("GET", "/healthz")
answer = connection.getresponse()
print(answer.status, answer.getheader("Strict-Transport-Security"))
"""
REDIRECT = """
import http.client
connection = http.client.HTTPConnection("127.0.0.1", 80, timeout=10)
connection.request("GET", "/docs/?a=b", headers={"Host": "site.example", "X-Forwarded-For": "203.0.113.5"})
answer = connection.getresponse()
print(answer.status, answer.getheader("Location"))
"""


@pytest.fixture(scope="module")
def duo(host: Host) -> Iterator[Host]:
    """A site behind HAProxy, which runs."""
    front, blue, green = free_ports(3)
    site = host.other("duo", front)
    # Not tmp_path: a unix socket's path has to stay below 108 bytes.
    with tempfile.TemporaryDirectory(prefix="front-") as name:
        text = CONFIG
        for old, new in (("FRONT", front), ("BLUE", blue), ("GREEN", green), ("DIRECTORY", name)):
            text = text.replace(old, str(new))
        host.configure("duo", text)
        with haproxy_at(Path(name), front, blue, green):
            site.launch("bootstrap")
            site.launch("start")
            yield site
            site.launch("destroy", "--yes", "--with-data")


def slot(site: Host) -> Host:
    """Return the site with the container in view that answers."""
    (name,) = [each.name for each in state.everyone() if each.name in ("duo-blue", "duo-green") and each.is_running]
    return site.other(name, site.port)


def test_containers_change_places_with_no_failed_request(duo: Host) -> None:
    valkey = state.find("duo-valkey")
    before = slot(duo).name
    slot(duo).inside("logster", "report", "--level", "error", "seen by both containers")
    duo.push("examples/docker_container/templates/nginx.yml", "keepalive_timeout 60s", "keepalive_timeout 61s")
    with Clients(duo.port) as clients:
        clients.wait_for(50)
        duo.launch("update")
        after = slot(duo)
        assert after.name != before
        clients.wait_for(50)
        assert "keepalive_timeout 61s" in after.inside("cat", "/etc/nginx/site.conf")
        assert "seen by both containers" in after.inside("logster", "search", "--json")
        duo.launch("rollback")
        assert slot(duo).name == before
        clients.wait_for(50)
    assert clients.failures == []
    assert valkey == state.find("duo-valkey"), "nobody else opens its data"
    assert "seen by both containers" in slot(duo).inside("logster", "search", "--json")


def test_valkey_has_a_container_without_the_other_services(duo: Host) -> None:
    assert duo.other("duo-valkey", 0).inside("ls", "/run/service").split() == ["valkey"]
    assert slot(duo).inside("ls", "/run/service").split() == ["app", "nginx"]


def test_https_with_a_stand_in_and_then_with_the_certificate_of_the_site(duo: Host) -> None:
    assert slot(duo).inside("python3", "-c", ASK).split() == ["200", "max-age=3600"]
    make = """
        mkdir -p /shared/tls && cd /shared/tls
        openssl req -x509 -newkey rsa:2048 -nodes -days 9 -subj /CN=site -addext subjectAltName=IP:127.0.0.1 \\
            -keyout site.key -out site.crt 2>/dev/null
        chmod 600 site.key
    """
    slot(duo).inside("sh", "-c", make)
    duo.launch("restart")
    wait_until(lambda: duo.status("/healthz") == 200)
    assert slot(duo).inside("python3", "-c", ASK, "/shared/tls/site.crt").split()[0] == "200"
    assert slot(duo).inside("python3", "-c", REDIRECT).split() == ["308", "https://site.example/docs/?a=b"]
