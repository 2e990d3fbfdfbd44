"""Picks of a session as lists that other programs read, one for each micrograph."""

from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np

from icestream.exports.chain import Items, find_chain, read_exposures
from icestream.exports.chosen import chosen_results
from icestream.exports.claim import claim_folder
from icestream.formats.picked import ListedPicks, write_picks
from icestream.model import safe_file_name
from icestream.protocol import Registry
from icestream.store import queries
from icestream.store.open import open_store

__all__ = ["CoordinateFormat", "CoordinatesSummary", "export_coordinates"]

CoordinateFormat = Literal["star", "box", "coord"]
KIND = "folder of coordinates"


@dataclass(frozen=True, slots=True, kw_only=True)
class CoordinatesSummary:
    """What was written."""

    lists: int
    """Micrographs with picks."""
    picks: int
    without: int
    """Accepted micrographs without a pick, which have no list."""
    rejected: int
    state: tuple[str, ...] = ()
    """Which of the session's results these are, where there are several branches or steps wait."""


def export_coordinates(
    session: Path,
    out: Path,
    kind: CoordinateFormat = "star",
    *,
    box: int | None = None,
    incomplete: bool = False,
    branch: str | None = None,
) -> CoordinatesSummary:
    """Write the picks of accepted exposures of the session in `session` into the folder `out`.

    Lists are called as the micrographs are; those of micrographs that have no picks any more go.

    Parameters
    ----------
    session
        Folder of the session; it may still be running.
    out
        Folder of the lists; made if missing, brought up to date if it is there.
    kind
        Format, and ending of the files.
    box
        Side of the boxes, pixels of the micrograph; that of the particles when not given, or else
        one and a half diameters.
    incomplete
        Take what there is of the present results, although steps wait to be run again.
    branch
        Name of a branch; the adopted one by default.

    Raises
    ------
    LookupError
        If the session has no such branch.
    FileExistsError
        If `out` holds something else.
    """
    with (
        closing(open_store(session, readonly=True)) as store,
        claim_folder(out, queries.session(store), KIND, "give each its own"),
    ):
        chosen = chosen_results(store, branch, incomplete=incomplete)
        chain = find_chain(store, Registry(), chosen.standing)
        written: set[str] = set()
        picks = without = rejected = 0
        for items in read_exposures(store, chain):
            if items.micrograph is None:
                continue
            if not items.accepted:
                rejected += 1
                continue
            if items.picks is None or not len(items.picks):
                without += 1
                continue
            name = f"{safe_file_name(items.exposure.name)}.{kind}"
            write_picks(out / name, _listed(items, box))
            written.add(name)
            picks += len(items.picks)
        for path in out.glob(f"*.{kind}"):
            if path.name not in written:
                path.unlink()
    return CoordinatesSummary(
        lists=len(written), picks=picks, without=without, rejected=rejected, state=chosen.words
    )


def _listed(items: Items, box: int | None) -> ListedPicks:
    picks, micrograph, particles = items.picks, items.micrograph, items.particles
    assert picks is not None
    assert micrograph is not None
    pixel_size = micrograph.optics.pixel_size
    side = 1.5 * picks.diameter / pixel_size
    if particles is not None:
        side = particles.box * particles.optics.pixel_size / pixel_size
    scale = picks.pixel_size / pixel_size
    return ListedPicks(
        x=np.asarray(picks.x, np.float64) * scale,
        y=np.asarray(picks.y, np.float64) * scale,
        score=np.asarray(picks.score, np.float64),
        box=box or 2 * round(side / 2),
    )
