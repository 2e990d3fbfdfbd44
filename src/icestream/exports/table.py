"""A session's exposures, or the results of a step, as a table: CSV or JSON."""

import csv
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Literal, TextIO

from icestream.shown import spreadsheet_text
from icestream.store import queries
from icestream.store.open import Store
from icestream.store.outcomes import BranchOutcomes
from icestream.store.records import ExposureRecord, ResultRecord

__all__ = ["TableFormat", "exposure_rows", "result_rows", "table_rows", "write_table"]

_PAGE = 500
_DETAILS = ("grid_square", "foil_hole", "group", "acquired", "nominal_defocus", "tilt")
"""What the metadata say about a shot, of what fits a table."""
Row = dict[str, Any]
TableFormat = Literal["csv", "json"]


def table_rows(store: Store, step: str | None = None, branch: str | None = None) -> Iterator[Row]:
    """A row for each result of a step, or, without one, for each exposure.

    LookupError says which steps and branches there are, before the first row.
    """
    if step is None:
        return exposure_rows(store, branch)
    queries.step(store, step, branch=branch)
    return result_rows(store, step, branch)


def exposure_rows(store: Store, branch: str | None = None) -> Iterator[Row]:
    """A row for each exposure, in order of arrival, with the qualities of the deepest steps.

    The state of an exposure, and the reasons, are as the branch has it; where that is not known,
    the state is empty and the reason says why.
    """
    depth = {step.name: (step.depth, -step.id) for step in queries.steps(store, branch=branch)}
    adopted = queries.session(store).branch
    measured: dict[str, dict[str, tuple[tuple[int, int], float]]] = {}
    after = 0
    while page := queries.qualities(store, after=after, branch=branch):
        after = page[-1].id
        for quality in page:
            of = measured.setdefault(quality.exposure, {})
            rank = depth[quality.step]
            if quality.name not in of or of[quality.name][0] <= rank:
                of[quality.name] = rank, quality.value
    outcomes = None
    if branch is not None and branch != adopted:
        outcomes = BranchOutcomes(store, branch)
    after = 0
    while exposures := queries.exposures(store, after=after, limit=_PAGE, branch=branch):
        after = exposures[-1].id
        became = {} if outcomes is None else outcomes.of(each.id for each in exposures)
        for exposure in exposures:
            values = measured.get(exposure.name, {})
            head = _head(exposure)
            if outcomes is not None:
                ends = (name for name, state in exposure.steps.items() if state == "failed")
                state, reasons = became[exposure.id]
                head |= {"state": state, "reasons": "; ".join(reasons)}
                head |= {"branch": branch, "failed_at": "; ".join(ends)}
            yield head | {name: values[name][1] for name in sorted(values)}


def _head(exposure: ExposureRecord) -> Row:
    return {
        "number": exposure.number,
        "exposure": exposure.name,
        "state": exposure.state,
        "reasons": "; ".join(exposure.reasons),
        "found": exposure.found,
        **{name: exposure.details.get(name) for name in _DETAILS},
    }


def result_rows(store: Store, step: str, branch: str | None = None) -> Iterator[Row]:
    """A row for each result of a step's current revision, in order of commit."""
    after = 0
    while page := queries.results(store, step, after=after, limit=_PAGE, branch=branch):
        after = page[-1].serial
        for record in page:
            yield _of_result(record) | dict(_fields(record.outputs))


def _of_result(record: ResultRecord) -> Row:
    return {
        record.about: record.subject,
        "revision": record.revision,
        "passed": record.passed,
        "seconds": record.seconds,
        "cpu": record.cpu,
        "memory": record.memory,
        "finished": record.finished,
        "attempt": record.attempt,
        "host": record.host,
    }


def _fields(outputs: Mapping[str, Mapping[str, Any]]) -> Iterator[tuple[str, Any]]:
    """Fields of items that are one value each; what is in one port needs not say in which."""
    for port, document in outputs.items():
        prefix = "" if len(outputs) == 1 else f"{port}."
        for name, value in document.items():
            if isinstance(value, str | int | float | bool):
                yield f"{prefix}{name}", value
            elif isinstance(value, list) and all(isinstance(part, str) for part in value):
                yield f"{prefix}{name}", "; ".join(value)


def write_table(rows: Sequence[Row], format_: TableFormat, file: TextIO) -> None:
    """Write rows as CSV with a line of names, or as a JSON list of objects.

    In CSV no spreadsheet takes a text for a formula.
    """
    if format_ == "json":
        json.dump(rows, file, indent=1, ensure_ascii=False)
        file.write("\n")
        return
    writer = csv.DictWriter(file, list(_columns(rows)), restval="", lineterminator="\n")
    writer.writeheader()
    for row in rows:
        plain = {
            name: spreadsheet_text(value) if isinstance(value, str) else value
            for name, value in row.items()
        }
        writer.writerow(plain)


def _columns(rows: Iterable[Row]) -> dict[str, None]:
    """Names of all columns, in the order in which they come."""
    return {name: None for row in rows for name in row}
