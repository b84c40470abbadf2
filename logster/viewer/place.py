"""Place: where the reader is, as the page's address says it. Builds the addresses of all links."""

import re
from collections.abc import Callable, Iterable
from urllib.parse import parse_qsl, quote_plus, urlencode

LISTING = ("q", "level", "since", "until", "during")
STRETCH = ("before", "after")
SELECTION = ("key", "tab", "env", "frames", "span")
KNOWN = frozenset((*LISTING, *STRETCH, *SELECTION))

_MAX_FIELDS = 30
_MAX_LENGTH = 4_000

_PLAIN = re.compile(r"[0-9a-zA-Z-]*", re.ASCII)

Change = str | int | Iterable[str] | None


class Place:
    """The state that an address carries: the query and its filters, the stretch of the list, the selection.

    Arguments:
        address: the page without its query, relative to where the reader is: "./" or "../".
        parameters: names and values; unknown names and empty values are left out.
    """

    def __init__(self, address: str, parameters: Iterable[tuple[str, str]]) -> None:
        self.address = address
        self.parameters = tuple((name, value) for name, value in parameters if name in KNOWN and value)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Place) and (self.address, self.parameters) == (other.address, other.parameters)

    def __hash__(self) -> int:
        return hash((self.address, self.parameters))

    @classmethod
    def parse(cls, address: str, query: str) -> "Place":
        """Return the place that a page's own query describes; what else stands in it is ignored."""
        try:
            parameters = parse_qsl(query[:_MAX_LENGTH], max_num_fields=_MAX_FIELDS)
        except ValueError:
            parameters = []
        return cls(address, parameters)

    def get(self, name: str) -> str:
        return next((value for known, value in self.parameters if known == name), "")

    def all(self, name: str) -> list[str]:
        return [value for known, value in self.parameters if known == name]

    @property
    def query(self) -> str:
        return urlencode(self.parameters)

    def changed(self, **changes: Change) -> "Place":
        """Return the place with some parameters replaced; None removes one, several values repeat it.

        Another key is another selection, which begins where every entry does.
        """
        if "key" in changes:
            changes = dict.fromkeys(SELECTION) | changes
        kept = [(name, value) for name, value in self.parameters if name not in changes]
        added = [(name, value) for name, change in changes.items() for value in _values(change)]
        return Place(self.address, kept + added)

    def without(self, *names: str) -> "Place":
        """Return the place without parameters of these names, and with all others as they are."""
        return Place(self.address, [each for each in self.parameters if each[0] not in names])

    def link(self, **changes: Change) -> str:
        """Return the address of the place, with some parameters replaced."""
        query = self.changed(**changes).query
        return f"{self.address}?{query}" if query else self.address

    def links(self, name: str) -> Callable[[str], str]:
        """Return what makes links of which each has another value of one parameter; cheaper than `link` for many."""
        query = self.changed(**{name: None}).query
        beginning = f"{self.address}?{query}{'&' if query else ''}{name}="
        return lambda value: beginning + (value if _PLAIN.fullmatch(value) else quote_plus(value))

    def fields(self, *names: str) -> list[tuple[str, str]]:
        """Return the parameters of these names: what a form has to carry along."""
        return [(name, value) for name, value in self.parameters if name in names]


def _values(change: Change) -> list[str]:
    if change is None or change == "":
        return []
    if isinstance(change, str | int):
        return [str(change)]
    return list(change)
