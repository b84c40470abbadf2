"""Takes away and brings back keys of a namespace, as a Redis that evicts would."""

import re
from collections.abc import Iterable, Mapping

from logster.store.address import Client
from logster.store.keys import Keys
from tests.store.keyspace import names_in

_OF_AN_ENTRY = re.compile(r"[0-9a-f]{32}")


class Namespace:
    """All keys of a namespace as they are when this is made, which `bring_back` makes of it again."""

    def __init__(self, client: Client, namespace: str) -> None:
        self._client = client
        self._namespace = namespace
        self._prefix = Keys(namespace).prefix
        self._kept: Mapping[str, bytes] = {name: client.dump(self._prefix + name) for name in self.names()}

    def names(self) -> list[str]:
        """Return the names of its keys."""
        return sorted(names_in(self._client, self._namespace))

    def kinds(self) -> dict[str, str]:
        """Return the name of one key of each kind; keys that differ by their entry or token alone are of one."""
        return {_OF_AN_ENTRY.sub("KEY", name): name for name in self._kept}

    def evict(self, names: Iterable[str]) -> None:
        """Delete keys behind the store's back."""
        self._client.delete(*(self._prefix + name for name in names))

    def bring_back(self) -> None:
        """Undo whatever happened to it since this was made."""
        if names := self.names():
            self.evict(names)
        for name, value in self._kept.items():
            self._client.restore(self._prefix + name, 0, value)
