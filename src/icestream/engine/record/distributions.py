"""What was measured on the first exposures that a selection has judged."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, select

from icestream.engine.graph.plan import PlannedStep
from icestream.model import RevisionId
from icestream.store import tables as t

__all__ = ["FEWEST", "Subject", "doubled", "measured", "settled_changes"]

FEWEST = 30
"""Exposures that a distribution is told from for the first time."""
PAGE = 500

Subject = tuple[str, str]
"""A quality, and the step that reports it; empty: any."""


def doubled(count: int) -> int:
    """The largest of 30, 60, 120, ... that is not more than `count`."""
    return FEWEST << max(0, (count // FEWEST).bit_length() - 1)


def settled_changes(
    step: PlannedStep, found: Mapping[Subject, Sequence[float]]
) -> tuple[int, dict[str, Any]]:
    """From how many exposures a selection is told, and the parameters that follow."""
    fewest = min(map(len, found.values()), default=0)
    if fewest < FEWEST:
        return 0, {}
    count = doubled(fewest)
    first = {subject: values[:count] for subject, values in found.items()}
    return count, dict(step.protocol.settle(first))


def measured(
    connection: Connection, step: PlannedStep, revision: RevisionId
) -> dict[Subject, list[float]]:
    """Values of the `distributions` of a selection, on what one of its revisions has judged.

    They are in the order of arrival, and of the first link that reports the quality.
    """
    found: dict[Subject, list[float]] = {subject: [] for subject in step.protocol.distributions()}
    after = 0
    while found:
        chosen = (
            select(t.task.c.subject_id, t.task.c.inputs)
            .where(
                t.task.c.revision_id == revision,
                t.task.c.state == "done",
                t.task.c.subject_id > after,
            )
            .order_by(t.task.c.subject_id)
            .limit(PAGE)
        )
        page = connection.execute(chosen).all()
        if not page:
            break
        after = page[-1].subject_id
        inputs = [_in_order(row.inputs, step) for row in page]
        results = {result for entries in inputs for _, result in entries}
        values = _values(connection, results, {quality for quality, _ in found})
        for entries in inputs:
            for (quality, named), list_ in found.items():
                there = (
                    values[result, quality]
                    for label, result in entries
                    if named in ("", label) and (result, quality) in values
                )
                list_.extend(value for value in [next(there, None)] if value is not None)
    return found


def _in_order(inputs: str, step: PlannedStep) -> list[tuple[str, int]]:
    """Label and result of what was judged; what is linked by many links comes last."""
    entries = sorted(json.loads(inputs), key=lambda entry: entry[0] in step.many)
    return [(label, result) for _, label, result, _ in entries]


def _values(
    connection: Connection, results: set[int], names: set[str]
) -> dict[tuple[int, str], float]:
    quality = t.quality.c
    chosen = select(quality.result_id, quality.name, quality.value).where(
        quality.result_id.in_(results), quality.name.in_(names)
    )
    return {(row.result_id, row.name): row.value for row in connection.execute(chosen)}
