"""The website's pages and files: none is missing, every link leads somewhere, and each says what browsers may do."""

import re
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import urldefrag, urljoin, urlsplit
from xml.etree import ElementTree

import pytest
from starlette.applications import Starlette
from starlette.testclient import TestClient

from logster.service import Service
from tests.web.conftest import BROWSER, Visitor
from web.docs import Library
from web.site import create

ROOT = Path(__file__).parents[2]
HOST = "http://testserver"
HERE = re.compile(r"/(?!logs)")


class Page(HTMLParser):
    """What a page leads to, what its anchors are, and what it says of itself."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.links: list[str] = []
        self.anchors: set[str] = set()
        self.repeated: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        named = dict(attrs)
        self.tags.append((tag, named))
        if anchor := named.get("id"):
            (self.repeated.append if anchor in self.anchors else self.anchors.add)(anchor)
        for name in ("href", "src", "srcset", "action"):
            if (link := named.get(name)) is not None:
                self.links.append(link)


@pytest.fixture
def client(service: Service) -> Iterator[TestClient]:
    """Somebody at the website with one log for everybody."""
    with TestClient(create(jobs=False), headers=BROWSER) as client:
        yield client


def crawl(client: TestClient) -> dict[str, Page]:
    """Return every page of the site that links lead to from the front page, by address."""
    found: dict[str, Page] = {}
    waiting = [f"{HOST}/"]
    while waiting:
        address = waiting.pop()
        answer = client.get(address)
        assert answer.status_code == 200, f"{address} is {answer.status_code}"
        assert str(answer.url) == address, f"{address} leads on to {answer.url}"
        is_page = answer.headers["content-type"].startswith("text/html")
        found[address] = Page(answer.text) if is_page else Page("")
        for link in found[address].links:
            target = urldefrag(urljoin(address, link)).url
            is_ours = target.startswith(HOST) and HERE.match(urlsplit(target).path)
            is_cause = re.search(r"/demo/\w+", target)
            if is_ours and not is_cause and target not in found and target not in waiting:
                waiting.append(target)
    return found


def test_every_link_of_the_site_leads_to_a_page_and_its_anchor(client: TestClient) -> None:
    pages = crawl(client)
    broken = []
    for address, page in pages.items():
        for link in page.links:
            target, anchor = urldefrag(urljoin(address, link))
            if target in pages and anchor and anchor not in pages[target].anchors:
                broken.append((address, link))
    assert broken == []
    assert {page for page in pages if "/docs/" in page} >= {f"{HOST}/docs/gui", f"{HOST}/docs/readme"}


def test_every_page_of_the_documentation_is_reached_by_links(client: TestClient) -> None:
    pages = crawl(client)
    for path in (ROOT / "docs").glob("*.md"):
        name = "" if path.stem == "index" else path.stem
        assert f"{HOST}/docs/{name}" in pages


def test_every_page_has_one_heading_a_title_of_its_own_and_a_description(client: TestClient) -> None:
    titles = []
    for address, page in crawl(client).items():
        if not page.tags:
            continue
        tags = [tag for tag, _ in page.tags]
        assert tags.count("h1") == 1, address
        assert page.repeated == [], address
        described = [attrs for tag, attrs in page.tags if tag == "meta" and attrs.get("name") == "description"]
        assert len(described) == 1, address
        assert described[0]["content"], address
        titles.append(re.search(r"<title>(.+?)</title>", client.get(address).text)[1])
    assert len(titles) == len(set(titles)) > 10


def test_no_page_has_a_script_or_style_of_its_own_or_asks_another_host(client: TestClient) -> None:
    for address in crawl(client):
        text = client.get(address).text
        if not text.startswith("<!doctype"):
            continue
        for tag, attrs in Page(text).tags:
            assert not [name for name in attrs if name.startswith("on") or name == "style"], (address, tag)
            assert tag != "style"
            if tag in ("script", "link", "img", "source", "iframe"):
                asked = attrs.get("src") or attrs.get("srcset") or attrs.get("href")
                assert asked, (address, tag)
                assert urljoin(address, asked).startswith(HOST), (address, asked)


@pytest.mark.parametrize(
    "path", ["/", "/demo", "/docs/", "/docs/gui", "/missing", "/docs/missing", "/healthz", "/robots.txt"]
)
def test_every_answer_says_what_the_browser_may_do(client: TestClient, path: str) -> None:
    headers = client.get(path).headers
    policy = headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert not re.search(r"unsafe|\*|https?:|data:|blob:", policy)
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["x-frame-options"] == "DENY"
    assert headers["referrer-policy"] == "same-origin"


def test_an_error_s_page_has_the_headers_too(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    app = create(jobs=False)
    monkeypatch.setattr(app.state.site.library, "pages", None)
    answer = TestClient(app, raise_server_exceptions=False).get("/docs/gui")
    assert answer.status_code == 500
    assert "Something failed" in answer.text
    assert "default-src 'none'" in answer.headers["content-security-policy"]


@pytest.mark.parametrize("path", ["/nothing", "/docs/nothing", "/docs/index", "/docs/../web/site.py",
                                  "/static/x/nothing.css", "/docs/screenshots/x/take.py"])  # fmt: skip
def test_what_is_not_there_is_said_so(client: TestClient, path: str) -> None:
    assert client.get(path).status_code == 404


def test_a_wrong_method_is_said_so(client: TestClient) -> None:
    answer = client.post("/docs/gui")
    assert answer.status_code == 405
    assert "GET" in answer.headers["allow"]


def test_the_log_may_be_shown_on_the_front_page_and_nowhere_else(client: TestClient) -> None:
    headers = client.get("/logs/").headers
    assert "frame-ancestors 'self'" in headers["content-security-policy"]
    assert headers["x-frame-options"] == "SAMEORIGIN"
    assert '<iframe name="log" src="/logs/"' in client.get("/").text


def test_files_are_kept_for_good_under_the_address_that_pages_use(client: TestClient) -> None:
    text = client.get("/").text + client.get("/docs/gui").text
    addresses = re.findall(r'(?:href|src|srcset)="((?:/static|screenshots)/[^"]+)"', text)
    assert len(addresses) > 20
    for address in addresses:
        answer = client.get(urljoin("/docs/", address))
        assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"
        assert client.get(answer.url, headers={"If-None-Match": answer.headers["etag"]}).status_code == 304
        old = re.sub(r"/\w{12}/", "/0123456789ab/", str(answer.url))
        assert client.get(old).headers["cache-control"] == "no-cache"


def test_style_sheets_travel_compressed_where_the_browser_can(client: TestClient) -> None:
    [address] = re.findall(r'href="(/static/[^"]+\.css)"', client.get("/").text)
    packed = client.get(address, headers={"Accept-Encoding": "gzip"})
    plain = client.get(address, headers={"Accept-Encoding": "identity"})
    assert packed.headers["content-encoding"] == "gzip"
    assert "content-encoding" not in plain.headers
    assert packed.text == plain.text


def test_pictures_keep_their_room_and_load_when_they_are_near(client: TestClient) -> None:
    pictures = [attrs for tag, attrs in Page(client.get("/docs/gui").text).tags if tag == "img" and attrs["alt"]]
    assert len(pictures) > 10
    for attrs in pictures:
        assert attrs["loading"] == "lazy"
        assert int(attrs["height"] or 0) > 0


def test_robots_are_told_where_the_pages_are_and_to_stay_out_of_logs(client: TestClient) -> None:
    text = client.get("/robots.txt").text
    assert "Disallow: /logs\n" in text
    assert f"Sitemap: {HOST}/sitemap.xml" in text
    listed = [each.text for each in ElementTree.fromstring(client.get("/sitemap.xml").content).iter() if each.text]
    assert f"{HOST}/docs/gui" in listed
    for address in listed:
        assert client.get(address).url == address


def test_the_address_outside_is_what_search_engines_are_told(site: Starlette) -> None:
    client = TestClient(site(url="https://logster.example"), headers={"User-Agent": "bot"})
    assert '<link rel="canonical" href="https://logster.example/docs/gui">' in client.get("/docs/gui").text
    assert "<loc>https://logster.example/</loc>" in client.get("/sitemap.xml").text
    assert "Sitemap: https://logster.example/sitemap.xml" in client.get("/robots.txt").text


def test_old_addresses_of_the_icon_and_the_documentation_lead_on(client: TestClient) -> None:
    assert client.get("/favicon.ico").headers["content-type"] == "image/svg+xml"
    assert client.get("/docs").url == f"{HOST}/docs/"


def test_the_site_is_healthy_with_redis_only(client: TestClient) -> None:
    assert client.get("/healthz").json()["status"] == "ok"


def test_documentation_elsewhere_is_shown_without_what_is_not_beside_it(
    tmp_path: Path, visitor: Visitor, site: Starlette
) -> None:
    docs = tmp_path / "docs"
    docs.mkdir()
    (docs / "index.md").write_text("# Here\n\nSee [one](one.md#part) and [gone](../gone.md).\n")
    (docs / "one.md").write_text(
        "# One\n\n## Part\n\n```python\nx = 1\n```\n\n## Part\n\n| a | b |\n|:-:|---|\n| 1 | 2 |\n"
    )
    client = visitor(site(docs=str(docs)))
    assert '<a href="one#part">one</a>' in client.get("/docs/").text
    page = client.get("/docs/one").text
    assert 'id="part"' in page
    assert 'id="part-1"' in page
    assert 'class="hl-mi"' in page
    assert "style=" not in page
    assert Library(tmp_path / "nowhere").pages == {}
