"""Pick the particles of each micrograph with EMAN2's e2boxer.py."""

import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Annotated, Literal

import numpy as np
from annotated_types import Ge, Gt, Le

from icestream.model import Micrograph, Picks
from icestream.protocol import (
    Advanced,
    BadOutput,
    Command,
    Figure,
    InputFile,
    Operational,
    Parameters,
    Program,
    ProgramProtocol,
    Resources,
    Work,
    shown_if,
)
from icestream.units import Angstrom, Second, Unit, Usual
from icestream_pickers.elsewhere import EMAN2
from icestream_pickers.eman import EMAN2_CITES, FAILURES, PROBE, read_boxes
from icestream_pickers.picking import (
    MICROGRAPH,
    lay_out,
    make_picks,
    plot_picks,
    summarize_picks,
)

__all__ = ["Eman2Picking", "PickWithEman2"]

_PROGRAM = "e2boxer.py"
_KINDS = {"neural": "auto_convnet", "reference": "auto_ref", "local": "auto_local"}
_COUNT = re.compile(r"(?m)^\d+\) (\d+) boxes -> ")


class Eman2Picking(Parameters):
    """How EMAN2 picks, and what it has learnt from."""

    diameter: Annotated[Angstrom, Gt(10), Usual(30.0, 3000.0)] = 130.0
    """Longest side of the particle (`--ptclsize`)."""

    mode: Literal["neural", "reference", "local"] = "neural"
    """A neural network that was trained for these particles (`auto_convnet`), correlation with
    references in all directions (`auto_ref`), or alignment of small images to them
    (`auto_local`)."""

    references: InputFile | None = None
    """Good particles as they were cut out (`info/boxrefs.hdf`), of the micrographs' pixel size."""

    network: Annotated[InputFile | None, shown_if("mode", "neural")] = None
    """Network that tells particles from the background (`nnet_pickptcls.hdf`)."""

    classifier: Annotated[InputFile | None, shown_if("mode", "neural")] = None
    """Network that tells particles from contamination (`nnet_classify.hdf`)."""

    bad_references: Annotated[InputFile | None, Advanced] = None
    """Contamination, as it was cut out (`info/boxrefsbad.hdf`)."""

    background: Annotated[InputFile | None, Advanced] = None
    """Background, as it was cut out (`info/boxrefsbg.hdf`)."""

    threshold: Annotated[float, Unit("σ"), Ge(-10), Le(20)] = 5.0
    """Least height of a peak (`threshold`): lower finds more; for the network about 2 to 5."""

    threshold_contamination: Annotated[
        float, Ge(-20), Le(20), Advanced, shown_if("mode", "neural")
    ] = -5.0
    """Least score against contamination (`threshold2`)."""

    box_factor: Annotated[float, Ge(1.2), Le(4), Advanced] = 1.6
    """Side of the box in diameters (`--boxsize`); EMAN2 makes it a size that it likes."""

    bright: Annotated[bool, Advanced] = False
    """Particles are brighter than their surroundings (without `--invert`)."""

    gpu: Annotated[bool, Operational, shown_if("mode", "neural")] = False
    """Run the network on a GPU (`--device`)."""

    cores: Annotated[int, Ge(1), Le(64), Operational, Advanced] = 2
    """Cores for one micrograph (`--threads`)."""

    timeout: Annotated[Second, Ge(1), Operational, Advanced] = 3600.0
    """Time after which the program is ended."""

    @property
    def on_gpu(self) -> bool:
        """Whether a GPU is used: by the network alone."""
        return self.gpu and self.mode == "neural"

    @property
    def files(self) -> Mapping[str, Path | None]:
        """What was given, by the names under which the program looks for it."""
        learnt = {"info/boxrefs.hdf": self.references}
        learnt |= {"info/boxrefsbad.hdf": self.bad_references}
        learnt |= {"info/boxrefsbg.hdf": self.background}
        if self.mode == "neural":
            learnt |= {"nnet_pickptcls.hdf": self.network, "nnet_classify.hdf": self.classifier}
        return learnt


class PickWithEman2(ProgramProtocol[Eman2Picking]):
    """Pick particles with EMAN2, by its neural network or by references."""

    name = "picks.eman2"
    title = "EMAN2 boxer"
    cites = EMAN2_CITES
    elsewhere = EMAN2
    program = Program(
        _PROGRAM,
        package="eman2.org",
        probe=PROBE,
        known=("2.31", "2.91", "2.99"),
        licence="GPL-2.0 and BSD-3-Clause",
        cites=EMAN2_CITES,
    )
    failures = FAILURES

    def need(self) -> Resources:
        """A GPU where the network is to run on one."""
        wanted = self.parameters
        return Resources(cores=wanted.cores, memory=4 * 2**30, gpus=1 if wanted.on_gpu else 0)

    def lacking(self) -> Sequence[str]:
        """References and networks, which people make in the program's own window."""
        wanted = self.parameters
        needed = ["references", *(["network"] if wanted.mode == "neural" else [])]
        return [
            f"EMAN2's mode {wanted.mode} needs {name}, and none were given: box some particles in "
            f"e2boxer.py --gui, {'train there, ' if name == 'network' else ''}and set {name} to "
            f"{'nnet_pickptcls.hdf' if name == 'network' else 'info/boxrefs.hdf'} of that project"
            for name in needed
            if getattr(wanted, name) is None
        ]

    def prepare(self, work: Work, micrograph: Micrograph) -> None:
        lay_out(micrograph, work)
        for name, given in self.parameters.files.items():
            if given is not None:
                link = work.folder / name
                link.parent.mkdir(exist_ok=True)
                link.unlink(missing_ok=True)
                link.symlink_to(given.absolute())

    def command(self, micrograph: Micrograph, work: Work) -> Command:
        wanted = self.parameters
        size = max(2, round(wanted.diameter / micrograph.optics.pixel_size))
        box = 2 * round(0.5 * wanted.box_factor * size)
        how = f"{_KINDS[wanted.mode]}:threshold={wanted.threshold:g}"
        words = [
            *(f"--apix={micrograph.optics.pixel_size:.7g}", "--no_ctf", f"--boxsize={box}"),
            *(f"--ptclsize={size}", f"--threads={wanted.cores}"),
        ]
        if wanted.mode == "neural":
            how += f":threshold2={wanted.threshold_contamination:g}"
            words.append(f"--device={'gpu0' if work.gpus else 'cpu'}")
        words += [f"--autopick={how}", *([] if wanted.bright else ["--invert"]), MICROGRAPH]
        hidden = {} if work.gpus else {"CUDA_VISIBLE_DEVICES": ""}
        return Command((_PROGRAM, *words), environment=hidden, timeout=wanted.timeout)

    def collect(self, micrograph: Micrograph, work: Work) -> Picks:
        wanted = self.parameters
        printed = work.path(f"{_PROGRAM}.log").read_text(encoding="utf-8", errors="replace")
        counted = _COUNT.findall(printed)
        # Where it finds nothing it leaves the file of the micrograph as it was: not there.
        nothing = bool(counted) and int(counted[-1]) == 0
        if nothing and any(re.search(failure.when, printed) for failure in FAILURES):
            raise BadOutput("it found nothing, and says why", code="garbage-output")
        rows = np.zeros((0, 3)) if nothing else read_boxes(work, _KINDS[wanted.mode])
        if counted and len(rows) != int(counted[-1]):
            raise BadOutput(
                f"it counted {counted[-1]} boxes, and {len(rows)} are in its file",
                code="half-output",
            )
        return make_picks(micrograph, rows, wanted.diameter)

    def methods(self) -> str:
        """With what particles were picked."""
        how = {
            "neural": "its neural network",
            "reference": "correlation with references",
            "local": "local alignment to references",
        }[self.parameters.mode]
        return f"Particles were picked by EMAN2's boxer, by {how}."

    def summarize(self, items: Sequence[Picks]) -> str:
        return summarize_picks(items, "EMAN2")

    def plot(self, items: Sequence[Picks]) -> Iterator[Figure]:
        yield from plot_picks(items)
