"""What the page shows of the newest result of a step on many exposures: classes, a map, a gain."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np

from icestream.formats.mrc import map_mrc
from icestream.model import Classes, Gain, Picture, Volume, pictures_of
from icestream.report.numbers import with_unit
from icestream.report.pictures import class_sprite
from icestream.report.trends import rounded
from icestream.store.items import Known, UnknownItem, items_of, pictures_in
from icestream.store.open import Store
from icestream.store.records import ResultRecord

__all__ = ["Snapshot", "chosen_of", "facts_of_result", "snapshot_of"]

_MOST_CLASSES = 200
_VERDICTS = {
    "right": "correct as it is",
    "wrong": "wrong: fits when {}",
    "undecided": "not decided yet",
    "none": "no reference",
}
_THRESHOLD = 0.143
"""Correlation of the halves at which a map's resolution is read off."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """A part of the page, and its picture."""

    part: Literal["classes", "maps", "gains", "others"]
    document: dict[str, Any]
    pictures: Sequence[tuple[bytes | Path, Picture]]
    """PNG, or the file to make it from."""


def snapshot_of(store: Store, record: ResultRecord, title: str, known: Known) -> Snapshot | None:
    """What to show of a result.

    None when it holds neither classes nor a map nor a gain nor any picture, or the classes' file
    is gone.
    """
    items = items_of(store, record, known)
    for item in items.values():
        if isinstance(item, Classes):
            return _classes(item, record, title)
        if isinstance(item, Volume):
            document = _head(record, title) | _volume(item)
            return Snapshot(part="maps", document=document, pictures=tuple(pictures_of(item)))
        if isinstance(item, Gain):
            document = _head(record, title) | {"facts": list(_gain_facts(item))}
            return Snapshot(part="gains", document=document, pictures=tuple(pictures_of(item)))
    return _other(store, record, title, items)


def facts_of_result(items: Mapping[str, Any]) -> tuple[str, list[tuple[str, str]]] | None:
    """What to say of a result that has no screen of its own: what it is, and its facts.

    None for classes and a map, which have one.
    """
    if any(isinstance(item, Classes | Volume) for item in items.values()):
        return None
    gain = next((item for item in items.values() if isinstance(item, Gain)), None)
    return ("gains", list(_gain_facts(gain))) if gain is not None else ("others", [])


def _other(
    store: Store, record: ResultRecord, title: str, items: Mapping[str, Any]
) -> Snapshot | None:
    """The pictures of an item of which nothing else is known; None when it has none."""
    pictures = tuple((path, mark) for _, path, mark in pictures_in(store, record, items))
    unread = "; ".join(item.why for item in items.values() if isinstance(item, UnknownItem))
    document = _head(record, title) | {"note": unread, "facts": []}
    return Snapshot(part="others", document=document, pictures=pictures) if pictures else None


def _head(record: ResultRecord, title: str) -> dict[str, Any]:
    return {"step": record.step, "title": title, "time": record.finished}


def _classes(classes: Classes, record: ResultRecord, title: str) -> Snapshot | None:
    """The class averages, the most populated first."""
    try:
        averages = map_mrc(classes.averages)
    except (OSError, ValueError):
        return None
    averages = averages.reshape(-1, *averages.shape[-2:])
    counts = np.asarray(classes.counts)[: len(averages)]
    numbers = range(1, len(counts) + 1) if classes.numbers is None else classes.numbers
    order = [int(index) for index in np.argsort(-counts, kind="stable") if counts[index] > 0]
    order = order[:_MOST_CLASSES]
    sprite, columns, rows = class_sprite(averages, order)
    described = _head(record, title) | {
        "iteration": classes.iteration,
        "particles": classes.particles,
        "box": classes.box,
        "pixel_size": classes.pixel_size,
        "columns": columns,
        "rows": rows,
        "items": [
            {
                "number": int(numbers[index]),
                "count": int(counts[index]),
                "resolution": _known(float(classes.resolution[index])),
                "chosen": None if classes.selected is None else bool(classes.selected[index]),
            }
            for index in order
        ],
    }
    return Snapshot(part="classes", document=described, pictures=((sprite, Picture("Classes")),))


def chosen_of(store: Store, record: ResultRecord, known: Known) -> dict[int, bool]:
    """Whether each class is chosen, by its number; empty where a result does not say."""
    for item in items_of(store, record, known).values():
        if isinstance(item, Classes) and item.selected is not None:
            count = len(item.selected)
            numbers = range(1, count + 1) if item.numbers is None else item.numbers
            return {
                int(number): bool(chosen)
                for number, chosen in zip(numbers, item.selected, strict=True)
            }
    return {}


def _known(value: float) -> float | None:
    """A resolution; None where it cannot be told."""
    return rounded(value) if value > 0 else None


def _volume(volume: Volume) -> dict[str, Any]:
    """Facts of a map, and the correlation of its halves; only a note where there is none."""
    if volume.map is None:
        return {"note": volume.note, "resolution": "", "facts": [], "curve": None}
    curve = None
    if volume.fsc is not None and len(volume.fsc) > 1:
        fsc = [rounded(float(value)) for value in volume.fsc[1:]]
        step = 1.0 / (volume.box * volume.pixel_size)
        curve = {
            "s": [rounded(step * shell) for shell in range(1, len(fsc) + 1)],
            "measured": fsc,
            "fitted": [_THRESHOLD] * len(fsc),
            "resolution": volume.resolution,
        }
    return {
        "note": volume.note,
        "resolution": with_unit(volume.resolution, "Å", 1) if volume.resolution > 0 else "",
        "facts": list(_volume_facts(volume)),
        "curve": curve,
    }


def _volume_facts(volume: Volume) -> Iterator[tuple[str, str]]:
    agree = volume.reached if volume.resolution > 0 else "unknown: the halves agree nowhere"
    yield "Resolution (FSC 0.143)", agree
    if volume.resolution_half > 0:
        yield "Resolution (FSC 0.5)", volume.reached_half
    yield "Symmetry", volume.symmetry
    yield "Hand", "unknown: projections do not tell it"
    yield "Particles", f"{volume.particles:,}"
    uneven = "" if volume.even else ": too uneven, the map may be wrong"
    yield "Evenness of the views", f"{volume.efficiency:.0%}{uneven}"
    yield "Box", f"{volume.box} px of {volume.pixel_size:.3g} Å"
    yield "Snapshot", str(volume.iteration)


def _gain_facts(gain: Gain) -> Iterator[tuple[str, str]]:
    verdict = _VERDICTS[gain.verdict].format(gain.orientation)
    sure = f" ({gain.certainty:.0f} σ)" if gain.verdict in ("right", "wrong") else ""
    yield "Reference", gain.reference.name if gain.reference is not None else "none"
    yield "Orientation of the reference", verdict + sure
    yield "Fixed pattern in raw frames", f"{gain.pattern:.2%}"
    yield "Fixed pattern after correction", f"{gain.residual:.2%}"
    yield "Bad pixels not yet known", f"{gain.bad_pixels:,}"
    yield "Error of the estimate", f"{gain.error:.2%} of a pixel's gain"
    yield "Read so far", f"{gain.frames:,} frames of {gain.movies:,} movies"
