"""Sets of time: disjoint spans of whole seconds since the epoch, in order."""

from collections.abc import Iterable

__all__ = ["Span", "Spans", "intersect", "length", "subtract", "union"]

Span = tuple[int, int]
"""From a second up to, and without, another."""
Spans = tuple[Span, ...]
"""Spans that neither overlap nor touch, in order."""


def union(spans: Iterable[Span]) -> Spans:
    """All that is in any of the spans; empty and turned ones count for nothing.

    >>> union([(5, 9), (0, 3), (3, 4), (8, 8)])
    ((0, 4), (5, 9))
    """
    joined: list[Span] = []
    for begins, ends in sorted(spans):
        if ends <= begins:
            continue
        if joined and begins <= joined[-1][1]:
            joined[-1] = joined[-1][0], max(joined[-1][1], ends)
        else:
            joined.append((begins, ends))
    return tuple(joined)


def intersect(one: Spans, other: Spans) -> Spans:
    """What is in both.

    >>> intersect(((0, 4), (6, 9)), ((2, 7),))
    ((2, 4), (6, 7))
    """
    both: list[Span] = []
    left, right = 0, 0
    while left < len(one) and right < len(other):
        begins = max(one[left][0], other[right][0])
        ends = min(one[left][1], other[right][1])
        if begins < ends:
            both.append((begins, ends))
        if one[left][1] < other[right][1]:
            left += 1
        else:
            right += 1
    return tuple(both)


def subtract(one: Spans, other: Spans) -> Spans:
    """What is in `one` and not in `other`.

    >>> subtract(((0, 9),), ((2, 3), (8, 12)))
    ((0, 2), (3, 8))
    """
    rest: list[Span] = []
    for begins, ends in one:
        at = begins
        for cut_begins, cut_ends in intersect(((begins, ends),), other):
            if at < cut_begins:
                rest.append((at, cut_begins))
            at = cut_ends
        if at < ends:
            rest.append((at, ends))
    return tuple(rest)


def length(spans: Spans) -> int:
    """Seconds in all spans together."""
    return sum(ends - begins for begins, ends in spans)
