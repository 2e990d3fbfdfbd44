"""Draw the rooms of the engine and what each imports, from the code: docs/images/engine-rooms.svg.

`python docs/_ext/engine_rooms.py docs/images/engine-rooms.svg` writes the picture. The rows are the
layers of the contract in pyproject.toml. What an arrow leads to, over other rooms too, may be
imported; arrows that others imply are left out. Hovering says how many modules import the other.
"""

import ast
import sys
import tomllib
from collections import Counter
from pathlib import Path

ROOT = Path(__file__).parents[2]
ENGINE = ROOT / "src" / "icestream" / "engine"
WIDE, HIGH, ROW, PAGE = 168, 46, 96, 760


def layers() -> list[list[str]]:
    """The rooms in rows, the highest first, as the import contract has them."""
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]
    (rooms,) = (c for c in contracts["contracts"] if c.get("containers") == ["icestream.engine"])
    return [[room.strip() for room in row.split("|")] for row in rooms["layers"]]


def modules() -> Counter[str]:
    """Number of modules in each room."""
    paths = [path.relative_to(ENGINE) for path in ENGINE.rglob("*.py")]
    return Counter(
        (path.parts[0] if len(path.parts) > 1 else path.stem)
        for path in paths
        if path.name != "__init__.py"
    )


def arrows() -> Counter[tuple[str, str]]:
    """How many modules of a room import another room."""
    found: Counter[tuple[str, str]] = Counter()
    for path in sorted(ENGINE.rglob("*.py")):
        parts = path.relative_to(ENGINE).parts
        room = parts[0] if len(parts) > 1 else path.stem
        names = set()
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.ImportFrom) and (node.module or "").startswith(
                "icestream.engine."
            ):
                names.add(str(node.module).split(".")[2])
        found.update((room, name) for name in names if name != room)
    return found


def plain(found: Counter[tuple[str, str]]) -> list[tuple[str, str]]:
    """The arrows that no chain of others implies."""

    def leads(room: str, other: str) -> bool:
        return any(a == room and (b == other or leads(b, other)) for a, b in found)

    return [
        (room, other)
        for room, other in sorted(found)
        if not any(a == room and b != other and leads(b, other) for a, b in found)
    ]


def drawing() -> str:
    """The picture, as SVG."""
    rows, sizes = layers(), modules()
    places: dict[str, tuple[float, float]] = {}
    for row, rooms in enumerate(rows):
        for column, room in enumerate(rooms):
            x = PAGE / 2 + (column - (len(rooms) - 1) / 2) * (WIDE + 130)
            places[room] = (x, 40 + row * ROW)
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {PAGE} {len(rows) * ROW - 10}" '
        'font-family="sans-serif" font-size="15">',
        '<defs><marker id="tip" viewBox="0 0 8 8" refX="8" refY="4" markerWidth="7" '
        'markerHeight="7" orient="auto"><path d="M0 0L8 4L0 8z" fill="#8a97a6"/></marker></defs>',
        f'<rect width="{PAGE}" height="{len(rows) * ROW - 10}" fill="#ffffff"/>',
    ]
    every = arrows()
    for room, other in plain(every):
        (x1, y1), (x2, y2) = places[room], places[other]
        start, end = y1 + HIGH / 2, y2 - HIGH / 2
        lines.append(
            f'<path d="M{x1:.0f} {start:.0f}C{x1:.0f} {start + 30:.0f} {x2:.0f} {end - 30:.0f} '
            f'{x2:.0f} {end:.0f}" fill="none" stroke="#8a97a6" stroke-width="1.6" '
            f'marker-end="url(#tip)"><title>{every[room, other]} modules of {room} import {other}'
            "</title></path>"
        )
    for room, (x, y) in places.items():
        many = sizes[room]
        lines += [
            f'<rect x="{x - WIDE / 2:.0f}" y="{y - HIGH / 2:.0f}" width="{WIDE}" height="{HIGH}" '
            'rx="7" fill="#eaf2fb" stroke="#2f6fb1"/>',
            f'<text x="{x:.0f}" y="{y - 2:.0f}" text-anchor="middle" fill="#12365c">{room}</text>',
            f'<text x="{x:.0f}" y="{y + 15:.0f}" text-anchor="middle" font-size="11" '
            f'fill="#5b6b7c">{many} module{"" if many == 1 else "s"}</text>',
        ]
    return "\n".join([*lines, "</svg>", ""])


if __name__ == "__main__":
    Path(sys.argv[1]).write_text(drawing())
