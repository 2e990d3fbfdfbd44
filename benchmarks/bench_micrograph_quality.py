"""Verdicts on micrographs against an expert's labels and against what was simulated.

    python benchmarks/bench_micrograph_quality.py [--data ../shared/data] [--seed 901] [--write]

The labelled thumbnails set the limits of the rules, so their confusion table says only that the
rules can tell the classes apart; left out one at a time, with every limit put again between the
others, they say a little more. Simulated micrographs, with seeds and a specimen that set no
limit, go through alignment and CTF fit first.
"""

import argparse
import math
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from icestream.formats import read_image
from icestream.model import MICROGRAPH_CLASSES, Optics
from icestream.processing import micrograph_quality as rules
from icestream.processing.ctf.fit import fit_ctf
from icestream.processing.defects import find_outliers, replace_defects
from icestream.processing.dose import Dose
from icestream.processing.micrograph_quality import (
    Appearance,
    Circumstances,
    Judgement,
    judge_micrograph,
    look_at,
)
from icestream.processing.motion.measure import measure_motion
from icestream.processing.motion.spectra import Frames
from icestream.processing.motion.track import TrackSearch
from icestream.processing.motion.warp import Recipe, sum_frames
from icestream.processing.simulate.camera import make_camera
from icestream.processing.simulate.exposure import Conditions, simulate_movie
from icestream.processing.simulate.tracks import MotionTraits
from icestream.processing.simulate.transfer import Aberrations
from icestream.simulator.load import load_specimen
from measured import publish

PIXEL = 1.5
KINDS: dict[str, tuple[dict[str, object], str]] = {
    "particles": ({}, "great or decent"),
    "many particles": ({"particles": 200}, "great or decent"),
    "drift of 2.5 Å a frame": ({"motion": MotionTraits(drift=2.5)}, "contamination_or_drift"),
    "crystals": ({"crystalline": 0.8}, "crystalline_ice"),
    "no ice": ({"particles": 0, "thickness": 0.0}, "empty_no_ice"),
    "ice without particles": ({"particles": 0}, "vitreous_no_particles"),
}


@dataclass(frozen=True)
class Limit:
    """A limit of a rule: a number of the look, and the classes on its two sides."""

    name: str
    value: Callable[[Appearance], float]
    below: tuple[str, ...]
    above: tuple[str, ...]


USABLE = ("great", "decent")
SPOILT = ("contamination_or_drift", "crystalline_ice")
BARE = ("empty_no_ice", "vitreous_no_particles")
LIMITS = (
    Limit("BARE", lambda a: a.texture, BARE, USABLE + SPOILT),
    Limit("UNEVEN", lambda a: a.patches, BARE[:1], BARE[1:]),
    Limit("CROWDED", lambda a: a.objects, (*USABLE, SPOILT[1]), SPOILT[:1]),
    Limit("MOTTLED", lambda a: a.patches / a.texture, USABLE, SPOILT[1:]),
    Limit("PARTICLES", lambda a: a.skew, USABLE[:1], USABLE[1:]),
)


def labelled(folder: Path) -> Iterator[tuple[str, NDArray[np.float32]]]:
    """Label and picture of each thumbnail."""
    for path in sorted((folder / "micrographs" / "quality_classes").glob("*/*.png")):
        yield path.parent.name, np.asarray(Image.open(path), dtype=np.float32)


def between(limit: Limit, looks: list[tuple[str, Appearance]]) -> float:
    """Halfway between the nearest of the two sides (on a log scale where all are positive)."""
    low = max(limit.value(look) for label, look in looks if label in limit.below)
    high = min(limit.value(look) for label, look in looks if label in limit.above)
    return math.sqrt(low * high) if low > 0 else 0.5 * (low + high)


def leave_one_out(looks: list[tuple[str, Appearance]]) -> list[str]:
    """Class of each thumbnail by limits that the others set."""
    kept = {limit.name: getattr(rules, limit.name) for limit in LIMITS}
    found = []
    try:
        for place, (_, look) in enumerate(looks):
            others = looks[:place] + looks[place + 1 :]
            for limit in LIMITS:
                setattr(rules, limit.name, between(limit, others))
            found.append(judge_micrograph(look).label)
    finally:
        for name, value in kept.items():
            setattr(rules, name, value)
    return found


def simulate(kind: str, specimen: str, seed: int) -> Judgement:
    """Simulate a movie of a kind, align it, fit its CTF, and judge it."""
    rng = np.random.default_rng([seed, list(KINDS).index(kind)])
    camera = make_camera(rng, (1024, 1024))
    optics = Optics(
        pixel_size=PIXEL, voltage=300.0, spherical_aberration=2.7, amplitude_contrast=0.07
    )
    defocus = float(rng.uniform(9000.0, 22000.0))
    aberrations = Aberrations(
        defocus_u=defocus + 125.0, defocus_v=defocus - 125.0, angle=20.0, b_factor=80.0
    )
    conditions = Conditions(
        optics=optics,
        aberrations=aberrations,
        frames=16,
        dose_per_frame=2.0,
        thickness=float(rng.uniform(220.0, 450.0)),
    )
    conditions = replace(conditions, **KINDS[kind][0])  # type: ignore[arg-type]
    _, made = simulate_movie(conditions, load_specimen(specimen), camera, rng)
    counts = np.stack(list(made))
    gain = np.where(camera.gain > 0, camera.gain, 1.0).astype(np.float32)
    replace_defects(counts, find_outliers(counts.sum(axis=0, dtype=np.float32) * gain), seed=1)
    frames, dose = Frames(counts, gain, PIXEL), Dose(per_frame=2.0)
    motion = measure_motion(frames, TrackSearch(), dose)
    sums = sum_frames(frames, motion.best, Recipe(dose=dose))
    assert sums.weighted is not None
    fit = fit_ctf(sums.plain, optics)
    half = len(motion.shifts) // 2
    drift = float(np.hypot(*(motion.shifts[-1] - motion.shifts[half])))
    known = Circumstances(
        resolution=fit.resolution,
        ice_ring=fit.ice_ring,
        drift=drift / (len(motion.shifts) - 1 - half),
    )
    return judge_micrograph(look_at(sums.weighted, PIXEL), known)


def confusion(rows: list[tuple[str, str]]) -> str:
    """Markdown table: what it is (rows), what it was taken for (columns)."""
    short = [label.replace("_", " ") for label in MICROGRAPH_CLASSES]
    lines = ["| | " + " | ".join(short) + " |", "|---" * (len(short) + 1) + "|"]
    for truth in dict.fromkeys(row[0] for row in rows):
        found = [label for true, label in rows if true == truth]
        counts = [str(found.count(label) or "") for label in MICROGRAPH_CLASSES]
        lines.append(f"| {truth.replace('_', ' ')} | " + " | ".join(counts) + " |")
    return "\n".join(lines)


def real(folder: Path) -> list[tuple[str, str, float, str]]:
    """(what, class, score, reason) of real micrographs that set no limit."""
    images = folder / "micrographs"
    given = [
        (f"apoferritin, {path.name[6:14]}", np.asarray(Image.open(path), np.float32), 1.5)
        for path in sorted((images / "apoferritin_empiar10146").glob("*.average.png"))
    ]
    given.append(("sparse particles (K2)", read_image(images / "k2_sparse.mrc"), 0.8538))
    given.append(("carbon edge", read_image(images / "carbon_edge.mrc"), 3.5))
    found = []
    for what, image, pixel in given:
        verdict = judge_micrograph(look_at(image, pixel))
        found.append((what, verdict.label.replace("_", " "), verdict.score, verdict.reason))
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    parser.add_argument("--seed", type=int, default=901)
    parser.add_argument("--movies", type=int, default=4)
    parser.add_argument("--write", action="store_true")
    wanted = parser.parse_args()
    looks = [(label, look_at(image, 7.5)) for label, image in labelled(wanted.data)]
    direct = [(label, judge_micrograph(look).label) for label, look in looks]
    left_out = list(zip((label for label, _ in looks), leave_one_out(looks), strict=True))
    seen = []
    model = str(wanted.data / "models" / "apoferritin_6z6u.pdb.gz")
    for kind, (_, expected) in KINDS.items():
        for number in range(wanted.movies):
            specimen = "cage" if number % 2 else model
            found = simulate(kind, specimen, wanted.seed + number)
            seen.append((kind, found.label, expected))
            print(kind, specimen[-20:], found, flush=True)
    image = np.random.default_rng(1).poisson(9.0, (4096, 4096)).astype(np.float32)
    begun = time.process_time()
    judge_micrograph(look_at(image, 1.0))
    cost = time.process_time() - begun
    parts = [
        f"Labelled thumbnails, {sum(a == b for a, b in direct)} of {len(direct)} right with the "
        f"limits as they are (which they set), {sum(a == b for a, b in left_out)} of "
        f"{len(left_out)} when each is judged by limits that the others set:",
        confusion(left_out),
        "Other real micrographs, by their look alone (that with sparse particles led to the rule "
        "for few or faint ones; the others set nothing):",
        "| | class | score | because |\n|---|---|---|---|\n"
        + "\n".join(f"| {a} | {b} | {c:.2f} | {d} |" for a, b, c, d in real(wanted.data)),
        f"Simulated movies of 1024 x 1024 pixels after alignment and CTF fit (apoferritin and a "
        f"cage in turn, seeds from {wanted.seed}): "
        f"{sum(label in expected for _, label, expected in seen)} of {len(seen)} in the class "
        "that they were made for, or great or decent:",
        confusion([(kind, label) for kind, label, _ in seen]),
        f"A micrograph of 4096 x 4096 pixels takes {cost:.2f} CPU-s.",
    ]
    text = "\n\n".join(parts)
    print(text)
    if wanted.write:
        publish("micrograph-quality", text, "python benchmarks/bench_micrograph_quality.py --write")


if __name__ == "__main__":
    main()
