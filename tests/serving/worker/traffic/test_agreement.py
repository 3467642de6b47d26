import pytest
from hypothesis import given
from hypothesis import strategies as st

from serving.worker.traffic.agreement import overlap_at, rank_biased_overlap

Lists = st.lists(st.integers(0, 20), unique=True, max_size=12)


@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [
        ([], [], 1),
        ([1], [], 0),
        ([1, 2], [2, 1], 1),
        ([1, 2], [2, 3], 0.5),
        ([1, 2, 3, 4], [1, 2], 0.5),
        (list(range(20)), [*range(10), *range(50, 60)], 1),
        (list(range(20)), [*range(5), *range(50, 65)], 0.5),
    ],
)
def test_overlap_at_ten(first: list[int], second: list[int], expected: float) -> None:
    assert overlap_at(first, second) == expected
    assert overlap_at(second, first) == expected


@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [
        ([], [], 1),
        ([1], [], 0),
        ([1, 2, 3], [4, 5, 6], 0),
        # By hand: no overlap at 1, all at 2: 1 * 0.81 + 0.1 / 0.9 * (0 + 1 * 0.81).
        ([1, 2], [2, 1], 0.9),
        # All at 1, half at 2: 0.5 * 0.81 + 0.1 / 0.9 * (0.9 + 0.5 * 0.81).
        ([1, 2], [1, 3], 0.55),
    ],
)
def test_rank_biased_overlap_by_hand(first: list[int], second: list[int], expected: float) -> None:
    assert rank_biased_overlap(first, second) == pytest.approx(expected)


@given(Lists, Lists)
def test_rank_biased_overlap_is_the_paper_spelled_out(first: list[int], second: list[int]) -> None:
    depth = min(len(first), len(second))
    if not depth:
        return
    agreements = [len(set(first[:d]) & set(second[:d])) / d for d in range(1, depth + 1)]
    p = 0.9
    expected = agreements[-1] * p**depth + (1 - p) / p * sum(
        agreement * p**d for d, agreement in enumerate(agreements, start=1)
    )
    assert rank_biased_overlap(first, second) == pytest.approx(expected)
    assert rank_biased_overlap(first, second) == pytest.approx(rank_biased_overlap(second, first))
    assert 0 <= rank_biased_overlap(first, second) <= 1 + 1e-12


@given(Lists.filter(bool))
def test_rank_biased_overlap_of_equal_lists_is_one(one: list[int]) -> None:
    assert rank_biased_overlap(one, list(one)) == pytest.approx(1)
