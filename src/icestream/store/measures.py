"""The values of a quality as a column: of the deepest step that measured it.

Where several steps of a branch measure the same quality of an exposure, that of the deepest is its
value, as everywhere that people look; what stands until it is made again comes last.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from sqlalchemy import CompoundSelect, Connection, Select, Subquery, func, select, union_all

from icestream.store import tables as t
from icestream.store.current import Branch
from icestream.store.current import current as current_of
from icestream.store.open import Store
from icestream.store.records import StandingRecord

__all__ = ["MeasuredColumns", "QualitySpread", "measuring_revisions", "quality_spreads"]


@dataclass(frozen=True, slots=True, kw_only=True)
class QualitySpread:
    """How the values of a quality lie, over all exposures of a session."""

    name: str
    count: int
    """Exposures that have a value."""
    low: float
    high: float
    median: float
    """Of an even number, the higher of the two in the middle."""


def measuring_revisions(
    connection: Connection, branch: Branch, standing: StandingRecord | None = None
) -> tuple[int, ...]:
    """Revisions in the order in which their values are taken: the deepest step first."""
    ranked: dict[int, None] = {}
    for one in (branch, standing) if standing is not None else (branch,):
        current = current_of(connection, one)
        chosen = (
            select(t.revision.c.id)
            .join(current, current.c.revision_id == t.revision.c.id)
            .order_by(t.revision.c.depth.desc(), current.c.id)
        )
        ranked |= dict.fromkeys(connection.execute(chosen).scalars())
    return tuple(ranked)


class MeasuredColumns:
    """Qualities as columns (`subject_id`, `value`), each made once.

    Parameters
    ----------
    connection
        For reading.
    ranked
        What `measuring_revisions` gives.
    """

    def __init__(self, connection: Connection, ranked: Sequence[int]) -> None:
        self._connection = connection
        self._ranked = ranked
        self._columns: dict[str, Subquery | None] = {}

    def column(self, name: str) -> Subquery | None:
        """The values of a quality by exposure; None where no exposure has one."""
        if name not in self._columns:
            revisions = self._revisions(name)
            self._columns[name] = self._of(name, revisions) if revisions else None
        return self._columns[name]

    def _revisions(self, name: str) -> list[int]:
        """Revisions that have measured a quality of exposures, the first to be taken first."""
        kind = (
            select(t.subject.c.kind)
            .join(t.quality, t.quality.c.subject_id == t.subject.c.id)
            .where(t.quality.c.revision_id == t.revision.c.id, t.quality.c.name == name)
            .limit(1)
            .scalar_subquery()
        )
        chosen = select(t.revision.c.id).where(
            t.revision.c.id.in_(self._ranked), kind == "exposure"
        )
        found = set(self._connection.execute(chosen).scalars())
        return [revision for revision in self._ranked if revision in found]

    @staticmethod
    def _of(name: str, revisions: Sequence[int]) -> Subquery:
        parts: list[Select[tuple[int, float]]] = []
        for place, revision in enumerate(revisions):
            one = t.quality.alias()
            part = select(one.c.subject_id, one.c.value).where(
                one.c.revision_id == revision, one.c.name == name
            )
            for before in revisions[:place]:
                other = t.quality.alias()
                has = select(other.c.subject_id).where(
                    other.c.revision_id == before, other.c.name == name
                )
                part = part.where(one.c.subject_id.not_in(has))
            parts.append(part)
        whole: Select[tuple[int, float]] | CompoundSelect[tuple[int, float]]
        whole = parts[0] if len(parts) == 1 else union_all(*parts)
        return whole.subquery()


def quality_spreads(
    store: Store, *, branch: Branch = None, standing: StandingRecord | None = None
) -> tuple[QualitySpread, ...]:
    """How the values of each quality lie that was measured on exposures, by name."""
    with store.read() as connection:
        ranked = measuring_revisions(connection, branch, standing)
        columns = MeasuredColumns(connection, ranked)
        spreads = []
        for name in _names(connection, ranked):
            column = columns.column(name)
            if column is not None:
                spreads.append(_spread(connection, name, column))
        return tuple(spreads)


def _names(connection: Connection, ranked: Iterable[int]) -> list[str]:
    """Names of what was measured by some revisions, each looked up in the index."""
    quality, names = t.quality.c, set()
    for revision in ranked:
        last: str | None = ""
        while last is not None:
            following = select(func.min(quality.name)).where(
                quality.revision_id == revision, quality.name > last
            )
            last = connection.execute(following).scalar()
            names |= {last} if last is not None else set()
    return sorted(names)


def _spread(connection: Connection, name: str, column: Subquery) -> QualitySpread:
    value = column.c.value
    chosen = select(func.count(), func.min(value), func.max(value)).select_from(column)
    count, low, high = connection.execute(chosen).one()
    middle = select(value).order_by(value).offset(count // 2).limit(1)
    median = connection.execute(middle).scalar_one()
    return QualitySpread(name=name, count=count, low=low, high=high, median=median)
