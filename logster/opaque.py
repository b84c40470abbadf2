"""Opaque: a snapshot of which nothing is known before it is rendered. What one can tell earlier, it says itself."""

from collections.abc import Callable, Hashable
from typing import Any


class Opaque:
    """The answers of `delivery.snapshot.Snapshot` that cost nothing: that there is no telling."""

    def identity(self) -> Hashable | None:
        return None

    def subject(self) -> str | None:
        return None

    def said(self) -> Hashable | None:
        return None

    def stand(self, _: Callable[[Any], object]) -> None:
        return None

    def anchor(self) -> Any:
        return None
