"""What the steps tell of their results: the sentence and the plots that a protocol's author wrote.

The code of a plugin runs here, and it may be wrong or gone: what goes wrong is shown in the place
of what it should have told, and the rest of the report goes on.
"""

import time
import traceback
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np

from icestream.formats.within import read_within
from icestream.model import Accepted, Measured, Rejected, from_document
from icestream.protocol import Figure, Protocol, Registry, known_types
from icestream.report.follow import Follower
from icestream.report.live import is_finished
from icestream.report.trends import Histogram, rounded
from icestream.store import queries
from icestream.store.items import item_of, items_of
from icestream.store.records import ResultRecord, StepRecord

__all__ = ["Telling"]

_NEWEST = 400
"""Results that a step tells of."""
_PAUSE = 20.0
"""Seconds between two tellings of a session that runs."""
_MOST_FIGURES = 12
_MOST_POINTS = 1000
_LONGEST = 1000
"""Characters of a sentence."""


@dataclass(slots=True)
class _Told:
    """One step: the results that it tells of, and what it told last."""

    key: tuple[int, ...] = ()
    """Changes when there is something new to tell."""
    done: int = 0
    serial: int = 0
    items: dict[str, Any] = field(default_factory=dict)
    """By the name of the exposure, group or batch."""
    document: dict[str, Any] | None = None


class Telling:
    """Asks each step of a session for its sentence and its plots, when it has new results.

    Parameters
    ----------
    registry
        Where the protocols come from.
    """

    def __init__(self, registry: Registry) -> None:
        self._registry = registry
        self._steps: dict[str, _Told] = {}
        self._asked: float | None = None
        self._drawn: dict[str, tuple[Mapping[str, Any], ...]] = {}

    def update(
        self, follower: Follower, titles: Mapping[str, str], *, at_once: bool = False
    ) -> list[dict[str, Any]] | None:
        """What all steps tell, for the page; None when nothing has changed, or it is too soon.

        It is never too soon with `at_once`, nor when the session has ended.
        """
        now = time.monotonic()
        waiting = self._asked is not None and now - self._asked < _PAUSE
        if waiting and not (at_once or is_finished(follower)):
            return None
        first, self._asked = self._asked is None, now
        before, self._drawn = self._drawn, queries.figures(follower.store)
        changed = first or before != self._drawn
        for step in follower.workflow.steps:
            told = self._steps.setdefault(step.name, _Told())
            stands = follower.again.standing is not None
            key = (step.counts.done, step.counts.rejected, step.counts.reused, stands)
            drawn = step.name in self._drawn and before.get(step.name) != self._drawn[step.name]
            if key != told.key or drawn:
                told.key = key
                told.document = self._tell(follower, step, told, titles)
                changed = True
        if not changed:
            return None
        documents = (self._steps[step.name].document for step in follower.workflow.steps)
        return [document for document in documents if document is not None]

    def _tell(
        self, follower: Follower, step: StepRecord, told: _Told, titles: Mapping[str, str]
    ) -> dict[str, Any] | None:
        """What one step tells; None when it has nothing to say."""
        problems: list[str] = []
        sentence = ""
        figures: list[dict[str, Any]] = []
        known = False
        try:
            protocol = _protocol(self._registry, step)
            orders: list[int | None] = []
            if protocol.watches:
                drawn = self._drawn.get(step.name, ())
                figures = [_drawn(from_document(Figure, dict(each)), ()) for each in drawn]
            elif step.counts.done or follower.branch_of(step) is not None:
                known = _measures(protocol)
                _gather(follower, step, type(protocol), told)
                orders = _sort(follower, told)
                items = list(told.items.values())
                with read_within(_within(follower, step)):
                    with _Saying("summarize", problems):
                        sentence = str(protocol.summarize(items)).strip()[:_LONGEST]
                    with _Saying("plot", problems):
                        for figure in islice(protocol.plot(items), _MOST_FIGURES):
                            figures.append(_drawn(figure, orders))
        except Exception as error:  # not installed, or a result that this version cannot read
            problems.append(_line(error))
        if not (sentence or figures or problems):
            return None
        return {
            "name": step.name,
            "title": titles.get(step.name, step.name),
            "sentence": sentence,
            "problems": problems,
            "figures": figures,
            "known": known,
            "count": len(told.items),
            "total": step.counts.done or len(told.items),
        }


class _Saying:
    """Notes what an author's method raises, and goes on."""

    def __init__(self, method: str, problems: list[str]) -> None:
        self._method = method
        self._problems = problems

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> bool:
        if isinstance(error, Exception):
            self._problems.append(f"{self._method}: {_line(error)}")
            return True
        return False


def _line(error: Exception) -> str:
    """The error in one line, with the line of code that raised it."""
    text = f"{type(error).__name__}: {error}"
    frames = traceback.extract_tb(error.__traceback__)
    if frames and isinstance(error, ArithmeticError | AttributeError | TypeError | ValueError):
        text += f" ({Path(frames[-1].filename).name}, line {frames[-1].lineno})"
    return text[:_LONGEST]


def _protocol(registry: Registry, step: StepRecord) -> Protocol[Any]:
    kind = registry.get(step.protocol)
    return kind(kind.parameters_type().model_validate(dict(step.changed)))


def _within(follower: Follower, step: StepRecord) -> tuple[str, ...] | None:
    """Folders below which the step reads, here as where it runs."""
    return None if step.within is None else (*step.within, str(follower.store.folder))


def _measures(protocol: Protocol[Any]) -> bool:
    """Whether the items have qualities, which the page shows as trends already."""
    return any(issubclass(port.item, Measured) for port in protocol.outputs())


def _gather(
    follower: Follower, step: StepRecord, protocol: type[Protocol[Any]], told: _Told
) -> None:
    """Read the results that came since the last time, at most the newest few hundred."""
    grown, told.done = step.counts.done - told.done, step.counts.done
    branch = follower.branch_of(step)
    if told.serial == 0 or grown >= _NEWEST or branch is not None:
        records = queries.latest_results(follower.store, step.name, limit=_NEWEST, branch=branch)
    else:
        records = queries.results(follower.store, step.name, after=told.serial, limit=2 * _NEWEST)
    for record in records:
        told.serial = max(told.serial, record.serial)
        for item in _item(follower, protocol, record):
            name = record.subject
            told.items.pop(name, None)
            told.items[name] = item
    for name in list(islice(told.items, max(0, len(told.items) - _NEWEST))):
        del told.items[name]


def _item(follower: Follower, protocol: type[Protocol[Any]], record: ResultRecord) -> Iterator[Any]:
    """What the author's method returned: the item of the first port, or the verdict."""
    if protocol.passes and protocol.runs:
        said = items_of(follower.store, record).values()
        reasons = next((verdict.reasons for verdict in said if isinstance(verdict, Rejected)), ())
        yield Accepted() if record.passed else Rejected(reasons)
        return
    known = known_types([protocol])
    for port in protocol.outputs()[:1]:
        if port.name in record.outputs:
            yield item_of(follower.store, record, port.name, port.item, known)


def _sort(follower: Follower, told: _Told) -> list[int | None]:
    """Put the items into the order in which their exposures were found; those orders."""
    order = follower.table.order
    if any(name in order for name in told.items):
        told.items = {
            name: told.items[name] for name in sorted(told.items, key=lambda n: order.get(n, -1))
        }
    return [follower.table.place_of(name) for name in told.items]


def _drawn(figure: Figure, orders: Sequence[int | None]) -> dict[str, Any]:
    """A figure for the page. TypeError or ValueError says what is wrong with it."""
    if not isinstance(figure, Figure):
        raise TypeError(f"plot must yield Figures, and yielded {figure!r:.80}")
    y = _numbers(figure.y)
    document = {
        "title": figure.title,
        "kind": figure.kind,
        "x_label": figure.x_label or _order_label(figure, orders),
        "y_label": figure.y_label,
        "count": len(y),
    }
    step = max(1, -(-len(y) // _MOST_POINTS))
    if figure.kind == "histogram":
        document["histogram"] = _histogram(y)
    elif figure.kind == "scatter":
        x = _numbers(figure.x if figure.x is not None else ())
        if len(x) != len(y):
            raise ValueError(f"scatter {figure.title!r} has {len(x)} x and {len(y)} y")
        document["x"] = [rounded(value) for value in x[::step]]
    elif figure.kind != "series":
        raise ValueError(
            f"figure {figure.title!r} is a {figure.kind!r}: there are series, histogram, scatter"
        )
    if figure.kind != "histogram":
        document["y"] = [rounded(value) for value in y[::step]]
        document["orders"] = list(orders[::step]) if len(orders) == len(y) else []
    return document


def _order_label(figure: Figure, orders: Sequence[int | None]) -> str:
    """What a series is in the order of, where its author does not say."""
    if figure.kind != "series":
        return ""
    known = len(orders) == len(figure.y) and any(order is not None for order in orders)
    return "exposures, in order" if known else "results, in order"


def _numbers(values: Iterable[Any]) -> list[float]:
    return [float(value) for value in values]


def _histogram(values: Sequence[float]) -> dict[str, Any]:
    """The same bins as those of the trends."""
    known = [value for value in values if np.isfinite(value)]
    counted = Histogram(whole=all(value.is_integer() for value in known))
    for index, value in enumerate(known):
        counted.put(index, value, rejected=False)
    return {
        "low": counted.shown(1.0)["low"],
        "step": counted.shown(1.0)["step"],
        "counts": counted.shown(1.0)["kept"],
    }
