"""The documentation: the Markdown files of docs/ as pages, with README and changelog beside them.

Owns how a file becomes HTML: anchors, links between files, pictures, highlighted code. The files are the project's own,
so what HTML they hold is trusted.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

from markdown_it import MarkdownIt
from markdown_it.token import Token
from pygments import highlight
from pygments.formatters import HtmlFormatter
from pygments.lexers import get_lexer_by_name
from pygments.util import ClassNotFound

from web.assets import Assets

INDEX = "index"
DESCRIPTION_CHARACTERS = 160

_LINK = re.compile(r"(?:[\w./-]*/)?([\w-]+)\.md(#.*)?")
_PICTURE = re.compile(r'(src|srcset)="(?:docs/)?(?:screenshots/)?([\w-]+\.(?:png|svg|webp))"(?:( width)="(\d+)")?')
_FORMATTER = HtmlFormatter(nowrap=True, classprefix="hl-")


@dataclass(frozen=True)
class Section:
    """A heading that the table of contents leads to."""

    level: int
    anchor: str
    title: str


@dataclass(frozen=True)
class Doc:
    """One page: its name in the address, and what it holds."""

    name: str
    title: str
    description: str
    html: str
    sections: tuple[Section, ...]
    anchors: frozenset[str]


class Library:
    """The pages, by name, in the order in which docs/index.md lists them.

    Arguments:
        directory: docs/, with README.md, SECURITY.md and CHANGELOG.md beside it.
    """

    def __init__(self, directory: Path) -> None:
        self.pictures = Assets(directory / "screenshots", directory)
        beside = [directory.parent / name for name in ("README.md", "SECURITY.md", "CHANGELOG.md")]
        files = [path for path in (*sorted(directory.glob("*.md")), *beside) if path.is_file()]
        self._names = {path.stem.lower() for path in files}
        pages = {path.stem.lower(): self._read(path) for path in files}
        order = _links(directory / "index.md")
        last = len(order)
        self.pages = dict(sorted(pages.items(), key=lambda item: order.get(item[0], last)))

    def _read(self, path: Path) -> Doc:
        markdown = MarkdownIt("commonmark", {"html": True, "highlight": _highlighted}).enable("table")
        markdown.add_render_rule("table_open", _table_open)
        markdown.add_render_rule("table_close", _table_close)
        markdown.add_render_rule("fence", _fence)
        tokens = markdown.parse(path.read_text(encoding="utf-8"))
        sections = _anchored(tokens)
        _without_empty_headings(tokens)
        for token in tokens:
            for each in (token, *(token.children or ())):
                self._lead(each)
        title = sections[0].title if sections else path.stem
        html = markdown.renderer.render(tokens, markdown.options, {})
        anchors = frozenset(section.anchor for section in sections)
        shown = tuple(section for section in sections if section.level in (2, 3))
        return Doc(path.stem.lower(), title, _description(tokens), html, shown, anchors)

    def _lead(self, token: Token) -> None:
        """Let a link lead to a page, and a picture to where it is kept; styles of its own a page may not have."""
        token.attrs.pop("style", None)
        if token.type == "link_open" and (found := _LINK.fullmatch(str(token.attrs.get("href", "")))):
            name = found[1].lower()
            if name in self._names:
                token.attrs["href"] = ("./" if name == INDEX else name) + (found[2] or "")
        elif token.type in ("html_block", "html_inline"):
            token.content = _PICTURE.sub(self._picture, token.content)

    def _picture(self, found: re.Match[str]) -> str:
        attribute, name, _, width = found.groups()
        address = f'{attribute}="screenshots/{self.pictures.address(name)}"'
        if attribute == "srcset":
            return address
        size = self.pictures.size(name)
        room = f' width="{width}" height="{round(int(width) * size[1] / size[0])}"' if width and size else ""
        return f'{address}{room} loading="lazy" decoding="async"'


def _links(index: Path) -> dict[str, int]:
    """Return the places of the pages in the index."""
    names = re.findall(r"\]\(([\w./]+)\.md\)", index.read_text(encoding="utf-8")) if index.is_file() else []
    return {name.rpartition("/")[2].lower(): place for place, name in enumerate([INDEX, *names])}


def _anchored(tokens: Sequence[Token]) -> list[Section]:
    """Give each heading an anchor, and return them all."""
    sections: list[Section] = []
    taken: dict[str, int] = {}
    for opening, content in pairwise(tokens):
        if opening.type != "heading_open":
            continue
        title = _text(content)
        slug = re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-")
        taken[slug] = taken.get(slug, -1) + 1
        anchor = f"{slug}-{taken[slug]}" if taken[slug] else slug
        opening.attrs["id"] = anchor
        level = int(opening.tag[1])
        if level > 1 and content.children is not None:
            content.children.append(_anchor_link(anchor))
        sections.append(Section(level, anchor, title))
    return sections


def _without_empty_headings(tokens: Sequence[Token]) -> None:
    """Make cells of those headings of tables that head nothing."""
    for opening, content, closing in zip(tokens, tokens[1:], tokens[2:], strict=False):
        if opening.type == "th_open" and not content.content.strip():
            opening.tag = closing.tag = "td"


def _anchor_link(anchor: str) -> Token:
    link = Token("html_inline", "", 0)
    link.content = f' <a class="anchor" href="#{anchor}" aria-label="Link to this section">#</a>'
    return link


def _text(token: Token) -> str:
    return "".join(each.content for each in token.children or () if each.type in ("text", "code_inline"))


def _description(tokens: Sequence[Token]) -> str:
    """Return the first paragraph, as search engines show it."""
    for opening, content in pairwise(tokens):
        if opening.type == "paragraph_open" and opening.level == 0 and (text := " ".join(_text(content).split())):
            short = text[:DESCRIPTION_CHARACTERS]
            return short if short == text else short.rpartition(" ")[0] + " …"
    return ""


def _highlighted(code: str, language: str, _: str) -> str:
    try:
        return highlight(code, get_lexer_by_name(language), _FORMATTER)  # type: ignore[no-any-return]
    except ClassNotFound:
        return ""


def _fence(renderer: Any, tokens: Sequence[Token], index: int, options: Any, env: Any) -> str:
    # What scrolls has to be reached with the keyboard.
    html: str = renderer.fence(tokens, index, options, env)
    return html.replace("<pre>", '<pre tabindex="0">', 1)


def _table_open(*_: object) -> str:
    return '<div class="table" role="group" aria-label="Table" tabindex="0"><table>\n'


def _table_close(*_: object) -> str:
    return "</table></div>\n"
