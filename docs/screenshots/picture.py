"""Picture: a screenshot as a small file. The GUI has few colours, so a palette loses nothing that is seen."""

import io
from pathlib import Path

from PIL import Image
from playwright.sync_api import Page

COLOURS = 256


def take(page: Page, path: Path) -> None:
    """Write what a page's window shows to a PNG or WebP file, as the name says."""
    shot = Image.open(io.BytesIO(page.screenshot(animations="disabled", caret="hide"))).convert("RGB")
    picture = shot.quantize(COLOURS, method=Image.Quantize.MAXCOVERAGE, dither=Image.Dither.NONE)
    if path.suffix == ".webp":
        picture.convert("RGB").save(path, lossless=True, method=4)
    else:
        picture.save(path, optimize=True)
