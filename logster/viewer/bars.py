"""Bars: a histogram's bars as SVG. No template, as for `rows`: a page has many, and all in them are numbers."""

from collections.abc import Callable
from functools import lru_cache
from html import escape

from markupsafe import Markup

from logster.viewer.histogram import HEIGHT, Bar, Histogram
from logster.viewer.rendering import hours, stamp


def bars(histogram: Histogram, address_of: Callable[[str], str]) -> Markup:
    """Return the bars of a histogram, each of which leads to what happened in it.

    Arguments:
        histogram: what is drawn.
        address_of: returns where a bar leads to, from its span.
    """
    length = hours(histogram.step)
    ground = f'y="0" width="{histogram.pitch}%" height="{HEIGHT}"'
    drawn = [_bar(bar, address_of(bar.during), length, ground, histogram.width) for bar in histogram.bars]
    return Markup("\n".join(drawn))  # noqa: S704 - all texts in it are escaped


# Most bars are as they were on the page before.
@lru_cache(maxsize=1_000)
def _bar(bar: Bar, address: str, length: str, ground: str, width: float) -> str:
    chosen = ("is-chosen", ' aria-current="true"') if bar.is_chosen else ("", "")
    parts = [
        f'<rect class="is-{level.lower()}" x="{bar.x}%" y="{y}" width="{width}%" height="{height}"/>'
        for level, _, y, height in bar.parts
    ]
    return f"""\
<a class="bar {chosen[0]}" href="{escape(address)}" data-from="{bar.start}" data-until="{bar.end}"{chosen[1]}>
<title>{stamp(bar.start)}, {length}: {bar.words}</title>
<rect class="bar-ground" x="{bar.x}%" {ground}/>{"".join(parts)}
</a>"""
