"""The pictures of the GUI: each state has its four, and each that the documentation shows is there."""

import importlib.util
import re
from pathlib import Path
from types import ModuleType

import pytest
from PIL import Image

from tests.unit.test_documentation import ROOT, TEXTS

PICTURES = ROOT / "docs/screenshots"
AT_MOST_BYTES = 5_000_000


def states() -> ModuleType:
    """Return the module that declares every state; it is a script's, and no package's."""
    spec = importlib.util.spec_from_file_location("screenshots_states", PICTURES / "states.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


STATES = states()


@pytest.mark.parametrize("name", STATES.NAMES)
def test_a_state_has_its_pictures(name: str) -> None:
    for width, height in STATES.WIDTHS.items():
        for scheme in STATES.SCHEMES:
            with Image.open(PICTURES / f"{name}-{width}-{scheme}.webp") as picture:
                assert picture.size == (width, height)


def test_no_picture_is_of_a_state_that_is_no_more() -> None:
    known = {
        f"{name}-{width}-{scheme}" for name in STATES.NAMES for width in STATES.WIDTHS for scheme in STATES.SCHEMES
    }
    assert {path.stem for path in PICTURES.glob("*.webp")} - known == set()


def test_the_page_about_the_gui_shows_every_state_in_light_and_dark() -> None:
    text = TEXTS[ROOT / "docs/gui.md"]
    shown = set(re.findall(r'src(?:set)?="screenshots/([\w-]+)-\d+-(light|dark)\.webp"', text))
    assert shown == {(name, scheme) for name in STATES.NAMES for scheme in STATES.SCHEMES}


def test_all_pictures_together_stay_small() -> None:
    size = sum(path.stat().st_size for path in PICTURES.iterdir() if path.suffix in (".webp", ".png"))
    assert size < AT_MOST_BYTES


def test_every_picture_that_is_linked_is_there() -> None:
    missing = [
        (path.name, target)
        for path, text in TEXTS.items()
        for target in re.findall(r'(?:\]\(|src(?:set)?=")([^)"]+\.(?:png|webp|svg))[)"]', text)
        if not Path(path.parent / target).is_file()
    ]
    assert missing == []
