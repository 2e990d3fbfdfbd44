"""Exposure groups: exposures that were taken with the same shift of the beam share their optics.

Image-shift acquisition visits several holes, and several places in each, from one position of the
stage. Shifts that belong together form tight clusters; how far these lie apart depends on the
grid and the microscope, so the distance that separates them is found from the shifts themselves.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

__all__ = ["ExposureGroups", "separating_distance"]

_ENOUGH = 100
"""Exposures after which the separating distance is first looked for."""
_SAMPLE = 1000
"""Newest shifts that are kept to find it."""


def separating_distance(shifts: NDArray[np.floating]) -> float | None:
    """The distance that separates clusters of beam shifts best.

    Shifts nearer than a threshold are linked (single linkage). Over a wide range of thresholds the
    number of clusters stays the same; the widest such range, as a ratio of its ends, is taken.

    Parameters
    ----------
    shifts
        ``(n, 2)``, any unit.

    Returns
    -------
    float or None
        The geometric mean of the range's ends; None when there are no clear clusters: fewer than
        two shifts per cluster on average, or ends that differ by less than a factor of 1.5.
    """
    count = len(shifts)
    if count < 4:
        return None
    from scipy.sparse.csgraph import minimum_spanning_tree  # slow to load
    from scipy.spatial.distance import pdist, squareform

    distances = squareform(pdist(np.asarray(shifts, dtype=np.float64)))
    scale = float(distances.max())
    if scale == 0.0:
        return None
    # A spanning tree takes zeros for missing links, so equal shifts are moved apart a little;
    # what is nearer than that says nothing about groups.
    tree = minimum_spanning_tree(np.maximum(distances / scale, 1e-4))
    links = np.sort(tree.data)
    # Cutting all links from number i on leaves count - i clusters.
    clusters = count - np.arange(1, len(links))
    ratios = links[1:] / links[:-1]
    ratios[clusters > count // 2] = 0.0
    widest = int(np.argmax(ratios))
    if ratios[widest] < 1.5:
        return None
    return scale * float(np.sqrt(links[widest] * links[widest + 1]))


@dataclass(slots=True)
class ExposureGroups:
    """Gives each beam shift the number of its group, from 1; numbers once given are kept.

    Parameters
    ----------
    radius
        Distance from a group's center within which a shift belongs to it. It should be small at
        first: it is replaced by the separating distance once that can be told.
    centers, counts
        Those of an earlier run, to go on with.
    """

    radius: float
    centers: list[tuple[float, float]] = field(default_factory=list)
    counts: list[int] = field(default_factory=list)
    names: list[int] = field(default_factory=list)
    """Number of each center; several centers may have one number after they were joined."""
    examined: int = 0
    """Shifts that had been seen when the separating distance was last looked for."""
    _recent: list[tuple[float, float]] = field(default_factory=list)
    _seen: int = 0

    def assign(self, shift: tuple[float, float]) -> int:
        """The group of one more exposure."""
        self._recent.append(shift)
        self._seen += 1
        if len(self._recent) > _SAMPLE:
            del self._recent[0]
        if self._seen >= max(_ENOUGH, 4 * self.examined):
            self._examine()
        return self._nearest(shift)

    def document(self) -> dict[str, object]:
        """What is needed to go on after a restart; JSON-ready."""
        return {
            "radius": self.radius,
            "centers": [list(center) for center in self.centers],
            "counts": list(self.counts),
            "names": list(self.names),
            "examined": self.examined,
        }

    def _nearest(self, shift: tuple[float, float]) -> int:
        if self.centers:
            steps = np.asarray(self.centers) - shift
            distances = np.hypot(steps[:, 0], steps[:, 1])
            near = int(np.argmin(distances))
            if distances[near] <= self.radius:
                self._move(near, shift)
                return self.names[near]
        self.centers.append(shift)
        self.counts.append(1)
        self.names.append(max(self.names, default=0) + 1)
        return self.names[-1]

    def _move(self, group: int, shift: tuple[float, float]) -> None:
        """Move a center towards the mean of its shifts."""
        self.counts[group] += 1
        weight = 1.0 / min(self.counts[group], 100)
        x, y = self.centers[group]
        self.centers[group] = (x + (shift[0] - x) * weight, y + (shift[1] - y) * weight)

    def _examine(self) -> None:
        """Find the separating distance and join the centers that lie nearer than it."""
        self.examined = self._seen
        distance = separating_distance(np.asarray(self._recent))
        if distance is None:
            return
        self.radius = distance
        order = sorted(range(len(self.centers)), key=lambda group: self.names[group])
        joined: dict[int, int] = {}
        for group in order:
            near = [
                other
                for other in joined
                if _distance(self.centers[group], self.centers[other]) <= distance
            ]
            joined[group] = min((joined[other] for other in near), default=self.names[group])
        self.names = [joined[group] for group in range(len(self.centers))]


def _distance(one: Sequence[float], other: Sequence[float]) -> float:
    return float(np.hypot(one[0] - other[0], one[1] - other[1]))
