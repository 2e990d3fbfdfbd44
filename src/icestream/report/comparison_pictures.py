"""Pictures of two branches side by side, of a few exposures that show where they differ."""

import base64
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from icestream.model import Picture, leading_of, quality_of
from icestream.report.comparison import BranchComparison, ComparedStep
from icestream.report.comparison_words import amount
from icestream.report.paired import Paired
from icestream.report.pictures import show
from icestream.report.snapshots import snapshot_of
from icestream.store import queries
from icestream.store.items import Known, items_of, pictures_in
from icestream.store.open import Store
from icestream.store.records import ResultRecord

__all__ = ["SideBySide", "chosen_exposures", "side_by_side"]

_MOST = 6
"""Exposures of which pictures are shown."""
_TURNED = 2
"""Of them at most so many that are on another side in one branch."""
_OF_MANY = "made of many exposures"


@dataclass(frozen=True, slots=True, kw_only=True)
class SideBySide:
    """One picture as both branches have it, as addresses that hold the picture itself."""

    step: str
    exposure: str
    """Empty: of many."""
    why: str
    """Why this exposure is shown."""
    title: str
    old: str
    """Empty: this branch has none."""
    new: str


def side_by_side(store: Store, found: BranchComparison, known: Known) -> tuple[SideBySide, ...]:
    """Pictures of the steps that differ: of a few exposures, and the newest of many at once."""
    shown: list[SideBySide] = []
    with TemporaryDirectory() as folder:
        album = _Album(Path(folder))
        for exposure, why in chosen_exposures(found).items():
            records = [
                queries.results_of(store, exposure, branch=branch)
                for branch in (found.old, found.new)
            ]
            for step in found.steps:
                if not (step.of_batches or step.identical):
                    of_step = [each.get(step.name) for each in records]
                    shown += _pairs(store, album, of_step, (step.name, exposure, why), known)
        for step in found.steps:
            if step.of_batches:
                newest = [_newest(store, step.name, b) for b in (found.old, found.new)]
                shown += _pairs(store, album, newest, (step.name, "", _OF_MANY), known)
    return tuple(shown)


def chosen_exposures(found: BranchComparison) -> dict[str, str]:
    """Exposures that show most, and why: those on another side, and the ends of what differs."""
    chosen: dict[str, str] = {}
    for step in found.steps:
        turned = [
            (step.fails.gained, f"failed in {found.old} at {step.name}"),
            (step.fails.lost, f"fails in {found.new} at {step.name}"),
            (step.selects.gained, f"let through by {step.name} in {found.new} only"),
            (step.selects.lost, f"held back by {step.name} in {found.new} only"),
        ]
        for names, why in turned:
            for name in names[:1]:
                if len(chosen) < _TURNED:
                    chosen.setdefault(name, why)
    for exposure, why in _extremes(found):
        if len(chosen) < _MOST:
            chosen.setdefault(exposure, why)
    return chosen


def _extremes(found: BranchComparison) -> Iterator[tuple[str, str]]:
    """Exposures on which the leading quality changes most, either way, and least."""
    step, leading = _leading(found.steps)
    if step is None or leading is None:
        return
    ordered = sorted(leading.pairs, key=lambda pair: pair.new - pair.old)
    middle = min(leading.pairs, key=lambda pair: abs(pair.new - pair.old - leading.difference))
    title = quality_of(leading.name).title
    chosen = [("falls most", ordered[0]), ("rises most", ordered[-1]), ("as most do", middle)]
    chosen += [("among those that change most", pair) for pair in ordered[1:2] + ordered[-2:-1]]
    for what, pair in chosen:
        values = f"{amount(leading.name, pair.old)} → {amount(leading.name, pair.new)}"
        yield pair.exposure, f"{title} {what}: {values}"


def _leading(steps: Sequence[ComparedStep]) -> tuple[ComparedStep | None, Paired | None]:
    """The first step that measures something, and what says most of it."""
    for step in steps:
        qualities: Mapping[str, Paired] = {one.name: one for one in step.qualities}
        if qualities:
            return step, qualities[leading_of(qualities)]
    return None, None


def _newest(store: Store, step: str, branch: str) -> ResultRecord | None:
    there = {each.name for each in queries.steps(store, branch=branch)}
    if step not in there:
        return None
    found = queries.latest_results(store, step, limit=1, branch=branch)
    return found[0] if found else None


def _pairs(
    store: Store,
    album: "_Album",
    records: Sequence[ResultRecord | None],
    about: tuple[str, str, str],
    known: Known,
) -> Iterator[SideBySide]:
    """The pictures of one result beside those of another of the same title."""
    step, exposure, why = about
    found: list[dict[str, str]] = []
    for record in records:
        pictures = {} if record is None else dict(_pictures(store, record, known))
        found.append({title: album.address(source) for title, source in pictures.items()})
    for title in {**found[0], **found[1]}:
        old, new = (side.get(title, "") for side in found)
        if old or new:
            yield SideBySide(step=step, exposure=exposure, why=why, title=title, old=old, new=new)


def _pictures(
    store: Store, record: ResultRecord, known: Known
) -> Iterator[tuple[str, bytes | Path]]:
    """Pictures of a result by their titles."""
    if record.about == "batch":
        snapshot = snapshot_of(store, record, record.step, known)
        pictures: Sequence[tuple[bytes | Path, Picture]] = snapshot.pictures if snapshot else ()
        yield from ((picture.title, source) for source, picture in pictures)
        return
    items = items_of(store, record, known)
    yield from ((mark.title, path) for _, path, mark in pictures_in(store, record, items))


class _Album:
    """Makes pictures small, each once."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._count = 0

    def address(self, source: bytes | Path) -> str:
        """The picture as an address that holds it; empty where it cannot be shown."""
        self._count += 1
        if isinstance(source, bytes):
            return _address("png", source)
        made = show(source, self._folder / str(self._count))
        if made is None:
            return ""
        return _address({".svg": "svg+xml"}.get(made.suffix, "jpeg"), made.read_bytes())


def _address(kind: str, content: bytes) -> str:
    return f"data:image/{kind};base64,{base64.b64encode(content).decode()}"
