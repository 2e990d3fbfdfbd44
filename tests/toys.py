"""Small protocols whose results are known, for tests of the engine. Workers import this file."""

import errno
import json
import os
import signal
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from importlib.metadata import EntryPoint
from pathlib import Path
from statistics import median
from typing import Annotated, Any, ClassVar

from icestream.model import Accepted, Alert, Measured, Offer, Picture, Rejected, Verdict
from icestream.protocol import (
    Batch,
    BatchProtocol,
    Command,
    ConsensusProtocol,
    Cursor,
    DecidesIfSet,
    Discovery,
    Draw,
    Enough,
    Figure,
    Gathered,
    Group,
    GroupProtocol,
    Incoming,
    ItemFailed,
    ItemProtocol,
    LastProtocol,
    Limit,
    Monitor,
    Operational,
    Parameters,
    Program,
    ProgramProtocol,
    ProtocolError,
    Refusal,
    Registry,
    Resources,
    Sample,
    SampleProtocol,
    SelectionProtocol,
    SourceProtocol,
    TriggerProtocol,
    TryAgain,
    Window,
    Work,
)
from icestream.protocols.holding import FeedbackParameters, HoldParameters, HoldUntil


@dataclass(frozen=True, slots=True, kw_only=True)
class Number:
    """A number of one exposure."""

    exposure: str
    value: float
    path: Path | None = None

    def qualities(self) -> dict[str, float]:
        return {"toy.value": self.value}


@dataclass(frozen=True, slots=True, kw_only=True)
class Drawing:
    """A number as a picture."""

    exposure: str
    value: float
    picture: Annotated[Path, Picture("A number", "As many bright pixels as it is large")]


@dataclass(frozen=True, slots=True, kw_only=True)
class Total:
    """A sum over exposures."""

    value: float
    count: int
    batches: int
    final: bool


class Counting(Parameters):
    """What the source brings."""

    folder: Path | None = None
    """Bring the files of this folder: the name is the exposure, the content the value."""
    count: int = 10
    """Without a folder: so many numbers, 0, 1, 2 ..."""
    pace: Annotated[float, Operational] = 0.0
    """Seconds between them; 0: all at once."""
    close: bool = True
    """Close when they have all been brought; with a folder, when it has a file ``closed``."""
    offset: float = 0.0
    """Added to every value."""
    impatient: bool = False
    """Give up when there is nothing to look into."""
    outside: bool = False
    """The key says only what the thing outside is, as that of a file does."""


class Count(SourceProtocol[Counting]):
    """Brings numbers."""

    name = "toy.count"
    title = "Count"
    item = Number
    every = 0.02
    named: ClassVar[bool] = False
    """Every number names its file."""

    def discover(self, cursor: Cursor) -> Discovery:
        wanted = self.parameters
        if wanted.impatient and wanted.folder is not None and not wanted.folder.is_dir():
            raise ProtocolError(f"the folder {wanted.folder} is not there", advice="make it")
        if wanted.folder is not None:
            return self._files(set(cursor.state or ()), wanted.folder)
        done = cursor.state or 0
        last = wanted.count if wanted.pace == 0 else min(done + 1, wanted.count)
        items = [
            Number(exposure=f"e{number:06d}", value=number + wanted.offset)
            for number in range(done, last)
        ]
        return Discovery(items, state=last, closed=wanted.close and last == wanted.count)

    def _files(self, known: set[str], folder: Path) -> Discovery:
        names = sorted(path.name for path in folder.iterdir() if path.name not in known)
        items, refused, waiting = [], [], 0
        for name in names:
            if name == "closed":
                continue
            text = (folder / name).read_text()
            if text == "half":
                waiting += 1
            elif text == "bad":
                refused.append(Refusal(folder / name, "is bad", name))
            else:
                value = float(text) + self.parameters.offset
                path = folder / name if self.named else None
                items.append(Number(exposure=name, value=value, path=path))
        closed = (folder / "closed").exists()
        taken = {one.exposure for one in [*items, *refused]}
        state = sorted(known | taken)
        return Discovery(items, refused, state=state, closed=closed, waiting=waiting)

    def waits(self) -> bool:
        return not self.parameters.impatient

    def interval(self) -> float:
        return self.parameters.pace or self.every

    def key(self, item: Number) -> str:
        return item.exposure if self.parameters.outside else super().key(item)


class CountFiles(Count):
    """Brings numbers that are read from their files later, as movies are."""

    name = "toy.count-files"
    title = "Count files"
    named = True


class Adding(Parameters):
    """What to do with a number."""

    add: float = 1.0
    """Added to every number."""
    write: bool = False
    """Write the number into a file too."""
    seconds: float = 0.0
    """Time that it takes."""
    log: Path | None = None
    """Append a line for every run to this file."""
    fail: str = ""
    """What goes wrong with numbers that end in 3: item, again, defect, once, exit, full, stop."""


class Add(ItemProtocol[Adding]):
    """Adds to a number."""

    name = "toy.add"
    title = "Add"

    def process(self, number: Number, work: Work) -> Number:
        wanted = self.parameters
        if wanted.log is not None:
            with wanted.log.open("a") as log:
                log.write(f"{number.exposure} {wanted.add}\n")
        if wanted.seconds:
            time.sleep(wanted.seconds)
        if wanted.fail and number.exposure.endswith("3"):
            _fail(wanted.fail, number, work)
        value = number.value + wanted.add
        path = None
        if wanted.write:
            path = work.path("number.txt")
            path.write_text(f"{value}\n" * 1000)
        return Number(exposure=number.exposure, value=value, path=path)


class Reading(Parameters):
    """How to read."""

    seconds: float = 0.0
    """Time that it takes before."""
    broken: str = ""
    """Numbers whose names end so lie on a broken part of the disk."""


class ReadNumber(ItemProtocol[Reading]):
    """Reads the file of a number, as movies are read."""

    name = "toy.read"
    title = "Reading"

    def process(self, number: Number) -> Number:
        time.sleep(self.parameters.seconds)
        assert number.path is not None
        if self.parameters.broken and number.exposure.endswith(self.parameters.broken):
            raise OSError(errno.ESTALE, os.strerror(errno.ESTALE), str(number.path))
        return Number(exposure=number.exposure, value=float(number.path.read_text()))


class DrawNumber(ItemProtocol[Parameters]):
    """Draws a number."""

    name = "toy.draw"
    title = "Drawing"

    def process(self, number: Number, work: Work) -> Drawing:
        import numpy as np

        from icestream.formats import write_picture

        pixels = np.zeros(256, dtype=np.uint8)
        pixels[: int(number.value)] = 255
        write_picture(work.path("number.png"), pixels.reshape(16, 16))
        return Drawing(
            exposure=number.exposure, value=number.value, picture=work.path("number.png")
        )


class Busy(ItemProtocol[Parameters]):
    """Computes as hard as its call allows; its number is the threads that the process then had."""

    name = "toy.busy"
    title = "Busy"

    def process(self, number: Number, work: Work) -> Number:
        import numpy as np
        import psutil

        from icestream.processing.backend import cpu
        from icestream.threads import in_threads

        images = np.ones((8, 256, 256), dtype=np.float32)
        this = psutil.Process()
        cpu.rfft2(images, threads=work.cores)  # the transforms' pool stays, and rests
        before, seen = this.num_threads(), []

        def compute(_: int) -> None:
            cpu.matmul(images, images)
            cpu.bin_frames(images, images[0], 2)
            seen.append(this.num_threads())

        in_threads(compute, range(8), work.cores)
        return Number(exposure=number.exposure, value=max(seen) - before)


class Bound(ItemProtocol[Parameters]):
    """Its number is made of the numbers of its GPUs."""

    name = "toy.bound"
    title = "Bound"

    def process(self, number: Number, work: Work) -> Number:
        value = float("".join(map(str, work.gpus)) or "-1")
        return Number(exposure=number.exposure, value=value)


class BoundToOne(Bound):
    """Likewise, of a task that needs a GPU."""

    name = "toy.bound-to-one"
    title = "Bound to one"
    resources = Resources(gpus=1)


def _fail(how: str, number: Number, work: Work) -> None:
    if how == "item":
        raise ItemFailed(f"{number.value} is no good", advice="take another")
    if how == "again":
        raise TryAgain("not now")
    if how == "defect":
        raise RuntimeError("a defect")
    if how == "full":
        raise OSError(28, "No space left on device")
    if how == "exit":
        os.kill(os.getpid(), signal.SIGKILL)
    if how == "stop":
        os.kill(os.getpid(), signal.SIGSTOP)
    if how == "once" and work.folder.name.endswith(".1"):
        raise TryAgain("the first time never works")


class Sum2(ItemProtocol[Parameters]):
    """Adds two numbers of one exposure."""

    name = "toy.sum2"
    title = "Sum of two"

    def process(self, first: Number, second: Number) -> Number:
        assert first.exposure == second.exposure
        return Number(exposure=first.exposure, value=first.value + second.value)


class Limits(Parameters):
    """What is accepted."""

    below: float = 5.0
    """Numbers below this are accepted."""


class Select(SelectionProtocol[Limits]):
    """Accepts small numbers."""

    name = "toy.select"
    title = "Select"

    def judge(self, number: Number) -> Verdict:
        limit = self.parameters.below
        if number.value < limit:
            return Accepted()
        return Rejected((f"{number.value:g} is not below {limit:g}",))


class Weighing(Limits):
    """What came later."""

    margin: Annotated[float, DecidesIfSet] = 0.0
    """Added to the limit."""


class Weigh(SelectionProtocol[Weighing]):
    """Accepts an exposure where what is linked adds up to little."""

    name = "toy.weigh"
    title = "Weigh"

    def judge(self, number: Number, evidence: Mapping[str, Measured] | None = None) -> Verdict:
        found = {name: item.qualities()["toy.value"] for name, item in (evidence or {}).items()}
        if sum(found.values()) < self.parameters.below + self.parameters.margin:
            return Accepted()
        return Rejected(tuple(f"{name} is {value:g}" for name, value in sorted(found.items())))

    def unreported(self, linked: Sequence[tuple[str, type[Any]]]) -> Sequence[str]:
        if self.parameters.below >= 0:
            return ()
        return [f"{', '.join(f'{step} ({kind.__name__})' for step, kind in linked)}: never below 0"]


class Levelling(Parameters):
    """Where the water stands."""

    level: float | None = None
    """Numbers above are rejected; the session sets it."""


class Level(SelectionProtocol[Levelling]):
    """Accepts what is not above the median of the first."""

    name = "toy.level"
    title = "Level"

    def judge(self, number: Number) -> Verdict:
        level = self.parameters.level
        if level is None or number.value <= level:
            return Accepted()
        return Rejected((f"{number.value:g} is above {level:g}",))

    def limits(self, pixel_size: float) -> list[Limit]:
        return [Limit(quality="toy.value", high=self.parameters.level)]

    def distributions(self) -> list[tuple[str, str]]:
        return [("toy.value", "")]

    def settle(self, measured: Mapping[tuple[str, str], Sequence[float]]) -> dict[str, float]:
        level = median(measured["toy.value", ""])
        return {} if level == self.parameters.level else {"level": level}


class Agree(ConsensusProtocol[Parameters, Number]):
    """The mean of what there is."""

    name = "toy.agree"
    title = "Agree"

    def agree(self, candidates: Mapping[str, Number]) -> Number:
        values = [candidates[name].value for name in sorted(candidates)]
        exposure = next(iter(candidates.values())).exposure
        return Number(exposure=exposure, value=sum(values) / len(values))


class Batching(Parameters):
    """How many at a time."""

    empty: bool = False
    """Items count nothing towards a full batch."""

    full: int = 4
    """Numbers in a batch."""
    broken: Path | None = None
    """Every batch fails while there is such a file."""


class AddUp(BatchProtocol[Batching, dict[str, float]]):
    """Adds numbers up."""

    name = "toy.total"
    title = "Total"

    def batch_size(self) -> int:
        return self.parameters.full

    def size(self, item: Number) -> int:
        return 0 if self.parameters.empty else 1

    def start(self, first: Batch[Number], work: Work) -> dict[str, float]:
        return self.update({"value": 0.0, "count": 0, "batches": 0, "final": 0}, first, work)

    def update(self, state: dict[str, float], new: Batch[Number], work: Work) -> dict[str, float]:
        if self.parameters.broken is not None and self.parameters.broken.exists():
            raise RuntimeError("a defect")
        return {
            "value": state["value"] + sum(number.value for number in new),
            "count": state["count"] + len(new),
            "batches": state["batches"] + 1,
            "final": float(new.final),
        }

    def snapshot(self, state: dict[str, float], work: Work) -> Total:
        return Total(
            value=state["value"],
            count=int(state["count"]),
            batches=int(state["batches"]),
            final=bool(state["final"]),
        )


class Grouping(Parameters):
    """When a group is complete."""

    complete: int = 3
    """Numbers in a group."""
    times: float = 1.0
    """The mean is multiplied by this."""
    broken: Path | None = None
    """While there is such a file no number belongs anywhere, and with a word in it that raises."""
    log: Path | None = None
    """Append a line for every run to this file."""
    write: bool = False
    """Write the mean into a file too."""


class Mean(GroupProtocol[Grouping]):
    """The mean of the numbers between two integers."""

    name = "toy.mean"
    title = "Mean"
    family = "toy integer"

    def group_of(self, item: Number) -> str:
        broken = self.parameters.broken
        if broken is not None and broken.exists():
            if broken.read_text():
                raise RuntimeError("a defect")
            return ""
        return f"{item.value // 1:g}"

    def complete(self, group: Gathered[Number]) -> bool:
        return group.count >= self.parameters.complete

    def process(self, group: Group[Number], work: Work) -> Number:
        wanted = self.parameters
        if wanted.log is not None:
            with wanted.log.open("a") as log:
                log.write(f"{group.name} {len(group)}\n")
        value = wanted.times * sum(number.value for number in group) / len(group)
        path = None
        if wanted.write:
            path = work.path("mean.txt")
            path.write_text(f"{value}\n")
        return Number(exposure=group.name, value=value, path=path)


class LastTotal(LastProtocol[Parameters]):
    """The last total."""

    name = "toy.last"
    title = "Last total"

    def process(self, group: Group[Total]) -> Total:
        return group.items[-1]


class Ratio(ItemProtocol[Parameters]):
    """One total by another."""

    name = "toy.ratio"
    title = "Ratio"

    def process(self, total: Total, by: Total) -> Total:
        return replace(total, value=total.value / by.value)


class Doubled(ItemProtocol[Parameters]):
    """Takes each snapshot of a batch step."""

    name = "toy.doubled"
    title = "Twice the total"

    def process(self, total: Total) -> Total:
        return replace(total, value=2.0 * total.value)


class Share(ItemProtocol[Parameters]):
    """What part of the total a number is: joins what no engine can join."""

    name = "toy.share"
    title = "Share"

    def process(self, number: Number, total: Total) -> Number:
        return Number(exposure=number.exposure, value=number.value / total.value)


class Double(ItemProtocol[Parameters]):
    """Doubles a total."""

    name = "toy.double"
    title = "Double"

    def process(self, total: Total) -> Total:
        return Total(
            value=2 * total.value, count=total.count, batches=total.batches, final=total.final
        )


class Holding(Parameters):
    """When to let go."""

    enough: int = 5
    """Numbers that are enough."""


class Hold(TriggerProtocol[Holding]):
    """Holds numbers until there are enough."""

    name = "toy.hold"
    title = "Hold"
    item = Number

    def ready(self, counts: Mapping[str, int]) -> bool:
        return counts["items"] >= self.parameters.enough


class HoldingParts(HoldParameters):
    """When to let go."""

    items: Annotated[int, Operational] = 0
    """Numbers that are enough."""
    parts: int = 10
    """Numbers belong to so many parts, by what is left of them; 0: each is its own."""


class HoldParts(HoldUntil[HoldingParts]):
    """Holds each part of the numbers by itself."""

    name = "toy.hold-parts"
    title = "Hold parts"
    item = Number

    def lot_of(self, incoming: Incoming) -> str:
        if not self.parameters.parts:
            return incoming.exposure.name if incoming.exposure else "none"
        return str(int(incoming.item.value) % self.parameters.parts)


class Sampling(FeedbackParameters):
    """What is in the sample."""

    share: float = 0.0
    """Of the numbers, at once."""
    number: int = 0
    """So many at least, of each part."""
    first: bool = False
    """The first that come."""
    parts: int = 1
    """Parts, by what is left of the numbers."""


class TakeSample(SampleProtocol[Sampling]):
    """Takes some of the numbers."""

    name = "toy.sample"
    title = "Sample"
    item = Number

    def draw(self, draw: Draw) -> bool | None:
        wanted = self.parameters
        if wanted.first or draw.closed:
            return draw.taken < wanted.number
        if draw.ticket < wanted.share:
            return True
        return None if wanted.number else False

    def opened_by(self) -> Enough | None:
        return self.parameters.opener()

    def left_out(self, draw: Draw) -> str:
        return f"not in the sample: {draw.taken} of {draw.lot} are there"

    def lot_of(self, incoming: Incoming) -> str:
        return str(int(incoming.measured["toy.value"]) % self.parameters.parts)


class Watch(Monitor[Limits]):
    """Alerts on large numbers."""

    name = "toy.watch"
    title = "Watch"
    every = 0.05

    def inspect(self, window: Window[Number]) -> Iterator[Alert | Sample | Figure]:
        values = [number.value for number in window.items]
        yield Sample("toy.last", values[-1] if values else 0.0)
        if values and max(values) >= self.parameters.below:
            yield Alert(key="toy.large", level="warning", message=f"{max(values):g} is large")
        yield Figure("Values", "series", values, "value")


class Teaching(Parameters):
    """What to teach whom."""

    step: str = "a"
    """Step to change."""
    add: float = 5.0
    """What it should add."""
    enough: int = 3
    """Numbers to see before."""
    automatic: bool = False
    """Without asking."""


class Teach(Monitor[Teaching]):
    """Offers another number to add."""

    name = "toy.teach"
    title = "Teach"
    every = 0.05

    def inspect(self, window: Window[Number]) -> Iterator[Alert]:
        wanted = self.parameters
        if len(window.items) >= wanted.enough:
            offer = Offer(step=wanted.step, changes={"add": wanted.add}, automatic=wanted.automatic)
            yield Alert(key="toy.better", level="notice", message="better", offer=offer)


class Sleeping(Parameters):
    """How long the program takes."""

    seconds: float = 0.0
    """It sleeps so long."""


class Echo(ProgramProtocol[Sleeping]):
    """Has a program write the number."""

    name = "toy.echo"
    title = "Echo"
    program = Program("sh")

    def command(self, number: Number, work: Work) -> Command:
        script = f"sleep {self.parameters.seconds} & wait; echo {number.value} > out.txt; echo said"
        return Command(("sh", "-c", script))

    def collect(self, number: Number, work: Work) -> Number:
        path = work.path("out.txt")
        return Number(exposure=number.exposure, value=float(path.read_text()), path=path)


class Answer(ProgramProtocol[Parameters]):
    """Has a program answer that a test puts on the PATH, or does not."""

    name = "toy.answer"
    title = "Answer"
    program = Program("toy-answer", package="a test")

    def command(self, number: Number, work: Work) -> Command:
        return Command(("toy-answer", str(number.value)))

    def collect(self, number: Number, work: Work) -> Number:
        return Number(exposure=number.exposure, value=number.value)


KINDS = (
    Count,
    CountFiles,
    Add,
    ReadNumber,
    DrawNumber,
    Sum2,
    Select,
    Weigh,
    Level,
    Agree,
    AddUp,
    Mean,
    LastTotal,
    Ratio,
    Doubled,
    Share,
    BoundToOne,
    Double,
    Hold,
    HoldParts,
    TakeSample,
    Watch,
    Teach,
    Echo,
    Answer,
)


REAL = {
    "picks.consensus": "picks_consensus:AgreeOnPicks",
    "exposures.select": "select_exposures:SelectExposures",
    "particles.extract": "extract_particles:ExtractParticles",
    "particles.select": "select_particles:SelectParticles",
    "particles.reextract": "reextract_particles:ReextractParticles",
    "classes2d.online": "classify_particles:ClassifyParticles",
}
"""Of our own protocols, by their names."""


def registry() -> Registry:
    """A registry of these protocols, those of `toy_picks` and `toy_limits`, and real ones."""
    targets = {kind.name: f"{kind.__module__}:{kind.__qualname__}" for kind in KINDS}
    of_picks = ("Film", "Focus", "Find", "Cut")
    targets |= {f"toy.{name.lower()}": f"toy_picks:{name}" for name in of_picks}
    targets["toy.fit"] = "toy_limits:Fit"
    targets |= {name: f"icestream.protocols.{target}" for name, target in REAL.items()}
    return Registry(
        EntryPoint(name, target, "icestream.protocols") for name, target in targets.items()
    )


def workflow(*steps: tuple[str, str, dict[str, object], dict[str, object]]) -> dict[str, object]:
    """A workflow's document from (name, protocol, parameters, inputs)."""
    made = [
        {"name": name, "protocol": protocol, "parameters": parameters, "inputs": inputs}
        for name, protocol, parameters, inputs in steps
    ]
    return json.loads(json.dumps({"name": "toy", "steps": made}, default=str))


def programs_of(word: str) -> list[str]:
    """Command lines of running processes that contain `word`."""
    listed = subprocess.run(["ps", "-eo", "args"], capture_output=True, text=True, check=True)
    return [line for line in listed.stdout.splitlines() if word in line and "ps -eo" not in line]
