"""Accept or reject exposures by limits on what was measured."""

from collections.abc import Iterator, Mapping
from math import isfinite
from typing import Annotated

from annotated_types import Ge, Gt, Le
from pydantic import field_validator

from icestream.model import (
    MICROGRAPH_CLASSES,
    QUALITIES,
    Accepted,
    Ctf,
    Micrograph,
    MicrographQuality,
    Rejected,
    Verdict,
)
from icestream.protocol import Advanced, Parameters, SelectionProtocol
from icestream.units import Angstrom, Micrometre, Usual


class SelectionLimits(Parameters):
    """Limits; an exposure must keep all that are set. An empty limit does not apply."""

    defocus_min: Annotated[Micrometre, Ge(0), Usual(0.0, 10.0)] | None = 0.2
    """Smallest mean defocus."""

    defocus_max: Annotated[Micrometre, Gt(0), Usual(0.1, 20.0)] | None = 5.0
    """Largest mean defocus."""

    astigmatism_max: Annotated[Angstrom, Gt(0), Usual(10.0, 20000.0)] | None = 1000.0
    """Largest difference of the two defoci."""

    resolution_max: Annotated[Angstrom, Gt(0), Usual(1.5, 100.0)] | None = 8.0
    """Worst (largest) resolution up to which the Thon rings agree with the fit. Where pixels are
    so coarse that no fit can be much better, `resolution_pixels` says what counts instead."""

    resolution_pixels: Annotated[float, Ge(2), Le(20), Advanced] = 3.0
    """The limit on the resolution is never finer than this many pixels of the micrograph: with 3,
    one and a half times the finest detail that they hold."""

    score_min: float | None = None
    """Smallest score of the CTF fit."""

    ice_ring_max: float | None = 1.0
    """Largest excess of power near 3.7 Å; 1 means twice the background: crystalline ice."""

    total_motion_max: Annotated[Angstrom, Gt(0), Usual(1.0, 2000.0)] | None = 150.0
    """Longest track of the specimen over the whole movie."""

    early_motion_max: Annotated[Angstrom, Gt(0), Usual(1.0, 2000.0)] | None = None
    """Longest track over the first 4 e/Å²."""

    quality_min: Annotated[float, Ge(0), Le(1)] | None = None
    """Smallest quality score of the micrograph."""

    refuse: tuple[str, ...] = ("empty_no_ice",)
    """Classes of micrographs that are not used: great, decent, contamination_or_drift,
    crystalline_ice, empty_no_ice, vitreous_no_particles, unclear. That of empty ones is never
    given to others, as far as was seen; crystals are refused by their ice ring."""

    @field_validator("refuse")
    @classmethod
    def check_classes(cls, refuse: tuple[str, ...]) -> tuple[str, ...]:
        """Refuse a class that no micrograph is in."""
        unknown = sorted(set(refuse) - set(MICROGRAPH_CLASSES))
        if unknown:
            known = ", ".join(MICROGRAPH_CLASSES)
            raise ValueError(f"no micrograph is in class {', '.join(unknown)}; known: {known}")
        return refuse


class SelectExposures(SelectionProtocol[SelectionLimits]):
    """Reject exposures whose defocus, astigmatism, resolution, ice, motion or look is not good."""

    name = "exposures.select"
    title = "Selection of exposures"

    def judge(
        self, micrograph: Micrograph, ctf: Ctf, quality: MicrographQuality | None = None
    ) -> Verdict:
        qualities = {**micrograph.qualities(), **ctf.qualities()}
        if quality is not None:
            qualities.update(quality.qualities())
        reasons = tuple(self._reasons(qualities, micrograph.optics.pixel_size))
        if quality is not None and quality.label in self.parameters.refuse:
            reasons += (f"It looks like {quality.label.replace('_', ' ')}: {quality.reason}",)
        return Rejected(reasons) if reasons else Accepted()

    def _reasons(self, qualities: Mapping[str, float], pixel_size: float) -> Iterator[str]:
        limits = self.parameters
        yield from _outside(qualities, "ctf.defocus", limits.defocus_min, limits.defocus_max)
        yield from _outside(qualities, "ctf.astigmatism", high=limits.astigmatism_max)
        yield from self._too_coarse(qualities, pixel_size)
        yield from _outside(qualities, "ctf.score", low=limits.score_min)
        yield from _outside(qualities, "ctf.ice_ring", high=limits.ice_ring_max)
        yield from _outside(qualities, "motion.total", high=limits.total_motion_max)
        yield from _outside(qualities, "motion.early", high=limits.early_motion_max)
        yield from _outside(qualities, "micrograph.score", low=limits.quality_min)

    def _too_coarse(self, qualities: Mapping[str, float], pixel_size: float) -> Iterator[str]:
        """Why a fit ends too early, by a limit that pixels of `pixel_size` Å can reach."""
        wanted = self.parameters.resolution_max
        if wanted is None:
            return
        limit = max(wanted, self.parameters.resolution_pixels * pixel_size)
        why = f" (raised from {wanted:g} Å: pixels of {pixel_size:.3g} Å are coarse)"
        for reason in _outside(qualities, "ctf.resolution", high=limit):
            yield reason + (why if limit > wanted and "limit" in reason else "")


def _outside(
    qualities: Mapping[str, float], name: str, low: float | None = None, high: float | None = None
) -> Iterator[str]:
    """Why a quality breaks its limits, in the unit that screens show; nothing when it does not."""
    if name not in qualities or (low is None and high is None):
        return
    quality = QUALITIES[name]
    value = qualities[name] * quality.scale
    unit = f" {quality.shown_unit}" if quality.shown_unit else ""
    if not isfinite(value):
        yield f"{quality.title} could not be measured"
    elif low is not None and value < low:
        yield f"{quality.title} {_short(value)}{unit} is below the limit of {low:g}{unit}"
    elif high is not None and value > high:
        yield f"{quality.title} {_short(value)}{unit} is above the limit of {high:g}{unit}"


def _short(value: float) -> str:
    """Three digits, without an exponent."""
    return f"{value:.0f}" if abs(value) >= 100.0 else f"{value:.3g}"
