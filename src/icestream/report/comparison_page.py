"""The page that shows two branches side by side: one file that opens from anywhere."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib.resources import files
from itertools import groupby
from math import isfinite
from pathlib import Path
from typing import Any

from jinja2 import Environment
from markupsafe import Markup

import icestream
from icestream.model import leading_of, quality_of
from icestream.report.comparison import BranchComparison, ComparedStep
from icestream.report.comparison_pictures import side_by_side
from icestream.report.comparison_words import amount, change_words, is_same, sided, verdict
from icestream.report.paired import ERROR, Pair, Paired
from icestream.report.pictures import write_atomically
from icestream.store import queries
from icestream.store.items import Known
from icestream.store.open import Store

__all__ = ["scatter", "write_comparison"]

_MOST_ROWS = 200
"""Exposures that a step's table names."""
_MOST_POINTS = 2000
_SIDE, _ROOM = 230.0, 34.0
"""Of a plot, and what is left for its axes, in pixels."""


def write_comparison(
    store: Store,
    found: BranchComparison,
    path: Path,
    known: Known,
    *,
    changes: Sequence[str] = (),
) -> None:
    """Write the page of a comparison, with pictures of some exposures.

    Parameters
    ----------
    store
        The session's.
    found
        What was compared.
    path
        The file to write.
    known
        Types of items that the session may hold.
    changes
        What was changed between the two, in words.
    """
    pictures = side_by_side(store, found, known)
    template = Environment(autoescape=True, trim_blocks=True, lstrip_blocks=True).from_string(
        (files("icestream.report") / "page" / "comparison.html.j2").read_text(encoding="utf-8")
    )
    page = template.render(
        session=queries.session(store).name,
        found=found,
        changes=[line.replace(" -> ", " → ") for line in changes],
        verdict=verdict(found),
        same=[step.name for step in found.steps if is_same(step)],
        steps=[_step(step, found.asked) for step in found.steps if not is_same(step)],
        pictures=[
            (heading, why, list(some))
            for (heading, why), some in groupby(
                pictures, key=lambda one: (one.exposure or one.step, one.why)
            )
        ],
        software=f"icestream {icestream.__version__}",
    )
    write_atomically(path, page.encode())


@dataclass(frozen=True, slots=True, kw_only=True)
class _Row:
    """A quantity in the table of a step."""

    title: str
    old: str
    new: str
    change: str
    """The mean difference with its error."""
    tone: str
    """good, bad, other: it differs by more than chance; empty: it does not."""
    better: str
    worse: str
    same: str


def _step(step: ComparedStep, asked: int) -> dict[str, Any]:
    """What the page shows of a step."""
    leading = leading_of([one.name for one in step.qualities if not _is_error(one.name)])
    plots = [one for one in step.qualities if one.name == leading or one.is_claimed(asked)]
    plots = [one for one in plots if not _is_error(one.name) and (one.higher or one.lower)]
    plots.sort(key=lambda one: one.name != leading)
    return {
        "step": step,
        "note": _note(step),
        "rows": [_row(one, asked) for one in [*step.qualities, *filter(None, [step.seconds])]],
        "plots": [(quality_of(one.name), scatter(one)) for one in plots[:4]],
        "newest": [
            (quality_of(name).title, amount(name, old), amount(name, new))
            for name, (old, new) in step.newest.items()
        ],
        "names": [quality_of(one.name) for one in _named(step.qualities)],
        "exposures": list(_exposures(_named(step.qualities)))[:_MOST_ROWS],
    }


def _is_error(name: str) -> bool:
    return name.endswith(ERROR)


def _named(qualities: Sequence[Paired]) -> list[Paired]:
    """Qualities but those that stand beside another as its error."""
    return [one for one in qualities if not _is_error(one.name)]


def _note(step: ComparedStep) -> str:
    """Where a step is not in both, or made the same, that is said instead of numbers."""
    if step.old_revision is None:
        return f"new: it has {step.only_new} results"
    if step.new_revision is None:
        return f"taken out: it had {step.only_old} results"
    if step.identical:
        return "the results are the same ones"
    return ""


def _row(one: Paired, asked: int) -> _Row:
    quality = quality_of(one.name)
    tone = ""
    if one.is_claimed(asked) and one.name != "seconds":
        way = quality.better
        tone = (
            "other" if way is None else "good" if (one.difference > 0) == (way == "high") else "bad"
        )
    turns = quality.period is not None
    return _Row(
        title="Seconds for an exposure" if one.name == "seconds" else quality.title,
        old="" if turns else amount(one.name, one.old),
        new="" if turns else amount(one.name, one.new),
        change=change_words(one),
        tone=tone,
        better=sided(one)[0],
        worse=sided(one)[1],
        same=str(one.same) if one.same else "",
    )


def _exposures(qualities: Sequence[Paired]) -> Iterator[tuple[str, list[tuple[str, str]]]]:
    """Each exposure with the values that it has on either side."""
    pairs: list[Mapping[str, Pair]] = [{p.exposure: p for p in one.pairs} for one in qualities]
    for exposure in dict.fromkeys(name for each in pairs for name in each):
        cells = []
        for one, each in zip(qualities, pairs, strict=True):
            pair = each.get(exposure)
            cells.append(
                ("", "")
                if pair is None
                else (
                    amount(one.name, pair.old, pair.old_error),
                    amount(one.name, pair.new, pair.new_error),
                )
            )
        yield exposure, cells


def scatter(one: Paired) -> Markup:
    """The new value of each exposure over the old one: on the line, nothing has changed."""
    quality = quality_of(one.name)
    pairs = one.pairs[:: max(1, len(one.pairs) // _MOST_POINTS)]
    values = [value * quality.scale for pair in pairs for value in (pair.old, pair.new)]
    low, high = min(values), max(values)
    room = 0.05 * (high - low) or 0.05 * abs(high) or 1.0
    low, high = low - room, high + room

    def place(value: float) -> float:
        return (value * quality.scale - low) / (high - low) * (_SIDE - _ROOM)

    def x(value: float) -> float:
        return _ROOM + place(value)

    def y(value: float) -> float:
        return _SIDE - _ROOM - place(value)

    parts = [
        f'<rect x="{_ROOM}" y="0" width="{_SIDE - _ROOM}" height="{_SIDE - _ROOM}" class="field"/>',
        f'<path class="equal" d="M{_ROOM} {_SIDE - _ROOM}L{_SIDE} 0"/>',
    ]
    for pair in pairs:
        parts += _bars(pair, x, y)
        parts.append(
            f'<circle cx="{x(pair.old):.1f}" cy="{y(pair.new):.1f}" r="3">'
            f"<title>{Markup.escape(pair.exposure)}</title></circle>"
        )
    for text, anchor, place_ in ((low, "start", _ROOM), (high, "end", _SIDE)):
        parts.append(
            f'<text x="{place_}" y="{_SIDE - _ROOM + 14}" text-anchor="{anchor}">{text:.3g}</text>'
        )
    parts.append(f'<text x="{_ROOM - 4}" y="{_SIDE - _ROOM}" text-anchor="end">{low:.3g}</text>')
    parts.append(f'<text x="{_ROOM - 4}" y="10" text-anchor="end">{high:.3g}</text>')
    body = "".join(parts)
    return Markup(  # noqa: S704 - numbers, and names that are escaped
        f'<svg viewBox="-6 -2 {_SIDE + 8} {_SIDE - 12}" role="img">{body}</svg>'
    )


def _bars(pair: Pair, x: Any, y: Any) -> Iterator[str]:
    """Standard errors, where they are known."""
    if pair.old_error is not None and isfinite(pair.old_error):
        first, last = x(pair.old - pair.old_error), x(pair.old + pair.old_error)
        yield f'<path class="bar" d="M{first:.1f} {y(pair.new):.1f}H{last:.1f}"/>'
    if pair.new_error is not None and isfinite(pair.new_error):
        first, last = y(pair.new - pair.new_error), y(pair.new + pair.new_error)
        yield f'<path class="bar" d="M{x(pair.old):.1f} {first:.1f}V{last:.1f}"/>'
