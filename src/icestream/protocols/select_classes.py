"""Choose the 2D classes that show particles."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Annotated, Self

import numpy as np
from annotated_types import Ge, Gt, Le
from pydantic import StringConstraints, model_validator

from icestream.model import Classes, column
from icestream.protocol import DecidesIfSet, Figure, ItemProtocol, Parameters
from icestream.units import Angstrom, Usual

__all__ = ["SelectClasses", "SelectClassesParameters", "choice_words"]

Numbers = Annotated[str, StringConstraints(pattern=r"^\s*(\d+\s*(,\s*\d+\s*)*)?$")]
"""Numbers of classes, with commas between them."""


class SelectClassesParameters(Parameters):
    """What a class must be like, and what a person has decided."""

    score_min: Annotated[float, Ge(0), Le(1)] = 0.3
    """Smallest score of a class that is taken when nobody has decided on it."""

    resolution_max: Annotated[Angstrom, Gt(0), Usual(1.5, 100.0), DecidesIfSet] | None = None
    """Worst (largest) resolution of a class that is taken when nobody has decided on it; a class
    whose resolution cannot be told is not taken then."""

    particles_min: Annotated[int, Ge(1), DecidesIfSet] | None = None
    """Fewest particles of a class that is taken when nobody has decided on it."""

    include: Numbers = ""
    """Numbers of classes that are taken whatever their score, such as 3,7. They stay taken as
    the classes improve, and so do classes that are split from them."""

    exclude: Numbers = ""
    """Numbers of classes that are left out whatever their score, such as 4,12, and what is split
    from them."""

    @model_validator(mode="after")
    def _decided_once(self) -> Self:
        twice = _numbers(self.include) & _numbers(self.exclude)
        if twice:
            listed = ", ".join(map(str, sorted(twice)))
            raise ValueError(f"classes {listed} are both in include and in exclude")
        return self


class SelectClasses(ItemProtocol[SelectClassesParameters]):
    """Tell classes of particles from junk: by limits, unless a person has decided."""

    name = "classes2d.select"
    title = "Selection of 2D classes"

    def process(self, classes: Classes) -> Classes:
        wanted = self.parameters
        decided = dict.fromkeys(_numbers(wanted.include), True)
        decided |= dict.fromkeys(_numbers(wanted.exclude), False)
        selected = np.asarray(classes.score) >= wanted.score_min
        selected &= np.asarray(classes.counts) > 0
        if wanted.particles_min is not None:
            selected &= np.asarray(classes.counts) >= wanted.particles_min
        if wanted.resolution_max is not None:
            resolution = np.asarray(classes.resolution)
            selected &= (resolution > 0) & (resolution <= np.float32(wanted.resolution_max))
        numbers = np.arange(1, len(selected) + 1) if classes.numbers is None else classes.numbers
        for index, number in enumerate(np.asarray(numbers, dtype=int).tolist()):
            named = next(
                (ancestor for ancestor in _line(number, classes) if ancestor in decided), None
            )
            if named is not None:
                selected[index] = decided[named]
        return replace(classes, selected=column(selected))

    def methods(self) -> str:
        """By what classes were chosen."""
        wanted = self.parameters
        people = ", and by hand" if wanted.include or wanted.exclude else ""
        limits = [f"a score of {wanted.score_min:g} or more"]
        if wanted.resolution_max is not None:
            limits.append(f"a resolution of {wanted.resolution_max:g} Å or better")
        if wanted.particles_min is not None:
            limits.append(f"{wanted.particles_min} particles or more")
        return f"Classes with {' and '.join(limits)} were chosen{people}."

    def summarize(self, items: Sequence[Classes]) -> str:
        """Say how many classes and particles were selected."""
        if not items or items[-1].selected is None:
            return ""
        chosen = np.asarray(items[-1].selected) > 0
        counts = np.asarray(items[-1].counts)
        return (
            f"{int(chosen.sum())} of {len(chosen)} 2D classes were selected, with "
            f"{int(counts[chosen].sum())} of {int(counts.sum())} particles"
        )

    def plot(self, items: Sequence[Classes]) -> Iterator[Figure]:
        """Share of the particles that is in selected classes."""
        shares = [
            100.0 * float(np.dot(item.counts, item.selected) / max(float(np.sum(item.counts)), 1))
            for item in items
            if item.selected is not None
        ]
        yield Figure(
            "Particles in selected classes",
            "series",
            shares,
            "particles / %",
            x_label="snapshots of the classification",
        )


def choice_words(classes: Classes, wanted: SelectClassesParameters) -> tuple[str, ...]:
    """Why each class is taken or left out, in the order of the classes: what decided first.

    A class that a person has decided on, or one that it was split from, says so; of any other it
    is the first limit that it breaks, or that it keeps all of them.
    """
    included, excluded = _numbers(wanted.include), _numbers(wanted.exclude)
    count = len(classes.counts)
    numbers = range(1, count + 1) if classes.numbers is None else classes.numbers
    return tuple(
        _by_hand(int(number), classes, included, excluded) or _by_limits(index, classes, wanted)
        for index, number in enumerate(numbers)
    )


def _by_hand(number: int, classes: Classes, included: set[int], excluded: set[int]) -> str:
    named = next((one for one in _line(number, classes) if one in included | excluded), None)
    if named is None:
        return ""
    how = "taken by hand" if named in included else "left out by hand"
    return how if named == number else f"{how} with class {named}, which it was split from"


def _by_limits(index: int, classes: Classes, wanted: SelectClassesParameters) -> str:
    """The first limit that a class breaks, or the score that it reaches."""
    score, count = float(classes.score[index]), int(classes.counts[index])
    resolution = float(classes.resolution[index])
    if count < max(1, wanted.particles_min or 1):
        return f"{count} particles are fewer than {max(1, wanted.particles_min or 1)}"
    if not np.float32(score) >= wanted.score_min:
        return f"score {score:.2g} is below {wanted.score_min:g}"
    if wanted.resolution_max is not None and not 0 < resolution <= wanted.resolution_max:
        told = f"{resolution:.1f} Å is worse than" if resolution > 0 else "cannot be told, and"
        return f"resolution {told} {wanted.resolution_max:g} Å"
    return f"score {score:.2g} is {wanted.score_min:g} or more"


def _numbers(text: str) -> set[int]:
    return {int(word) for word in text.split(",") if word.strip()}


def _line(number: int, classes: Classes) -> Iterator[int]:
    """A class, the one it was split from, the one that was split from, and so on."""
    parents = () if classes.parents is None else classes.parents
    while number > 0:
        yield number
        number = int(parents[number - 1]) if number <= len(parents) else 0
