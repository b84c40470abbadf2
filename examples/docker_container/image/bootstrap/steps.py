"""Reads a list of steps, of whichever kinds."""

from collections.abc import Callable, Mapping
from types import MappingProxyType

from bootstrap.command import Command
from bootstrap.document import Value
from bootstrap.file import File
from bootstrap.place import Place
from bootstrap.replacement import Replacement
from bootstrap.step import Step

KINDS: Mapping[str, Callable[[Place, Value], Step]] = MappingProxyType(
    {"exec": Command.read, "file": File.read, "replace": Replacement.read}
)


def read(value: Value) -> list[Step]:
    """Return the steps of a list; what is no step is noted as a mistake."""
    steps = []
    for item in value.items():
        if item.is_empty:
            item.wrong(f"the step is empty; it has to be one of {', '.join(KINDS)}")
        kinds = item.fields(tuple(KINDS))
        if len(kinds) > 1:
            item.wrong(f"one step does one thing; begin a new one with '- {list(kinds)[1]}:'")
        steps += [KINDS[kind](item.place, fields) for kind, fields in kinds.items() if kind in KINDS]
    return steps
