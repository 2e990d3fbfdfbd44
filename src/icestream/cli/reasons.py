"""Why exposures were not used, for people: like reasons together, the most frequent first."""

import re
import time
from collections.abc import Iterator

from icestream.store import queries
from icestream.store.naming import exposure_reasons
from icestream.store.open import Store
from icestream.store.records import DecisionRecord

__all__ = ["reason_lines"]

_NUMBER = re.compile(r"\d+(?:\.\d+)?")
_PATH = re.compile(r"(?<![\w.])/\S+")


def reason_lines(store: Store, *, most: int = 10) -> Iterator[str]:
    """Lines such as ``4 failed: import: give --voltage ... (a and 3 more)``.

    Reasons that differ in names and numbers alone count as one; the first is shown.

    Parameters
    ----------
    most
        Kinds of reasons that are shown, of the failed, the rejected and those left out each.
    """
    for state, word in (("failed", "failed"), ("rejected", "rejected"), ("done", "left out")):
        kinds: dict[str, list[str]] = {}
        counts: dict[str, int] = {}
        for name, reason in _reasons(store, state):
            kind = _kind(name, reason)
            counts[kind] = counts.get(kind, 0) + 1
            kinds.setdefault(kind, [name, reason])
        ordered = sorted(counts, key=lambda kind: -counts[kind])
        for kind in ordered[:most]:
            (name, reason), count = kinds[kind], counts[kind]
            more = f" and {count - 1} more" if count > 1 else ""
            # A refused file's name is at the end with the others'.
            short = re.sub(rf"(?<=: )\S*{re.escape(name)}\S*: ", "", reason, count=1)
            yield f"{count} {word}: {short} ({name}{more})"
        if ordered[most:]:
            left = sum(counts[kind] for kind in ordered[most:])
            yield f"{left} {word} for {len(ordered) - most} other reasons"


def _reasons(store: Store, state: str) -> Iterator[tuple[str, str]]:
    """Each exposure in a state, and each batch or group that failed, with its reasons."""
    words = {word.exposure: word for word in queries.decisions(store)}
    for name, reasons in exposure_reasons(store, state):
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
