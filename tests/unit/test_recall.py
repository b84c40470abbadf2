from logster.recall import Memo, Recall


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


def test_it_keeps_no_more_than_its_results_may_weigh() -> None:
    recall: Recall[str, bytes] = Recall(str.encode, 100, weight=len)
    for number in range(100):
        text = "x" * (number % 40)
        assert recall(text) == text.encode()
        assert sum(len(result) for _, result in recall._known.values()) < 140


def test_equal_values_have_one_result() -> None:
    asked: list[tuple[str, int]] = []

    def listed(of: tuple[str, int]) -> list[object]:
        asked.append(of)
        return list(of)

    memo = Memo(listed, 10)
    assert memo(("a", 1)) is memo(("a", int("1")))
    assert memo(("a", 2)) == ["a", 2]
    assert asked == [("a", 1), ("a", 2)]
