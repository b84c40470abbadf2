"""What axe-core finds wrong on a page, by WCAG 2.2 AA and good practice: in both themes, wide and on a phone."""

from importlib.resources import files
from typing import Any

from playwright.sync_api import Page

from tests.browser.gui import PHONE, WIDE

SCRIPT = (files("axe_playwright_python") / "axe.min.js").read_text(encoding="utf-8")
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
RUN = """async ([tags, within]) => {
    const found = await axe.run(within, {
        runOnly: { type: "tag", values: tags },
        // Off by default in axe, though WCAG 2.2 AA asks for it.
        rules: { "target-size": { enabled: true } },
        resultTypes: ["violations"],
    });
    return found.violations.map((each) => [each.id, each.nodes.slice(0, 3).map((node) => node.html.slice(0, 160))]);
}"""


class Audit:
    """What axe finds wrong on pages, by name, theme and width; nothing, hopefully."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.found: dict[str, Any] = {}

    def look(self, name: str, *, within: str = "html") -> None:
        """Let axe look at the page as it is, or at what a selector finds in it: what lies over it covers the rest.

        It is left wide.
        """
        self.page.evaluate(f"if (!window.axe) {{ {SCRIPT} }}; 0")
        for width in (PHONE, WIDE):
            self.page.set_viewport_size(width)
            for theme in ("light", "dark"):
                self.page.emulate_media(color_scheme="light" if theme == "light" else "dark")
                if violations := self.page.evaluate(RUN, [TAGS, within]):
                    self.found[f"{name}, {theme}, {width['width']}"] = violations

    def visit(self, name: str, address: str) -> None:
        """Open a page and let axe look at it."""
        self.page.goto(address)
        self.look(name)
