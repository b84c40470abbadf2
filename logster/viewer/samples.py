"""What of an env sample is shown where: its gist beside the message, all but the time in its own tab."""

from typing import Any

from logster.entry import Env

_GIST = ("user_id", "client_address", "hostname", "application_version")


def gist(sample: Env) -> dict[str, Any]:
    """Return what a reader wants to know first of an occurrence: the request, who made it, where it ran."""
    found: dict[str, Any] = {}
    if address := sample.get("url") or sample.get("path"):
        found["request"] = f"{sample.get('method', '')} {address}".strip()
    return found | {name: sample[name] for name in _GIST if sample.get(name)}


def without_time(sample: Env) -> Env:
    """Return an env sample without the time that the store added."""
    return {name: value for name, value in sample.items() if name != "time"}
