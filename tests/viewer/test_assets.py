"""Style sheets and scripts, kept by browsers for as long as they hold."""

import gzip
import re

from starlette.testclient import TestClient

from logster.viewer.assets import ASSETS, VERSION


def test_the_current_version_is_kept_for_good_and_any_other_is_asked_for_again(client: TestClient) -> None:
    assert "immutable" in client.get(f"/static/{VERSION}/main.js").headers["cache-control"]
    assert client.get("/static/before/main.js").headers["cache-control"] == "no-cache"


def test_an_unchanged_file_is_not_sent_again(client: TestClient) -> None:
    first = client.get(f"/static/{VERSION}/base.css")
    again = client.get(f"/static/{VERSION}/base.css", headers={"If-None-Match": first.headers["etag"]})
    assert again.status_code == 304
    assert again.content == b""


def test_files_are_compressed_where_the_browser_understands(client: TestClient) -> None:
    packed = client.get(f"/static/{VERSION}/list.js")
    plain = client.get(f"/static/{VERSION}/list.js", headers={"Accept-Encoding": "identity"})
    assert packed.headers["content-encoding"] == "gzip"
    assert "content-encoding" not in plain.headers
    assert packed.content == plain.content == ASSETS["list.js"].content


def test_what_a_page_refers_to_exists_and_everything_that_exists_is_referred_to(client: TestClient) -> None:
    pages = client.get("/").text + client.get("/settings").text
    referred = set(re.findall(rf"static/{VERSION}/([\w.-]+)", pages))
    scripts = set(
        re.findall(
            r'from "\./([\w.-]+)"|import "\./([\w.-]+)"',
            "".join(asset.content.decode() for name, asset in ASSETS.items() if name.endswith(".js")),
        )
    )
    referred |= {name for pair in scripts for name in pair if name}
    # The beacon has an address of its own, and retry.js stands on the page about Redis being away.
    assert referred | {"logster.js", "retry.js"} == set(ASSETS)


def test_all_of_it_fits_sixty_kilobytes_gzipped(client: TestClient) -> None:
    page = gzip.compress(client.get("/").content)
    assets = [asset.compressed for name, asset in ASSETS.items() if name != "logster.js"]
    assert len(page) + sum(map(len, assets)) < 60_000
