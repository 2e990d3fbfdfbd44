"""Pick the particles of each micrograph with Gautomatch."""

from collections.abc import Iterator, Sequence
from typing import Annotated, Self

import numpy as np
from annotated_types import Ge, Gt, Le
from pydantic import model_validator

from icestream.formats import FormatError, read_mrc_header, read_star
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
    found_by,
)
from icestream.units import Angstrom, Degree, Second, Unit, Usual
from icestream_pickers.elsewhere import GAUTOMATCH
from icestream_pickers.picking import (
    MICROGRAPH,
    NEEDS_CUDA,
    NO_LIBRARY,
    NO_PLACE,
    lay_out,
    make_picks,
    output_text,
    plot_picks,
    summarize_picks,
)

__all__ = ["GautomatchPicking", "PickWithGautomatch"]

_PROGRAM = "Gautomatch"
_FOUND = "mic_automatch.star"
_SOURCE = "https://www.mrc-lmb.cam.ac.uk/kzhang/Gautomatch"


class GautomatchPicking(Parameters):
    """What the particles look like, and what is left out."""

    diameter: Annotated[Angstrom, Gt(10), Usual(30.0, 3000.0)] = 130.0
    """Diameter of the particle (`--diameter`)."""

    templates: InputFile | None = None
    """Stack of class averages (`--T`; .mrcs) with its pixel size in the header (`--apixT`); when
    empty, a disc of the diameter, for round particles."""

    templates_white: bool = True
    """Particles are white in the templates (without `--dont_invertT`), and dark in micrographs."""

    threshold: Annotated[float, Ge(0), Le(1)] = 0.1
    """Least correlation of a particle (`--cc_cutoff`): lower finds more."""

    angle_step: Annotated[Degree, Gt(0), Le(360)] = 5.0
    """Steps by which templates are turned (`--ang_step`)."""

    spacing: Annotated[Angstrom, Ge(0)] | None = None
    """Least distance of two particles (`--min_dist`); left to the program when empty."""

    speed: Annotated[int, Ge(0), Le(4)] | None = None
    """How fast, and how coarse (`--speed`): 1 for small, 2 for large particles; left to the program
    when empty."""

    resolution: Annotated[Angstrom, Gt(0)] = 30.0
    """Finest detail of the micrographs (`--lp`)."""

    highpass: Annotated[Angstrom, Gt(0), Advanced] = 1000.0
    """Coarsest detail of the micrographs (`--hp`)."""

    noise_most: Annotated[float, Unit("σ"), Gt(0), Advanced] | None = None
    """Most noise around a particle (`--lsigma_cutoff`): leaves out ice, edges and metal; left to
    the program when empty."""

    noise_diameter: Annotated[Angstrom, Gt(0), Advanced] = 100.0
    """Diameter in which the noise is measured (`--lsigma_D`)."""

    darkest: Annotated[float, Advanced] = -1.0
    """Least mean around a particle (`--lave_min`), relative to the micrograph: leaves out thick ice
    and carbon."""

    brightest: Annotated[float, Advanced] = 1.0
    """Most mean around a particle (`--lave_max`)."""

    mean_diameter: Annotated[Angstrom, Gt(0), Advanced] = 100.0
    """Diameter in which the mean is measured (`--lave_D`)."""

    detect_ice: Annotated[bool, Advanced] = True
    """Leave out ice, aggregates and carbon (`--detect_ice`); from version 0.56 on."""

    timeout: Annotated[Second, Ge(1), Operational, Advanced] = 1800.0
    """Time after which the program is ended."""

    @model_validator(mode="after")
    def check_means(self) -> Self:
        """Refuse a range of means that holds nothing."""
        if self.darkest >= self.brightest:
            raise ValueError(
                f"darkest ({self.darkest:g}) must be below brightest ({self.brightest:g})"
            )
        return self


class PickWithGautomatch(ProgramProtocol[GautomatchPicking]):
    """Pick what looks like given class averages, or round particles, with Gautomatch."""

    name = "picks.gautomatch"
    title = "Gautomatch"
    cites = (f"K. Zhang, Gautomatch, {_SOURCE}",)
    elsewhere = GAUTOMATCH
    resources = Resources(cores=1, memory=2 * 2**30, gpus=1)
    program = Program(
        _PROGRAM,
        package="www.mrc-lmb.cam.ac.uk/kzhang",
        probe=Probe(arguments=("--help",), pattern=r"(?i)gautomatch[\s_-]*v?(\d+\.\d+)"),
        known=("0.53", "0.56"),
        licence="free for academic use; its author is to be asked for other use",
        cites=(f"K. Zhang, Gautomatch, {_SOURCE}",),
    )
    failures = (
        Failure(
            code="no-gpu-memory",
            when=r"out of memory",
            advice="let nothing else use this GPU, or give fewer templates",
            retry=True,
        ),
        NEEDS_CUDA,
        NO_LIBRARY,
        Failure(
            code="gpu-too-new",
            when=r"no kernel image is available|invalid device function",
            advice="take a build of the program for this GPU: its name says for which (sm_)",
        ),
        Failure(
            code="bad-templates",
            when=r"(?i)(?:can ?not|failed to|unable to) (?:open|read)\S* .*templates\.mrcs",
            advice="give a stack of class averages (.mrcs) with its pixel size in the header",
        ),
        NO_PLACE,
    )

    def lacking(self) -> Sequence[str]:
        """What the version on this machine does not have."""
        version = self.program.version()
        if self.parameters.detect_ice or not version.startswith("0.53"):
            return ()
        return (
            f"detect_ice is false, and Gautomatch {version} at {self.program.find()} always looks "
            "for ice: set it to true, or install 0.56",
        )

    def prepare(self, work: Work, micrograph: Micrograph) -> None:
        lay_out(micrograph, work)
        templates = self.parameters.templates
        if templates is None:
            return
        try:
            pixel_size = read_mrc_header(templates).pixel_size
        except (OSError, FormatError) as error:
            raise _bad_templates(f"the templates cannot be read: {error}") from error
        if not pixel_size:
            raise _bad_templates(f"{templates} has no pixel size in its header")
        link = work.path("templates.mrcs")
        link.unlink(missing_ok=True)
        link.symlink_to(templates.absolute())

    def command(self, micrograph: Micrograph, work: Work) -> Command:
        wanted = self.parameters
        words = [
            *("--apixM", f"{micrograph.optics.pixel_size:.7g}"),
            *("--diameter", f"{wanted.diameter:g}", "--ang_step", f"{wanted.angle_step:g}"),
            *("--cc_cutoff", f"{wanted.threshold:g}", "--lp", f"{wanted.resolution:g}"),
            *("--hp", f"{wanted.highpass:g}", "--lsigma_D", f"{wanted.noise_diameter:g}"),
            *("--lave_min", f"{wanted.darkest:g}", "--lave_max", f"{wanted.brightest:g}"),
            *("--lave_D", f"{wanted.mean_diameter:g}"),
        ]
        if wanted.templates is not None:
            pixel_size = read_mrc_header(wanted.templates).pixel_size
            words += ["--T", "templates.mrcs", "--apixT", f"{pixel_size:.7g}"]
            words += [] if wanted.templates_white else ["--dont_invertT"]
        words += ["--min_dist", f"{wanted.spacing:g}"] if wanted.spacing is not None else []
        words += ["--speed", str(wanted.speed)] if wanted.speed is not None else []
        if wanted.noise_most is not None:
            words += ["--lsigma_cutoff", f"{wanted.noise_most:g}"]
        if not found_by(self.program, work).version.startswith("0.53"):
            words += ["--detect_ice", str(int(wanted.detect_ice))]
        words += ["--gid", "0", MICROGRAPH]
        return Command((_PROGRAM, *words), timeout=wanted.timeout)

    def collect(self, micrograph: Micrograph, work: Work) -> Picks:
        path = work.path(_FOUND)
        text = output_text(path)
        if not text.endswith("\n"):
            raise BadOutput(f"the last line of {path.name} does not end", code="half-output")
        try:
            table = next(iter(read_star(path).values()))
            labels = ("rlnCoordinateX", "rlnCoordinateY", "rlnAutopickFigureOfMerit")
            rows = np.stack([table.floats(label) for label in labels], axis=1)
        except (FormatError, KeyError, ValueError, StopIteration) as error:
            raise BadOutput(
                f"its picks cannot be read: {error or 'there is no table'}", code="garbage-output"
            ) from error
        return make_picks(micrograph, rows, self.parameters.diameter)

    def methods(self) -> str:
        """With what particles were picked."""
        wanted = self.parameters
        what = "a disc" if wanted.templates is None else "class averages"
        return (
            f"Particles were picked by Gautomatch with {what}, with a correlation of at least "
            f"{wanted.threshold:g}."
        )

    def summarize(self, items: Sequence[Picks]) -> str:
        return summarize_picks(items, "Gautomatch")

    def plot(self, items: Sequence[Picks]) -> Iterator[Figure]:
        yield from plot_picks(items)


def _bad_templates(said: str) -> ItemFailed:
    return ItemFailed(
        said,
        advice="give a stack of class averages (.mrcs) whose header says its pixel size",
        code="bad-templates",
    )
