"""What became of the steps of another program: exactly, approximately, or not."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from icestream.protocol.describe import value_words

__all__ = ["Mapped", "MappedValue", "report_lines"]

Verdict = Literal["exactly", "approximately", "not"]


@dataclass(frozen=True, slots=True, kw_only=True)
class MappedValue:
    """What became of one value."""

    theirs: str
    value: Any
    ours: str = ""
    """``step.parameter``; empty: it was not taken over."""
    became: Any = None
    unit: str = ""
    remark: str = ""
    """Why it was not taken over, or how it is otherwise."""

    def __str__(self) -> str:
        given = f"{self.theirs} = {value_words(self.value)}"
        why = f" ({self.remark})" if self.remark else ""
        if not self.ours:
            return f"{given} was not taken over{why}"
        return f"{given} became {self.ours} = {value_words(self.became, self.unit)}{why}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Mapped:
    """What became of one step."""

    id: str
    kind: str
    label: str
    steps: tuple[str, ...]
    """Names of the steps that it became."""
    protocols: tuple[str, ...]
    verdict: Verdict
    values: tuple[MappedValue, ...] = ()
    remarks: tuple[str, ...] = ()

    @property
    def lost(self) -> tuple[MappedValue, ...]:
        """Values that have no place with us; the file keeps them all the same."""
        return tuple(value for value in self.values if not value.ours)


def report_lines(mapped: Sequence[Mapped], remarks: Sequence[str] = ()) -> Iterator[str]:
    """A report for people: what was taken exactly, what approximately, what not at all."""
    for one in mapped:
        became = ", ".join(
            f"{step} ({protocol})" for step, protocol in zip(one.steps, one.protocols, strict=True)
        )
        if one.verdict == "not":
            yield f"{one.kind} {one.id}: not mapped; {one.steps[0]} holds its place"
        else:
            yield f"{one.kind} {one.id}: {one.verdict}, as {became}"
        yield from (f"  {remark}" for remark in one.remarks)
        if one.verdict == "not":
            continue
        yield from (f"  {value}" for value in one.values if value.ours or value.remark)
        others = [f"{v.theirs} = {value_words(v.value)}" for v in one.lost if not v.remark]
        if others:
            yield f"  without a place here: {', '.join(others)}"
    yield from remarks
    counts = [
        sum(one.verdict == verdict for one in mapped)
        for verdict in ("exactly", "approximately", "not")
    ]
    yield f"{counts[0]} exactly, {counts[1]} approximately, {counts[2]} not mapped"
