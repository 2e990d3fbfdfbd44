"""Follow each particle through the frames of its movie, and sum them anew, with RELION."""

from collections.abc import Sequence
from math import ceil
from pathlib import Path

import numpy as np

from icestream.model import Volume
from icestream.protocol import (
    BadOutput,
    Command,
    Failure,
    ItemFailed,
    ItemProtocol,
    Program,
    Resources,
    Work,
    run_program,
)
from icestream_relion.items import RelionMovies, RelionParticles, Sharpening
from icestream_relion.polish_inputs import Chosen, choose
from icestream_relion.polish_outputs import take_polished
from icestream_relion.polish_parameters import RelionPolishParameters
from icestream_relion.running import link_reference
from icestream_relion.suite import FAILURES, refuse_ignored, relion

__all__ = ["PolishWithRelion"]

_PROGRAM = relion("relion_motion_refine")
_TRAINED = "opt_params_all_groups.txt"
_FAILURES = (
    Failure(
        code="scaled-up",
        when=r"Images can only be scaled down",
        advice="set a scale that is smaller than the box in pixels of the movie",
    ),
    Failure(
        code="movie-unread",
        when=r"unable to load raw movie frames|readTracks: unable to read out/",
        advice="its log says above which movie it could not read: see whether that movie, the gain "
        "reference and the defects are as they were when it was aligned",
    ),
    *FAILURES,
)


class PolishWithRelion(ItemProtocol[RelionPolishParameters]):
    """Follow each particle through its movie, and sum its frames anew by what each still shows.

    Connect it to the particles of `volume.relion_refine`, the map and sharpening of
    `volume.relion_postprocess`, and the movies of `movies.relion_join`. The table that the map
    was refined from has to be the last one, that of `particles.relion_last`.
    """

    name = "particles.relion_polish"
    title = "RELION Bayesian polishing"
    cites = ("Zivanov, Nakane & Scheres (2019) IUCrJ 6, 5, doi:10.1107/S205225251801463X",)
    failures = _FAILURES

    def programs(self) -> Sequence[Program]:
        """One program trains and polishes."""
        return (_PROGRAM,)

    def need(self) -> Resources:
        """Threads as asked, and memory for the frames of a movie."""
        wanted = self.parameters
        return Resources(cores=wanted.threads, memory=round(wanted.memory * 2**30))

    def process(
        self,
        particles: RelionParticles,
        volume: Volume,
        sharpening: Sharpening,
        movies: RelionMovies,
        work: Work,
    ) -> RelionParticles:
        wanted = self.parameters
        self._check(volume)
        chosen = choose(particles, movies, wanted, work)
        link_reference(volume, sharpening, work)
        out = _begin(work)
        shared = self._shared(volume, chosen)
        notes = list(chosen.notes)
        motion = self._given()
        if wanted.train:
            found = self._train(out, shared, work)
            motion = ["--params_file", f"out/{_TRAINED}"]
            notes.append(_told(found, wanted.train_particles, chosen.particles))
        words = [*shared, *motion, *self._combining()]
        if any(out.glob("*_tracks.star")):
            words.append("--only_do_unfinished")
        log = self._run(words, work)
        return take_polished(particles, chosen, log, notes, work)

    def _check(self, volume: Volume) -> None:
        """Refuse a map without the detail that frames are weighted by: RELION breaks off there."""
        extent, finest = volume.box * volume.pixel_size, self.parameters.weights_finest
        coarsest = self.parameters.weights_coarsest
        last = 0
        if finest is not None:
            last = int(extent / finest)
        elif volume.resolution:
            last = ceil(extent / volume.resolution)  # the first shell that does not agree
        if last <= int(extent / coarsest):
            reached = f"{volume.resolution:.1f} Å" if volume.resolution else "no resolution"
            raise ItemFailed(
                f"the map reaches {reached}, and frames are weighted by what they show that is "
                f"finer than {coarsest:g} Å",
                advice="polish when there is a finer map, or set weights_coarsest to a coarser one",
                code="map-coarse",
            )

    def _shared(self, volume: Volume, chosen: Chosen) -> list[str]:
        """Arguments of training and polishing."""
        wanted = self.parameters
        return [
            *("--i", "particles.star", "--f", "postprocess.star", "--o", "out/"),
            *("--m1", "half1.mrc", "--m2", "half2.mrc", "--mask", "mask.mrc"),
            *("--angpix_ref", f"{volume.pixel_size:.7g}"),
            *("--corr_mic", "corrected_micrographs.star", "--fdose", f"{chosen.dose:.7g}"),
            *("--first_frame", str(wanted.first_frame), "--last_frame", str(chosen.last_frame)),
            *("--j", str(wanted.threads)),
        ]

    def _given(self) -> list[str]:
        """How particles are expected to move."""
        wanted = self.parameters
        return [
            *("--s_vel", f"{wanted.velocity:g}", "--s_div", f"{wanted.divergence:g}"),
            *("--s_acc", f"{wanted.acceleration:g}"),
        ]

    def _combining(self) -> list[str]:
        """What is made of the frames."""
        wanted = self.parameters
        said = ["--combine_frames", "--bfac_minfreq", f"{wanted.weights_coarsest:g}"]
        if wanted.weights_finest is not None:
            said += ["--bfac_maxfreq", f"{wanted.weights_finest:g}"]
        said += [] if wanted.window is None else ["--window", str(wanted.window)]
        return said + ([] if wanted.scale is None else ["--scale", str(wanted.scale)])

    def _train(self, out: Path, shared: Sequence[str], work: Work) -> tuple[float, float, float]:
        """Have the program find how particles move; velocity, divergence and acceleration."""
        if (found := _trained(out / _TRAINED)) is None:
            words = [*shared, "--params3", "--min_p", str(self.parameters.train_particles)]
            self._run([*words, "--align_frac", "0.5", "--eval_frac", "0.5"], work)
            for kind in ("command.log", "log"):
                work.path(f"{_PROGRAM.executable}.{kind}").rename(work.path(f"training.{kind}"))
            found = _trained(out / _TRAINED)
        if found is None:
            raise BadOutput(
                "it found no velocity, divergence and acceleration that are numbers above 0",
                advice="set train to false and give them, or train with more particles",
                code="not-trained",
            )
        return found

    def _run(self, words: Sequence[str], work: Work) -> Path:
        argv = (_PROGRAM.executable, *words)
        command = Command(argv, timeout=3600 * self.parameters.time)
        log = run_program(_PROGRAM, command, work, _FAILURES)
        refuse_ignored(log)
        return log

    def methods(self) -> str:
        """How particles were followed."""
        trained = ", by parameters that were found in the movies" if self.parameters.train else ""
        return f"The motion of particles was refined by Bayesian polishing in RELION{trained}."

    def summarize(self, items: Sequence[RelionParticles]) -> str:
        if not items:
            return ""
        last = items[-1]
        return f"{last.particles} particles were polished" + (f"; {last.note}" if last.note else "")


def _begin(work: Work) -> Path:
    """The folder of the program's files, which outlives an attempt that was ended.

    The program goes on with the movies that it has no files of. The files that it wrote last may
    be half, and are removed.
    """
    out = work.kept if work.kept is not None else work.folder / "out"
    out.mkdir(parents=True, exist_ok=True)
    if out != work.folder / "out":
        (work.folder / "out").unlink(missing_ok=True)
        (work.folder / "out").symlink_to(out.absolute())
    made = list(out.glob("[0-9]*_*"))
    if made:
        newest = max(made, key=lambda path: path.stat().st_mtime_ns).name.partition("_")[0]
        for path in out.glob(f"{newest}_*"):
            path.unlink()
    (out / "shiny.star").unlink(missing_ok=True)
    return work.folder / "out"


def _told(found: tuple[float, float, float], wanted: int, there: int) -> str:
    """What was found, and with how much; `wanted` particles were asked for."""
    velocity, divergence, acceleration = found
    used = f"{wanted} particles or a few more"
    if there < wanted:
        used = f"{there} particles alone, of {wanted} that were asked for"
    return (
        f"found with {used}: velocity {velocity:g} Å/(e/Å²), divergence {divergence:g} Å, "
        f"acceleration {acceleration:g} Å/(e/Å²)"
    )


def _trained(path: Path) -> tuple[float, float, float] | None:
    """What training wrote; None where there is nothing, or no numbers."""
    try:
        velocity, divergence, acceleration = map(float, path.read_text().split())
    except (OSError, ValueError):
        return None
    # An acceleration of -1 says that it is not limited.
    good = np.isfinite(acceleration) and 0 < velocity < np.inf and 0 < divergence < np.inf
    return (velocity, divergence, acceleration) if good else None
