"""The image of a site, running: who does what in it, what it lets in and out, and what it does not hold."""

import gzip
import http.client
import subprocess
from pathlib import Path

import pytest

from tests.container.engine import buildah
from tests.container.host import SECRET, Host
from tests.container.measures import processes
from tests.store.waiting import wait_until

ROOTS = ("boot", "runsvdir", "runsv", "site-serve", "sleep", "sh")
"""What runs as root: what starts the services and follows them, and nothing that reads a request."""
A_YEAR = "max-age=31536000"


def users(host: Host) -> dict[str, set[str]]:
    """Return the programs of the container, by the users that they run as."""
    names = {
        int(fields[2]): fields[0]
        for fields in (line.split(":") for line in (host.root / "etc/passwd").read_text().splitlines())
    }
    found: dict[str, set[str]] = {}
    for process in processes(host.container.pid):
        found.setdefault(names[process.user], set()).add(process.name)
    return found


def test_services_run_as_users_without_rights(shop: Host) -> None:
    found = users(shop)
    assert found.pop("root") <= set(ROOTS)
    assert found["valkey"] == {"valkey-server"}
    assert found["logs"] == {"svlogd"}
    assert found["www-data"] == {"nginx"}
    assert found["site"] == {"site-app"}


def test_nothing_may_gain_rights_and_root_has_seven(shop: Host) -> None:
    for process in processes(shop.container.pid):
        status = dict(
            line.split(":\t", 1)
            for line in Path(f"/proc/{process.pid}/status").read_text().splitlines()
            if ":\t" in line
        )
        assert status["NoNewPrivs"] == "1", process
        assert int(status["CapBnd"], 16).bit_count() == 7, process
        if process.name == "nginx":
            assert int(status["CapEff"], 16) == 1 << 10, "to take port 80, and for nothing else"
        elif process.user:
            assert int(status["CapEff"], 16) == 0, process


def test_the_image_cannot_be_written_to(shop: Host) -> None:
    assert "Read-only file system" in shop.inside("touch", "/usr/bin/anything", code=1)
    assert "Read-only file system" in shop.inside("touch", "/etc/anything", code=1)


def test_a_secret_is_in_no_image_and_with_no_other_service(shop: Host) -> None:
    image = buildah.image("localhost/logster-shop:good")
    assert SECRET not in str(image)
    place = buildah.place(shop.container.worker)
    held = subprocess.run(["grep", "-rlsF", SECRET, str(place)], stdout=subprocess.PIPE, text=True, check=False)
    assert held.stdout == ""
    knowing = {each.name for each in processes(shop.container.pid) if SECRET in each.environment()}
    assert not knowing & {"nginx", "valkey-server", "svlogd"}
    assert "site-app" in knowing


@pytest.mark.parametrize("service", ["valkey", "app", "nginx"])
def test_it_is_healthy_and_says_what_is_not(shop: Host, service: str) -> None:
    wait_until(lambda: shop.inside("sh", "-c", "site-health 2>&1 || true") == "")
    shop.inside("sv", "down", f"/run/service/{service}")
    try:
        wait_until(lambda: f"{service} is not well" in shop.inside("sh", "-c", "site-health 2>&1 || true"))
        shop.inside("site-health", code=1)
    finally:
        shop.inside("sv", "up", f"/run/service/{service}")
    wait_until(lambda: shop.inside("sh", "-c", "site-health 2>&1 || true") == "")


@pytest.mark.parametrize("encoding", ["gzip", "br"])
def test_pages_are_compressed(shop: Host, encoding: str) -> None:
    plain = shop.get("/docs/configuration")
    status, headers, body = shop.get("/docs/configuration", accept_encoding=encoding)
    assert status == 200
    assert headers["content-encoding"] == encoding
    assert headers["vary"] == "Accept-Encoding"
    assert len(body) < len(plain[2]) / 3
    if encoding == "gzip":
        assert gzip.decompress(body) == plain[2]


def test_what_never_changes_is_kept_by_browsers_and_by_nginx(shop: Host) -> None:
    page = shop.get("/")[2].decode()
    address = page.split('rel="stylesheet" href="')[1].split('"')[0]
    for _ in range(2):
        status, headers, _ = shop.get(address, accept_encoding="gzip")
        assert status == 200
        assert A_YEAR in headers["cache-control"]
        assert "immutable" in headers["cache-control"]
        assert headers["content-encoding"] == "gzip"
    assert any((shop.root / "run/nginx/cache").rglob("*"))


def test_a_body_that_is_too_large_gets_no_further_than_nginx(shop: Host) -> None:
    assert post(shop, "/logs/report_js_error", b"x" * 100_000) == 413
    assert post(shop, "/demo", b"x" * 300_000) == 413


def test_reports_of_one_client_are_limited(shop: Host) -> None:
    statuses = [post(shop, "/logs/report_js_error", b"{}", X_Forwarded_For="203.0.113.7") for _ in range(60)]
    assert 429 in statuses
    assert statuses.count(429) < 60


def test_what_a_client_says_of_its_address_is_not_believed(shop: Host) -> None:
    shop.get("/healthz", X_Forwarded_For="203.0.113.99")
    log = shop.shared / "log/nginx/current"
    assert "127.0.0.1 GET /healthz 200" in log.read_text()
    assert "203.0.113.99" not in log.read_text()


def test_addresses_are_logged_without_what_follows_the_question_mark(shop: Host) -> None:
    shop.get("/docs/?token=planted-in-the-query")
    shop.get("/docs/")
    assert "/docs/" in (shop.shared / "log/nginx/current").read_text()
    assert "planted-in-the-query" not in (shop.shared / "log/nginx/current").read_text()


def test_data_and_logs_are_below_shared(shop: Host) -> None:
    assert any((shop.shared / "valkey/appendonlydir").iterdir())
    for service in ("valkey", "app", "nginx"):
        assert (shop.shared / "log" / service / "current").is_file()
    assert (shop.shared / "valkey").stat().st_uid == 901
    assert (shop.shared / "valkey").stat().st_mode & 0o077 == 0


def test_the_command_logster_works_in_the_container(shop: Host) -> None:
    assert "The data have form" in shop.inside("logster", "migrate", "--all")


def post(host: Host, path: str, body: bytes, **headers: str) -> int:
    connection = http.client.HTTPConnection("127.0.0.1", host.port, timeout=10)
    given = {name.replace("_", "-"): value for name, value in headers.items()}
    try:
        connection.request("POST", path, body=body, headers={"Content-Type": "application/json", **given})
        return connection.getresponse().status
    except (BrokenPipeError, ConnectionResetError):
        return 413  # nginx may hang up before all was sent
    finally:
        connection.close()
