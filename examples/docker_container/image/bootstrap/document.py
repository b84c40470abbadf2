"""Reads a YAML file as values that know their line, and collects every mistake instead of stopping at the first."""

import difflib
import re
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import yaml

from bootstrap.params import references, substitute
from bootstrap.place import Mistake, Place

Check = Callable[[str], str | None]
"""Says what is wrong with a text, or None."""

# Quoted in an error of the parser: more than a token's name or a sign could be a piece of a secret.
_QUOTED = re.compile(r"(['\"])(?!<[a-z ]+>\1|\W\1).*?\1")
_TAGS = {"str": "text", "int": "a number", "float": "a number", "bool": "true or false", "null": "nothing"}


def suggestion(word: str, known: Iterable[str]) -> str:
    """Return the question to add to an error about an unknown word, empty where nothing is close."""
    close = difflib.get_close_matches(word, sorted(known), 1)
    return f"; did you mean {close[0]!r}?" if close else ""


@dataclass
class Reading:
    """What is shared while one site is read.

    Args:
        mistakes: those found so far.
        params: the values by name.
        lacking: params that are declared and have no value, which is a mistake told once.
        used: params that something refers to.
        texts: everything but the environment that goes into an image or its description.
        complete: whether every file could be read.
    """

    mistakes: list[Mistake] = field(default_factory=list)
    params: Mapping[str, str] = field(default_factory=dict)
    lacking: Collection[str] = ()
    used: set[str] = field(default_factory=set)
    texts: list[tuple[Place, str]] = field(default_factory=list)
    complete: bool = True

    def wrong(self, place: Place, text: str) -> None:
        self.mistakes.append(Mistake(place, text))


class Value:
    """One value of a document. What cannot be read is noted as a mistake, and an empty value returned in its stead."""

    def __init__(self, node: yaml.Node, file: str, reading: Reading) -> None:
        self._node = node
        self._file = file
        self._reading = reading
        self.place = Place(file, node.start_mark.line + 1)

    @property
    def is_map(self) -> bool:
        return isinstance(self._node, yaml.MappingNode)

    @property
    def is_list(self) -> bool:
        return isinstance(self._node, yaml.SequenceNode)

    @property
    def is_empty(self) -> bool:
        return bool(self._node.tag == "tag:yaml.org,2002:null")

    def wrong(self, text: str) -> None:
        self._reading.wrong(self.place, text)

    def _expected(self, what: str) -> None:
        kind = "a map" if self.is_map else "a list" if self.is_list else ""
        self.wrong(f"expected {what}, found {kind or _TAGS.get(self._node.tag.rpartition(':')[2], 'something else')}")

    def _scalar(self) -> str | None:
        if not isinstance(self._node, yaml.ScalarNode) or self.is_empty:
            self._expected("text")
            return None
        return str(self._node.value)

    def _checked(self, text: str, check: Check | None) -> str:
        if check and (complaint := check(text)):
            self.wrong(complaint)
        return text

    def written(self, check: Check | None = None) -> str:
        """Return a scalar as it was written: 0644 and 3.10 are not taken for numbers."""
        text = self._scalar()
        return "" if text is None else self._checked(text, check)

    def text(self, check: Check | None = None, escape: Callable[[str], str] = str) -> str:
        """Return a scalar with the params it refers to; `check` looks at the result."""
        text = self._scalar()
        if text is None:
            return ""
        unknown = [self._is_unknown(name, self._place_at(text, offset)) for offset, name in references(text)]
        if any(unknown):
            return ""
        text = substitute(text, self._reading.params, escape)
        self._reading.texts.append((self.place, text))
        return self._checked(text, check)

    def _is_unknown(self, name: str | None, place: Place) -> bool:
        """Note a reference to a param as used or as a mistake."""
        params = self._reading.params
        if name is not None and name in params:
            self._reading.used.add(name)
            return False
        if name is None:
            self._reading.wrong(place, "${ does not begin ${name}; write $${ for a dollar and a brace")
        elif (
            self._reading.complete and name not in self._reading.lacking
        ):  # else it may well stand in the file that could not be read
            hint = suggestion(name, params) or f"; set it under params, or write $${name} for a dollar"
            self._reading.wrong(place, f"there is no param {name!r}{hint}")
        return True

    def _place_at(self, text: str, offset: int) -> Place:
        """Return the line of an offset; only a literal block keeps the lines of the file."""
        if getattr(self._node, "style", None) != "|":
            return self.place
        return self.place._replace(line=self.place.line + 1 + text.count("\n", 0, offset))

    def flag(self) -> bool:
        if self._node.tag != "tag:yaml.org,2002:bool":
            self._expected("true or false")
            return False
        return bool(yaml.SafeLoader.bool_values[self._node.value.lower()])

    def items(self) -> list["Value"]:
        if not isinstance(self._node, yaml.SequenceNode):
            if not self.is_empty:
                self._expected("a list")
            return []
        return [Value(node, self._file, self._reading) for node in self._node.value]

    def map(self, check: Check | None = None) -> dict[str, "Value"]:
        """Return the values by key; `check` looks at each key."""
        if not isinstance(self._node, yaml.MappingNode):
            if not self.is_empty:
                self._expected("a map")
            return {}
        first: dict[str, Value] = {}
        values: dict[str, Value] = {}
        for key_node, node in self._node.value:
            key = Value(key_node, self._file, self._reading)
            name = key.written(check)
            if name in first:
                key.wrong(f"{name!r} is already set in line {first[name].place.line}")
            first.setdefault(name, key)
            values.setdefault(name, Value(node, self._file, self._reading))
        return values

    def fields(self, allowed: Collection[str], required: Collection[str] = ()) -> "Fields":
        """Return the values of a map whose keys are known, the required ones among them."""

        def known(name: str) -> str | None:
            if name in allowed:
                return None
            hint = suggestion(name, allowed) or f"; allowed are {', '.join(allowed)}"
            return f"unknown key {name!r}{hint}"

        values = self.map(known)
        if self.is_map:
            for name in required:
                if name not in values:
                    self.wrong(f"{name!r} is missing")
        elif self.is_empty and required:
            self._expected("a map")
        return Fields(values)


class Fields(dict[str, Value]):
    """The values of a map by key, where an absent one is as good as its default."""

    def text(self, key: str, check: Check | None = None, default: str = "") -> str:
        return self[key].text(check) if key in self else default

    def flag(self, key: str) -> bool:
        return key in self and self[key].flag()

    def items_of(self, key: str) -> list[Value]:
        return self[key].items() if key in self else []


def load(path: Path, file: str, reading: Reading) -> Value | None:
    """Return the root of a YAML file, or None where it cannot be parsed.

    Args:
        path: where it lies.
        file: how its places name it.
        reading: takes the mistakes.
    """
    try:
        node = yaml.compose(path.read_text(encoding="utf-8"), Loader=yaml.SafeLoader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        reason = _QUOTED.sub("something", ", ".join(filter(None, (error.context, error.problem))))
        reading.wrong(Place(file, mark.line + 1 if mark else 1), f"not YAML: {reason}")
    except (yaml.YAMLError, UnicodeDecodeError):
        reading.wrong(Place(file, 1), "not YAML: it holds characters that are not allowed, or is not UTF-8")
    except OSError as error:
        reading.wrong(Place(file, 1), f"cannot be read: {error.strerror}")
    else:
        if node is not None:
            return Value(node, file, reading)
        reading.wrong(Place(file, 1), "is empty")
    reading.complete = False
    return None
