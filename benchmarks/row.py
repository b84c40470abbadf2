"""Row: one line of the table, a figure of ours beside another's, and the bars that it has to clear."""

from collections.abc import Sequence
from dataclasses import dataclass

RATE = "/s"


@dataclass(frozen=True)
class Bar:
    """What a row has to reach: a figure of its own, or a ratio to the other's."""

    limit: float
    is_least: bool
    is_ratio: bool

    def is_met(self, row: "Row") -> bool | None:
        """Return whether a row clears the bar; None where there is nothing to compare with."""
        value = row.ratio if self.is_ratio else row.ours
        if value is None:
            return None
        return value >= self.limit if self.is_least else value <= self.limit

    def text(self, unit: str) -> str:
        sign = "≥" if self.is_least else "≤"
        return f"{sign} {figure(self.limit, '×' if self.is_ratio else unit)}"


def at_most(limit: float) -> Bar:
    return Bar(limit, is_least=False, is_ratio=False)


def at_least(limit: float) -> Bar:
    return Bar(limit, is_least=True, is_ratio=False)


def at_most_times(limit: float) -> Bar:
    """Return the bar of a cost beside another's."""
    return Bar(limit, is_least=False, is_ratio=True)


def at_least_times(limit: float) -> Bar:
    """Return the bar of being so many times as fast as another."""
    return Bar(limit, is_least=True, is_ratio=True)


@dataclass(frozen=True)
class Other:
    """Whom a row is compared with. `is_scaled` says that the figure is of another machine, brought to this one."""

    name: str
    value: float | None
    is_scaled: bool = False


@dataclass(frozen=True)
class Row:
    """One line of the table."""

    what: str
    ours: float
    unit: str
    bars: Sequence[Bar] = ()
    other: Other | None = None
    note: str = ""

    @property
    def ratio(self) -> float | None:
        """How many times as much ours costs; where the bar asks for speed, how many times as fast it is."""
        if self.other is None or not self.other.value or not self.ours:
            return None
        is_speed = any(bar.is_ratio and bar.is_least for bar in self.bars)
        if is_speed and self.unit != RATE:
            return self.other.value / self.ours
        return self.ours / self.other.value

    @property
    def is_met(self) -> bool | None:
        """Whether every bar is cleared; None where there is none, or one cannot be told."""
        verdicts = [bar.is_met(self) for bar in self.bars]
        if False in verdicts:
            return False
        return None if not verdicts or None in verdicts else True

    def cells(self) -> list[str]:
        """Return what the table shows: what, ours, the other, ratio, bar, met or not."""
        return [
            self.what,
            figure(self.ours, self.unit),
            self._other(),
            "" if self.ratio is None else figure(self.ratio, "×"),
            ", ".join(bar.text(self.unit) for bar in self.bars),
            {True: "met", False: "**not met**", None: ""}[self.is_met],
        ]

    def _other(self) -> str:
        if self.other is None:
            return ""
        if self.other.value is None:
            return f"{self.other.name}: not measured"
        return f"{self.other.name}: {'≈ ' if self.other.is_scaled else ''}{figure(self.other.value, self.unit)}"


def figure(value: float, unit: str) -> str:
    """Return a figure with as many digits as say something."""
    size = abs(value)
    digits = (
        0 if size >= 100 or value == int(value) else 1 if size >= 10 else 2 if size >= 1 else 3 if size >= 0.01 else 5
    )
    space = "" if unit in ("/s", "%") else " "
    return f"{value:,.{digits}f}{space}{unit}".rstrip()
