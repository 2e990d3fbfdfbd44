"""Which exposures the microscope takes, in which order, and what befalls each."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import numpy as np

from icestream.model.exposure import Exposure
from icestream.model.optics import Optics
from icestream.processing.simulate.exposure import Conditions
from icestream.processing.simulate.tracks import MotionTraits
from icestream.processing.simulate.transfer import Aberrations
from icestream.simulator.faults import WHOLE
from icestream.simulator.plan import SessionPlan

__all__ = ["Shot", "schedule"]

PATTERN = 3
"""Holes along each side of the cluster that is reached by beam shift from one stage position."""

BEAM_SHIFT = 0.05
"""Beam shift between neighbouring holes, in the microscope's units."""

HOLE_SPACING = 2.6
"""µm."""

OUTAGE = 8
"""Movies that an outage costs."""

ASTIGMATISM = 1500.0
"""Added by the fault of that name, Å."""

FOCUS = 8000.0
"""Added to the defocus by the fault of that name, Å."""

BLUR = 250.0
"""Added to the envelope by the fault of that name, Å²: at 8 Å a third is left of amplitudes."""

THICKENING = 600.0
"""Ice that the fault of that name has added at its end, Å."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shot:
    """One exposure as planned: what the metadata say, and what is true."""

    number: int
    """From 0."""
    exposure: Exposure
    """As the metadata say; `exposure.name` is the stem of the file names."""
    conditions: Conditions
    """As it is."""
    faults: frozenset[str]
    """What befalls this exposure."""
    square: int
    """Grid square, from 0."""
    hole: int
    """Foil hole in the session, from 0."""
    repeat: int
    """Shot in the hole, from 0."""
    due: float
    """Seconds after the first exposure, by the microscope's clock."""
    image_shift: tuple[float, float]
    """(x, y) from the stage position, µm."""

    @property
    def reported_defocus(self) -> float:
        """What the microscope believes the defocus to be, Å: its scale is 3 % off."""
        return 0.97 * self.conditions.aberrations.defocus


def schedule(plan: SessionPlan, started: datetime) -> Iterator[Shot]:
    """The exposures in order; without end when ``plan.movies`` is 0."""
    number = 0
    while plan.movies == 0 or number < plan.movies:
        yield _shot(plan, started, number)
        number += 1


def _rng(plan: SessionPlan, *key: int) -> np.random.Generator:
    return np.random.default_rng([plan.seed, *key])


def _strikes(plan: SessionPlan, fault: str, number: int) -> bool:
    """Whether a fault that strikes a tenth of the movies strikes this one."""
    block, turn = divmod(number, 10)
    # One of each ten, and one of the last few when these are fewer than ten.
    count = 10 if plan.movies == 0 else min(10, plan.movies - 10 * block)
    order = sum(fault.encode())
    return turn == int(_rng(plan, 11, order, block).integers(count))


_FROM = {
    "motion": 0.75,
    "thickening": 0.6,
    "astigmatism": 0.6,
    "focus": 0.8,
    "blur": 0.7,
    "aged-gain": 0.5,
    "dose": 0.75,
    "dimming": 0.75,
}
"""Part of the session after which a fault lasts to its end."""


def _befalls(plan: SessionPlan, number: int, square: int) -> dict[str, float]:
    """What befalls an exposure: faults, each with how far it is on its way, up to 1."""
    of = plan.movies or 100
    befalls: dict[str, float] = {}
    for fault in plan.planted:
        name = fault.fault
        share: float | None
        if fault.first is not None:
            share = fault.share(number + 1)
            if name == "bad-squares" and square % 3 != 1:
                share = None
            if name == "outage" and number + 1 != fault.first:
                share = None
        elif name in _FROM:
            begins = int(_FROM[name] * of)
            share = min(1.0, (number + 1 - begins) / (of - begins)) if number >= begins else None
        elif name == "bad-squares":
            share = 1.0 if square % 3 == 1 else None
        elif name == "outage":
            share = 1.0 if number == int(0.5 * of) else None
        else:
            share = 1.0 if name in WHOLE or _strikes(plan, name, number) else None
        if share is not None:
            befalls[name] = share
    if "truncated" in befalls:
        befalls.pop("duplicate", None)
    return befalls


def _missed(plan: SessionPlan, number: int) -> int:
    """Movies that outages have cost before an exposure."""
    missed = 0
    for fault in plan.planted:
        if fault.fault == "outage":
            begins = int(0.5 * (plan.movies or 100)) if fault.first is None else fault.first - 1
            missed += (fault.count or OUTAGE) if number >= begins else 0
    return missed


def _shot(plan: SessionPlan, started: datetime, number: int) -> Shot:
    hole, repeat = divmod(number, plan.shots_per_hole)
    square, in_square = divmod(hole, plan.holes_per_square)
    faults = _befalls(plan, number, square)
    rng = _rng(plan, 2, number)
    target = float(rng.choice(np.linspace(*plan.defocus, 5)))
    due = (number + _missed(plan, number)) * 3600.0 / plan.rate
    stage, shift = _position(plan, square, in_square, repeat)
    when = started + timedelta(seconds=due)
    beam = (
        shift[0] / HOLE_SPACING * BEAM_SHIFT + rng.normal(0.0, 0.0004),
        shift[1] / HOLE_SPACING * BEAM_SHIFT + rng.normal(0.0, 0.0004),
    )
    exposure = Exposure(
        name=_name(plan, number, hole, repeat, when),
        acquired=when,
        grid_square=f"{7001001 + 13 * square}",
        foil_hole=f"{7104001 + 7 * hole}",
        beam_shift=beam,
        stage=stage,
        tilt=0.0,
        nominal_defocus=target * 1e4,
    )
    return Shot(
        number=number,
        exposure=exposure,
        conditions=_conditions(plan, square, target, faults, rng),
        faults=frozenset(faults),
        square=square,
        hole=hole,
        repeat=repeat,
        due=due,
        image_shift=shift,
    )


def _name(plan: SessionPlan, number: int, hole: int, repeat: int, when: datetime) -> str:
    if plan.layout == "epu":
        stamp = when.strftime("%Y%m%d_%H%M%S")
        return f"FoilHole_{7104001 + 7 * hole}_Data_{7105001 + 3 * repeat}_{hole + 1}_{stamp}"
    return f"{when.strftime('%Y-%m-%d_%H.%M.%S')}_grid1_{number + 1:05d}"


def _position(
    plan: SessionPlan, square: int, in_square: int, repeat: int
) -> tuple[tuple[float, float, float], tuple[float, float]]:
    """Stage (x, y, z) of the cluster, and the image shift to the shot, µm."""
    cluster, hole = divmod(in_square, PATTERN * PATTERN)
    row, across = divmod(hole, PATTERN)
    turn = 2.0 * np.pi * repeat / plan.shots_per_hole
    radius = 0.0 if plan.shots_per_hole == 1 else 0.4
    shift = (
        float((across - 1) * HOLE_SPACING + radius * np.cos(turn)),
        float((row - 1) * HOLE_SPACING + radius * np.sin(turn)),
    )
    stage = (
        -200.0 + 125.0 * (square % 4) + 8.0 * (cluster % 5),
        -150.0 + 125.0 * (square // 4) + 8.0 * (cluster // 5),
        round(-12.0 + float(_rng(plan, 3, square).normal(0.0, 4.0)), 4),
    )
    return stage, shift


def _conditions(
    plan: SessionPlan,
    square: int,
    target: float,
    faults: Mapping[str, float],
    rng: np.random.Generator,
) -> Conditions:
    """What is true: the grid square sets ice and height, the exposure wavers about them."""
    of_square = _rng(plan, 4, square)
    thickness = of_square.uniform(*plan.thickness) * rng.uniform(0.9, 1.1)
    height = of_square.normal(0.0, 600.0)
    of_session = _rng(plan, 5)
    axis = of_session.uniform(-90.0, 90.0)
    astigmatism = plan.astigmatism * rng.uniform(0.75, 1.25)
    astigmatism += ASTIGMATISM if "astigmatism" in faults else 0.0
    angle = (axis + rng.normal(0.0, 3.0) + 90.0) % 180.0 - 90.0
    mean = max(target * 1e4 + height + rng.normal(0.0, 400.0), 2000.0)
    mean += FOCUS if "focus" in faults else 0.0
    b_factor = rng.uniform(*plan.b_factor)
    conditions = Conditions(
        optics=Optics(
            pixel_size=plan.pixel_size,
            voltage=plan.voltage,
            spherical_aberration=plan.spherical_aberration,
            amplitude_contrast=plan.amplitude_contrast,
        ),
        aberrations=Aberrations(
            defocus_u=float(mean + 0.5 * astigmatism),
            defocus_v=float(mean - 0.5 * astigmatism),
            angle=float(angle),
            b_factor=float(b_factor + (BLUR if "blur" in faults else 0.0)),
        ),
        frames=plan.frames,
        dose_per_frame=plan.dose_per_frame * _dose(faults),
        thickness=float(thickness + THICKENING * faults.get("thickening", 0.0)),
        particles=round(plan.particles * rng.uniform(0.8, 1.1)),
        end_on=plan.end_on,
        motion=_motion(faults),
        crystalline=float(rng.uniform(0.6, 1.0)) if "crystalline-ice" in faults else 0.0,
    )
    if "bad-squares" in faults:
        return _spoil(conditions, square)
    return conditions


def _dose(faults: Mapping[str, float]) -> float:
    """Part of the dose that the metadata say."""
    return (0.6 if "dose" in faults else 1.0) * (0.88 if "dimming" in faults else 1.0)


def _motion(faults: Mapping[str, float]) -> MotionTraits:
    usual = MotionTraits(drift=2.5 if "drift" in faults else 0.0)
    if "motion" not in faults:
        return usual
    return replace(
        usual,
        early=_twice(usual.early),
        walk=_twice(usual.walk),
        doming=_twice(usual.doming),
    )


def _twice(span: tuple[float, float]) -> tuple[float, float]:
    return 2.0 * span[0], 2.0 * span[1]


def _spoil(conditions: Conditions, square: int) -> Conditions:
    """Thick ice with few particles that show, or a hole without ice."""
    if square % 2:
        envelope = replace(conditions.aberrations, b_factor=3.0 * conditions.aberrations.b_factor)
        return replace(
            conditions,
            thickness=1500.0,
            aberrations=envelope,
            contrast=0.5 * conditions.contrast,
            particles=conditions.particles // 4,
        )
    return replace(conditions, thickness=0.0, particles=0)
