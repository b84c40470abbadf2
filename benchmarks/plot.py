"""Plot: curves of growth as an SVG, each relative to where it begins, with its name at its end."""

import math
from collections.abc import Sequence
from html import escape

from benchmarks.growth import Curve
from benchmarks.row import figure

_WIDTH, _HEIGHT = 1_180, 470
_TOP, _BOTTOM = 64, 420
_PANEL_WIDTH = 240
_LEFTS = (60, 640)
_LINE = 17
_COLOURS = (
    *("#2563eb", "#dc2626", "#059669", "#d97706", "#7c3aed", "#0891b2"),
    *("#be185d", "#4d7c0f", "#b45309", "#1e3a8a", "#9f1239", "#475569"),
)


def svg(by_entries: Sequence[Curve], by_processes: Sequence[Curve]) -> str:
    """Return both panels side by side."""
    highest = max(_most(curve) for curve in (*by_entries, *by_processes))
    decades = max(math.ceil(math.log10(highest)), 1)
    panels = [
        _panel(_LEFTS[0], "by entries", by_entries, decades),
        _panel(_LEFTS[1], "by processes that report at once", by_processes, decades),
    ]
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {_HEIGHT}" role="img" '
        f'font-family="system-ui, sans-serif" font-size="12">\n'
        f"<title>Cost growth, relative to the smallest size</title>\n"
        f'<rect width="{_WIDTH}" height="{_HEIGHT}" rx="8" fill="#ffffff"/>\n{"".join(panels)}</svg>\n'
    )


def _most(curve: Curve) -> float:
    return max(_relative(curve))


def _relative(curve: Curve) -> list[float]:
    first, *_ = curve.points.values()
    return [value / first if first else 1.0 for value in curve.points.values()]


def _panel(left: int, title: str, curves: Sequence[Curve], decades: int) -> str:
    sizes = list(curves[0].points)
    right = left + _PANEL_WIDTH
    parts = [f'<text x="{left}" y="32" font-size="15" font-weight="600" fill="#111827">Cost {title}</text>']
    for decade in range(-1, decades + 1):
        y = _y(10.0**decade, decades)
        parts.append(f'<path d="M{left} {y:.1f}H{right}" stroke="#e5e7eb"/>')
        parts.append(_text(left - 8, y + 4, f"× {10.0**decade:g}", "#6b7280", "end"))
    for size in sizes:
        x = _x(size, sizes, left)
        parts.append(f'<path d="M{x:.1f} {_TOP}V{_BOTTOM}" stroke="#e5e7eb"/>')
        parts.append(_text(x, _BOTTOM + 20, f"{size:,}", "#6b7280", "middle"))
    ends = _apart([_y(_relative(curve)[-1], decades) for curve in curves])
    for curve, colour, end in zip(curves, _COLOURS, ends, strict=False):
        parts.append(_curve(curve, colour, left, decades, end))
    return "\n".join(parts) + "\n"


def _curve(curve: Curve, colour: str, left: int, decades: int, label_y: float) -> str:
    relative = _relative(curve)
    sizes = list(curve.points)
    places = [(_x(size, sizes, left), _y(value, decades)) for size, value in zip(sizes, relative, strict=True)]
    path = "L".join(f"{x:.1f} {y:.1f}" for x, y in places)
    dots = "".join(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="2.5" fill="{colour}"/>' for x, y in places)
    x, y = places[-1]
    lead = f'<path d="M{x + 5:.1f} {y:.1f}L{x + 16:.1f} {label_y:.1f}" stroke="{colour}" opacity="0.5"/>'
    label = f"{curve.what} ({figure(list(curve.points.values())[-1], curve.unit)})"
    line = f'<path d="M{path}" fill="none" stroke="{colour}" stroke-width="2"/>'
    return f"{line}{dots}{lead}{_text(x + 20, label_y + 4, label, colour, 'start')}"


def _text(x: float, y: float, text: str, colour: str, anchor: str) -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" fill="{colour}">{escape(text)}</text>'


def _x(size: int, sizes: Sequence[int], left: int) -> float:
    if len(sizes) < 2:
        return left
    return left + _PANEL_WIDTH * math.log(size / sizes[0]) / math.log(sizes[-1] / sizes[0])


def _y(relative: float, decades: int) -> float:
    share = (math.log10(max(relative, 0.1)) + 1) / (decades + 1)
    return _BOTTOM - share * (_BOTTOM - _TOP)


def _apart(places: Sequence[float]) -> list[float]:
    """Return where labels stand so that none covers another, as near to their places as may be."""
    order = sorted(range(len(places)), key=lambda index: -places[index])
    found = list(places)
    lowest = float(_BOTTOM)
    for index in order:
        found[index] = min(places[index], lowest)
        lowest = found[index] - _LINE
    # What was pushed beyond the top moves down again.
    highest = float(_TOP)
    for index in reversed(order):
        if found[index] >= highest:
            break
        found[index] = highest
        highest += _LINE
    return found
