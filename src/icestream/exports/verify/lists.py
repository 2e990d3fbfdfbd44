"""What lists of coordinates hand over: places in the session's own micrographs."""

from collections.abc import Iterator
from pathlib import Path

from icestream.exports.verify.handed import HandedList, HandedParticle, spread
from icestream.formats.picked import ENDINGS, read_picks

__all__ = ["is_lists", "read_lists"]


def is_lists(folder: Path) -> bool:
    """Whether a folder has lists of coordinates."""
    return any(_lists(folder))


def read_lists(folder: Path, most: int) -> Iterator[HandedList]:
    """Picks of the lists in a folder, at most so many."""
    paths = sorted(_lists(folder))
    each = -(-most // len(paths))
    sample, total = [], 0
    for path in paths:
        for name, picks in read_picks(path).items():
            total += len(picks)
            sample += [
                HandedParticle(
                    micrograph=Path(name),
                    elsewhere=True,
                    x=float(picks.x[number]),
                    y=float(picks.y[number]),
                    number=number,
                )
                for number in spread(len(picks), each)
            ]
    chosen = [sample[place] for place in spread(len(sample), most)]
    yield HandedList(name="coordinates", of="picks", total=total, sample=chosen)


def _lists(folder: Path) -> Iterator[Path]:
    """A folder itself has them; those below it may be anything."""
    return (path for path in folder.glob("*.*") if path.suffix in ENDINGS[:3])
