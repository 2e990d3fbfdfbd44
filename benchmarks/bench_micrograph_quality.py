"""Verdicts on micrographs against an expert's labels and against what was simulated.

    python benchmarks/bench_micrograph_quality.py [--data ../shared/data] [--seed 901] [--write]

Twelve labelled thumbnails set the limits of the rules; `--held FOLDER` judges others, in folders of
the names of their classes. Simulated movies go through alignment and CTF fit first; some of their
specimens were looked at when limits were set, with other seeds, and others were made later.
"""

import argparse
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from icestream.formats import read_image
from icestream.model import MICROGRAPH_CLASSES, Optics
from icestream.processing.ctf.fit import fit_ctf, fit_spectrum
from icestream.processing.ctf.groups import group_tiles
from icestream.processing.ctf.spectrum import average_ordinary
from icestream.processing.defects import find_outliers, replace_defects
from icestream.processing.dose import Dose
from icestream.processing.micrograph_quality import (
    Circumstances,
    Judgement,
    judge_micrograph,
    look_at,
)
from icestream.processing.motion.measure import measure_motion
from icestream.processing.motion.spectra import Frames
from icestream.processing.motion.track import TrackSearch
from icestream.processing.motion.warp import Recipe, sum_frames
from icestream.processing.simulate.assembly import (
    make_brick,
    make_cage,
    make_rod,
    make_stalk,
    octahedral_group,
)
from icestream.processing.simulate.camera import make_camera
from icestream.processing.simulate.exposure import Conditions, simulate_movie
from icestream.processing.simulate.specimen import Specimen
from icestream.processing.simulate.tracks import MotionTraits
from icestream.processing.simulate.transfer import Aberrations
from icestream.simulator.load import load_specimen
from measured import publish

PIXEL = 1.5
USABLE = ("great", "decent")
KINDS: dict[str, tuple[dict[str, object], tuple[str, ...]]] = {
    "particles": ({}, USABLE),
    "many particles": ({"particles": 200}, USABLE),
    "40 % carbon": ({"carbon": 0.4}, USABLE),
    "two drops of ice": ({"drops": 2}, USABLE),
    "1500 Å of ice": ({"thickness": 1500.0}, ("unclear",)),
    "no gain reference": ({}, (*USABLE, "unclear")),
    "gain upside down": ({}, (*USABLE, "unclear")),
    "70 % carbon": ({"carbon": 0.7}, ("contamination_or_drift",)),
    "drift of 2.5 Å a frame": ({"motion": MotionTraits(drift=2.5)}, ("contamination_or_drift",)),
    "crystals": ({"crystalline": 0.8}, ("crystalline_ice", "unclear")),
    "no ice": ({"particles": 0, "thickness": 0.0}, ("empty_no_ice",)),
    "ice without particles": ({"particles": 0}, ("vitreous_no_particles",)),
}
"""Conditions, and the classes that are right."""
SEEN = (
    "apoferritin_6z6u.pdb.gz",
    "beta_galactosidase_5a1a.pdb.gz",
    *("cage", "brick", "rod", "stalk"),
)
"""Looked at when the rules were made."""


def shell() -> Specimen:
    """Twenty-four bricks on a hollow shell: a particle of 300 Å, as large as viruses begin."""
    unit, group = make_brick(), octahedral_group()
    points = np.concatenate([(unit.positions * 0.5 + (95, 35, 55)) @ turn.T for turn in group])
    lengths = np.tile(unit.lengths * 0.125, len(group))
    return Specimen.from_points("shell", points, lengths, np.full(len(points), 0.125))


UNSEEN: dict[str, Callable[[], Specimen]] = {
    "shell": shell,
    "another cage": partial(make_cage, 77),
    "another brick": partial(make_brick, 9),
    "another rod": partial(make_rod, 5),
    "another stalk": partial(make_stalk, 11),
}
"""Made after the rules."""


def labelled(folder: Path) -> Iterator[tuple[str, NDArray[np.float32]]]:
    """Label and picture of each thumbnail."""
    for path in sorted(folder.glob("*/*.png")):
        yield path.parent.name, np.asarray(Image.open(path), dtype=np.float32)


def simulate(kind: str, specimen: Specimen, seed: int) -> Judgement:
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
    _, made = simulate_movie(conditions, specimen, camera, rng)
    counts = np.stack(list(made))
    gain = np.where(camera.gain > 0, camera.gain, 1.0).astype(np.float32)
    if kind == "no gain reference":
        gain = np.ones_like(gain)
    if kind == "gain upside down":
        gain = np.ascontiguousarray(gain[::-1])
    replace_defects(counts, find_outliers(counts.sum(axis=0, dtype=np.float32) * gain), seed=1)
    frames, dose = Frames(counts, gain, PIXEL), Dose(per_frame=2.0)
    motion = measure_motion(frames, TrackSearch(), dose)
    sums = sum_frames(frames, motion.best, Recipe(dose=dose))
    assert sums.weighted is not None
    tiles = group_tiles(frames, motion.best, 2.0)
    if tiles is None:
        fit = fit_ctf(sums.plain, optics)
    else:
        fit = fit_spectrum(average_ordinary(tiles.unpack()), optics, grouped=True)
    half = len(motion.shifts) // 2
    drift = float(np.hypot(*(motion.shifts[-1] - motion.shifts[half])))
    known = Circumstances(
        resolution=fit.resolution,
        ice_ring=fit.ice_ring,
        drift=drift / (len(motion.shifts) - 1 - half),
        thickness=None if fit.thickness is None else fit.thickness.value,
        thickness_least=fit.thickness_least,
        pixel_size=PIXEL,
        gain=kind != "no gain reference",
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


def tally(rows: list[tuple[tuple[str, ...], str]]) -> str:
    """How many verdicts there are, how many are right, and how many that reject."""
    said = [(right, label) for right, label in rows if label != "unclear"]
    good = sum(label in right for right, label in said)
    rejected = [(right, label) for right, label in said if label not in USABLE]
    just = sum(not set(right) & set(USABLE) for right, _ in rejected)
    return (
        f"{good} of {len(said)} verdicts right, {len(rows) - len(said)} unclear; "
        f"{just} of the {len(rejected)} that call it bad are of bad ones"
    )


def thumbnails(folder: Path) -> tuple[list[tuple[str, str]], str]:
    """(true, found) of each, and how many can be used or not as they were said to be."""
    rows = [
        (label, judge_micrograph(look_at(image, 7.5)).label) for label, image in labelled(folder)
    ]
    bad = tuple(label for label in MICROGRAPH_CLASSES if label not in (*USABLE, "unclear"))
    return rows, tally([(USABLE if true in USABLE else bad, found) for true, found in rows])


def simulated(
    specimens: list[Specimen], seed: int, movies: int
) -> tuple[list[tuple[str, str]], str]:
    """(kind, found) of movies of some specimens in turn, and how many are right."""
    rows = []
    for kind in KINDS:
        for number in range(movies):
            specimen = specimens[number % len(specimens)]
            found = simulate(kind, specimen, seed + number)
            rows.append((kind, found.label))
            print(kind, specimen.name, found, flush=True)
    return rows, tally([(KINDS[kind][1], label) for kind, label in rows])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    parser.add_argument("--held", type=Path, help="folder of more labelled thumbnails")
    parser.add_argument("--seed", type=int, default=2901)
    parser.add_argument("--movies", type=int, default=5, help="of each kind")
    parser.add_argument("--write", action="store_true")
    wanted = parser.parse_args()
    parts = []
    for folder, what in (
        (wanted.data / "micrographs" / "quality_classes", "that set the limits"),
        (wanted.held, "that were looked at when they were set"),
    ):
        if folder is not None:
            rows, said = thumbnails(folder)
            parts += [
                f"{len(rows)} labelled thumbnails {what}, without CTF or motion (whether they can "
                f"be used): {said}.",
                confusion(rows),
            ]
    parts += [
        "Other real micrographs, by their look alone:",
        "| | class | score | because |\n|---|---|---|---|\n"
        + "\n".join(f"| {a} | {b} | {c:.2f} | {d} |" for a, b, c, d in real(wanted.data)),
    ]
    models = wanted.data / "models"
    seen = [load_specimen(str(models / name) if ".pdb" in name else name) for name in SEEN]
    unseen = [make() for make in UNSEEN.values()]
    for specimens, names, what in (
        (seen, [one.name.split("_")[0] for one in seen], "that were looked at"),
        (unseen, list(UNSEEN), "that were made after the rules"),
    ):
        rows, said = simulated(specimens, wanted.seed, wanted.movies)
        parts += [
            f"Simulated movies of specimens {what} ({', '.join(names)}), after alignment and CTF "
            f"fit: {said}.",
            confusion(rows),
        ]
    image = np.random.default_rng(1).poisson(9.0, (4096, 4096)).astype(np.float32)
    begun = time.process_time()
    judge_micrograph(look_at(image, 1.0))
    cost = time.process_time() - begun
    parts.append(f"A micrograph of 4096 x 4096 pixels takes {cost:.2f} CPU-s.")
    text = "\n\n".join(parts)
    print(text)
    if wanted.write:
        publish("micrograph-quality", text, "python benchmarks/bench_micrograph_quality.py --write")


if __name__ == "__main__":
    main()
