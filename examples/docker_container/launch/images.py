"""Which image of a site is which: the tags good, previous and rolled-back, and what none of them holds."""

from __future__ import annotations

from launch.engine import Engine
from launch.failure import Failure
from launch.place import Place

GOOD, PREVIOUS, ROLLED_BACK = "good", "previous", "rolled-back"


def promote(engine: Engine, place: Place, image: str) -> None:
    """Make a green image the good one, and the good one the one before."""
    if engine.dry or engine.image_id(place.image(GOOD)):
        engine.do("tag", place.image(GOOD), place.image(PREVIOUS))
    engine.do("tag", image, place.image(GOOD))
    if engine.image_id(place.image(ROLLED_BACK)):
        engine.do("image", "rm", place.image(ROLLED_BACK))


def step_back(engine: Engine, place: Place) -> None:
    """Let the good image and the one before change places, and remember from which one was rolled back."""
    engine.do("tag", place.image(GOOD), place.image(ROLLED_BACK))
    engine.do("tag", place.image(PREVIOUS), place.image(GOOD))
    engine.do("tag", place.image(ROLLED_BACK), place.image(PREVIOUS))


def require(engine: Engine, place: Place, tag: str) -> str:
    """Return the image of a tag.

    Raises:
        Failure: there is none.
    """
    image = place.image(tag)
    if not engine.dry and engine.image_id(image) is None:
        advice = f"`launcher bootstrap {place.name}` makes one" if tag == GOOD else "the second bootstrap makes one"
        raise Failure(f"There is no image {image}; {advice}.")
    return image


def superfluous(engine: Engine, place: Place) -> list[str]:
    """Return the images of the site that are neither good nor previous, by their tags."""
    listed = engine.ask("image", "ls", "--no-trunc", "--format", "{{.Tag}} {{.ID}}", place.image("").rstrip(":"))
    found = [line.split() for line in (listed or "").splitlines()]
    kept = {identity for tag, identity in found if tag in (GOOD, PREVIOUS)}
    return [place.image(tag) for tag, identity in found if identity not in kept and tag not in (GOOD, PREVIOUS)]
