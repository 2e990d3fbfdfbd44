"""Align the frames of each movie with RELION's own motion correction, or MotionCor2 through it."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from statistics import median

from icestream.formats.defects import read_defects
from icestream.formats.gain import read_gain, write_gain
from icestream.formats.mrc import write_mrc
from icestream.model import Micrograph, Movie
from icestream.protocol import (
    BadOutput,
    Command,
    Failure,
    Figure,
    ItemFailed,
    Probe,
    Program,
    ProgramProtocol,
    Resources,
    Work,
    found_by,
)
from icestream_relion.elsewhere import MOTION
from icestream_relion.motion_outputs import read_micrograph
from icestream_relion.motion_parameters import RelionMotionParameters
from icestream_relion.suite import AUTO_REFINE, FAILURES, refuse_ignored, relion
from icestream_relion.tables import link, write_movie

__all__ = ["AlignWithRelion"]

_FEWEST = 3
"""Groups of frames that can be aligned."""
_WEIGHTS = ", with weights for radiation damage where the dose is known"
"""A movie without a dose is summed without them, whatever is asked."""
_READ = (".mrc", ".mrcs", ".tif", ".tiff", ".eer")
_PROGRAM = relion("relion_run_motioncorr")
_MOTIONCOR2 = Program(
    "MotionCor2",
    package="emcore.ucsf.edu/ucsf-software",
    probe=Probe(arguments=("--version",), pattern=r"(?i)version\s+(\d+(?:\.\d+)+)"),
    known=("1.4", "1.5", "1.6"),
    licence="free for academic use; commercial use by agreement with UCSF",
    cites=("Zheng et al. (2017) Nat. Methods 14, 331, doi:10.1038/nmeth.4193",),
)


class AlignWithRelion(ProgramProtocol[RelionMotionParameters]):
    """Align the frames of a movie with RELION, follow the motion over the field, and sum them."""

    name = "movies.relion"
    title = "RELION motion correction"
    elsewhere = MOTION
    cites = (
        "Zivanov, Nakane & Scheres (2019) IUCrJ 6, 5, doi:10.1107/S205225251801463X",
        AUTO_REFINE,
    )
    program = _PROGRAM
    failures = (
        Failure(
            code="gain-dm",
            when=r"Digital Micrograph format is not supported",
            advice="give the gain reference as MRC or TIFF",
        ),
        Failure(
            code="few-frames",
            when=r"does not have enough frames|too few frames",
            advice="lower first_frame or last_frame",
        ),
        Failure(
            code="no-cuda",
            when=r"MOTIONCOR2[\s\S]*SIGFPE",
            advice="this RELION was built without CUDA, and cannot run MotionCor2: take "
            "movies.motioncor2, or set use_motioncor2 to false",
        ),
        *FAILURES,
    )

    def programs(self) -> Sequence[Program]:
        """RELION's, and MotionCor2 where it is asked for."""
        return (_PROGRAM, _MOTIONCOR2) if self.parameters.use_motioncor2 else (_PROGRAM,)

    def need(self) -> Resources:
        """Threads as asked; memory for the frames of a large movie; MotionCor2 wants a GPU."""
        through = self.parameters.use_motioncor2
        return Resources(
            cores=self.parameters.cores,
            memory=round(self.parameters.memory * 2**30),
            gpus=int(through),
            tokens=("MotionCor2",) if through else (),
        )

    def prepare(self, work: Work, movie: Movie) -> None:
        name = f"movie{movie.path.suffix.lower()}"
        write_movie(work.path("movies.star"), movie, link(movie.path, work, name))
        if movie.gain is not None:
            eer = _is_eer(movie)
            gain = read_gain(movie.gain, movie.shape, eer=eer, orientation=movie.gain_orientation)
            write_gain(work.path("gain.mrc"), gain, movie.optics.pixel_size, eer=eer)
        defects = self.parameters.defects or movie.defects
        if defects is not None:
            write_mrc(work.path("defects.mrc"), read_defects(defects, movie.shape).astype("int8"))
        work.path("out").mkdir(exist_ok=True)

    def command(self, movie: Movie, work: Work) -> Command:
        self._check(movie)
        wanted = self.parameters
        words = [
            *("--i", "movies.star", "--o", "out/", "--j", str(work.cores)),
            *("--angpix", _number(movie.optics.pixel_size)),
            *("--voltage", _number(movie.optics.voltage)),
            *("--patch_x", str(wanted.patches), "--patch_y", str(wanted.patches)),
            *("--bin_factor", _number(wanted.binning_of(movie))),
            *("--bfactor", _number(wanted.bfactor), "--group_frames", str(wanted.group)),
            *("--first_frame_sum", str(wanted.first_frame)),
            *("--last_frame_sum", str(wanted.last_frame or -1)),
        ]
        if wanted.use_motioncor2:
            words += ["--use_motioncor2", "--motioncor2_exe", str(found_by(_MOTIONCOR2, work).path)]
            words += ["--gpu", "0"]
        else:
            words += ["--use_own", "--max_iter", str(wanted.iterations)]
        if movie.gain is not None:
            words += ["--gainref", "gain.mrc"]
        if (wanted.defects or movie.defects) is not None:
            words += ["--defect_file", "defects.mrc"]
        if _is_eer(movie):
            words += ["--eer_grouping", str(movie.eer_grouping)]
            words += ["--eer_upsampling", str(movie.eer_upsampling)]
        if wanted.is_weighted(movie):
            words += ["--dose_weighting", "--dose_per_frame", _number(movie.dose_per_frame)]
            words += ["--preexposure", _number(movie.pre_exposure)]
            words += ["--save_noDW"] if wanted.unweighted else []
        return Command((self.program.executable, *words), timeout=wanted.timeout)

    def _check(self, movie: Movie) -> None:
        """Refuse what RELION would fail on, or do otherwise than asked without a word."""
        wanted, suffix = self.parameters, movie.path.suffix.lower()
        if suffix not in _READ or (suffix == ".eer" and wanted.use_motioncor2):
            kinds = ", ".join(_READ[:-1] if wanted.use_motioncor2 else _READ)
            raise ItemFailed(
                f"{movie.path} is none of {kinds}, which are read",
                advice="align these movies with movies.align",
                code="movie-name",
            )
        used = wanted.frames_of(movie)
        if len(used) // wanted.group < _FEWEST:
            raise ItemFailed(
                f"frames {used.start + 1} to {used.stop} of {movie.path}, which has "
                f"{movie.frames}, were asked for in groups of {wanted.group}: {_FEWEST} groups are "
                "needed",
                advice="change first_frame, last_frame and group",
                code="few-frames",
            )
        if wanted.is_weighted(movie) and len(set(movie.frame_doses)) > 1:
            raise ItemFailed(
                f"the frames of {movie.path} have doses from {min(movie.frame_doses):g} to "
                f"{max(movie.frame_doses):g} e/Å², and RELION takes one for all",
                advice="set dose_weighting to false, or align with movies.align",
                code="doses-differ",
            )

    def collect(self, movie: Movie, work: Work) -> Micrograph:
        refuse_ignored(work.path(f"{self.program.executable}.log"))
        for name in ("movie.out", "movie.err"):
            told = work.folder / "out" / name
            if told.is_file():
                told.rename(work.path(f"MotionCor2.{name[-3:]}.log"))
        said, errors = work.path("MotionCor2.out.log"), work.path("MotionCor2.err.log")
        if said.is_file() and not (work.folder / "out" / "movie.mrc").is_file():
            raise BadOutput(
                f"MotionCor2 wrote no sum; its last lines:\n{_last_lines(said, errors)}",
                advice="try movies.motioncor2, which names what MotionCor2 is known to fail by",
                code="no-output",
            )
        return read_micrograph(movie, self.parameters, work)

    def methods(self) -> str:
        """How frames were aligned and summed."""
        wanted = self.parameters
        parts = f"in {wanted.patches} x {wanted.patches} patches" if wanted.patches > 2 else "whole"
        weights = _WEIGHTS if wanted.dose_weighting else ""
        how = "MotionCor2 through RELION" if wanted.use_motioncor2 else "RELION"
        return f"Movie frames were aligned {parts} by {how} and summed{weights}."

    def summarize(self, micrographs: Sequence[Micrograph]) -> str:
        totals = [made.motion.total for made in micrographs if made.motion is not None]
        if not totals:
            return ""
        return f"{len(totals)} movies aligned, median motion {median(totals):.1f} Å"

    def plot(self, micrographs: Sequence[Micrograph]) -> Iterator[Figure]:
        totals = [made.motion.total for made in micrographs if made.motion is not None]
        if totals:
            yield Figure("Total motion", "series", totals, "motion / Å")
            yield Figure("Total motion", "histogram", totals, "motion / Å")


def _is_eer(movie: Movie) -> bool:
    return movie.path.suffix.lower() == ".eer"


def _number(value: float) -> str:
    return f"{value:.7g}"


def _last_lines(*paths: Path) -> str:
    texts = [path.read_text(errors="replace") for path in paths if path.is_file()]
    return "\n".join("".join(texts).splitlines()[-15:])
