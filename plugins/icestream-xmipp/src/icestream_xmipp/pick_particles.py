"""Pick the particles of each micrograph with a model that was trained in Xmipp's window."""

import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Annotated

import numpy as np
from annotated_types import Ge, Le

from icestream.formats import FormatError, read_image, write_mrc
from icestream.model import Micrograph, Picks
from icestream.protocol import (
    Advanced,
    BadOutput,
    Command,
    Figure,
    InputFile,
    ItemFailed,
    Operational,
    Parameters,
    ProgramProtocol,
    Resources,
    Work,
)
from icestream.units import Angstrom, Second
from icestream_xmipp.elsewhere import PICKING
from icestream_xmipp.metadata import read_block, read_column, read_value
from icestream_xmipp.picks import make_picks, plot_picks, summarize_picks
from icestream_xmipp.suite import CITE, FAILURES, lacking_options, software, xmipp

__all__ = ["PickWithXmipp", "XmippPicking"]

_PROGRAM = "xmipp_micrograph_automatic_picking"
_CITE = "Abrishami et al. (2013) Bioinformatics 29, 2460, doi:10.1093/bioinformatics/btt429"
_IMAGE, _ROOT, _MODEL = "mic.mrc", "picks", "model"
_SVM = "model_svm.txt"
_LEARNT = (_SVM, "model_pca_model.stk", "model_rotpca_model.stk", "model_particle_avg.xmp",
           "config.xmd")  # fmt: skip
"""What the training leaves, and the program reads."""


class XmippPicking(Parameters):
    """What was trained, and on which particles."""

    model: InputFile | None = None
    """`model_svm.txt` of a training in Xmipp's picking window, beside which its other files lie:
    `model_pca_model.stk`, `model_rotpca_model.stk`, `model_particle_avg.xmp` and `config.xmd`.
    Micrographs must have the pixel size of those that were trained on."""

    diameter: Annotated[Angstrom, Ge(0), Le(5000)] = 0.0
    """Diameter of the particle; 0 takes the size that was set at the training."""

    quick: Annotated[bool, Advanced] = False
    """Prepare the micrograph by fewer filters (`--fast`)."""

    cores: Annotated[int, Ge(1), Le(64), Operational, Advanced] = 1
    """Cores for one micrograph (`--thr`)."""

    timeout: Annotated[Second, Ge(1), Operational, Advanced] = 3600.0
    """Time after which the program is ended."""


class PickWithXmipp(ProgramProtocol[XmippPicking]):
    """Pick particles that look like those that a person boxed in Xmipp's picking window."""

    name = "picks.xmipp"
    title = "Xmipp trained picker"
    cites = (_CITE, CITE)
    elsewhere = PICKING
    program = xmipp(_PROGRAM, "--particleSize", "--outputRoot", "autoselect", cites=(_CITE,))
    failures = FAILURES

    def need(self) -> Resources:
        """The cores that it is told to use."""
        return Resources(cores=self.parameters.cores, memory=6 * 2**30)

    def software(self) -> Mapping[str, str]:
        """What tells the program from one with other options."""
        return software(self.programs())

    def lacking(self) -> Sequence[str]:
        """A program with other options, no model, or one that is not whole."""
        said = list(lacking_options(self.program, "Xmipp 3.25.06 has them"))
        model = self.parameters.model
        if model is None:
            return [*said, "Xmipp picks what it was trained to pick, and no model was given: box "
                    "particles in Xmipp's picking window (xmipp3 - manual-picking in Scipion), "
                    "train there, and set model to the model_svm.txt of that run"]  # fmt: skip
        absent = [name for name in _LEARNT[1:] if not model.with_name(name).is_file()]
        if absent:
            said.append(
                f"beside {model} there is no {', '.join(absent)}, which the training leaves in "
                "the same folder; give the model in the folder of its run"
            )
        return said

    def prepare(self, work: Work, micrograph: Micrograph) -> None:
        try:
            image = read_image(micrograph.path)
        except (FormatError, OSError) as error:
            raise ItemFailed(
                f"{micrograph.path} cannot be read: {error}",
                advice="look whether the micrograph is whole",
                code="micrograph-not-readable",
            ) from error
        write_mrc(work.path(_IMAGE), image, micrograph.optics.pixel_size)
        if self.parameters.model is None:
            raise ItemFailed("no model was given", advice="set model", code="no-model")
        for name in _LEARNT:
            link = work.path(f"{_MODEL}/{name}")
            link.parent.mkdir(exist_ok=True)
            link.unlink(missing_ok=True)
            link.symlink_to(self.parameters.model.with_name(name).absolute())

    def command(self, micrograph: Micrograph, work: Work) -> Command:
        wanted = self.parameters
        argv = (
            *(_PROGRAM, "-i", _IMAGE, "--particleSize", str(_size(wanted.model))),
            *("--model", f"{_MODEL}/{_MODEL}", "--outputRoot", _ROOT, "--mode", "autoselect"),
            *("--thr", str(wanted.cores), *(("--fast",) if wanted.quick else ())),
        )
        return Command(argv, timeout=wanted.timeout)

    def collect(self, micrograph: Micrograph, work: Work) -> Picks:
        path = work.path(f"{_ROOT}.pos")
        pixel_size = micrograph.optics.pixel_size
        diameter = self.parameters.diameter or _size(self.parameters.model) * pixel_size
        if path.is_file():
            table = read_block(path, "particles_auto")
            rows = np.zeros((0, 3))
            if len(table):
                columns = [read_column(table, name, path) for name in ("xcoor", "ycoor", "cost")]
                rows = np.stack(columns, axis=1)
            return make_picks(micrograph, rows, diameter)
        # Where it finds nothing it ends well and writes no file.
        printed = work.path(f"{_PROGRAM}.log").read_text(encoding="utf-8", errors="replace")
        if re.search(r"XMIPP_ERROR|(?i:error)", printed):
            raise BadOutput(f"{path.name} was not written", code="no-output")
        return make_picks(micrograph, np.zeros((0, 3)), diameter)

    def methods(self) -> str:
        """With what particles were picked."""
        return "Particles were picked by Xmipp with a model that was trained on boxed particles."

    def summarize(self, items: Sequence[Picks]) -> str:
        return summarize_picks(items, "Xmipp")

    def plot(self, items: Sequence[Picks]) -> Iterator[Figure]:
        yield from plot_picks(items)


def _size(model: Path | None) -> int:
    """Side of a particle at the training, pixels.

    Raises
    ------
    ItemFailed
        If the configuration beside the model does not say it.
    """
    path = (model or Path(_SVM)).with_name("config.xmd")
    try:
        size = round(read_value(read_block(path, "properties"), "particleSize", path))
    except (BadOutput, OSError) as error:
        raise ItemFailed(
            f"{path} does not say which size the particles have that the model was trained on: "
            f"{error}",
            advice="give the model in the folder of its training",
            code="bad-model",
        ) from error
    if not 10 <= size <= 10000:
        raise ItemFailed(
            f"{path} says that particles have {size} pixels",
            advice="give the model in the folder of its training",
            code="bad-model",
        )
    return size
