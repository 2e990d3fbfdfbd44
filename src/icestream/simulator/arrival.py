"""How a file appears in a folder that somebody watches."""

import shutil
from collections.abc import Callable
from pathlib import Path

from icestream.simulator.plan import Arrival

__all__ = ["deliver"]

CHUNKS = 24


def deliver(
    staged: Path,
    target: Path,
    *,
    arrival: Arrival,
    pause: Callable[[float], object],
    seconds: float = 0.0,
    upto: float = 1.0,
) -> None:
    """Bring a finished file to where it is expected.

    Parameters
    ----------
    staged
        The file; it is gone afterwards.
    target
        Its name in the watched folder, which is made.
    arrival
        ``"rename"``: copied under a hidden name, then renamed, as rsync does. ``"copy"``: grows
        under its name, as cp does. ``"extend"``: has its full size at once and is filled from the
        start, as Windows copies to a share.
    pause
        Called with seconds between pieces; may return early.
    seconds
        Time that the transfer takes.
    upto
        Part of the file that arrives before the transfer breaks off.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    size = staged.stat().st_size
    if arrival == "rename" and upto == 1.0 and seconds <= 0:
        hidden = target.with_name(f".{target.name}.incoming")
        shutil.move(staged, hidden)
        hidden.replace(target)
        return
    written = target.with_name(f".{target.name}.incoming") if arrival == "rename" else target
    last = round(size * upto)
    piece = max(1, -(-last // CHUNKS))
    with staged.open("rb") as source, written.open("wb") as sink:
        if arrival == "extend":
            sink.truncate(size)
        done = 0
        while done < last:
            done += sink.write(source.read(min(piece, last - done)))
            sink.flush()
            pause(seconds / CHUNKS)
    if written != target:
        written.replace(target)
    staged.unlink()
