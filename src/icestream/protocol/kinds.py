"""The kinds of protocol. An author writes one short method; streaming is the engine's work.

A protocol keeps nothing between items: the same object may process items in any order, in any
process. Only a `BatchProtocol` has a state, and the engine holds it.
"""

import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence, Sized
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar, Generic, TypeVar, cast, get_args, get_origin, get_type_hints

from icestream.model import (
    Alert,
    Measured,
    MeasuredExposure,
    StepKind,
    Workload,
    content_key,
    to_document,
)
from icestream.model.squares import Square
from icestream.protocol.checkpoint import read_checkpoint, write_checkpoint
from icestream.protocol.elsewhere import Counterpart
from icestream.protocol.executable import Program
from icestream.protocol.figures import Figure
from icestream.protocol.limits import Limit
from icestream.protocol.parameters import Parameters
from icestream.protocol.ports import Port, input_ports, output_ports, port_name
from icestream.protocol.resources import Resources
from icestream.protocol.triggers import Draw, Enough, Incoming

__all__ = [
    "Batch",
    "BatchProtocol",
    "ConsensusProtocol",
    "Cursor",
    "Discovery",
    "ItemProtocol",
    "Monitor",
    "Protocol",
    "Refusal",
    "SampleProtocol",
    "SelectionProtocol",
    "SourceProtocol",
    "TriggerProtocol",
    "Window",
]

P = TypeVar("P", bound=Parameters)
T = TypeVar("T")
S = TypeVar("S")


def by_item(ports: tuple[Port, ...]) -> tuple[Port, ...]:
    """Name ports after their items, where the parameter's own name says nothing."""
    return tuple(Port(port_name(port.item), port.item, port.optional) for port in ports)


class Protocol(ABC, Generic[P]):
    """What every kind has: a name, a title, parameters, and needs."""

    name: ClassVar[str]
    """Dotted and lower case, ``<what>.<how>``: ``ctf.estimate``."""
    title: ClassVar[str]
    """What people read: ``CTF estimation``."""
    version: ClassVar[int] = 1
    """Raised when the results of unchanged input would change; part of every task's key."""
    cites: ClassVar[tuple[str, ...]] = ()
    """Sources: ``Rohou & Grigorieff (2015) J. Struct. Biol. 192, 216, doi:...``, or the DOI
    alone."""
    resources: ClassVar[Resources] = Resources()
    elsewhere: ClassVar[tuple[Counterpart, ...]] = ()
    """What other workflow programs call it: workflows are imported from there, and exported."""
    kind: ClassVar[StepKind]
    """What records and people call the kind. Code asks for the traits below."""
    brings: ClassVar[bool] = False
    """Brings items in from outside: nothing feeds it, and it is asked again and again."""
    runs: ClassVar[bool] = False
    """Has tasks that a worker runs."""
    passes: ClassVar[bool] = False
    """Its outputs are its inputs, let through or held back: each on the verdict of its task where
    it `runs`, otherwise all of them at once."""
    judges: ClassVar[bool] = False
    """The verdict of its task decides what goes on."""
    holds: ClassVar[bool] = False
    """Has a gate that holds everything back until it opens."""
    draws: ClassVar[bool] = False
    """Says of each item whether it is in a sample, and leaves out those that are not."""
    agrees: ClassVar[bool] = False
    """Takes any number of links at its input, and goes on with those that have a result."""
    gathers: ClassVar[bool] = False
    """Takes the items of many exposures into one task."""
    groups: ClassVar[bool] = False
    """What it gathers belongs together: a task is of a group."""
    accumulates: ClassVar[bool] = False
    """What it gathers goes into a state that grows: a task is of a batch, and makes a snapshot."""
    watches: ClassVar[bool] = False
    """Looks at what others made, and makes nothing that flows on."""

    def __init__(self, parameters: P | None = None) -> None:
        self.parameters: P = parameters if parameters is not None else self.parameters_type()()

    @classmethod
    def parameters_type(cls) -> type[P]:
        """The parameter model: the argument in ``ItemProtocol[CtfParameters]``."""
        for klass in cls.__mro__:
            for base in getattr(klass, "__orig_bases__", ()):
                if isinstance(get_origin(base), type) and issubclass(get_origin(base), Protocol):
                    for argument in get_args(base):
                        if isinstance(argument, type) and issubclass(argument, Parameters):
                            return cast("type[P]", argument)
        return cast("type[P]", Parameters)

    @classmethod
    def inputs(cls) -> tuple[Port, ...]:
        """Typed inputs, from the signature of the author's method."""
        return ()

    @classmethod
    def outputs(cls) -> tuple[Port, ...]:
        """Typed outputs, from the signature of the author's method."""
        return ()

    @classmethod
    def warm(cls) -> None:
        """Do in advance, once in each worker, what the first task would wait for.

        A worker calls it before its first task, while movies are still on their way; a protocol
        with compiled kernels runs them here on a few pixels. The default does nothing.
        """

    def need(self) -> Resources:
        """What one task needs; override when it depends on the parameters."""
        return self.resources

    def programs(self) -> Sequence[Program]:
        """Programs that it runs, with its parameters; none by default."""
        return ()

    def software(self) -> Mapping[str, str]:
        """Versions of software beyond Python packages that decide the results: part of the keys.

        The programs' by default, where they can be told.
        """
        versions = {program.executable: program.version() for program in self.programs()}
        return {name: version for name, version in versions.items() if version}

    def lacking(self) -> Sequence[str]:
        """What else it needs, with its parameters, and this machine does not have, in sentences.

        Programs, GPUs and files of `InputFile` parameters are looked for without it. A sentence
        says what is missing, where it was looked for and what to do.
        """
        return ()

    def distributions(self) -> Collection[tuple[str, str]]:
        """Qualities whose distribution a selection asks for in `settle`, each with its step.

        The step is empty where any will do.
        """
        return ()

    def settle(self, measured: Mapping[tuple[str, str], Sequence[float]]) -> Mapping[str, Any]:
        """Parameters of a selection that follow from the `distributions`, JSON-ready.

        Asked when 30, 60, 120, ... exposures have been judged; `measured` has the stored values of
        as many of the first. What it returns becomes a revision of the step, by the session;
        nothing where all is as before.
        """
        return {}

    def unreported(self, linked: Sequence[tuple[str, type[Any]]]) -> Sequence[str]:
        """What its parameters ask for and nothing that is linked reports, in sentences.

        Asked when a workflow is checked; `linked` has the step and the type of the items of each
        link.
        """
        return ()

    def methods(self) -> str:
        """What a paper's methods section says of it, with its parameters; empty: its title."""
        return ""

    def summarize(self, items: Sequence[Any]) -> str:
        """One sentence on the results so far, as for a paper; empty when there is none."""
        return ""

    def plot(self, items: Sequence[Any]) -> Iterator[Figure]:
        """Plots of the results so far."""
        yield from ()

    def limits(self, pixel_size: float) -> Sequence[Limit]:
        """Limits on measured qualities, with its parameters: a report draws them as lines.

        `pixel_size` is that of the micrographs in Å, for a limit that depends on it; 0 where it is
        not known yet.
        """
        return ()


class ItemProtocol(Protocol[P]):
    """One item in, one item out; several inputs are joined by exposure.

    The author writes ``process(self, <item>: <Type>, ..., work: Work) -> <Type>``; `work` may be
    left out by a protocol that writes no file. ``<Type> | None`` makes an input optional.
    """

    kind = "item"
    runs = True

    process: Any
    """Given by the author."""

    @classmethod
    def inputs(cls) -> tuple[Port, ...]:
        """The parameters of `process`."""
        return input_ports(cls.process)

    @classmethod
    def outputs(cls) -> tuple[Port, ...]:
        """What `process` returns."""
        return output_ports(cls.process)


@dataclass(frozen=True, slots=True)
class Refusal:
    """A file that will not be processed, and why."""

    path: Path
    reason: str
    exposure: str


@dataclass(frozen=True, slots=True)
class Cursor:
    """Where a source stands."""

    state: Any = None
    """What the last `Discovery` returned as its state; None at first. JSON-ready."""
    now: float = field(default_factory=time.time)
    """Seconds since the epoch, by a clock that only goes forward while a session runs."""
    earlier: Callable[[], Iterable[Any]] = tuple
    """Reads the items that the source has brought in so far, from the first; asked only where one
    has to be compared with them."""


@dataclass(frozen=True, slots=True)
class Discovery:
    """What a source found since the last call."""

    items: Sequence[Any] = ()
    refused: Sequence[Refusal] = ()
    alerts: Sequence[Alert] = ()
    """Conditions that hold now."""
    state: Any = None
    """Handed back in the next `Cursor`, also after a restart. JSON-ready and small: it is
    written with each discovery. What can be rebuilt is kept in the object instead."""
    waiting: int = 0
    """Files seen that are not whole yet."""
    closed: bool = False
    """True: nothing more will come."""


class SourceProtocol(Protocol[P]):
    """Brings items in from outside: a folder, a queue, an object store.

    The engine calls `discover` again and again, in one thread of the coordinator, for as long as
    the stream is open. An item that was discovered before (same exposure, same key) is ignored, so
    a source may report too much after a restart, never too little.
    """

    kind = "source"
    brings = True
    every: ClassVar[float] = 0.1
    """Seconds between calls when the source has nothing better to say."""

    @classmethod
    def outputs(cls) -> tuple[Port, ...]:
        """The item type is the class attribute `item`."""
        return (Port(port_name(cls.item), cls.item),)

    item: ClassVar[type[Any]]
    """Type of the items that this source brings."""

    @abstractmethod
    def discover(self, cursor: Cursor) -> Discovery:
        """What is new since `cursor`. Must return soon (well under a second)."""

    def key(self, item: Any) -> str:
        """Key of a discovered item: changes when the thing outside has changed."""
        return content_key(to_document(item))

    def interval(self) -> float:
        """Seconds until the next call."""
        return self.every

    def waits(self) -> bool:
        """Whether to ask again, for as long as it takes, after `discover` has failed.

        A source that does not wait ends the session: at once with a `ProtocolError` that is no
        `TryAgain`, otherwise when the third call in a row has failed.
        """
        return True


class ConsensusProtocol(Protocol[P], Generic[P, T]):
    """Several results of one type for an exposure, in; the one that they agree on, out.

    The author writes ``agree(self, candidates: Mapping[str, Picks]) -> Picks``; the keys are
    the names of the steps. A step of this kind takes any number of inputs of its type.
    """

    kind = "consensus"
    runs = True
    agrees = True
    minimum: ClassVar[int] = 2
    """Candidates without which there is nothing to agree on. The engine waits for all inputs;
    when one of them failed or was rejected for an exposure, it goes on with the others."""

    agree: Any
    """Given by the author."""

    @classmethod
    def inputs(cls) -> tuple[Port, ...]:
        """One port that takes many links."""
        return by_item(input_ports(cls.agree))

    @classmethod
    def outputs(cls) -> tuple[Port, ...]:
        """What `agree` returns."""
        return output_ports(cls.agree)


class SelectionProtocol(Protocol[P]):
    """Accepts or rejects an exposure, with reasons; a person can overrule it either way.

    The author writes ``judge(self, ctf: Ctf, ...) -> Verdict``. Its outputs are its inputs: an
    accepted item passes, a rejected one is held back and can be accepted later. An input
    ``evidence: Mapping[str, Measured] | None`` takes any number of links, to whatever says what
    was measured, and no output has its name.
    """

    kind = "selection"
    runs = True
    passes = True
    judges = True

    judge: Any
    """Given by the author: returns `Accepted()` or `Rejected(reasons)`."""

    @classmethod
    def inputs(cls) -> tuple[Port, ...]:
        """The parameters of `judge`."""
        return input_ports(cls.judge)

    @classmethod
    def outputs(cls) -> tuple[Port, ...]:
        """The same ports as the inputs, but those that take many links: they are looked at."""
        return tuple(port for port in cls.inputs() if not port.many)


@dataclass(frozen=True, slots=True)
class Batch(Generic[T]):
    """Items that are handed to a batch protocol together, in the order of their arrival."""

    items: tuple[T, ...]
    final: bool = False
    """True when the stream is closed and nothing more will come."""

    def __iter__(self) -> Iterator[T]:
        return iter(self.items)

    def __len__(self) -> int:
        return len(self.items)


class BatchProtocol(Protocol[P], Generic[P, S]):
    """Folds a stream into a state, batch by batch, and shows a snapshot after each.

    The author writes ``start(first: Batch[X], work) -> S``, ``update(state, new: Batch[X], work)
    -> S`` and ``snapshot(state, work) -> Y``. The engine gathers batches, keeps the state in the
    session, and goes on from the last snapshot after a restart.

    A state is made of numpy arrays and generators, numbers, text, None, lists, tuples, dicts and
    dataclasses of them, as the return type of `start` says.
    """

    kind = "batch"
    runs = True
    gathers = True
    accumulates = True

    @abstractmethod
    def batch_size(self) -> int:
        """Sum of `size` at which a batch is full and processed."""

    def size(self, item: Any) -> int:
        """How much an item counts towards a full batch: its length, or 1."""
        return len(item) if isinstance(item, Sized) else 1

    start: Any
    update: Any
    snapshot: Any

    @classmethod
    def state_type(cls) -> Any:
        """What `start` returns, by its annotation."""
        hints = get_type_hints(cls.start)
        if "return" not in hints:
            raise TypeError(
                f"{cls.start.__qualname__} does not say what it returns; annotate it with the "
                "type of the state, of which checkpoints are made"
            )
        return hints["return"]

    def save(self, state: S, path: Path) -> None:
        """Write a checkpoint of the state to the file `path`: arrays and JSON."""
        write_checkpoint(path, state, self.state_type())

    def load(self, path: Path) -> S:
        """Read a checkpoint that `save` wrote. Whoever made the file, nothing in it is executed."""
        return cast("S", read_checkpoint(path, self.state_type()))

    @classmethod
    def inputs(cls) -> tuple[Port, ...]:
        """The `Batch[...]` of `start`."""
        return by_item(input_ports(cls.start))

    @classmethod
    def outputs(cls) -> tuple[Port, ...]:
        """What `snapshot` returns."""
        return output_ports(cls.snapshot)


class TriggerProtocol(Protocol[P]):
    """Holds a stream back until `ready` says so, then lets it all through.

    Its input and output are one port, named after the type in the class attribute `item`. The
    author writes `ready`, and what else the trigger needs of the methods below.
    """

    kind = "trigger"
    passes = True
    holds = True
    item: ClassVar[type[Any]]

    @abstractmethod
    def ready(self, counts: Mapping[str, int]) -> bool:
        """Whether to release what is held.

        `counts` has ``items`` held so far, ``size`` (their summed length), ``closed`` (1 when
        the stream is closed), ``passed_items`` and ``passed_size`` let through before, ``seconds``
        that the first of those held has waited, and the ``minute`` of the day, from 0.
        """

    def lot_of(self, incoming: Incoming) -> str:
        """The part of the stream that an item belongs to: each is counted, and opens, alone.

        Empty: the stream is one. Pure and quick: the engine calls it itself.
        """
        return ""

    def shuts(self) -> bool:
        """Whether it holds again what comes after it has let something through."""
        return False

    def timed(self) -> bool:
        """Whether `ready` depends on the time: it is then asked again every second."""
        return False

    def opened_by(self) -> Enough | None:
        """What another step must have made before it is asked at all."""
        return None

    def closed_by(self) -> Enough | None:
        """What another step has made when nothing more is let through."""
        return None

    @classmethod
    def inputs(cls) -> tuple[Port, ...]:
        """The held stream."""
        return (Port(port_name(cls.item), cls.item),)

    @classmethod
    def outputs(cls) -> tuple[Port, ...]:
        """The released stream."""
        return (Port(port_name(cls.item), cls.item),)


class SampleProtocol(TriggerProtocol[P]):
    """Lets a sample of a stream through; the rest is left out, and says so.

    The author writes ``draw(self, draw: Draw) -> bool | None``. Its input and output are named
    after the type in the class attribute `item`; an input ``evidence`` takes any number of links,
    to what says what was measured.
    """

    draws = True

    @abstractmethod
    def draw(self, draw: Draw) -> bool | None:
        """Whether an item is in the sample; None: to be said when the stream has ended."""

    def left_out(self, draw: Draw) -> str:
        """Why an item is not in the sample, for people."""
        return "not in the sample"

    def seed(self) -> int:
        """What tickets are made with: another number, another sample."""
        return 0

    def ready(self, counts: Mapping[str, int]) -> bool:
        """What was not said yet is said when nothing more will come."""
        return bool(counts["closed"])

    @classmethod
    def inputs(cls) -> tuple[Port, ...]:
        """The stream, and what says what was measured."""
        return (*cls.outputs(), Port("evidence", Measured, optional=True, many=True))


def _nothing_earlier(_number: int) -> Sequence[MeasuredExposure]:
    """Of a window that was made by hand."""
    return ()


@dataclass(frozen=True, slots=True)
class Window(Generic[T]):
    """The newest results that a monitor looks at, oldest first."""

    items: tuple[T, ...] = ()
    now: float = field(default_factory=time.time)
    folder: Path | None = None
    """The session's folder."""
    found: tuple[float, ...] = ()
    """When each of the newest exposures was found, seconds since the epoch, the oldest first."""
    open: bool = False
    """Whether a source of the session still looks for more."""
    exposures: tuple[MeasuredExposure, ...] = ()
    """The newest exposures on which any step measured what the monitor `measures`, in the order in
    which they were taken."""
    revisions: Mapping[str, int] = field(default_factory=dict)
    """By quality, the revision of the step that measured it: another number means that parameters
    were changed, and that all values were made anew."""
    work: Workload | None = None
    """What the session has to do and what it costs; of monitors that ask for it by `foresees`."""
    squares: tuple[Square, ...] = ()
    """Grid squares of the newest exposures, that of the newest last; of monitors that ask for them
    by `surveys`. Empty where the metadata do not tell them."""
    waiting: int = 0
    """Exposures that were found and are not done with; of monitors that `measures`."""
    earlier: Callable[[int], Sequence[MeasuredExposure]] = _nothing_earlier
    """Reads so many of the newest exposures, where `exposures` are too few."""
    since: float = 0.0
    """When the session was last started, or went on after a pause: nothing could come before."""


class Monitor(Protocol[P]):
    """Looks at recent results, or at the machine, and says what a person should know.

    The author writes ``inspect(self, window: Window[Ctf]) -> Iterator[Alert | Figure | Sample]``.
    An alert holds for as long as each inspection yields it (same key), and clears by itself. One
    whose extent has `ended` is of what was: it is yielded once, and does not hold.
    """

    kind = "monitor"
    watches = True
    every: ClassVar[float] = 10.0
    """Seconds between inspections, when there is anything new to see."""
    last: ClassVar[int] = 50
    """How many results the window holds."""
    measures: ClassVar[Collection[str]] = ()
    """Qualities that the exposures of the window are to have, of whichever steps report them."""
    foresees: ClassVar[bool] = False
    """Whether the window is to say what the session has to do and what it costs."""
    surveys: ClassVar[bool] = False
    """Whether the window is to say which grid squares exposures were taken on."""

    inspect: Any
    """Given by the author."""

    @classmethod
    def inputs(cls) -> tuple[Port, ...]:
        """The item type of the `Window[...]`; none for a plain `Window`."""
        hint = get_type_hints(cls.inspect).get("window")
        return by_item(input_ports(cls.inspect)) if get_args(hint) else ()
