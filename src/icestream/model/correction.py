"""Corrections: what a person changes by hand about what a step has found."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, fields, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from icestream.model.arrays import column
from icestream.model.picks import BY_HAND, Picks, PicksByHand

__all__ = ["PicksCorrection", "Place"]

Place = tuple[float, float]
"""x and y."""

_REACH = 0.5
"""How far from a place that is removed a pick may be, in particle diameters."""
_SAME = 0.25
"""Places nearer than this are of the same particle, in particle diameters."""
_EXACT = 0.01
"""Pixels within which a place is another: positions are kept with less error than that."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PicksCorrection:
    """What a person changed about the picks of one micrograph, whichever step made them.

    Places are in Å from the first pixel, along x and y: they hold for micrographs whose pixels are
    of another size, too.
    """

    added: tuple[Place, ...] = ()
    removed: tuple[Place, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.added or self.removed)

    def apply(self, picks: Picks) -> Picks:
        """The picks with what was changed; the same value where that changes nothing.

        Of each place that was removed the nearest pick goes, where one is within half a diameter.
        What was added stays, and a pick within a quarter of a diameter of it gives way: it is the
        same particle.
        """
        working = _Working.of(picks, self)
        if working.kept.all() and not self.added:
            return picks
        kept, pixel_size = working.kept, picks.pixel_size
        places = np.reshape(np.asarray(self.added, dtype=np.float64), (-1, 2)) / pixel_size
        gone = np.stack([np.asarray(picks.x)[~kept], np.asarray(picks.y)[~kept]], axis=1)
        count = len(places)
        values = dict(_rows(picks, len(picks), kept, count))
        if picks.agreement is not None:
            scores = _with_more(np.asarray(picks.agreement.scores)[kept], count)
            values["agreement"] = replace(picks.agreement, scores=column(scores))
        values["score"] = column(_with_more(np.asarray(picks.score)[kept], count, BY_HAND))
        values["x"] = column(np.concatenate([np.asarray(picks.x)[kept], places[:, 0]]))
        values["y"] = column(np.concatenate([np.asarray(picks.y)[kept], places[:, 1]]))
        values["by_hand"] = PicksByHand(added=count, removed=column(gone))
        return replace(picks, **values)

    def edited(
        self, picks: Picks, add: Iterable[Place] = (), remove: Iterable[Place] = ()
    ) -> "PicksCorrection":
        """The correction with more changed: first what is removed, then what is added.

        What is added just where a pick was removed takes that back; within a quarter of a diameter
        of a pick it stands in its place.

        Parameters
        ----------
        picks
            As the step found them, without any correction.
        add, remove
            x and y in pixels of the micrograph of `picks`.

        Raises
        ------
        LookupError
            If no pick is within half a diameter of a place that is to be removed.
        """
        working = _Working.of(picks, self)
        for place in remove:
            working.remove(place)
        for place in add:
            working.add(place)
        return working.correction()

    def towards(self, picks: Picks, wanted: Iterable[Place]) -> "PicksCorrection":
        """The correction by which `picks` become what is `wanted`: x and y in their pixels.

        A pick within a pixel of a place that is wanted is that.
        """
        places = np.reshape(np.asarray(tuple(wanted), dtype=np.float64), (-1, 2))
        found = np.stack([np.asarray(picks.x), np.asarray(picks.y)], axis=1).astype(np.float64)
        free = np.ones(len(found), dtype=bool)
        missing: list[Place] = []
        for place in places:
            distance = np.where(free, np.hypot(*(found - place).T), np.inf)
            nearest = int(np.argmin(distance)) if len(distance) else -1
            if nearest >= 0 and distance[nearest] < 1.0:
                free[nearest] = False
            else:
                missing.append((float(place[0]), float(place[1])))
        scale = picks.pixel_size
        return PicksCorrection(
            added=tuple((x * scale, y * scale) for x, y in missing),
            removed=tuple((float(x) * scale, float(y) * scale) for x, y in found[free]),
        )


@dataclass(slots=True)
class _Working:
    """Picks of a step while a person changes them; all in Å."""

    found: NDArray[np.float64]
    """``(n, 2)`` x and y of what the step found."""
    kept: NDArray[np.bool_]
    added: list[Place]
    removed: list[Place]
    diameter: float
    pixel_size: float

    @classmethod
    def of(cls, picks: Picks, correction: PicksCorrection) -> "_Working":
        found = np.stack([np.asarray(picks.x), np.asarray(picks.y)], axis=1).astype(np.float64)
        working = cls(
            found * picks.pixel_size,
            np.ones(len(picks), dtype=bool),
            list(correction.added),
            list(correction.removed),
            picks.diameter,
            picks.pixel_size,
        )
        for place in correction.removed:
            nearest, distance = working._nearest(place)
            if distance <= _REACH * picks.diameter:
                working.kept[nearest] = False
        for place in correction.added:
            working.kept &= working._distances(place) >= _SAME * picks.diameter
        return working

    def remove(self, place: Place) -> None:
        """Take out the pick that is nearest to a place, in pixels."""
        here = (place[0] * self.pixel_size, place[1] * self.pixel_size)
        nearest, distance = self._nearest(here)
        apart = [float(np.hypot(here[0] - x, here[1] - y)) for x, y in self.added]
        by_hand = min(apart, default=np.inf)
        if min(distance, by_hand) > _REACH * self.diameter:
            reach = _REACH * self.diameter / self.pixel_size
            there = "there are none" if not self.count else self._where(min(distance, by_hand))
            raise LookupError(
                f"no pick is within {reach:.0f} pixels (half a particle diameter) of "
                f"({place[0]:g}, {place[1]:g}): {there}"
            )
        if by_hand <= distance:
            del self.added[apart.index(by_hand)]
        else:
            self._take_out(nearest)

    def add(self, place: Place) -> None:
        """Put a pick at a place, in pixels."""
        here = (place[0] * self.pixel_size, place[1] * self.pixel_size)
        same, within = _SAME * self.diameter, _EXACT * self.pixel_size
        self.added = [(x, y) for x, y in self.added if np.hypot(here[0] - x, here[1] - y) >= same]
        for index, (x, y) in enumerate(self.removed):
            if np.hypot(here[0] - x, here[1] - y) < within and self._bring_back(here, within):
                del self.removed[index]
                return
        for near in np.flatnonzero(self.kept & (self._distances(here) < same)):
            self._take_out(int(near))
        self.added.append(here)

    @property
    def count(self) -> int:
        """How many picks there are now."""
        return int(self.kept.sum()) + len(self.added)

    def correction(self) -> PicksCorrection:
        """What was changed, all in all."""
        return PicksCorrection(added=tuple(self.added), removed=tuple(self.removed))

    def _where(self, distance: float) -> str:
        return f"the nearest is {distance / self.pixel_size:.0f} pixels away"

    def _take_out(self, index: int) -> None:
        self.kept[index] = False
        self.removed.append((float(self.found[index, 0]), float(self.found[index, 1])))

    def _bring_back(self, place: Place, within: float) -> bool:
        """Let what the step found at a place be there again; False where it found nothing."""
        there = np.flatnonzero(~self.kept & (self._distances(place) < within))
        self.kept[there] = True
        return bool(len(there))

    def _distances(self, place: Place) -> NDArray[np.float64]:
        distances: NDArray[np.float64] = np.hypot(*(self.found - np.asarray(place)).T)
        return distances

    def _nearest(self, place: Place) -> tuple[int, float]:
        """The pick that is nearest to a place, of those that are there, and how far it is."""
        if not self.kept.any():
            return -1, float("inf")
        distances = np.where(self.kept, self._distances(place), np.inf)
        nearest = int(np.argmin(distances))
        return nearest, float(distances[nearest])


def _rows(
    picks: Picks, count: int, kept: NDArray[np.bool_], more: int
) -> Iterator[tuple[str, Any]]:
    """Columns with one row for each pick, those of a plugin's own kind of picks too."""
    for field in fields(picks):
        value = getattr(picks, field.name)
        if isinstance(value, np.ndarray) and value.shape[:1] == (count,):
            yield field.name, column(_with_more(value[kept], more))


def _with_more(values: NDArray[Any], more: int, value: float = np.nan) -> NDArray[Any]:
    """The rows with so many more at the end, of which nothing is known unless it is said."""
    added = np.full((more, *values.shape[1:]), value, dtype=np.float32)
    return np.concatenate([values, added])
