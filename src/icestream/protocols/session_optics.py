"""Exposure groups of a session: the same optics, and beam shifts that belong together."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any

from icestream.processing.exposure_groups import ExposureGroups

__all__ = ["SessionOptics", "Traits"]

_ALIKE = 1e-3
"""Share by which pixel sizes of one magnification may differ: they are rounded here and there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Traits:
    """What exposures of one group have in common, besides the shift of the beam."""

    pixel_size: float
    """Å."""
    voltage: float
    """kV."""
    spherical_aberration: float
    """mm."""
    amplitude_contrast: float
    shape: tuple[int, int]
    """(y, x) pixels."""
    camera: str | None = None
    """None: not known, and no reason to tell two apart."""

    def fits(self, other: "Traits") -> bool:
        """Whether exposures of both may be in one group."""
        return not self.changes(other)

    def changes(self, other: "Traits") -> str:
        """How `other` differs, in words: ``pixel size 1.5 -> 1 Å``; empty when it does not."""
        return ", ".join(
            f"{title} {_words(before)} -> {_words(after)}{unit}"
            for name, title, unit in _SHOWN
            if _differ(before := getattr(self, name), after := getattr(other, name))
        )


_SHOWN = (
    ("pixel_size", "pixel size", " Å"),
    ("voltage", "voltage", " kV"),
    ("spherical_aberration", "Cs", " mm"),
    ("amplitude_contrast", "amplitude contrast", ""),
    ("shape", "frames", " pixels"),
    ("camera", "camera", ""),
)


def _differ(before: Any, after: Any) -> bool:
    if isinstance(before, float) and isinstance(after, float):
        return abs(after - before) > _ALIKE * max(abs(before), abs(after))
    return before is not None and after is not None and before != after


def _words(value: Any) -> str:
    if isinstance(value, tuple):
        return " x ".join(str(number) for number in reversed(value))
    return f"{value:.4g}" if isinstance(value, float) else str(value)


class SessionOptics:
    """Gives each exposure the number of its group, from 1; numbers once given are kept.

    Exposures whose beam shift is not known are a group of their own, for each optics.

    Parameters
    ----------
    state
        `document` of an earlier run.
    """

    def __init__(self, state: Mapping[str, Any] | None = None) -> None:
        state = state or {}
        self._traits = [_read_traits(each) for each in state.get("traits", ())]
        self._shifts = [
            ExposureGroups(**each) if each else None for each in state.get("shifts", ())
        ]
        self._numbers = {(optics, shift): n for optics, shift, n in state.get("numbers", ())}
        self._last: int | None = state.get("last")
        # Sessions of before kept one list of shifts, whatever the optics were.
        self._of_before = state if "radius" in state else None

    def document(self) -> dict[str, Any]:
        """What a restart needs; JSON-ready."""
        return {
            "traits": [asdict(traits) for traits in self._traits],
            "shifts": [shifts.document() if shifts else None for shifts in self._shifts],
            "numbers": [[*key, number] for key, number in self._numbers.items()],
            "last": self._last,
        }

    def group(
        self, traits: Traits, shift: tuple[float, float] | None, radius: float
    ) -> tuple[int, str]:
        """The group of one more exposure, and how its optics differ from those before it.

        Parameters
        ----------
        traits
            Its optics.
        shift
            Of the beam; None when it is not known.
        radius
            Distance of shifts below which two are surely of one group.

        Returns
        -------
        The number, and the change in words; empty when these optics were met before.
        """
        known = (n for n, other in enumerate(self._traits) if other.fits(traits))
        place = next(known, None)
        changes = ""
        if place is None:
            place = self._begin(traits)
            changes = self._traits[self._last].changes(traits) if self._last is not None else ""
        self._last = place
        local = 0
        if shift is not None:
            shifts = self._shifts[place] or ExposureGroups(radius)
            self._shifts[place] = shifts
            local = shifts.assign(shift)
        next_number = max(self._numbers.values(), default=0) + 1
        return self._numbers.setdefault((place, local), next_number), changes

    def _begin(self, traits: Traits) -> int:
        self._traits.append(traits)
        before, self._of_before = self._of_before, None
        self._shifts.append(ExposureGroups(**before) if before else None)
        place = len(self._traits) - 1
        for number in before["names"] if before else ():
            self._numbers[place, number] = number
        return place


def _read_traits(document: Mapping[str, Any]) -> Traits:
    values = {field.name: document[field.name] for field in fields(Traits)}
    return Traits(**values | {"shape": tuple(values["shape"])})
