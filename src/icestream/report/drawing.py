"""Where the boxes and the links of a workflow are drawn."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

__all__ = ["BOX", "place_steps"]

BOX = (120, 58)
"""Width and height of a step's box: ten steps in a row fit on the page of a laptop."""
_GAP_ALONG = 20
_GAP_ACROSS = 14


@dataclass(frozen=True, slots=True)
class _Spot:
    """A place in the grid: layer along the flow, and row across it (may be a half)."""

    layer: int
    row: float


def place_steps(
    steps: Sequence[tuple[str, int]],
    links: Sequence[tuple[str, str]],
    watching: Collection[str] = (),
) -> dict[str, dict[str, Any]]:
    """Two drawings of a workflow: ``wide`` flows to the right, ``tall`` flows down.

    Parameters
    ----------
    steps
        (name, depth) of each step; the depth counts the links from the farthest source.
    links
        (from, to) pairs of names.
    watching
        Names of monitors: they stand below what they watch.

    Returns
    -------
    dict
        For each drawing: ``width``, ``height``, ``boxes`` with the upper left corner of each
        step's box, and ``links`` as SVG path data.
    """
    spots = _grid(_beside(steps, links, watching), links)
    pairs = sorted({(a, b) for a, b in links if a in spots and b in spots})
    return {"wide": _wide(spots, pairs), "tall": _tall(spots, pairs)}


def _beside(
    steps: Sequence[tuple[str, int]], links: Sequence[tuple[str, str]], watching: Collection[str]
) -> list[tuple[str, int]]:
    """Steps with their depths; a monitor has that of the deepest step that it watches."""
    depth = dict(steps)
    return [
        (name, max((depth[a] for a, b in links if b == name and a in depth), default=own))
        if name in watching
        else (name, own)
        for name, own in steps
    ]


def _grid(steps: Sequence[tuple[str, int]], links: Sequence[tuple[str, str]]) -> dict[str, _Spot]:
    """Layers by depth; in each layer the steps stand near the mean row of what feeds them."""
    sources: dict[str, list[str]] = {}
    for a, b in links:
        sources.setdefault(b, []).append(a)
    feeding = {a for a, _ in links}
    layers: dict[int, list[str]] = {}
    for name, depth in steps:
        linked = name in sources or name in feeding
        layers.setdefault(depth if linked else 0, []).append(name)
    spots: dict[str, _Spot] = {}
    for column, depth in enumerate(sorted(layers)):
        names = layers[depth]

        def wanted(name: str) -> float:
            rows = [spots[each].row for each in sources.get(name, ()) if each in spots]
            return sum(rows) / len(rows) if rows else 0.0

        names.sort(key=wanted)
        onward = [name for name in names if name in feeding] or names
        middle = sum(wanted(name) for name in onward) / len(onward)
        top = middle - (len(onward) - 1) / 2
        aside = [name for name in names if name not in onward]  # monitors, say: below the others
        for row, name in enumerate((*onward, *aside)):
            spots[name] = _Spot(column, top + row)
    lowest = min((spot.row for spot in spots.values()), default=0.0)
    return {name: _Spot(spot.layer, spot.row - lowest) for name, spot in spots.items()}


def _wide(spots: dict[str, _Spot], pairs: Sequence[tuple[str, str]]) -> dict[str, Any]:
    width, height = BOX
    corners = {
        name: (spot.layer * (width + _GAP_ALONG) + 2.0, spot.row * (height + _GAP_ACROSS) + 2)
        for name, spot in spots.items()
    }
    links = []
    lane = 0
    depth = 0.0
    for a, b in pairs:
        x1, y1 = corners[a][0] + width, corners[a][1] + height / 2
        x2, y2 = corners[b][0], corners[b][1] + height / 2
        if spots[a].layer == spots[b].layer:
            links.append(f"M{x2:g} {y1:g}H{x2 - 8:g}V{y2:g}H{x2:g}")
            continue
        below = _passed(spots, a, b)
        if below is None:
            bend = (x2 - x1) / 2
            links.append(f"M{x1:g} {y1:g}C{x1 + bend:g} {y1:g} {x2 - bend:g} {y2:g} {x2:g} {y2:g}")
        else:
            low = (below + 1) * (height + _GAP_ACROSS) - 5 - 5 * (lane % 3)
            lane += 1
            depth = max(depth, low)
            links.append(
                f"M{x1:g} {y1:g}C{x1 + 14:g} {y1:g} {x1 + 4:g} {low:g} {x1 + 22:g} {low:g}"
                f"H{x2 - 22:g}C{x2 - 4:g} {low:g} {x2 - 14:g} {y2:g} {x2:g} {y2:g}"
            )
    return _drawing(corners, links, depth + 4)


def _passed(spots: dict[str, _Spot], a: str, b: str) -> float | None:
    """Lowest row of the boxes that a straight link from `a` to `b` would cross; None: no box."""
    first, last = spots[a], spots[b]
    rows = [
        spot.row
        for spot in spots.values()
        if first.layer < spot.layer < last.layer
        and min(first.row, last.row) - 0.6 < spot.row < max(first.row, last.row) + 0.6
    ]
    return max(rows) if rows else None


def _tall(spots: dict[str, _Spot], pairs: Sequence[tuple[str, str]]) -> dict[str, Any]:
    """Down a phone's screen: one box after another, links along the left side."""
    width, height = BOX
    gap = 16
    feeding = {a for a, _ in pairs}
    last = max((spot.layer for spot in spots.values()), default=0)

    def place_of(name: str) -> tuple[bool, int, float]:
        aside = name not in feeding and spots[name].layer < last  # monitors, say: at the end
        return (aside, spots[name].layer, spots[name].row)

    ordered = sorted(spots, key=place_of)
    lane_of = {name: lane for lane, name in enumerate(ordered)}
    long = [pair for pair in pairs if lane_of[pair[1]] - lane_of[pair[0]] > 1]
    lanes = {pair: lane for lane, pair in enumerate(long)}
    left = 14 + 10 * min(len(long), 6)
    corners = {name: (float(left), lane_of[name] * (height + gap) + 2.0) for name in ordered}
    links = []
    for a, b in pairs:
        if (a, b) in lanes:
            y1, y2 = corners[a][1] + height * 0.62, corners[b][1] + height * 0.38
            x = left - 12 - 10 * (lanes[a, b] % 6)
            links.append(
                f"M{left} {y1:g}H{x + 6}Q{x} {y1:g} {x} {y1 + 6:g}V{y2 - 6:g}"
                f"Q{x} {y2:g} {x + 6} {y2:g}H{left}"
            )
        else:
            middle = left + width / 2
            links.append(f"M{middle:g} {corners[a][1] + height:g}V{corners[b][1]:g}")
    return _drawing(corners, links, 0.0)


def _drawing(
    corners: dict[str, tuple[float, float]], links: list[str], depth: float
) -> dict[str, Any]:
    width, height = BOX
    return {
        "width": max((x for x, _ in corners.values()), default=0.0) + width + 2,
        "height": max(max((y for _, y in corners.values()), default=0.0) + height + 2, depth),
        "boxes": [{"step": name, "x": x, "y": y} for name, (x, y) in corners.items()],
        "links": links,
    }
