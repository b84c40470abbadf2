"""News: what was not written a moment ago."""

import pytest

from logster.delivery import news
from logster.delivery.news import News

A_MOMENT = 2.0


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    now = [100.0]
    monkeypatch.setattr(news.time, "monotonic", lambda: now[0])
    return now


def test_what_never_was_written_is_new_until_it_is(clock: list[float]) -> None:
    it = News()
    assert not it
    it.waits("disk")
    assert it
    it.leaves("disk")
    assert not it


def test_what_comes_again_is_not_new_for_a_moment(clock: list[float]) -> None:
    it = News()
    it.waits("disk")
    it.leaves("disk")
    clock[0] += A_MOMENT
    it.waits("disk")
    assert not it
    it.waits("paper")
    assert it


def test_what_comes_again_later_is_new(clock: list[float]) -> None:
    it = News()
    it.waits("disk")
    it.leaves("disk")
    clock[0] += A_MOMENT + 0.01
    it.waits("disk")
    assert it


def test_as_long_as_it_comes_again_and_again_it_is_not_new(clock: list[float]) -> None:
    it = News()
    for number in range(100):
        it.waits("disk")
        assert bool(it) is (number == 0)
        it.leaves("disk")
        clock[0] += A_MOMENT


@pytest.mark.parametrize("seconds", [0.0, 0.01])
def test_what_is_known_of_is_bounded(clock: list[float], seconds: float) -> None:
    it = News()
    for number in range(10_000):
        it.waits(number)
        it.leaves(number)
        clock[0] += seconds
        assert len(it._written) <= 4_000
    it.waits(9_999)
    assert not it
