"""A whole simulated session against its truth, movie by movie, with RELION's alignment beside it.

    python benchmarks/bench_session.py --movies 6 --seed 501

Simulates one session per specimen with seeds that no test and no other benchmark uses, imports it
as a user would (told the folder and the amplitude contrast), aligns, fits the CTF and picks with
the diameter given; prints a Markdown table. Specimens besides the generated ones are PDB files
given with ``--model``.
"""

import argparse
import shutil
import sys
import tempfile
import time
from collections import defaultdict
from pathlib import Path

import numpy as np

from bench_motion import RELION, errors, run_relion
from icestream.model import Ctf, Motion, Movie
from icestream.protocol import Cursor, Work
from icestream.protocols.align_movies import AlignMovies
from icestream.protocols.estimate_ctf import EstimateCtf
from icestream.protocols.import_movies import ImportMovies, ImportParameters
from icestream.protocols.pick_by_log import PickByLog
from icestream.simulator.accuracy import ctf_errors, match_picks
from icestream.simulator.acquire import acquire
from icestream.simulator.plan import SessionPlan
from icestream.simulator.truth import ExposureTruth, read_truth

Scores = dict[str, list[float]]


def import_all(folder: Path, movies: int) -> list[Movie]:
    """What the import step finds, told the folder and what no metadata say."""
    contrast = SessionPlan().amplitude_contrast
    source = ImportMovies(ImportParameters(pattern=str(folder), amplitude_contrast=contrast))
    found: list[Movie] = []
    state = None
    deadline = time.monotonic() + 60
    while len(found) < movies and time.monotonic() < deadline:
        discovery = source.discover(Cursor(state=state))
        state = discovery.state
        found += discovery.items
        time.sleep(0.05)
    return found


def ctf_deviations(ctf: Ctf, truth: ExposureTruth) -> tuple[float, float, float]:
    """Mean defocus and astigmatism, found minus true, Å, and astigmatism as a vector."""
    true = truth.defocus_u - truth.defocus_v
    vector = ctf_errors(ctf, truth)["astigmatism"]
    return ctf.defocus - truth.defocus, ctf.astigmatism - true, vector


def score_movie(movie: Movie, truth: ExposureTruth, folder: Path, scores: Scores) -> None:
    """Run the chain on one movie and note every error."""
    started = time.process_time()
    work = Work(folder=folder, seed=1)
    micrograph = AlignMovies().process(movie, work)
    scores["align CPU"].append(time.process_time() - started)
    ctf = EstimateCtf().process(micrograph, work)
    picker = type(PickByLog().parameters)
    picks = PickByLog(picker(diameter=truth.diameter)).process(micrograph, ctf)
    scores["chain CPU"].append(time.process_time() - started)
    assert micrograph.motion is not None
    note_motion("", micrograph.motion, truth, scores)
    for name, error in zip(
        ("defocus", "astigmatism", "vector"), ctf_deviations(ctf, truth), strict=True
    ):
        scores[name].append(error)
    for name, number in zip(
        ("found", "true", "picked"), match_picks(picks, truth, movie.shape[0]), strict=True
    ):
        scores[name].append(number)


def note_motion(prefix: str, motion: Motion, truth: ExposureTruth, scores: Scores) -> None:
    whole, everywhere = errors(motion, truth.tracks)
    scores[f"{prefix}whole frame"].append(whole)
    scores[f"{prefix}whole field"].append(everywhere)


def bench(specimen: str, movies: int, seed: int) -> Scores:
    """Simulate and score one session."""
    scores: Scores = defaultdict(list)
    with tempfile.TemporaryDirectory() as scratch:
        session = acquire(
            SessionPlan(movies=movies, seed=seed, specimen=specimen, speed=0),
            Path(scratch) / "microscope",
        )
        truths = {
            truth.exposure: truth for truth in map(read_truth, session.truth.glob("FoilHole*.json"))
        }
        for movie in import_all(session.folder, movies):
            truth = truths[movie.exposure]
            folder = Path(scratch) / movie.exposure
            folder.mkdir()
            score_movie(movie, truth, folder, scores)
            if shutil.which(RELION):
                for path in (movie.path, movie.gain):
                    assert path is not None
                    (folder / path.name).symlink_to(path)
                exposure = movie.path.stem
                linked = Movie(
                    exposure=exposure,
                    path=folder / movie.path.name,
                    frames=movie.frames,
                    shape=movie.shape,
                    optics=movie.optics,
                    dose_per_frame=movie.dose_per_frame,
                    gain=movie.gain,
                )
                motion, used, _ = run_relion(linked, folder)
                note_motion("RELION ", motion, truth, scores)
                scores["RELION CPU"].append(used)
            shutil.rmtree(folder)
    return scores


def rms(values: list[float]) -> float:
    return float(np.sqrt(np.mean(np.square(values)))) if values else float("nan")


def row(name: str, scores: Scores) -> str:
    found, true, picked = (sum(scores[key]) for key in ("found", "true", "picked"))
    cells = [
        name,
        f"{rms(scores['whole frame']):.3f} / {rms(scores['RELION whole frame']):.3f}",
        f"{rms(scores['whole field']):.3f} / {rms(scores['RELION whole field']):.3f}",
        f"{rms(scores['defocus']):.0f}",
        f"{rms(scores['astigmatism']):.0f} ({rms(scores['vector']):.0f})",
        f"{found / true:.3f}",
        f"{found / picked:.3f}",
        f"{np.median(scores['align CPU']):.2f} / "
        + (f"{np.median(scores['RELION CPU']):.2f}" if scores["RELION CPU"] else "-"),
        f"{np.median(scores['chain CPU']):.2f}",
    ]
    return "| " + " | ".join(cells) + " |"


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--movies", type=int, default=6, help="of each specimen")
    parser.add_argument("--seed", type=int, default=501)
    parser.add_argument("--model", action="append", default=[], help="PDB file; may be repeated")
    chosen = parser.parse_args(arguments)
    print(
        "| specimen | whole-frame error, px (icestream / RELION) | whole field, px "
        "| defocus RMS, Å | astigmatism RMS (as a vector), Å | recall | precision "
        "| alignment CPU, s (icestream / RELION) | to picks, CPU s |"
    )
    print("|---|---|---|---|---|---|---|---|---|")
    for number, specimen in enumerate(["cage", "brick", *chosen.model]):
        scores = bench(specimen, chosen.movies, chosen.seed + 1000 * number)
        name = Path(specimen).name.split(".")[0].replace("_", " ")
        print(row(name, scores), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
