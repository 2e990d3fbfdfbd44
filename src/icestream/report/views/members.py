"""The particles of a 2D class: where each was picked, and what it looks like."""

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from icestream.formats.mrc import map_mrc
from icestream.formats.parquet import read_first
from icestream.model import Particles
from icestream.processing.same_places import SAME_PLACE
from icestream.report.views.classes import ChosenUpdate, place_of
from icestream.report.views.grey import Look, draw_grey
from icestream.report.views.images import as_png
from icestream.store.items import Known, items_of
from icestream.store.open import Store
from icestream.store.records import ResultRecord
from icestream.store.results import result, taken_in

__all__ = ["MOST_MEMBERS", "ClassMembers", "Member", "MemberPage", "members_of", "members_sprite"]

MOST_MEMBERS = 400
"""Particles that are listed at once."""
_TILE = 96
"""Pixels along a side of a particle in the sprite."""
_COLUMNS = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class MemberPage:
    """Which particles of a class."""

    limit: int = 100
    after: int = 0
    """So many of the most likely ones are left out."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """One particle of a class."""

    exposure: str
    index: int
    """In the stack of its exposure that was classified, from 0."""
    likelihood: float
    """Of its place in this class, 0 to 1."""
    angle: float
    """Degrees by which it is turned in the plane."""
    x: float | None
    """Centre, pixels of the micrograph; None where its particles are not there any more."""
    y: float | None
    score: float | None
    """Of the picker; None where it tells none, and for what a person picked."""
    defocus: float | None
    """Å, the mean of both directions."""
    there: bool
    """Whether its image can be shown."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ClassMembers:
    """Particles of a class, the most likely first."""

    number: int
    update: int
    particles: int
    """That the class has in all."""
    members: tuple[Member, ...]
    columns: int
    """Of the sprite that shows those whose images are there, in their order; 0: there is none."""
    tile: int
    """Pixels along a side of one of them."""


@dataclass(frozen=True, slots=True)
class _Placed:
    """A particle, and the particles of its exposure as the classification took them in.

    What was picked or cut again since is not what is in the class: its images are not shown.
    """

    member: Member
    stack: Path | None
    pixel_size: float


def members_of(
    store: Store, known: Known, update: ChosenUpdate, number: int, page: MemberPage
) -> ClassMembers:
    """Particles of a class as of an update, the most likely first.

    Parameters
    ----------
    store
        The session's.
    known
        Types of items.
    update
        The classes as of which update.
    number
        Of the class.
    page
        Which of its particles.

    Raises
    ------
    LookupError
        If there is no such class.
    FileNotFoundError
        If the table of the update is gone.
    """
    place = place_of(update.classes, number)
    placed = _placed(store, known, update, place, page)
    shown = sum(one.stack is not None for one in placed)
    return ClassMembers(
        number=number,
        update=update.classes.iteration,
        particles=round(float(update.classes.counts[place])),
        members=tuple(one.member for one in placed),
        columns=min(_COLUMNS, shown),
        tile=_TILE,
    )


def members_sprite(
    store: Store,
    known: Known,
    update: ChosenUpdate,
    number: int,
    page: MemberPage,
    lowpass: float = 0.0,
) -> bytes:
    """The images of what `members_of` lists and says to be there, as one PNG.

    `lowpass` is in Å. LookupError where no image is there.
    """
    place = place_of(update.classes, number)
    placed = _placed(store, known, update, place, page)
    shown = [one for one in placed if one.stack is not None]
    if not shown:
        raise LookupError(
            f"no image of the particles of class {number} is there: their stacks are gone"
        )
    columns = min(_COLUMNS, len(shown))
    sheet = np.zeros((math.ceil(len(shown) / columns) * _TILE, columns * _TILE), dtype=np.uint8)
    for at, grey in enumerate(_greys(shown, lowpass)):
        top, left = (place * _TILE for place in divmod(at, columns))
        tile = Image.fromarray(grey).resize((_TILE, _TILE), Image.Resampling.BICUBIC)
        sheet[top : top + _TILE, left : left + _TILE] = np.asarray(tile)
    return as_png(sheet)


def _greys(shown: Sequence[_Placed], lowpass: float) -> Iterator[NDArray[np.uint8]]:
    """Each image, about as large as a tile. Stacks are mapped once."""
    stacks: dict[Path, NDArray[np.float32]] = {}
    for one in shown:
        assert one.stack is not None
        if one.stack not in stacks:
            stacks[one.stack] = map_mrc(one.stack)
        image = stacks[one.stack][one.member.index]
        factor = max(1, max(image.shape) // _TILE)
        yield draw_grey(image, one.pixel_size, Look(contrast=3.0, lowpass=lowpass), factor)


def _placed(
    store: Store, known: Known, update: ChosenUpdate, place: int, page: MemberPage
) -> list[_Placed]:
    most = min(page.limit, MOST_MEMBERS)
    table = update.classes.assignments
    columns = read_first(table, {"class": place + 1}, "likelihood", most, page.after)
    exposures = [str(name) for name in columns["exposure"]]
    indices = [int(index) for index in columns["index"]]
    taken = _taken(store, update.record, known, exposures)
    whole = {one.stack: _length(store, one.stack) for some in taken.values() for one in some}
    placed = []
    for row, (exposure, index) in enumerate(zip(exposures, indices, strict=True)):
        lies = (float(columns["x"][row]), float(columns["y"][row])) if "x" in columns else None
        particles = _holding(taken.get(exposure, ()), index, lies)
        there = particles is not None and index < whole[particles.stack]
        member = Member(
            exposure=exposure,
            index=index,
            likelihood=float(columns["likelihood"][row]),
            angle=float(columns["angle"][row]),
            x=None if particles is None else float(particles.x[index]),
            y=None if particles is None else float(particles.y[index]),
            score=None if particles is None else _score(particles, index),
            defocus=None if particles is None else _defocus(particles, index),
            there=there,
        )
        pixel_size = 1.0 if particles is None else particles.optics.pixel_size
        stack = particles.stack if particles is not None and there else None
        placed.append(_Placed(member, stack, pixel_size))
    return placed


def _score(particles: Particles, index: int) -> float | None:
    score = float(particles.score[index])
    return score if math.isfinite(score) else None


def _defocus(particles: Particles, index: int) -> float:
    return 0.5 * float(particles.defocus_u[index] + particles.defocus_v[index])


def _taken(
    store: Store, record: ResultRecord, known: Known, exposures: Iterable[str]
) -> Mapping[str, Sequence[Particles]]:
    """The particles of exposures as they went into a classification."""
    found: dict[str, list[Particles]] = {}
    for exposure, numbers in taken_in(store, record.id, list(dict.fromkeys(exposures))).items():
        items = (items_of(store, result(store, number), known).values() for number in numbers)
        of_one = [one for some in items for one in some if isinstance(one, Particles)]
        found[exposure] = of_one
    return found


def _holding(
    taken: Sequence[Particles], index: int, lies: tuple[float, float] | None
) -> Particles | None:
    """Those that have, at this place in their stack, the particle that `lies` there (x, y), Å.

    Tables of before that was written do not say where it lies: then it cannot be told which of
    several stacks of one exposure is meant.
    """
    holding = [one for one in taken if index < len(one)]
    if lies is not None:
        holding = [one for one in holding if math.dist(one.places()[index], lies) < SAME_PLACE]
        return holding[0] if holding else None
    return holding[0] if len(taken) == 1 and holding else None


def _length(store: Store, stack: Path) -> int:
    """Images in a stack; 0 where it is gone or cut, or not of this session."""
    with suppress(OSError, ValueError):
        if stack.resolve().is_relative_to(store.folder.resolve()):
            return len(map_mrc(stack))
    return 0
