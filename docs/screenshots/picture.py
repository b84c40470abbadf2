"""Picture: a screenshot as a small file; the most frequent colours of the GUI are nearly all that it has."""

import io
from pathlib import Path

from PIL import Image
from playwright.sync_api import Page

COLOURS = 256


def take(page: Page, path: Path) -> None:
    """Write what a page's window shows to a PNG or WebP file, as the name says."""
    shot = Image.open(io.BytesIO(page.screenshot(animations="disabled", caret="hide"))).convert("RGB")
    picture = shot.quantize(palette=_palette(shot), dither=Image.Dither.NONE)
    if path.suffix == ".webp":
        picture.convert("RGB").save(path, lossless=True, method=4)
    else:
        picture.save(path, optimize=True)


def _palette(shot: Image.Image) -> Image.Image:
    """Return the most frequent colours exactly as they are; a quantiser would tint the large areas for the small."""
    found = sorted(shot.getcolors(shot.width * shot.height) or [], reverse=True)[:COLOURS]
    palette = Image.new("P", (1, 1))
    palette.putpalette([part for _, colour in found for part in colour])
    return palette
