"""Train Topaz on the particles that the session's own classes show."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Literal

import numpy as np
from annotated_types import Ge, Gt, Le
from numpy.typing import NDArray

from icestream.model import Micrograph
from icestream.protocol import (
    Advanced,
    BadOutput,
    Batch,
    BatchProtocol,
    Command,
    Figure,
    InputFile,
    Operational,
    Parameters,
    Program,
    Resources,
    Work,
    run_program,
)
from icestream.units import Angstrom, Pixel, Second, Usual
from icestream_topaz.examples import read_examples, spread
from icestream_topaz.images import automatic_downscale, write_small
from icestream_topaz.model import TopazModel
from icestream_topaz.program import CITES, FAILURES, TOPAZ, check_gpu, machine_arguments, need
from icestream_topaz.tables import write_images, write_targets

__all__ = ["Learnt", "Part", "TopazTraining", "TrainTopaz", "read_best_epoch"]

_THERE = 0.8
"""Part of the examples whose micrographs must have come before it is trained."""
_HELD_BACK = 5
"""One in so many micrographs is kept back to test the model, where there are as many."""
_FEWEST = 100
"""Examples below which nothing is learnt."""
_CURVE, _MODEL = "curve.txt", "topaz"

Points = NDArray[np.float64]


class TopazTraining(Parameters):
    """What is learnt, and how long."""

    assignments: InputFile | None = None
    """Table (.parquet) of a 2D classification, whose particles are the examples; the monitor sets
    it when the session's classes are good enough. Empty: nothing is learnt yet."""

    classes: tuple[Annotated[int, Ge(1)], ...] = ()
    """Numbers of the classes, as screens show them, whose particles are examples; all when
    empty."""

    diameter: Annotated[Angstrom, Gt(10), Usual(30.0, 3000.0)] | None = None
    """Diameter of the particle; that which the classes show when empty."""

    measured_diameter: Annotated[Angstrom, Gt(10), Usual(30.0, 3000.0), Advanced] | None = None
    """Diameter that the session's classes show; the monitor sets it."""

    model: Literal["resnet8", "resnet16"] = "resnet8"
    """Layers of the model (`-m`), which begins as the one that Topaz brings."""

    units: Annotated[Literal[32, 64], Advanced] = 32
    """Width of its layers (`--units`)."""

    epochs: Annotated[int, Ge(1), Le(100)] = 5
    """Rounds, after each of which the model is tested (`--num-epochs`)."""

    updates: Annotated[int, Ge(1), Le(10000)] = 200
    """Updates of the model in a round (`--epoch-size`): one takes about a second on a core."""

    missed: Annotated[float, Ge(0), Le(1), Advanced] = 0.05
    """Particles that the classes lack, as a part of those that they have; with them it is said how
    many a micrograph is expected to hold (`-n`)."""

    positive_radius: Annotated[Pixel, Ge(1), Le(20), Advanced] = 3
    """Pixels around a particle's centre that count as the particle (`-r`)."""

    minibatch: Annotated[int, Ge(8), Le(4096), Advanced] = 256
    """Places of the micrographs that are looked at for an update (`--minibatch-size`)."""

    downscale: Annotated[int, Ge(1), Le(64), Advanced] | None = None
    """Factor by which micrographs are made smaller; when empty, so that the diameter has 26
    pixels."""

    most: Annotated[int, Ge(2), Le(1000), Advanced] = 60
    """Micrographs that are learnt from, spread evenly over those that there are."""

    batch: Annotated[int, Ge(1), Advanced] = 25
    """Micrographs that come together."""

    gpu: Annotated[bool, Operational] = False
    """Train on a GPU (`-d`)."""

    cores: Annotated[int, Ge(1), Le(64), Operational, Advanced] = 1
    """Cores (`-j`)."""

    timeout: Annotated[Second, Ge(1), Operational, Advanced] = 14400.0
    """Time after which the program is ended."""


@dataclass(slots=True)
class Learnt:
    """The micrographs so far, and the model."""

    micrographs: dict[str, Path] = field(default_factory=dict)
    """As `Work.to_keep` names them, by exposure, in the order in which they came."""
    pixel_sizes: dict[str, float] = field(default_factory=dict)
    snapshots: int = 0
    model: NDArray[np.uint8] = field(default_factory=lambda: np.zeros(0, np.uint8))
    """The file that Topaz wrote; empty where it has written none."""
    used: int = 0
    """Micrographs that it was trained on."""
    examples: int = 0
    downscale: int = 0
    pixel_size: float = 0.0
    diameter: float = 0.0
    precision: float | None = None
    note: str = ""


@dataclass(slots=True)
class Part:
    """Images that are learnt from, or that the model is tested on, and their particles."""

    name: str
    """``train`` or ``test``."""
    images: dict[str, Path] = field(default_factory=dict)
    targets: dict[str, Points] = field(default_factory=dict)
    """``(n, 2)`` (x, y) in pixels of the small image."""

    @property
    def examples(self) -> int:
        """Particles in all of the images."""
        return sum(map(len, self.targets.values()))

    def write(self, work: Work) -> tuple[str, ...]:
        """Write the lists of the part, and return what Topaz is told of them."""
        images, targets = f"{self.name}_images.txt", f"{self.name}_targets.txt"
        write_images(work.path(images), self.images)
        write_targets(work.path(targets), self.targets)
        return (f"--{self.name}-images", images, f"--{self.name}-targets", targets)


class TrainTopaz(BatchProtocol[TopazTraining, Learnt]):
    """Train a model of Topaz on where the particles of good 2D classes lie.

    It takes micrographs as they come, and learns once when a table of assignments says where their
    particles are. Another table, by a change of its parameters, makes it learn anew.
    """

    name = "picks.topaz_train"
    title = "Training of Topaz"
    cites = CITES

    def programs(self) -> Sequence[Program]:
        return (TOPAZ,)

    def need(self) -> Resources:
        """A GPU where it is asked for."""
        wanted = self.parameters
        return need(gpu=wanted.gpu, cores=wanted.cores, memory=4 * 2**30)

    def batch_size(self) -> int:
        return self.parameters.batch

    def start(self, first: Batch[Micrograph], work: Work) -> Learnt:
        return self.update(Learnt(), first, work)

    def update(self, state: Learnt, new: Batch[Micrograph], work: Work) -> Learnt:
        state.snapshots += 1
        for item in new.items:
            state.micrographs[item.exposure] = work.to_keep(item.path)
            state.pixel_sizes[item.exposure] = item.optics.pixel_size
        if not len(state.model):
            state.note = self._learn(state, work, final=new.final)
        return state

    def _learn(self, state: Learnt, work: Work, *, final: bool) -> str:
        """Train where that can be done; says why when it cannot."""
        wanted = self.parameters
        if wanted.assignments is None:
            return "no classes were given to learn from"
        diameter = wanted.diameter or wanted.measured_diameter
        if diameter is None:
            return "nobody said how large the particle is: set the diameter"
        listed = read_examples(wanted.assignments, wanted.classes)
        here = {
            name: listed[name]
            for name, path in state.micrographs.items()
            if name in listed and work.kept_file(path).is_file()
        }
        total, there = sum(map(len, listed.values())), sum(map(len, here.values()))
        if there < _THERE * total and not final:
            return f"the micrographs of {there} of {total} particles in good classes have come"
        if there < _FEWEST:
            return f"{there} particles in good classes: {_FEWEST} are needed"
        chosen = {name: here[name] for name in spread(list(here), wanted.most)}
        state.diameter = diameter
        self._train(state, chosen, work)
        return ""

    def _train(self, state: Learnt, chosen: Mapping[str, Points], work: Work) -> None:
        """Run Topaz on small copies of the chosen micrographs."""
        wanted = self.parameters
        usual = float(np.median([state.pixel_sizes[name] for name in chosen]))
        factor = wanted.downscale or automatic_downscale(state.diameter, usual)
        work.path("small").mkdir()
        learnt, tested = Part("train"), Part("test")
        # No name of ours: a table of Topaz would be broken by a blank.
        for number, (name, places) in enumerate(chosen.items(), 1):
            pixel_size = state.pixel_sizes[name]
            small, path = f"m{number:04d}", Path("small") / f"m{number:04d}.mrc"
            micrograph = work.kept_file(state.micrographs[name])
            write_small(work.folder / path, micrograph, pixel_size, factor)
            part = learnt if number % _HELD_BACK else tested
            part.images[small] = path
            part.targets[small] = places / (pixel_size * factor)
        command = self._command(learnt, tested, work)
        check_gpu(work, run_program(TOPAZ, command, work, FAILURES))
        epoch, state.precision = read_best_epoch(work.path(_CURVE), wanted.epochs)
        state.model = np.frombuffer(self._written(work, epoch).read_bytes(), np.uint8).copy()
        state.used, state.examples = len(learnt.images), learnt.examples
        state.downscale, state.pixel_size = factor, usual * factor

    def _command(self, learnt: "Part", tested: "Part", work: Work) -> Command:
        """Write the lists that it reads, and say what it is told."""
        wanted = self.parameters
        expected = learnt.examples / len(learnt.images) * (1.0 + wanted.missed)
        lists = [part.write(work) for part in (learnt, tested) if part.images]
        argv = (
            *("topaz", "train", *(word for words in lists for word in words)),
            *("-n", f"{expected:.1f}", "-r", str(wanted.positive_radius)),
            *("-m", wanted.model, "--units", str(wanted.units)),
            *("--minibatch-size", str(wanted.minibatch)),
            *("--num-epochs", str(wanted.epochs), "--epoch-size", str(wanted.updates)),
            *("--save-prefix", _MODEL, "-o", _CURVE),
            *machine_arguments(work),
        )
        return Command(argv, timeout=wanted.timeout)

    def _written(self, work: Work, epoch: int) -> Path:
        """The model of an epoch, whose number it writes with as many digits as the last needs."""
        number = re.compile(rf"{_MODEL}_epoch0*{epoch}\.sav")
        found = [path for path in work.folder.glob("*.sav") if number.fullmatch(path.name)]
        if not found or not found[0].stat().st_size:
            raise BadOutput(
                f"topaz train ended as if all was well, and the model of round {epoch} was not "
                "written",
                advice="look into its log for the reason, and for room on the disk",
                code="no-output",
            )
        return found[0]

    def snapshot(self, state: Learnt, work: Work) -> TopazModel:
        path = None
        if len(state.model):
            path = work.path(f"topaz_{state.snapshots:04d}.sav")
            path.write_bytes(state.model.tobytes())
        return TopazModel(
            iteration=state.snapshots,
            micrographs=state.used,
            particles=state.examples,
            model=path,
            downscale=state.downscale,
            pixel_size=state.pixel_size,
            diameter=state.diameter,
            precision=state.precision,
            note=state.note,
        )

    def methods(self) -> str:
        """How the model was trained."""
        wanted = self.parameters
        return (
            f"A model of Topaz ({wanted.model}, {wanted.units} units) was trained in "
            f"{wanted.epochs * wanted.updates} updates on particles of selected 2D classes."
        )

    def summarize(self, items: Sequence[TopazModel]) -> str:
        """Say what was learnt from, or why nothing was."""
        if not items:
            return ""
        last = items[-1]
        if last.model is None:
            return f"Topaz has not been trained: {last.note}" if last.note else ""
        tested = (
            ""
            if last.precision is None
            else (f"; its average precision on others was {last.precision:.2f}")
        )
        return (
            f"Topaz was trained on {last.particles} particles of {last.micrographs} micrographs"
            f"{tested}"
        )

    def plot(self, items: Sequence[TopazModel]) -> Iterator[Figure]:
        """Particles that were learnt from."""
        if items:
            counts = [float(item.particles) for item in items]
            yield Figure("Particles that Topaz learnt from", "series", counts, "particles")


def read_best_epoch(path: Path, epochs: int) -> tuple[int, float | None]:
    """Number of the round whose model did best on what was kept back, and its average precision.

    The last round and None where nothing was kept back.

    Raises
    ------
    BadOutput
        If it is not there or cut off, has no line of the last round, or no number where there
        should be one.
    """
    if not path.is_file():
        raise BadOutput(
            f"topaz train ended as if all was well, and {path.name} was not written",
            advice="look into its log for the reason, and for room on the disk",
            code="no-output",
        )
    text = path.read_text(encoding="utf-8", errors="replace")
    lines = [line.split("\t") for line in text.splitlines()]
    columns = {name: place for place, name in enumerate(lines[0])} if lines else {}
    whole = {"epoch", "split", "auprc"} <= columns.keys() and text.endswith("\n")
    whole = whole and all(len(line) == len(columns) for line in lines)
    if not whole or lines[-1][0] != str(epochs):
        found = "\t".join(lines[-1]) if lines else "nothing"
        raise BadOutput(
            f"{path.name} should tell of {epochs} rounds, and ends with {found[:80]!r}",
            code="half-output",
        )
    tested: list[tuple[float, int]] = []
    for line in lines[1:]:
        if line[columns["split"]] == "test":
            try:
                tested.append((float(line[columns["auprc"]]), int(line[columns["epoch"]])))
            except ValueError as error:
                raise BadOutput(f"{path.name}: {error}", code="garbage-output") from error
    known = [one for one in tested if np.isfinite(one[0])]
    if not known:
        return epochs, None
    best, epoch = max(known)
    return epoch, best
