"""Load and a day, in small: no answer is wrong, no live view ends, and every occurrence is counted once."""

from soak import day, load


def test_what_many_viewers_see_is_right_while_many_errors_come() -> None:
    rows = {row.what.partition(": ")[2]: row for row in load.run(count=12, rate=1_000, seconds=4)}
    exact = [name for name, row in rows.items() if row.unit == ""]
    assert exact == ["answers that are wrong, live views that ended", "occurrences counted other than once"]
    for name in exact:
        assert rows[name].is_met, rows[name]
    assert rows["reported"].ours > 0
    note = rows["99th percentile of an answer"].note.replace(",", "")
    answers, events = (int(each.split()[0]) for each in note.split("; "))
    assert answers > 12
    assert events > 12


def test_every_count_and_time_of_a_day_is_right() -> None:
    counts, timeline, memory = day.run(occurrences=20_000, distinct=200)
    assert (counts.ours, timeline.ours) == (0, 0), (counts, timeline)
    assert memory.is_met
