from logster.recall import Recall


def test_a_result_is_worked_out_once_for_an_object() -> None:
    asked: list[list[int]] = []

    def size(of: list[int]) -> int:
        asked.append(of)
        return len(of)

    recall, first, equal = Recall(size, 10), [1], [1]
    assert [recall(first), recall(first), recall(equal)] == [1, 1, 1]
    assert asked == [first, equal]


def test_it_keeps_no_more_than_it_may() -> None:
    recall: Recall[tuple[int], tuple[int]] = Recall(lambda of: of, 3)
    for number in range(100):
        assert recall((number,)) == (number,)
        assert len(recall._known) <= 3
