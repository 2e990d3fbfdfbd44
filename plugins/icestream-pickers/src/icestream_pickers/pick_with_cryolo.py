"""Pick the particles of each micrograph with crYOLO."""

import json
from collections.abc import Iterator, Sequence
from typing import Annotated, Literal

import numpy as np
from annotated_types import Ge, Gt, Le, MultipleOf

from icestream.formats import FormatError, read_star
from icestream.model import Micrograph, Picks
from icestream.protocol import (
    Advanced,
    BadOutput,
    Command,
    Failure,
    Figure,
    InputFile,
    ItemFailed,
    Operational,
    Parameters,
    Probe,
    Program,
    ProgramProtocol,
    Resources,
    Work,
    shown_if,
)
from icestream.units import Angstrom, Pixel, Second, Unit, Usual
from icestream_pickers.elsewhere import CRYOLO
from icestream_pickers.picking import (
    MICROGRAPH,
    NEEDS_CUDA,
    NO_PLACE,
    Floats,
    lay_out,
    make_picks,
    output_text,
    plot_picks,
    summarize_picks,
)

__all__ = ["CryoloPicking", "PickWithCryolo"]

_PROGRAM = "cryolo_predict.py"
_CONFIG, _OUT = "config.json", "out"
_CITES = ("Wagner et al. (2019) Commun. Biol. 2, 218, doi:10.1038/s42003-019-0437-z",)
_WITHOUT_GPU = (
    "Could not load dynamic library 'libcu",
    "Could not dlopen library 'libcu",
    "failed call to cuInit",
)
"""What TensorFlow says of a GPU that it does not use, before it goes on without it."""


class CryoloPicking(Parameters):
    """Which network picks, and how strict it is."""

    diameter: Annotated[Angstrom, Gt(10), Usual(30.0, 3000.0)] = 130.0
    """Diameter of the particle: the box of the network (`anchors`)."""

    model: InputFile | None = None
    """Weights of the network (`-w`; .h5): a general model, or one of your own."""

    threshold: Annotated[float, Ge(0), Le(1)] = 0.3
    """Least confidence of a particle (`-t`): lower finds more."""

    denoise: Literal["lowpass", "none"] = "lowpass"
    """How micrographs are filtered (`filter`), as those were on which the model was trained."""

    cutoff: Annotated[
        float, Unit("1/px"), Gt(0), Le(0.5), Advanced, shown_if("denoise", "lowpass")
    ] = 0.1
    """Frequency from which the filter cuts (first number of `filter`)."""

    spacing: Annotated[Angstrom, Ge(0), Advanced] = 0.0
    """Least distance of two particles (`-d`)."""

    input_size: Annotated[Pixel, Ge(320), Le(4096), MultipleOf(32), Advanced] = 1024
    """Pixels of the shorter side of what the network sees (`input_size`)."""

    most: Annotated[int, Ge(1), Le(10000), Advanced] = 700
    """Most particles that it makes room for (`max_box_per_image`)."""

    norm: Annotated[Literal["STANDARD", "GMM"], Advanced] = "STANDARD"
    """How grey values are normalized (`norm`); GMM is experimental."""

    gpu: Annotated[bool, Operational] = True
    """Run on a GPU (`-g`); otherwise on cores, which is slow."""

    cores: Annotated[int, Ge(1), Le(64), Operational, Advanced] = 2
    """Cores for filtering (`-nc`)."""

    gpu_memory: Annotated[float, Gt(0), Le(1), Operational, Advanced] = 1.0
    """Part of a GPU's memory that it takes (`--gpu_fraction`)."""

    timeout: Annotated[Second, Ge(1), Operational, Advanced] = 1800.0
    """Time after which the program is ended."""


class PickWithCryolo(ProgramProtocol[CryoloPicking]):
    """Pick particles with a network of crYOLO."""

    name = "picks.cryolo"
    title = "crYOLO"
    cites = _CITES
    elsewhere = CRYOLO
    program = Program(
        _PROGRAM,
        package="PyPI: cryolo, see cryolo.readthedocs.io",
        # It loads TensorFlow before it answers; a line of its own, since TensorFlow speaks too.
        probe=Probe(
            arguments=("--version",),
            pattern=r"(?im)^(?:cryolo\S*)?(?:\s*version)?[ :]*v?(\d+\.\d+\.\d+\S*)\s*$",
            timeout=120,
        ),
        known=("1.8", "1.9"),
        licence="free for non-commercial academic use (SPHIRE-crYOLO licence)",
        cites=_CITES,
    )
    failures = (
        Failure(
            code="no-gpu-memory",
            when=r"OOM when allocating|ResourceExhausted|CUDA_ERROR_OUT_OF_MEMORY|out of memory",
            advice="lower input_size or gpu_memory, or let nothing else use this GPU",
            retry=True,
        ),
        NEEDS_CUDA,
        Failure(
            code="bad-model",
            when=r"[Uu]nable to open file|file signature not found|Unknown layer|"
            r"No model found in config",
            advice="give weights (.h5) that cryolo_train.py wrote, or a general model of its own "
            "version from cryolo.readthedocs.io",
        ),
        Failure(
            code="no-cryolo",
            when=r"ModuleNotFoundError|ImportError",
            advice="the installation of crYOLO is not whole: run cryolo_predict.py -h by hand, in "
            "the environment that programs in the settings points to",
        ),
        Failure(
            code="other-version",
            when=r"unrecognized arguments|the following arguments are required",
            advice="this crYOLO takes other arguments: install 1.8 or 1.9",
        ),
        NO_PLACE,
    )

    def need(self) -> Resources:
        """A GPU where it is asked for."""
        wanted = self.parameters
        return Resources(cores=wanted.cores, memory=6 * 2**30, gpus=1 if wanted.gpu else 0)

    def lacking(self) -> Sequence[str]:
        """The model, without which there is nothing to pick with."""
        if self.parameters.model is not None:
            return ()
        return (
            "crYOLO needs a model, and none was given: set model to a general model (.h5) from "
            "cryolo.readthedocs.io, or to one that was trained",
        )

    def prepare(self, work: Work, micrograph: Micrograph) -> None:
        lay_out(micrograph, work)
        wanted = self.parameters
        box = round(wanted.diameter / micrograph.optics.pixel_size)
        model: dict[str, object] = {
            "architecture": "PhosaurusNet",
            "input_size": wanted.input_size,
            "anchors": [box, box],
            "max_box_per_image": wanted.most,
            "norm": wanted.norm,
        }
        if wanted.denoise == "lowpass":
            model["filter"] = [wanted.cutoff, "filtered_tmp/"]
        said = {"model": model, "other": {"log_path": "logs/"}}
        work.path(_CONFIG).write_text(json.dumps(said, indent=1), encoding="utf-8")

    def command(self, micrograph: Micrograph, work: Work) -> Command:
        wanted = self.parameters
        spacing = round(wanted.spacing / micrograph.optics.pixel_size)
        words = [
            *("-c", _CONFIG, "-w", str(wanted.model), "-i", MICROGRAPH, "-o", _OUT),
            *("-t", f"{wanted.threshold:g}", "-d", str(spacing), "-nc", str(wanted.cores)),
            "--write_empty",
        ]
        words += ["--otf"] if wanted.denoise == "lowpass" else []
        if work.gpus:
            words += ["-g", "0", "--gpu_fraction", f"{wanted.gpu_memory:g}"]
        # Without a GPU of the task none may be seen, or it would take another's.
        hidden = {} if work.gpus else {"CUDA_VISIBLE_DEVICES": ""}
        return Command((_PROGRAM, *words), environment=hidden, timeout=wanted.timeout)

    def collect(self, micrograph: Micrograph, work: Work) -> Picks:
        printed = work.path(f"{_PROGRAM}.log").read_text(encoding="utf-8", errors="replace")
        if work.gpus and any(said in printed for said in _WITHOUT_GPU):
            raise ItemFailed(
                "crYOLO was given a GPU and worked without it",
                advice="its TensorFlow finds no CUDA: compare nvidia-smi with the CUDA that "
                "cryolo.readthedocs.io names for this version, or set gpu to false",
                code="gpu-not-used",
            )
        rows = self._read(work)
        return make_picks(
            micrograph, rows[rows[:, 2] >= self.parameters.threshold], self.parameters.diameter
        )

    @staticmethod
    def _read(work: Work) -> Floats:
        """Centres and confidences of all boxes, those below the threshold too."""
        path = work.folder / _OUT / "CBOX" / "mic.cbox"
        if not output_text(path).endswith("\n"):
            raise BadOutput(f"the last line of {path.name} does not end", code="half-output")
        try:
            table = read_star(path)["cryolo"]
            # The corner nearest to the first pixel, and the sides.
            x, y = (
                table.floats(f"Coordinate{axis}") + 0.5 * table.floats(side)
                for axis, side in (("X", "Width"), ("Y", "Height"))
            )
            return np.stack([x, y, table.floats("Confidence")], axis=1)
        except (FormatError, KeyError, ValueError) as error:
            raise BadOutput(f"its boxes cannot be read: {error}", code="garbage-output") from error

    def methods(self) -> str:
        """With what particles were picked."""
        return (
            "Particles were picked by crYOLO, with a confidence of at least "
            f"{self.parameters.threshold:g}."
        )

    def summarize(self, items: Sequence[Picks]) -> str:
        return summarize_picks(items, "crYOLO")

    def plot(self, items: Sequence[Picks]) -> Iterator[Figure]:
        yield from plot_picks(items)
