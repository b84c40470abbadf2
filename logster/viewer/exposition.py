"""Numbers in the text form that Prometheus reads.

Owns the form and its escapes, not the numbers. Source: https://prometheus.io/docs/instrumenting/exposition_formats/.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

MEDIA_TYPE = "text/plain; version=0.0.4; charset=utf-8"


@dataclass(frozen=True)
class Sample:
    """One number; `suffix` is what follows the family's name."""

    value: float
    labels: Mapping[str, str]
    suffix: str = ""


@dataclass(frozen=True)
class Family:
    """Numbers of one name."""

    name: str
    kind: Literal["counter", "gauge", "histogram"]
    help: str
    samples: tuple[Sample, ...]


def counter(name: str, help_: str, value: float, **labels: str) -> Family:
    """Return a family of one number that only grows."""
    return Family(name, "counter", help_, (Sample(value, labels),))


def gauge(name: str, help_: str, value: float, **labels: str) -> Family:
    """Return a family of one number that comes and goes."""
    return Family(name, "gauge", help_, (Sample(value, labels),))


def several(
    name: str, kind: Literal["counter", "gauge"], help_: str, label: str, values: Mapping[str, float]
) -> Family:
    """Return a family with one number for each value of a label."""
    return Family(name, kind, help_, tuple(Sample(value, {label: of}) for of, value in values.items()))


def histogram(name: str, help_: str, buckets: Iterable[tuple[float, int]], total: float) -> Family:
    """Return a histogram of cumulated buckets, the last of which is infinite."""
    samples = [Sample(count, {"le": _number(bound)}, "_bucket") for bound, count in buckets]
    return Family(
        name, "histogram", help_, (*samples, Sample(total, {}, "_sum"), Sample(samples[-1].value, {}, "_count"))
    )


def text(families: Iterable[Family]) -> str:
    """Return families as Prometheus reads them."""
    return "".join(f"{line}\n" for family in families for line in _lines(family))


def _lines(family: Family) -> Iterator[str]:
    yield f"# HELP {family.name} {_escaped(family.help)}"
    yield f"# TYPE {family.name} {family.kind}"
    for sample in family.samples:
        yield f"{family.name}{sample.suffix}{_labels(sample.labels)} {_number(sample.value)}"


def _labels(labels: Mapping[str, str]) -> str:
    shown = [f'{name}="{_escaped(value, quotes=True)}"' for name, value in labels.items()]
    return "{" + ",".join(shown) + "}" if shown else ""


def _escaped(value: str, *, quotes: bool = False) -> str:
    value = value.replace("\\", r"\\").replace("\n", r"\n")
    return value.replace('"', r"\"") if quotes else value


def _number(value: float) -> str:
    if value == float("inf"):
        return "+Inf"
    return str(int(value)) if value == int(value) else repr(value)
