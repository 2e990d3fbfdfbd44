"""Which exposures the microscope takes, in which order, and what befalls each."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import numpy as np

from icestream.model.exposure import Exposure
from icestream.model.optics import Optics
from icestream.processing.simulate.exposure import Conditions
from icestream.processing.simulate.tracks import MotionTraits
from icestream.processing.simulate.transfer import Aberrations
from icestream.simulator.plan import Fault, SessionPlan

__all__ = ["Shot", "schedule"]

PATTERN = 3
"""Holes along each side of the cluster that is reached by beam shift from one stage position."""

BEAM_SHIFT = 0.05
"""Beam shift between neighbouring holes, in the microscope's units."""

HOLE_SPACING = 2.6
"""µm."""

OUTAGE = 8
"""Movies that an outage costs."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shot:
    """One exposure as planned: what the metadata say, and what is true."""

    number: int
    """From 0."""
    exposure: Exposure
    """As the metadata say; `exposure.name` is the stem of the file names."""
    conditions: Conditions
    """As it is."""
    faults: frozenset[Fault]
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


def _befalls(plan: SessionPlan, fault: Fault, number: int) -> bool:
    """Whether a fault that strikes a tenth of the movies strikes this one."""
    block, turn = divmod(number, 10)
    # One of each ten, and one of the last few when these are fewer than ten.
    count = 10 if plan.movies == 0 else min(10, plan.movies - 10 * block)
    order = sum(fault.encode())
    return fault in plan.faults and turn == int(_rng(plan, 11, order, block).integers(count))


def _faults(plan: SessionPlan, number: int, square: int) -> frozenset[Fault]:
    of = plan.movies or 100
    single: tuple[Fault, ...] = ("drift", "crystalline-ice", "truncated", "duplicate")
    faults = [fault for fault in single if _befalls(plan, fault, number)]
    if "truncated" in faults and "duplicate" in faults:
        faults.remove("duplicate")
    lasting: dict[Fault, bool] = {
        "bad-squares": square % 3 == 1,
        "astigmatism": number >= int(0.6 * of),
        "dose": number >= int(0.75 * of),
        "outage": number == int(0.5 * of),
        "wrong-gain": True,
    }
    faults += [fault for fault, holds in lasting.items() if holds and fault in plan.faults]
    return frozenset(faults)


def _shot(plan: SessionPlan, started: datetime, number: int) -> Shot:
    hole, repeat = divmod(number, plan.shots_per_hole)
    square, in_square = divmod(hole, plan.holes_per_square)
    faults = _faults(plan, number, square)
    rng = _rng(plan, 2, number)
    target = float(rng.choice(np.linspace(*plan.defocus, 5)))
    late = "outage" in plan.faults and number >= int(0.5 * (plan.movies or 100))
    due = (number + (OUTAGE if late else 0)) * 3600.0 / plan.rate
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
        faults=faults,
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
    faults: frozenset[Fault],
    rng: np.random.Generator,
) -> Conditions:
    """What is true: the grid square sets ice and height, the exposure wavers about them."""
    of_square = _rng(plan, 4, square)
    thickness = of_square.uniform(*plan.thickness) * rng.uniform(0.9, 1.1)
    height = of_square.normal(0.0, 600.0)
    of_session = _rng(plan, 5)
    axis = of_session.uniform(-90.0, 90.0)
    astigmatism = plan.astigmatism * rng.uniform(0.75, 1.25)
    if "astigmatism" in faults:
        astigmatism += 1500.0
    angle = (axis + rng.normal(0.0, 3.0) + 90.0) % 180.0 - 90.0
    mean = max(target * 1e4 + height + rng.normal(0.0, 400.0), 2000.0)
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
            b_factor=float(rng.uniform(*plan.b_factor)),
        ),
        frames=plan.frames,
        dose_per_frame=plan.dose_per_frame * (0.6 if "dose" in faults else 1.0),
        thickness=float(thickness),
        particles=round(plan.particles * rng.uniform(0.8, 1.1)),
        end_on=plan.end_on,
        motion=MotionTraits(drift=2.5 if "drift" in faults else 0.0),
        crystalline=float(rng.uniform(0.6, 1.0)) if "crystalline-ice" in faults else 0.0,
    )
    if "bad-squares" in faults:
        return _spoil(conditions, square)
    return conditions


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
