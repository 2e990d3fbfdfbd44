"""Particle extraction against RELION's, and what dust and tilted specimens do to particles.

    python benchmarks/bench_extraction.py --write

Simulated micrographs of 4096 x 4096 pixels. `relion_preprocess` cuts the same coordinates, in the
same boxes, with the same background; each program reads the micrograph and writes the stack, on one
core. Without RELION only icestream is measured.
"""

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from bench_ctf import KRIOS, drawn, ice
from bench_picking import OPTICS, Case, micrograph, simulated
from icestream.formats import read_stack, write_mrc
from icestream.model import Picks, column
from icestream.processing.ctf import Defocus, fit_ctf
from icestream.processing.particles import Box, extract_particles, whole_boxes
from icestream.processing.simulate.assembly import make_cage
from icestream.protocol import Work
from icestream.protocols.extract_particles import ExtractParticles, ExtractParticlesParameters
from measured import on_one_thread, publish

RELION = "relion_preprocess"
BOXES = ((128, 128), (192, 64))
"""Sides of the boxes as they are cut, and as they are written."""
SPECK = 30.0
"""Standard deviations of a micrograph by which a speck of dust stands out."""
TILTS = (5.0, 10.0, 15.0, 20.0, 30.0, 40.0)


def ours(case: Case, cut: int, size: int, folder: Path) -> tuple[NDArray, float]:
    """Images, and CPU seconds from the micrograph's file to the stack's."""
    picks = Picks(
        exposure=case.name,
        x=column(case.true[:, 0]),
        y=column(case.true[:, 1]),
        score=column(np.ones(len(case.true))),
        diameter=case.diameter,
        pixel_size=OPTICS.pixel_size,
    )
    parameters = ExtractParticlesParameters(box=cut * OPTICS.pixel_size, size=size, dust=0.0)
    assert case.ctf is not None
    protocol, source = ExtractParticles(parameters), micrograph(case, folder)
    started = time.process_time()
    particles = protocol.process(source, case.ctf, picks, Work(folder=folder))
    used = time.process_time() - started
    return read_stack(particles.stack), used


def relion(case: Case, cut: int, size: int, folder: Path) -> tuple[NDArray, float]:
    """The same of RELION, with the same radius of the background."""
    source = micrograph(case, folder)
    head = "data_\n\nloop_\n_rlnMicrographName #1\n_rlnVoltage #2\n_rlnSphericalAberration #3\n"
    head += "_rlnAmplitudeContrast #4\n_rlnMagnification #5\n_rlnDetectorPixelSize #6\n"
    name = source.path.name
    (folder / "mics.star").write_text(f"{head}{name} 300 2.7 0.1 10000 {OPTICS.pixel_size}\n")
    loop = "data_\n\nloop_\n_rlnCoordinateX #1\n_rlnCoordinateY #2\n"
    rows = "".join(f"{x:.6f} {y:.6f}\n" for x, y in case.true)
    (folder / f"{source.path.stem}_pick.star").write_text(loop + rows)
    radius = 0.55 * case.diameter / OPTICS.pixel_size * size / cut
    command = [
        *(RELION, "--i", "mics.star", "--coord_dir", "./", "--coord_suffix", "_pick.star"),
        *("--part_star", "out.star", "--part_dir", "P/", "--extract", "--extract_size", str(cut)),
        *("--scale", str(size), "--norm", "--bg_radius", f"{radius:g}", "--white_dust", "-1"),
        *("--black_dust", "-1", "--invert_contrast"),
    ]
    child = subprocess.Popen(command, cwd=folder, stdout=subprocess.DEVNULL)
    _, status, used = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode:
        raise SystemExit(f"{RELION} failed with status {child.returncode}")
    (stack,) = (folder / "P").rglob("*.mrcs")
    images = read_stack(stack).copy()
    shutil.rmtree(folder / "P")
    return images, used.ru_utime + used.ru_stime


def against_relion(cases: list[Case], folder: Path) -> Iterator[str]:
    """Rows of the table: agreement, and CPU time per thousand particles."""
    yield "| box, pixels | particles | correlation, median (worst) | largest difference, σ "
    yield "| icestream, CPU s per 1000 | RELION, CPU s per 1000 |\n|---|---|---|---|---|---|\n"
    for cut, size in BOXES:
        counts, times, agreed, apart = 0, np.zeros(2), [], []
        for case in cases:
            mine, used = ours(case, cut, size, folder)
            counts += len(mine)
            times[0] += used
            if shutil.which(RELION):
                theirs, used = relion(case, cut, size, folder)
                times[1] += used
                pairs = list(zip(mine, theirs, strict=True))
                agreed += [np.corrcoef(a.ravel(), b.ravel())[0, 1] for a, b in pairs]
                apart.append(float(np.abs(mine - theirs).max()))
        name = f"{cut}" if cut == size else f"{cut}, resampled to {size}"
        told = "- | -"
        if agreed:
            told = f"{np.median(agreed):.5f} ({min(agreed):.5f}) | {max(apart):.2g}"
        peer = f"{1e3 * times[1] / counts:.2f}" if agreed else "-"
        yield f"| {name} | {counts} | {told} | {1e3 * times[0] / counts:.2f} | {peer} |\n"


def with_dust(case: Case) -> str:
    """What a speck in the background does to the grey scale of a particle."""
    rng, radius = np.random.default_rng(3), 0.55 * case.diameter / OPTICS.pixel_size
    image, box = case.image.copy(), 128
    offset = 0.5 * box - 8
    away = np.array([(offset, offset), (-offset, offset), (offset, -offset), (-offset, -offset)])
    places = np.rint(case.true[::5] + away[rng.integers(4, size=len(case.true[::5]))]).astype(int)
    for x, y in places:
        image[y - 1 : y + 2, x - 1 : x + 2] += SPECK * image.std()
    wanted = Box(cut=box, size=box, radius=radius, dust=0.0)
    clean = extract_particles(case.image, *case.true.T, wanted).images
    dirty = extract_particles(image, *case.true.T, wanted).images
    swept = extract_particles(image, *case.true.T, replace(wanted, dust=5.0)).images
    touched = np.abs(dirty - clean).max(axis=(1, 2)) > 5.0
    inner = np.hypot(*np.mgrid[-box // 2 : box // 2, -box // 2 : box // 2]) < radius

    def change(images: NDArray[np.float32]) -> float:
        scale = [
            float(np.vdot(a[inner], b[inner]) / np.vdot(b[inner], b[inner]))
            for a, b in zip(images[touched], clean[touched], strict=True)
        ]
        return 100.0 * float(np.abs(np.array(scale) - 1.0).mean())

    return (
        f"\n**Dust**: a bright speck of 3 x 3 pixels in a corner of the box, {SPECK:.0f} standard "
        f"deviations high, changed the contrast of a particle by {change(dirty):.0f} % on average "
        f"({int(touched.sum())} particles), and by {change(swept):.1f} % where dust is replaced.\n"
    )


def tilted() -> str:
    """Error of a particle's defocus, with that of the micrograph and with that of its place."""
    size, rows = 1280, []
    for number, tilt in enumerate(TILTS):
        true, rng = drawn(7700 + number), np.random.default_rng(number)
        axis, slope = rng.uniform(-np.pi, np.pi), np.tan(np.radians(tilt))
        gradient = np.array([slope * np.sin(axis), slope * np.cos(axis)])
        flat = Defocus(u=true.u, v=true.v, angle=true.angle)
        image = ice(flat, KRIOS, size, 800 + number, gradient=(gradient[0], gradient[1]))
        fit = fit_ctf(image, KRIOS)
        found = np.array(fit.plane.gradient) if fit.plane and fit.plane.tilted else np.zeros(2)
        places = rng.uniform(-0.45, 0.45, (500, 2)) * size * KRIOS.pixel_size
        middle = fit.defocus.mean - true.mean
        one, local = middle - places @ gradient, middle + places @ (found - gradient)
        rms = [float(np.sqrt(np.mean(each**2))) for each in (one, local)]
        rows.append(f"| {tilt:.0f}° | {rms[0]:.0f} Å | {rms[1]:.0f} Å |\n")
    return (
        "\n**Local CTF**: RMS error of the defocus of particles all over a tilted field of 1920 Å "
        "of simulated ice\n\n| tilt | with one defocus | with that of its place |\n|---|---|---|\n"
        + "".join(rows)
    )


def _away_from_edges(case: Case) -> NDArray[np.float64]:
    """Particles whose boxes lie inside the micrograph; RELION cuts the others too."""
    largest = max(cut for cut, _ in BOXES)
    return case.true[whole_boxes((4096, 4096), *case.true.T, largest)]


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--micrographs", type=int, default=2)
    parser.add_argument("--write", action="store_true", help="write the table of the gallery")
    chosen = parser.parse_args(arguments)
    if not shutil.which(RELION):
        print(f"{RELION} is not installed: icestream alone is measured")
    every = simulated(make_cage(), chosen.micrographs, 8801, size=4096)
    cases = [replace(case, true=_away_from_edges(case)) for case in every]
    with tempfile.TemporaryDirectory() as scratch:
        for case in cases:
            write_mrc(micrograph(case, Path(scratch)).path, case.image, OPTICS.pixel_size)
        ours(cases[0], *BOXES[0], Path(scratch))  # what is read in or compiled once
        text = "".join(against_relion(cases, Path(scratch)))
    text += with_dust(cases[0]) + tilted()
    print(text)
    if chosen.write:
        publish("extraction", text, "python benchmarks/bench_extraction.py --write")
    return 0


if __name__ == "__main__":
    on_one_thread()
    sys.exit(main())
