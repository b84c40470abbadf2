"""States: every page of the GUI and every state of it, by the name of its picture, and how a reader gets there."""

from collections.abc import Callable
from dataclasses import dataclass, field

from playwright.sync_api import Page, expect

GONE = "f" * 32
GONE_DETAIL = f"?key={GONE}"


@dataclass(frozen=True)
class Site:
    """Where things are: the log, logs in other states, and the keys of entries by what is shown of them."""

    log: str
    empty: str
    closed: str
    away: str
    expiring: str
    keys: dict[str, str]
    let_out: Callable[[], None]
    let_in: Callable[[], None]


@dataclass(frozen=True)
class State:
    """What `reach` leads a page to; `storage` is what the browser remembers of the reader before."""

    reach: Callable[[Page, Site], object]
    storage: dict[str, str] = field(default_factory=dict)


STATES: dict[str, State] = {}


def state(name: str, **storage: str) -> Callable[[Callable[[Page, Site], None]], Callable[[Page, Site], None]]:
    """Declare how a state is reached."""

    def declare(reach: Callable[[Page, Site], None]) -> Callable[[Page, Site], None]:
        STATES[name] = State(reach, {f"logster.{key}": value for key, value in storage.items()})
        return reach

    return declare


def at(name: str, path: str, shows: str, **storage: str) -> None:
    """Declare a state that an address leads to; `{name}` stands for the key of an entry, `shows` for what is there."""

    def reach(page: Page, site: Site) -> None:
        page.goto(site.log + path.format(**site.keys))
        page.locator(shows).first.wait_for()
        if page.locator("logster-live").count():
            live(page)

    state(name, **storage)(reach)


at("list", "", ".row")
at("list-dense", "", ".row", density="dense")
at("entry-info", "?key={chained}", ".culprit")
at("entry-dense", "?key={chained}", ".culprit", density="dense")
at("entry-traceback", "?key={chained}&tab=traceback", ".exception .line")
at("entry-env", "?key={timeout}&tab=env&env=2", ".is-changed")
at("entry-timeline", "?key={chained}&tab=timeline", ".chart")
at("entry-page", "show/{query}", ".culprit")
at("entry-gone-beside-list", GONE_DETAIL, ".detail-pane .empty")
at("group-row", "?key={grouped}", ".group-members")
at("search", "?q=order", ".row mark")
at("search-mistake", "?q=level:eror+charge", ".mistake")
at("nothing-matches", "?q=teapot", ".empty")
at("clear", "clear", "h1")
at("suppress", "show/{bounced}/suppress", "[role=status]")
at("group", "group?q=/^Order+\\d%2B/", "[role=status]")
at("settings", "settings", ".changes")


@state("entry-group-of-exceptions")
def group_of_exceptions(page: Page, site: Site) -> None:
    page.goto(f"{site.log}?key={site.keys['group']}&tab=traceback")
    live(page)
    page.locator(".group").evaluate("tree => tree.previousElementSibling.lastElementChild.scrollIntoView()")


@state("span")
def span(page: Page, site: Site) -> None:
    page.goto(site.log)
    bars = page.locator(".bar")
    page.goto(site.log + str(bars.nth(bars.count() // 2).get_attribute("href")).removeprefix("./"))
    page.locator(".is-chosen").wait_for()


@state("syntax")
def syntax(page: Page, site: Site) -> None:
    page.goto(site.log)
    page.get_by_role("button", name="How to search").click()
    page.locator("#syntax").wait_for()


@state("completions")
def completions(page: Page, site: Site) -> None:
    page.goto(site.log)
    page.locator("#q").press_sequentially("logger:shop.")
    page.get_by_role("option").first.wait_for()


@state("view")
def view(page: Page, site: Site) -> None:
    page.goto(site.log)
    page.get_by_role("button", name="View").click()
    page.locator("#looks").wait_for()


@state("keys")
def keys(page: Page, site: Site) -> None:
    page.goto(site.log)
    live(page)
    page.keyboard.press("?")
    page.get_by_role("dialog").wait_for()


@state("selection")
def selection(page: Page, site: Site) -> None:
    page.goto(site.log)
    live(page)
    page.locator(".pick").nth(1).click()
    page.locator(".pick").nth(3).click(modifiers=["Shift"])
    page.locator("[data-bulk]").wait_for()


@state("entry-gone")
def entry_gone(page: Page, site: Site) -> None:
    deleted(page, site)
    page.goto(f"{site.log}show/{site.keys['deleted']}")
    page.get_by_role("button", name="Bring it back").wait_for()


@state("deleted")
def deleted(page: Page, site: Site) -> None:
    page.goto(f"{site.log}?key={site.keys['deleted']}")
    live(page)
    page.locator(".detail-pane").get_by_role("button", name="Delete").click()
    page.get_by_role("button", name="Undo").wait_for()


@state("settings-tested")
def settings_tested(page: Page, site: Site) -> None:
    page.goto(site.log + "settings")
    page.locator("#new-suppression").fill("/^Order \\d+/")
    page.locator("form.new").first.get_by_role("button", name="Test").click()
    page.get_by_role("status").get_by_role("link").first.wait_for()


@state("settings-mistake")
def settings_mistake(page: Page, site: Site) -> None:
    page.goto(site.log + "settings")
    page.locator("#new-suppression").fill("/^Mail to (customer/")
    page.locator("form.new").first.get_by_role("button", name="Add").click()
    page.locator(".mistake").wait_for()


@state("empty")
def empty(page: Page, site: Site) -> None:
    page.goto(site.empty)
    page.get_by_role("button", name="Report a first error").wait_for()


@state("closed")
def closed(page: Page, site: Site) -> None:
    page.goto(site.closed)


@state("expired")
def expired(page: Page, site: Site) -> None:
    site.let_in()
    page.goto(site.expiring)
    live(page)
    site.let_out()
    page.locator(".row-link").first.click()
    page.get_by_role("button", name="Reload").wait_for()
    site.let_in()


def live(page: Page) -> None:
    """Wait until the page hears what changes."""
    expect(page.locator("logster-live")).to_have_attribute("data-now", "live")


# Taken last, as nothing else can be seen while Redis is away.
OUTAGE = ("away", "away-banner")

NAMES = (*STATES, *OUTAGE)
WIDTHS = {390: 844, 1440: 900}
SCHEMES = ("light", "dark")
