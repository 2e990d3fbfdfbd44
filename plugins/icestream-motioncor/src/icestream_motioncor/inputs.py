"""What the programs are told: their arguments, and the files that they read beside the movie."""

from collections.abc import Iterator
from itertools import groupby

import numpy as np

from icestream.formats import read_defects, read_gain, write_mrc
from icestream.model import Movie
from icestream.protocol import ItemFailed, Work
from icestream_motioncor.parameters import MotionCorParameters

__all__ = ["arguments", "is_eer", "is_weighted", "write_inputs"]

_FLAGS = {".mrc": "-InMrc", ".mrcs": "-InMrc", ".tif": "-InTiff", ".tiff": "-InTiff"}
_FLAGS |= {".eer": "-InEer"}
SUM, GAIN, DEFECTS, FRAMES = "sum.mrc", "gain.mrc", "defects.mrc", "frames.txt"
"""Files in the folder of a task: the first is written by the program, the others by us."""


def is_eer(movie: Movie) -> bool:
    """Whether electrons are stored, and not frames."""
    return movie.path.suffix.lower() == ".eer"


def is_weighted(movie: Movie, wanted: MotionCorParameters) -> bool:
    """Whether a dose-weighted sum is made: the programs do it when they are told the dose."""
    return wanted.dose_weighting and movie.dose_per_frame > 0


def write_inputs(movie: Movie, wanted: MotionCorParameters, work: Work) -> None:
    """Write the gain reference and the defects as they lie on the frames, and the frames' doses.

    Raises
    ------
    FormatError
        If a gain reference or a map of defects does not fit the frames.
    """
    if movie.gain is not None:
        gain = read_gain(
            movie.gain, movie.shape, eer=is_eer(movie), orientation=movie.gain_orientation
        )
        write_mrc(work.path(GAIN), gain)
    defects = wanted.defects or movie.defects
    if defects is not None:
        write_mrc(work.path(DEFECTS), read_defects(defects, movie.shape).astype(np.int8))
    if _needs_list(movie, wanted):
        lines = "".join(f"{line}\n" for line in _frame_list(movie, wanted))
        work.path(FRAMES).write_text(lines, encoding="ascii")


def arguments(
    movie: Movie, wanted: MotionCorParameters, work: Work, *, estimates_ctf: bool
) -> tuple[str, ...]:
    """The arguments for a movie, without the program's name.

    `estimates_ctf`: the program would estimate the CTF, too, and is told not to (`-Cs 0`).

    Raises
    ------
    ItemFailed
        If the programs do not read such a file, or cannot take these frames of it.
    """
    flag = _FLAGS.get(movie.path.suffix.lower())
    if flag is None:
        raise ItemFailed(
            f"{movie.path} is no .mrc, .mrcs, .tif, .tiff or .eer, which MotionCor tells apart by "
            "the name",
            advice="rename the movies, or align them with movies.align",
            code="movie-name",
        )
    used = wanted.frames_of(movie)
    whole = used == range(movie.frames)
    if not used or (is_eer(movie) and not whole):
        raise ItemFailed(
            f"frames {used.start + 1} to {used.stop} of {movie.path} were asked for, which has "
            f"{movie.frames}" + (" and is EER" if is_eer(movie) else ""),
            advice="change first_frame and last_frame; for EER they must be 1 and 0",
            code="no-frames",
        )
    said = [flag, str(movie.path), "-OutMrc", str(work.path(SUM))]
    if movie.gain is not None:
        said += ["-Gain", str(work.path(GAIN))]
    if wanted.defects or movie.defects:
        said += ["-DefectMap", str(work.path(DEFECTS))]
    if not whole:
        said += ["-Throw", str(used.start), "-Trunc", str(movie.frames - used.stop)]
    return (
        *said,
        *_exposure(movie, wanted, work),
        *_alignment(movie, wanted),
        *(("-Cs", "0") if estimates_ctf else ()),
        *("-GpuMemUsage", _number(wanted.gpu_memory)),
        # The task sees its own GPUs alone, and the first of them is number 0 to it.
        *("-Gpu", *(str(number) for number in range(max(len(work.gpus), 1)))),
    )


def _exposure(movie: Movie, wanted: MotionCorParameters, work: Work) -> Iterator[str]:
    """Pixels, voltage and dose."""
    yield from ("-PixSize", _number(movie.optics.pixel_size))
    yield from ("-kV", _number(movie.optics.voltage))
    if is_eer(movie):
        yield from ("-EerSampling", str(movie.eer_upsampling))
    if _needs_list(movie, wanted):
        yield from ("-FmIntFile", str(work.path(FRAMES)))
    elif is_weighted(movie, wanted):
        yield from ("-FmDose", _number(movie.dose_per_frame))
    if is_weighted(movie, wanted):
        doses = movie.frame_doses or (movie.dose_per_frame,) * movie.frames
        before = movie.pre_exposure + sum(doses[: wanted.frames_of(movie).start])
        # Without a range of doses, no third sum is made of the frames in it.
        yield from ("-InitDose", _number(before), "-SumRange", "0", "0")


def _alignment(movie: Movie, wanted: MotionCorParameters) -> Iterator[str]:
    if wanted.patches > 1:
        overlap = (str(wanted.patch_overlap),) if wanted.patch_overlap else ()
        yield from ("-Patch", str(wanted.patches), str(wanted.patches), *overlap)
    local = (str(wanted.group_local),) if wanted.group_local else ()
    yield from ("-Group", str(wanted.group), *local)
    yield from ("-Iter", str(wanted.iterations), "-Tol", _number(wanted.tolerance))
    yield from ("-Bft", _number(wanted.bfactor), _number(wanted.bfactor_local))
    yield from ("-FtBin", _number(wanted.binning_of(movie)))
    if wanted.halves:
        yield from ("-SplitSum", "1")
    if wanted.in_frame_motion:
        yield from ("-InFmMotion", "1")
    if wanted.distorted:
        axes = (wanted.distortion_major, wanted.distortion_minor, wanted.distortion_angle)
        yield from ("-Mag", *map(_number, axes))


def _needs_list(movie: Movie, wanted: MotionCorParameters) -> bool:
    return is_eer(movie) or bool(movie.frame_doses and is_weighted(movie, wanted))


def _frame_list(movie: Movie, wanted: MotionCorParameters) -> Iterator[str]:
    """Lines of `-FmIntFile`: frames of the file, how many are added up, e/Å² in each of the file.

    >>> from icestream.model import Optics
    >>> from pathlib import Path
    >>> movie = Movie(exposure="a", path=Path("a.eer"), frames=8, shape=(4096, 4096),
    ...     optics=Optics(pixel_size=1, voltage=300), dose_per_frame=1.0, eer_grouping=40)
    >>> list(_frame_list(movie, MotionCorParameters()))
    ['320 40 0.025']
    """
    weighted = is_weighted(movie, wanted)
    grouping = movie.eer_grouping if is_eer(movie) else 1
    doses = movie.frame_doses or (movie.dose_per_frame,) * movie.frames
    for dose, alike in groupby(doses):
        frames = len(tuple(alike)) * grouping
        yield f"{frames} {grouping} {_number(dose / grouping if weighted else 0.0)}"


def _number(value: float) -> str:
    """A number as every program reads it."""
    return f"{value:.7g}"
