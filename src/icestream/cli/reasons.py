"""Why exposures were not used, for people: like reasons together, the most frequent first."""

import re
import time
from collections.abc import Iterator, Sequence

from icestream.store import queries
from icestream.store.naming import exposure_reasons
from icestream.store.open import Store
from icestream.store.records import DecisionRecord

__all__ = ["reason_lines"]

_NUMBER = re.compile(r"\d+(?:\.\d+)?")
_AMOUNT = re.compile(r"(?<![\w.:/-])\d+(?:\.\d+)?(?![\w:/-]|\.\d)")
"""A number that stands alone: none of a date, a time, a path or a name."""
_PATH = re.compile(r"(?<![\w.])/\S+")


def reason_lines(store: Store, *, most: int = 10) -> Iterator[str]:
    """Lines such as ``4 failed: import: give --voltage ... (a and 3 more)``.

    Reasons that differ in names and numbers alone count as one; the first is shown, with the range
    of each number that differs: ``16 rejected: select: resolution 8.1 to 12 Å is above ...``.

    Parameters
    ----------
    most
        Kinds of reasons that are shown, of the failed, the rejected and those left out each.
    """
    for state, word in (("failed", "failed"), ("rejected", "rejected"), ("done", "left out")):
        kinds: dict[str, list[str]] = {}
        counts: dict[str, int] = {}
        amounts: dict[str, list[set[str]]] = {}
        for name, reason in _reasons(store, state):
            kind = _kind(name, reason)
            counts[kind] = counts.get(kind, 0) + 1
            kinds.setdefault(kind, [name, reason])
            seen = _AMOUNT.findall(reason)
            every = amounts.setdefault(kind, [set() for _ in seen])
            for values, amount in zip(every, seen, strict=False):
                values.add(amount)
        ordered = sorted(counts, key=lambda kind: -counts[kind])
        for kind in ordered[:most]:
            (name, reason), count = kinds[kind], counts[kind]
            more = f" and {count - 1} more" if count > 1 else ""
            # A refused file's name is at the end with the others'.
            short = re.sub(rf"(?<=: )\S*{re.escape(name)}\S*: ", "", reason, count=1)
            yield f"{count} {word}: {_ranged(short, reason, amounts[kind])} ({name}{more})"
        if ordered[most:]:
            left = sum(counts[kind] for kind in ordered[most:])
            yield f"{left} {word} for {len(ordered) - most} other reasons"


def _ranged(short: str, reason: str, amounts: Sequence[set[str]]) -> str:
    """A reason with the range of each of its numbers in the reasons that are like it."""
    skipped = len(_AMOUNT.findall(reason)) - len(_AMOUNT.findall(short))  # of a name cut off
    ranges = iter(amounts[skipped:])

    def range_of(found: re.Match[str]) -> str:
        values = sorted(next(ranges, set()) or {found[0]}, key=float)
        return values[0] if len(values) == 1 else f"{values[0]} to {values[-1]}"

    return _AMOUNT.sub(range_of, short)


def _reasons(store: Store, state: str) -> Iterator[tuple[str, str]]:
    """Each exposure in a state, and each batch or group that failed, with its reasons."""
    words = {word.exposure: word for word in queries.decisions(store)}
    for name, reasons in exposure_reasons(store, state, told=state != "rejected"):
        word = words.get(name)
        if word is not None and not word.accepted and state == "rejected":
            yield name, rejected_words(word)
        elif reasons:
            yield name, "; ".join(reasons)
    if state != "failed":
        return
    for step in queries.steps(store):
        if step.counts.failed:
            for failure in queries.failures(store, step=step.name, states=("failed",)):
                if not failure.exposure:
                    name = f"batch of {step.name}" if step.kind == "batch" else failure.subject
                    yield name, f"{step.name}: {failure.reason}"


def rejected_words(word: DecisionRecord) -> str:
    """Who rejected an exposure, when and why."""
    when = time.strftime("%Y-%m-%d %H:%M", time.localtime(word.time))
    return f"{word.step}: rejected by {word.who} on {when}{f': {word.why}' if word.why else ''}"


def _kind(name: str, reason: str) -> str:
    """A reason without what is the exposure's own."""
    # An expression for each name is slow to make, and few reasons have the name in them.
    without = re.sub(rf"\S*{re.escape(name)}\S*", "", reason) if name in reason else reason
    return _NUMBER.sub("#", _PATH.sub("", without))
