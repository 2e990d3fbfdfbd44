"""Let several CTF estimates of one micrograph check each other."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from statistics import median
from typing import Annotated, Literal

from annotated_types import Gt

from icestream.model import Ctf, CtfAgreement
from icestream.processing.ctf import (
    Agreeing,
    Defocus,
    Errors,
    average_defocus,
    largest_agreement,
)
from icestream.protocol import ConsensusProtocol, Figure, ItemFailed, Parameters
from icestream.protocols.outvoted import outvoted_words
from icestream.units import Angstrom


class CtfConsensusParameters(Parameters):
    """How far estimates have to agree."""

    agreement: Annotated[Angstrom, Gt(0)] = 8.0
    """Resolution up to which two estimates have to agree to be averaged: where their phases come
    to differ by 90°."""

    direction: Literal["mean", "worst"] = "mean"
    """Agreement averaged over directions, or in the direction that differs first."""


class AgreeOnCtf(ConsensusProtocol[CtfConsensusParameters, Ctf]):
    """Average the CTF estimates that agree, and name those that do not.

    The average is weighted by the standard errors. Ice ring, tilt, thickness, score and pictures
    are those of the member with the best fit resolution, and the fit resolution is not better than
    the agreement. Where no two agree, the better of the two that come closest stays, in doubt.
    """

    name = "ctf.consensus"
    title = "CTF consensus"
    version = 2
    cites = ("Marabini et al. (2015) J. Struct. Biol. 190, 348, doi:10.1016/j.jsb.2015.09.002",)

    def agree(self, candidates: Mapping[str, Ctf]) -> Ctf:
        if len(candidates) < 2:
            raise ItemFailed(
                f"only {len(candidates)} CTF estimate of this exposure, where two must agree",
                advice="look at why the other estimates failed",
                code="too-few-estimates",
            )
        names = sorted(candidates)
        limit, worst = self.parameters.agreement, self.parameters.direction == "worst"
        found = largest_agreement([candidates[name] for name in names], limit, worst=worst)
        reached = found.worst if worst else found.mean
        members = sorted(
            (names[place] for place in found.members), key=lambda n: _rank(candidates[n])
        )
        kept = candidates[members[0]]
        # Beyond its own last ring an estimate is worth nothing, whoever agrees with it.
        kept = replace(kept, resolution=max(kept.resolution, reached))
        if reached > limit:
            return replace(
                kept,
                doubt=kept.doubt or _disagreement({n: candidates[n] for n in members}, reached),
                agreement=_agreement(found, members[:1], names),
            )
        averaged = _averaged(kept, [candidates[name] for name in members])
        return replace(averaged, agreement=_agreement(found, sorted(members), names))

    def methods(self) -> str:
        """When estimates agree."""
        return (
            "CTF estimates whose phases agreed within 90° up to "
            f"{self.parameters.agreement:g} Å were averaged, weighted by their standard errors."
        )

    def summarize(self, items: Sequence[Ctf]) -> str:
        """How many agree, how far, and who is outvoted most."""
        told = [item.agreement for item in items if item.agreement is not None]
        if not told:
            return ""
        agreed = [one for one in told if len(one.members) > 1]
        sentence = f"CTF estimates of {len(agreed)} of {len(told)} micrographs agree"
        if agreed:
            sentence += f", up to a median of {median(one.resolution for one in agreed):.1f} Å"
        return sentence + outvoted_words(one.outvoted for one in told)

    def plot(self, items: Sequence[Ctf]) -> Iterator[Figure]:
        """Resolution of the agreement."""
        values = [item.agreement.resolution for item in items if item.agreement is not None]
        yield Figure("Agreement of CTF estimates", "series", values, "resolution / Å")
        yield Figure("Agreement of CTF estimates", "histogram", values, "resolution / Å")


def _rank(ctf: Ctf) -> tuple[bool, float, float]:
    """The best first: without doubt, then by fit resolution; equal ones by defocus."""
    return bool(ctf.doubt), ctf.resolution, ctf.defocus


def _averaged(kept: Ctf, members: Sequence[Ctf]) -> Ctf:
    """What is kept, with the average of the members' defocus, astigmatism and phase shift."""
    defocus, errors = average_defocus(
        [Defocus.of(ctf) for ctf in members], [_errors(ctf) for ctf in members]
    )
    return replace(
        kept,
        defocus_u=defocus.u,
        defocus_v=defocus.v,
        angle=defocus.angle,
        phase_shift=defocus.phase_shift,
        defocus_error=errors.mean if errors else None,
        astigmatism_error=errors.astigmatism if errors else None,
        angle_error=errors.angle if errors else None,
        phase_shift_error=errors.phase_shift if errors else None,
    )


def _errors(ctf: Ctf) -> Errors | None:
    """The standard errors of an estimate, if it has all that weights need."""
    if ctf.defocus_error is None or ctf.astigmatism_error is None:
        return None
    return Errors(
        mean=ctf.defocus_error,
        astigmatism=ctf.astigmatism_error,
        angle=ctf.angle_error or 0.0,
        phase_shift=ctf.phase_shift_error,
    )


def _agreement(found: Agreeing, members: Sequence[str], names: Sequence[str]) -> CtfAgreement:
    return CtfAgreement(
        members=tuple(members),
        outvoted=tuple(name for name in names if name not in members),
        resolution=found.mean,
        worst=found.worst,
    )


def _disagreement(nearest: Mapping[str, Ctf], reached: float) -> str:
    """Say that not even the two nearest estimates agree."""
    told = " and ".join(f"{name} {ctf.defocus * 1e-4:.2f} µm" for name, ctf in nearest.items())
    return f"estimates agree only up to {reached:.1f} Å; the nearest defoci are {told}"
