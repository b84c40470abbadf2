"""What the HTTP API's bodies and answers look like, as JSON Schema. Taken from the types wherever there is one."""

from typing import Any, get_args

import msgspec

from logster.entry import Bucket, Entry
from logster.store.history import Change
from logster.store.patterns import Kind, StoredPattern
from logster.viewer import api, patterns

Schema = dict[str, Any]

_TYPES = (
    Entry,
    Bucket,
    StoredPattern,
    Change,
    api.Bulk,
    api.Undo,
    patterns.New,
    patterns.Changed,
    patterns.Named,
    patterns.Selected,
)
# What is always there, though the type has a default for it.
_WHOLE = ("Entry", "Group", "StoredPattern")

COUNT: Schema = {"type": "integer", "minimum": 0}
CURSOR: Schema = {"type": ["string", "null"]}
KIND: Schema = {"type": "string", "enum": list(get_args(Kind))}
KEY: Schema = {"type": "string", "pattern": "^(g-)?[0-9a-f]{32}$"}
MOMENT: Schema = {"type": "string", "pattern": r"^([0-9]{1,15}|[0-9]{1,6}[smhdw])$"}
ENV: Schema = {"type": "object", "properties": {"time": COUNT}, "required": ["time"]}
FLAG: Schema = {"type": "string", "enum": ["0", "1", "true", "false"]}


def ref(name: str) -> Schema:
    """Return a reference to one of the components."""
    return {"$ref": f"#/components/schemas/{name}"}


def items(of: Schema) -> Schema:
    """Return a list."""
    return {"type": "array", "items": of}


def members(**of: Schema) -> Schema:
    """Return an object that always has these members."""
    return {"type": "object", "properties": of, "required": list(of)}


def components() -> dict[str, Schema]:
    """Return the named schemas."""
    _, found = msgspec.json.schema_components(_TYPES, ref_template="#/components/schemas/{name}")
    for name in _WHOLE:
        if name in found:
            found[name]["required"] = list(found[name]["properties"])
    return found | {
        "ShownEntry": {"allOf": [ref("Entry"), members(frames=items(ref("Frame")))]},
        "Problem": members(
            type={"type": "string"}, title={"type": "string"}, status={"type": "integer"}, detail={"type": "string"}
        ),
    }
