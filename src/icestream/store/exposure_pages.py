"""Exposures as a table of any length: pages and columns that the database filters and sorts."""

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    FromClause,
    Integer,
    Select,
    Subquery,
    and_,
    case,
    cast,
    false,
    func,
    null,
    or_,
    select,
)

from icestream.store import tables as t
from icestream.store.exposure_queries import (
    ExposureColumns,
    ExposurePage,
    ExposureQuery,
    ExposureRow,
    ExposureWindow,
    QualityRange,
)
from icestream.store.measures import MeasuredColumns, measuring_revisions
from icestream.store.named import exposure_id
from icestream.store.open import Store
from icestream.store.outcomes import BranchOutcomes
from icestream.store.records import DecisionRecord
from icestream.store.standing import reruns
from icestream.store.workload import acquired_at

__all__ = ["count_bins", "exposure_columns", "exposure_page"]

_AT_ONCE = 500
"""Exposures whose outcomes in a branch are told at once."""
_KNUTH, _SPAN = 2654435761, 2**32
"""Numbers times the first, modulo the second, lie evenly and in no order: a sample of exposures is
those below a part of it. Each n-th exposure would be the same place of each foil hole."""
_PLAIN = ("number", "name", "found")
"""What is sorted by that is no quality."""
_WHERE = ("grid_square", "foil_hole", "group")
"""What an alert may be limited to."""
_DIGITS = 9
"""A longer number is none of an exposure."""


class _Table:
    """What one question is answered from.

    Qualities drive it where some are asked for: their index gives exposures with their values, and
    a row of `exposure` or `subject` is read only where something of it is asked for, too.
    """

    def __init__(self, store: Store, connection: Connection, query: ExposureQuery) -> None:
        standing = reruns(store).standing if query.branch is None else None
        self.connection = connection
        self.query = query
        self.ranked = measuring_revisions(connection, query.branch, standing)
        self.columns = MeasuredColumns(connection, self.ranked)
        self.outcomes = _outcomes(store, query)
        """Of a branch that is not adopted, whose states are not recorded."""
        self.sample = self._sampled()
        """Exposures that the branch is for; None: all."""
        self.ranges = [
            (asked, self.columns.column(asked.name))
            for asked in query.ranges
            if asked.name not in _PLAIN
        ]
        self.alert = None if query.alert is None else _alerted(connection, query.alert)
        self.filtered = replace(query, branch=None) != ExposureQuery()
        self.nothing = any(column is None for _, column in self.ranges)
        """Whether a range is asked for of what nobody measured."""

    def _sampled(self) -> frozenset[int] | None:
        if self.outcomes is None:
            return None
        chosen = select(t.branch.c.sample).where(t.branch.c.name == self.query.branch)
        said = self.connection.execute(chosen).scalar()
        return None if said is None else frozenset(json.loads(said))

    def total(self) -> int:
        """Exposures of the session, or of the sample that the branch is for."""
        if self.sample is not None:
            return len(self.sample)
        counted = select(func.count()).select_from(t.exposure)
        return int(self.connection.execute(counted).scalar_one())

    def matching(self) -> int:
        """Exposures that are asked for; their states in a branch that is not adopted aside."""
        if not self.filtered or self.nothing:
            return 0 if self.nothing else self.total()
        asked = self.asked()
        counted = asked.select(func.count())
        return int(self.connection.execute(counted).scalar_one())

    def asked(self, *, sort: Subquery | None = None, whole: bool = False) -> "_Asked":
        """The exposures that are asked for.

        Parameters
        ----------
        sort
            A quality that they have to have, too.
        whole
            Whether something of `exposure` and `subject` is read of each.
        """
        query, columns = self.query, [] if sort is None else [sort]
        columns += [column for _, column in self.ranges if column not in (None, sort)]
        states = query.states and self.outcomes is None
        plain = {asked.name for asked in query.ranges} & set(_PLAIN)
        of_rows = (states, query.search, query.squares, self.alert, "found" in plain, not columns)
        rows = whole or any(of_rows)
        names = whole or bool(query.search) or "number" in plain
        asked = _Asked(columns, rows=rows, names=names)
        asked.conditions += _conditions(self, asked.own)
        return asked


class _Asked:
    """Exposures that are joined from the values of some qualities, or from their own rows."""

    def __init__(self, columns: Sequence[Subquery], *, rows: bool, names: bool) -> None:
        source: FromClause = columns[0] if columns else t.exposure
        self.own: ColumnElement[int] = columns[0].c.subject_id if columns else t.exposure.c.id
        """Number of the exposure's subject."""
        for column in dict.fromkeys(columns[1:]):
            source = source.join(column, column.c.subject_id == self.own)
        if rows and columns:
            source = source.join(t.exposure, t.exposure.c.id == self.own)
        if names:
            source = source.join(t.subject, t.subject.c.id == self.own)
        self.source = source
        self.conditions: list[ColumnElement[bool]] = []

    def select(self, *columns: Any) -> Select[Any]:
        return select(*columns).select_from(self.source).where(*self.conditions)


def exposure_page(
    store: Store, query: ExposureQuery | None = None, window: ExposureWindow | None = None
) -> ExposurePage:
    """A page of the exposures that are asked for.

    Parameters
    ----------
    store
        The session's.
    query
        Which; all by default.
    window
        Which part of them, in which order; the first hundred by default.

    Raises
    ------
    LookupError
        If there is no such branch, or none of the exposure after which the page is to begin.
    """
    query, window = query or ExposureQuery(), window or ExposureWindow()
    with store.read() as connection:
        table = _Table(store, connection, query)
        if table.outcomes is not None and query.states:
            ids = _of_states(table, window)
            matching = len(ids)
            window = replace(window, at=_place_in(connection, ids, window))
            ids = ids[window.at : window.at + window.limit + 1]
        else:
            matching = table.matching()
            if window.around is not None and matching:
                window = replace(window, at=_place_of(table, window))
            ids = _ordered(table, window) if matching else []
        rows = tuple(_rows(table, ids[: window.limit]))
        more = rows[-1].number if len(ids) > window.limit else None
        return ExposurePage(
            total=table.total(), matching=matching, rows=rows, next=more, at=window.at
        )


def exposure_columns(
    store: Store,
    query: ExposureQuery | None = None,
    names: Iterable[str] = (),
    most: int = 5000,
    *,
    places: bool = False,
) -> ExposureColumns:
    """Values of qualities of the exposures that are asked for, in order of arrival.

    Of more than `most` they are a sample: about as many, the same ones each time.

    Parameters
    ----------
    places
        Whether it is asked for, too, when and on which grid square they were taken.
    """
    query, wanted = query or ExposureQuery(), tuple(dict.fromkeys(names))
    with store.read() as connection:
        table = _Table(store, connection, query)
        asked = table.asked(whole=True)
        total = table.matching()
        of_states: frozenset[int] | None = None
        if table.outcomes is not None and query.states:
            of_states = frozenset(_of_states(table, None))
            total = len(of_states)
        if total > most:
            asked.conditions.append((asked.own * _KNUTH) % _SPAN < int(_SPAN * most / total))
        values: list[ColumnElement[Any]] = []
        for name in wanted:
            column = table.columns.column(name)
            if column is None:
                values.append(null())
                continue
            value = column.alias()
            asked.source = asked.source.outerjoin(value, value.c.subject_id == asked.own)
            values.append(value.c.value)
        head = (asked.own, t.subject.c.number, t.subject.c.name)
        details_ = t.exposure.c.details if places else null()
        chosen = asked.select(*head, t.exposure.c.state, t.exposure.c.found, details_, *values)
        rows = connection.execute(chosen.order_by(asked.own)).all() if total else []
        if of_states is not None:  # too many for a statement
            rows = [row for row in rows if row[0] in of_states]
        own, number, name_, state, found, details, *columns = (
            zip(*rows, strict=True) if rows else [()] * 6
        )
        if table.outcomes is not None:
            said = _said(table.outcomes, own)
            state = tuple(said[subject][0] for subject in own)
    said_of = [json.loads(text) for text in details] if places else []
    return ExposureColumns(
        number=number,
        name=name_,
        state=state,
        found=found,
        time=tuple(map(acquired_at, said_of)),
        square=tuple(_text(one.get("grid_square")) for one in said_of),
        columns=dict(zip(wanted, columns or [()] * len(wanted), strict=True)),
        total=total,
        shown=len(rows),
    )


def count_bins(
    store: Store, query: ExposureQuery, name: str, edges: Sequence[float]
) -> dict[str, tuple[int, ...]]:
    """How many of the exposures that are asked for have a value of a quality in each bin, by state.

    Parameters
    ----------
    edges
        Of bins of equal width. What lies beyond the ends is counted in the outermost bins.
    """
    bins, low, step = len(edges) - 1, edges[0], edges[1] - edges[0]
    counts: dict[str, list[int]] = {}
    with store.read() as connection:
        table = _Table(store, connection, query)
        column = table.columns.column(name)
        if column is None or table.nothing:
            return {}
        asked = table.asked(sort=column, whole=True)
        whole = (column.c.value - low) / step
        # What lies far outside would not fit an integer.
        place = case(
            (whole < 1, 0), (whole >= bins, bins - 1), else_=cast(func.floor(whole), Integer)
        )
        if table.outcomes is not None:  # states are not recorded: exposure by exposure
            rows = connection.execute(asked.select(asked.own, place))
            found = {row[0]: row[1] for row in rows}
            for own, (state, _) in _said(table.outcomes, list(found)).items():
                if not query.states or state in query.states:
                    counts.setdefault(state, [0] * bins)[found[own]] += 1
            return {state: tuple(of) for state, of in counts.items()}
        counted = asked.select(place.label("place"), t.exposure.c.state, func.count())
        for where, state, count in connection.execute(counted.group_by("place", "state")):
            counts.setdefault(state, [0] * bins)[where] = count
    return {state: tuple(of) for state, of in counts.items()}


def _outcomes(store: Store, query: ExposureQuery) -> BranchOutcomes | None:
    """How states of a branch are told that is not adopted."""
    if query.branch is None:
        return None
    with store.read() as connection:
        adopted = select(t.branch.c.name).join(t.session, t.session.c.branch_id == t.branch.c.id)
        if connection.execute(adopted).scalar() == query.branch:
            return None
    return BranchOutcomes(store, query.branch)


def _conditions(table: _Table, own: ColumnElement[int]) -> Iterator[ColumnElement[bool]]:
    query, exposure = table.query, t.exposure.c
    if table.sample is not None:
        yield own.in_(sorted(table.sample))
    if query.states and table.outcomes is None:
        yield exposure.state.in_(query.states)
    if query.search:
        named = t.subject.c.name.icontains(query.search, autoescape=True)
        of_number = query.search.removeprefix("#")
        if of_number.isascii() and of_number.isdigit() and len(of_number) <= _DIGITS:
            yield or_(t.subject.c.number == int(of_number), named)
        else:
            written = json.dumps(query.search)[1:-1]  # as the reasons are kept
            yield or_(named, exposure.reasons.icontains(written, autoescape=True))
    if query.squares:
        yield or_(*(_says(grid_square=square) for square in query.squares))
    if table.alert is not None:
        yield from table.alert
    for asked in query.ranges:
        if asked.name in _PLAIN:
            numbered = asked.name == "number"
            if numbered:  # by which the index of numbers is used
                yield and_(t.subject.c.kind == "exposure", t.subject.c.family == "")
            yield from _between(t.subject.c.number if numbered else exposure.found, asked)
    for asked, column in table.ranges:
        if column is not None:
            yield from _between(column.c.value, asked)


def _between(value: ColumnElement[Any], asked: QualityRange) -> Iterator[ColumnElement[bool]]:
    if asked.low is not None:
        yield value >= asked.low
    if asked.high is not None:
        yield value <= asked.high


def _says(**value: Any) -> ColumnElement[bool]:
    """Whether the metadata of an exposure have a value, as they are written."""
    said = json.dumps(value)[1:-1]
    # What follows is looked at, too: a 1 is the beginning of a 12.
    return or_(*(t.exposure.c.details.contains(said + end, autoescape=True) for end in ",}"))


def _alerted(connection: Connection, number: int) -> list[ColumnElement[bool]]:
    """Which exposures show what an alert is about."""
    chosen = select(t.alert.c.exposure, t.alert.c.extent).where(t.alert.c.id == number)
    row = connection.execute(chosen).one_or_none()
    if row is None:
        raise LookupError(f"there is no alert {number} in this session")
    extent = json.loads(row.extent) if row.extent else {}
    ends = [extent.get("first") or row.exposure or "", extent.get("last") or row.exposure or ""]
    named = select(t.subject.c.name, t.subject.c.id).where(
        t.subject.c.kind == "exposure", t.subject.c.family == "", t.subject.c.name.in_(ends)
    )
    known = {row.name: row.id for row in connection.execute(named)}
    if not known:
        return [false()]
    said = {name: extent[name] for name in _WHERE if extent.get(name) is not None}
    low, high = min(known.values()), max(known.values())
    return [t.exposure.c.id.between(low, high), *(_says(**{n: v}) for n, v in said.items())]


def _ordered(table: _Table, window: ExposureWindow) -> list[int]:
    """Numbers of the page's exposures, and of the one that follows it."""
    ids: list[int] = []
    wanted, passed = window.limit + 1, window.at
    for key, asked in _parts(table, window):
        own, down = asked.own, window.descending
        order = [own] if key is own else [key, own]
        chosen = asked.select(own).order_by(*(each.desc() if down else each for each in order))
        chosen = chosen.offset(passed).limit(wanted - len(ids))
        ids += table.connection.execute(chosen).scalars()
        if len(ids) == wanted:
            break
        passed = 0 if ids else max(0, passed - _count(table, asked))
    return ids


def _follows(table: _Table, window: ExposureWindow) -> int:
    """How many exposures follow the one after which a page begins."""
    return sum(_count(table, asked) for _, asked in _parts(table, window))


def _count(table: _Table, asked: _Asked) -> int:
    return int(table.connection.execute(asked.select(func.count())).scalar_one())


def _parts(table: _Table, window: ExposureWindow) -> Iterator[tuple[ColumnElement[Any], _Asked]]:
    """What is asked for from the place on where the page begins, and what it is sorted by.

    Of a quality there are two parts: those without a value come last, in order of arrival.
    """
    after = None if window.after is None else _after(table, window)
    if window.sort in _PLAIN:
        asked = table.asked(whole=window.sort != "number")
        keys = {"name": t.subject.c.name, "found": t.exposure.c.found}
        key = keys.get(window.sort, asked.own)
        yield key, _beyond(asked, key, after, window)
        return
    column = table.columns.column(window.sort)
    rest = table.asked(whole=True)
    if column is not None:
        if after is None or after[1] is not None:
            yield column.c.value, _beyond(table.asked(sort=column), column.c.value, after, window)
        value = column.alias()
        rest.source = rest.source.outerjoin(value, value.c.subject_id == rest.own)
        rest.conditions.append(value.c.subject_id.is_(None))
    last = after if after is not None and after[1] is None else None
    yield rest.own, _beyond(rest, rest.own, last, window)


def _beyond(
    asked: _Asked, key: ColumnElement[Any], after: tuple[int, Any] | None, window: ExposureWindow
) -> _Asked:
    """Those of the exposures that come after one, of which the number and the key are given."""
    if after is not None:
        last, value = after
        down = window.descending
        later = asked.own < last if down else asked.own > last
        if key is not asked.own:
            beyond = key < value if down else key > value
            later = or_(beyond, and_(key == value, later))
        asked.conditions.append(later)
    return asked


def _after(table: _Table, window: ExposureWindow) -> tuple[int, Any]:
    """Number of the subject after which the page begins, and its key."""
    named = (
        select(t.subject.c.id, t.subject.c.name, t.exposure.c.found)
        .join(t.exposure, t.exposure.c.id == t.subject.c.id)
        .where(
            t.subject.c.kind == "exposure",
            t.subject.c.family == "",
            t.subject.c.number == window.after,
        )
    )
    row = table.connection.execute(named).one_or_none()
    if row is None:
        raise LookupError(f"there is no exposure {window.after}, after which the page is to begin")
    if window.sort in _PLAIN:
        return row.id, {"name": row.name, "found": row.found}.get(window.sort)
    column = table.columns.column(window.sort)
    if column is None:
        return row.id, None
    chosen = select(column.c.value).where(column.c.subject_id == row.id)
    return row.id, table.connection.execute(chosen).scalar()


def _of_states(table: _Table, window: ExposureWindow | None) -> list[int]:
    """Exposures with the states that are asked for in a branch, whose states are not recorded."""
    assert table.outcomes is not None
    sort = "number" if window is None else window.sort
    down = window is not None and window.descending
    whole = ExposureWindow(sort=sort, descending=down, limit=2**31)
    ids = [] if table.nothing else _ordered(table, whole)
    said = _said(table.outcomes, ids)
    return [subject for subject in ids if said[subject][0] in table.query.states]


def _said(outcomes: BranchOutcomes, ids: Sequence[int]) -> dict[int, tuple[str, list[str]]]:
    """State and reasons of each exposure in a branch."""
    said: dict[int, tuple[str, list[str]]] = {}
    for first in range(0, len(ids), _AT_ONCE):
        said |= outcomes.of(ids[first : first + _AT_ONCE])
    return said


def _place_in(connection: Connection, ids: Sequence[int], window: ExposureWindow) -> int:
    """Exposures before the page, of those that are listed."""
    if window.around is None and window.after is None:
        return window.at
    numbered = select(t.subject.c.id).where(
        t.subject.c.kind == "exposure", t.subject.c.family == "", t.subject.c.number == window.after
    )
    chosen = numbered if window.around is None else select(exposure_id(window.around))
    own = connection.execute(chosen).scalar()
    place = ids.index(own) if own in ids else 0
    if window.around is not None:
        return place - place % window.limit
    return place + (own in ids) + window.at


def _place_of(table: _Table, window: ExposureWindow) -> int:
    """Exposures before the page that has the one that is named, if it is one that is asked for."""
    named = select(t.subject.c.number).where(t.subject.c.id == exposure_id(window.around or ""))
    number = table.connection.execute(named).scalar()
    if number is None:
        raise LookupError(f"no exposure {window.around!r} in this session")
    # What follows it is counted, as a page after it would begin; the rest is before it.
    following = _follows(table, replace(window, after=number, around=None, at=0))
    place = max(0, table.matching() - following - 1)
    return place - place % window.limit


def _rows(table: _Table, ids: Sequence[int]) -> Iterator[ExposureRow]:
    """The exposures of a page, in its order."""
    chosen = (
        select(t.exposure, t.subject.c.name, t.subject.c.number)
        .join(t.subject, t.subject.c.id == t.exposure.c.id)
        .where(t.exposure.c.id.in_(ids))
    )
    rows = {row.id: row for row in table.connection.execute(chosen)}
    values = _values(table, ids)
    decided = _decided(table, ids)
    said = {} if table.outcomes is None else table.outcomes.of(ids)
    for own in ids:
        row = rows[own]
        details = json.loads(row.details)
        state, reasons = said.get(own) or (row.state, json.loads(row.reasons))
        yield ExposureRow(
            number=row.number,
            name=row.name,
            state=state,
            reasons=tuple(reasons),
            found=row.found,
            time=acquired_at(details),
            qualities=values.get(own, {}),
            grid_square=_text(details.get("grid_square")),
            foil_hole=_text(details.get("foil_hole")),
            group=details.get("group"),
            decision=decided.get(own),
        )


def _decided(table: _Table, ids: Sequence[int]) -> dict[int, DecisionRecord]:
    """The last word of a person on each of some exposures."""
    chosen = (
        select(t.decision, t.step.c.name.label("step"), t.subject.c.name.label("exposure"))
        .join(t.step, t.step.c.id == t.decision.c.step_id)
        .join(t.subject, t.subject.c.id == t.decision.c.subject_id)
        .where(t.decision.c.subject_id.in_(ids))
        .order_by(t.decision.c.id)
    )
    return {
        row.subject_id: DecisionRecord(
            step=row.step,
            exposure=row.exposure,
            accepted=row.accepted,
            who=row.who,
            why=row.why,
            time=row.time,
        )
        for row in table.connection.execute(chosen)
    }


def _text(value: Any) -> str | None:
    return None if value in (None, "") else str(value)


def _values(table: _Table, ids: Sequence[int]) -> dict[int, dict[str, float]]:
    """All qualities of some exposures, each of the revision that counts."""
    quality = t.quality.c
    order = {revision: place for place, revision in enumerate(table.ranked)}
    chosen = select(quality.subject_id, quality.revision_id, quality.name, quality.value).where(
        quality.subject_id.in_(ids)
    )
    rows = [row for row in table.connection.execute(chosen) if row.revision_id in order]
    values: dict[int, dict[str, float]] = {}
    for row in sorted(rows, key=lambda row: (-order[row.revision_id], row.name)):
        values.setdefault(row.subject_id, {})[row.name] = row.value
    return values
