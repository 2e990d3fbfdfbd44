"""Sets of time behave as sets."""

from hypothesis import given
from hypothesis import strategies as st

from icestream.facility.money.spans import Span, Spans, intersect, length, subtract, union

some = st.lists(st.tuples(st.integers(0, 40), st.integers(0, 40)), max_size=8)


def seconds(spans: Spans | list[Span]) -> set[int]:
    return {second for begins, ends in spans for second in range(begins, ends)}


@given(some, some)
def test_spans_are_sets_of_seconds(left: list[Span], right: list[Span]) -> None:
    one, other = union(left), union(right)
    assert seconds(one) == seconds(left)
    assert length(one) == len(seconds(left))
    assert seconds(intersect(one, other)) == seconds(left) & seconds(right)
    assert seconds(subtract(one, other)) == seconds(left) - seconds(right)
    for made in (one, intersect(one, other), subtract(one, other)):
        assert made == union(made)
