"""Plugins that their authors got wrong, each with the sentence that tells them.

`HEAD` stands before each source. A sentence is what `icestream plugin check` says, without the
name of the class.
"""

import importlib
import itertools
import sys
from pathlib import Path
from typing import Any

import pytest

from icestream.protocol import Protocol

HEAD = '''\
"""A plugin with a slip in it."""

import dataclasses
import typing
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, NamedTuple

import numpy as np

from icestream.model import Accepted, Alert, Ctf, Micrograph, Movie, Particles, Picks
from icestream.model import Rejected, Verdict
from icestream.protocol import *


class Item(ItemProtocol[Parameters]):
    """Has all that an item protocol needs."""

    name = "test.typo"
    title = "Typo"

    def process(self, micrograph: Micrograph) -> Ctf: ...


class Echo(ProgramProtocol[Parameters]):
    """Has all that a program protocol needs."""

    name = "test.typo"
    title = "Typo"
    program = Program("sh", probe=None)

    def command(self, movie: Movie, work: Work) -> Command: ...

    def collect(self, movie: Movie, work: Work) -> Micrograph: ...


class Source(SourceProtocol[Parameters]):
    """Has all that a source needs."""

    name = "test.typo"
    title = "Typo"
    item = Movie

    def discover(self, cursor: Cursor) -> Discovery: ...


class Judge(SelectionProtocol[Parameters]):
    """Has all that a selection needs."""

    name = "test.typo"
    title = "Typo"

    def judge(self, ctf: Ctf) -> Verdict: ...


class Agree(ConsensusProtocol[Parameters, Ctf]):
    """Has all that a consensus needs."""

    name = "test.typo"
    title = "Typo"

    def agree(self, candidates: Mapping[str, Ctf]) -> Ctf: ...


class Sums(BatchProtocol[Parameters, float]):
    """Has all that a batch protocol needs."""

    name = "test.typo"
    title = "Typo"

    def batch_size(self) -> int: ...

    def start(self, first: Batch[Ctf]) -> float: ...

    def update(self, state: float, new: Batch[Ctf]) -> float: ...

    def snapshot(self, state: float) -> Ctf: ...


class Gate(TriggerProtocol[Parameters]):
    """Has all that a trigger needs."""

    name = "test.typo"
    title = "Typo"
    item = Particles

    def ready(self, counts: Mapping[str, int]) -> bool: ...


class Few(SampleProtocol[Parameters]):
    """Has all that a sampler needs."""

    name = "test.typo"
    title = "Typo"
    item = Particles

    def draw(self, draw: Draw) -> bool | None: ...


class Look(Monitor[Parameters]):
    """Has all that a monitor needs."""

    name = "test.typo"
    title = "Typo"

    def inspect(self, window: Window[Ctf]) -> Iterator[Alert]: ...


'''


def typo(base: str, body: str, before: str = "") -> str:
    """A class `Typo` of a kind, with what its author wrote."""
    lines = "".join(f"    {line}\n" if line else "\n" for line in body.splitlines())
    head = f'class Typo({base}):\n    """Slip."""\n\n    name = "test.typo"\n    title = "Typo"\n'
    return f"{before}{head}{lines}"


_PROCESS = "an ItemProtocol needs `process(self, <item>: <Type>) -> <Type>`; "
_COMMAND = "a ProgramProtocol needs `command(self, <item>: <Type>, work: Work) -> Command`; "
_COLLECT = "a ProgramProtocol needs `collect(self, <item>: <Type>, work: Work) -> <Type>`; "
_DISCOVER = "a SourceProtocol needs `discover(self, cursor: Cursor) -> Discovery`; "
_JUDGE = "a SelectionProtocol needs `judge(self, <item>: <Type>) -> Verdict`; "
_AGREE = "a ConsensusProtocol needs `agree(self, candidates: Mapping[str, <Type>]) -> <Type>`; "
_READY = "a TriggerProtocol needs `ready(self, counts: Mapping[str, int]) -> bool`; "
_INSPECT = (
    "a Monitor needs `inspect(self, window: Window[<Type>]) -> Iterator[Alert | Figure | Sample]`; "
)
_SIZE = "a BatchProtocol needs `batch_size(self) -> int`; "
_START = "a BatchProtocol needs `start(self, first: Batch[<Type>]) -> <State>`; "
_UPDATE = "a BatchProtocol needs `update(self, state: <State>, new: Batch[<Type>]) -> <State>`; "
_SNAPSHOT = "a BatchProtocol needs `snapshot(self, state: <State>) -> <Type>`; "
_AN_ITEM = "not an item (a dataclass of icestream.model, or a frozen one of your own)"
_OUT = f"{_AN_ITEM} or a NamedTuple of items"
_NOTHING = "a protocol keeps nothing between items"
_RESULT = (
    f"{_NOTHING}: return what is found, or keep it in the state of a BatchProtocol; what is the "
    "same for all items, such as a model, may come from a function with functools.lru_cache"
)
_I, _G = "ItemProtocol[Parameters]", "Item"

SIGNATURES: dict[str, tuple[str, str]] = {
    "misspelt": (
        typo(_I, "def procces(self, micrograph: Micrograph) -> Ctf: ..."),
        _PROCESS + "`Typo` has `procces`",
    ),
    "in capitals": (
        typo(_I, "def Process(self, micrograph: Micrograph) -> Ctf: ..."),
        _PROCESS + "`Typo` has `Process`",
    ),
    "missing": (typo(_I, "pass"), _PROCESS + "`Typo` has no such method"),
    "no kind": (
        typo("Protocol[Parameters]", "def process(self, ctf: Ctf) -> Ctf: ..."),
        "is a Protocol of no kind; derive it from one of BatchProtocol, ConsensusProtocol, "
        "GroupProtocol, ItemProtocol, LastProtocol, Monitor, ProgramProtocol, SampleProtocol, "
        "SelectionProtocol, SourceProtocol, "
        "TriggerProtocol",
    ),
    "no self": (
        typo(_I, "def process(micrograph: Micrograph) -> Ctf: ..."),
        _PROCESS + "`Typo.process` does not take `self`",
    ),
    "static": (
        typo(_I, "@staticmethod\ndef process(micrograph: Micrograph) -> Ctf: ..."),
        _PROCESS + "`Typo.process` is a staticmethod",
    ),
    "of the class": (
        typo(_I, "@classmethod\ndef process(cls, micrograph: Micrograph) -> Ctf: ..."),
        _PROCESS + "`Typo.process` is a classmethod",
    ),
    "no method": (typo(_I, "process = 3"), _PROCESS + "`Typo.process` is an int, not a method"),
    "property": (
        typo(_I, "@property\ndef process(self) -> Ctf: ..."),
        _PROCESS + "`Typo.process` is a property, not a method",
    ),
    "async": (
        typo(_I, "async def process(self, micrograph: Micrograph) -> Ctf: ..."),
        _PROCESS + "`Typo.process` is async, and nothing awaits it",
    ),
    "generator": (
        typo(_I, "def process(self, micrograph: Micrograph) -> Ctf:\n    yield 1"),
        _PROCESS + "`Typo.process` yields; let it return",
    ),
    "any arguments": (
        typo(_I, "def process(self, *items: Micrograph) -> Ctf: ..."),
        _PROCESS + "`Typo.process` takes `*items`; name each parameter",
    ),
    "no item": (
        typo(_I, "def process(self) -> Ctf: ..."),
        _PROCESS + "`Typo.process` takes no item",
    ),
    "no annotation": (
        typo(_I, "def process(self, micrograph) -> Ctf: ..."),
        _PROCESS + "the parameter `micrograph` of `Typo.process` has no annotation",
    ),
    "no return annotation": (
        typo(_I, "def process(self, micrograph: Micrograph): ..."),
        _PROCESS + "`Typo.process` has no return annotation",
    ),
    "returns nothing": (
        typo(_I, "def process(self, micrograph: Micrograph) -> None: ..."),
        _PROCESS + f"`Typo.process` returns `None`, {_OUT}",
    ),
    "returns perhaps": (
        typo(_I, "def process(self, micrograph: Micrograph) -> Ctf | None: ..."),
        _PROCESS + f"`Typo.process` returns `Ctf | None`, {_OUT}",
    ),
    "returns an array": (
        typo(_I, "def process(self, micrograph: Micrograph) -> np.ndarray: ..."),
        _PROCESS + f"`Typo.process` returns `ndarray`, {_OUT}",
    ),
    "returns a tuple of no items": (
        typo(
            _I,
            "def process(self, micrograph: Micrograph) -> Two: ...",
            "class Two(NamedTuple):\n    ctf: Ctf\n    score: float\n\n\n",
        ),
        _PROCESS + f"`Typo.process` returns `Two`, {_OUT}",
    ),
    "takes a list": (
        typo(_I, "def process(self, micrographs: list[Micrograph]) -> Ctf: ..."),
        _PROCESS
        + f"the parameter `micrographs` of `Typo.process` is `list[Micrograph]`, {_AN_ITEM}",
    ),
    "takes an array": (
        typo(_I, "def process(self, image: np.ndarray) -> Ctf: ..."),
        _PROCESS + f"the parameter `image` of `Typo.process` is `ndarray`, {_AN_ITEM}",
    ),
    "unknown annotation": (
        typo(_I, "def process(self, micrograph: 'Micrographs') -> Ctf: ..."),
        _PROCESS
        + "`Typo.process` is annotated with `Micrographs`, which its module does not know; "
        "import it",
    ),
    "program: no collect": (
        typo(
            "ProgramProtocol[Parameters]",
            "program = Program('sh')\n"
            "def command(self, movie: Movie, work: Work) -> Command: ...\n"
            "def colect(self, movie: Movie, work: Work) -> Micrograph: ...",
        ),
        _COLLECT + "`Typo` has `colect`",
    ),
    "program: no work": (
        typo("Echo", "def command(self, movie: Movie) -> Command: ..."),
        _COMMAND + "`Typo.command` does not take it: the `work: Work` comes by this name",
    ),
    "program: work by another name": (
        typo("Echo", "def collect(self, movie: Movie, scratch: Work) -> Micrograph: ..."),
        _COLLECT + "`Typo.collect` calls it `scratch`: the `work: Work` comes by this name",
    ),
    "program: returns words": (
        typo("Echo", "def command(self, movie: Movie, work: Work) -> list[str]: ..."),
        _COMMAND + "`Typo.command` returns `list[str]`, not a `Command`",
    ),
    "source: misspelt": (
        typo(
            "SourceProtocol[Parameters]",
            "item = Movie\ndef discovr(self, cursor: Cursor) -> Discovery: ...",
        ),
        _DISCOVER + "`Typo` has `discovr`",
    ),
    "source: no cursor": (
        typo("Source", "def discover(self) -> Discovery: ..."),
        _DISCOVER + "`Typo.discover` takes nothing",
    ),
    "source: wrong cursor": (
        typo("Source", "def discover(self, cursor: dict[str, Any]) -> Discovery: ..."),
        _DISCOVER + "the parameter `cursor` of `Typo.discover` is `dict[str, Any]`, not a `Cursor`",
    ),
    "source: returns a list": (
        typo("Source", "def discover(self, cursor: Cursor) -> list[Movie]: ..."),
        _DISCOVER + "`Typo.discover` returns `list[Movie]`, not a `Discovery`",
    ),
    "selection: returns yes or no": (
        typo("Judge", "def judge(self, ctf: Ctf) -> bool: ..."),
        _JUDGE
        + "`Typo.judge` returns `bool`, not a `Verdict`: `Accepted()` or `Rejected(reasons)`",
    ),
    "selection: wants to write": (
        typo("Judge", "def judge(self, ctf: Ctf, work: Work) -> Verdict: ..."),
        _JUDGE + "`Typo.judge` asks for the `work: Work`, which it does not get",
    ),
    "consensus: takes a list": (
        typo("Agree", "def agree(self, candidates: list[Ctf]) -> Ctf: ..."),
        _AGREE + "the parameter `candidates` of `Typo.agree` is `list[Ctf]`, "
        "not a `Mapping[str, <Type>]` of items",
    ),
    "consensus: takes two": (
        typo("Agree", "def agree(self, one: Ctf, other: Ctf) -> Ctf: ..."),
        _AGREE + "`Typo.agree` takes `one`, `other`",
    ),
    "batch: takes an item": (
        typo("Sums", "def start(self, first: Ctf) -> float: ..."),
        _START + "the parameter `first` of `Typo.start` is `Ctf`, not a `Batch[<Type>]` of items",
    ),
    "batch: of what": (
        typo("Sums", "def start(self, first: Batch) -> float: ..."),
        _START + "the parameter `first` of `Typo.start` is `Batch`, not a `Batch[<Type>]` of items",
    ),
    "batch: no state": (
        typo("Sums", "def update(self, new: Batch[Ctf]) -> float: ..."),
        _UPDATE + "`Typo.update` takes `new`",
    ),
    "batch: changes in place": (
        typo("Sums", "def update(self, state: float, new: Batch[Ctf]) -> None: ..."),
        _UPDATE + "`Typo.update` returns `None`, not a state",
    ),
    "batch: no snapshot": (
        typo(
            "BatchProtocol[Parameters, float]",
            "def batch_size(self) -> int: ...\n"
            "def start(self, first: Batch[Ctf]) -> float: ...\n"
            "def update(self, state: float, new: Batch[Ctf]) -> float: ...\n"
            "def snap_shot(self, state: float) -> Ctf: ...",
        ),
        _SNAPSHOT + "`Typo` has `snap_shot`",
    ),
    "batch: size in words": (
        typo("Sums", "def batch_size(self) -> str: ..."),
        _SIZE + "`Typo.batch_size` returns `str`, not an `int`",
    ),
    "trigger: misspelt": (
        typo(
            "TriggerProtocol[Parameters]",
            "item = Movie\ndef reddy(self, counts: Mapping[str, int]) -> bool: ...",
        ),
        _READY + "`Typo` has `reddy`",
    ),
    "trigger: wrong counts": (
        typo("Gate", "def ready(self, counts: int) -> bool: ..."),
        _READY + "the parameter `counts` of `Typo.ready` is `int`, not a `Mapping[str, int]`",
    ),
    "sampler: returns a number": (
        typo("Few", "def draw(self, draw: Draw) -> float: ..."),
        "a SampleProtocol needs `draw(self, draw: Draw) -> bool | None`; "
        "`Typo.draw` returns `float`, not a `bool | None`",
    ),
    "monitor: another name": (
        typo("Look", "def inspect(self, ctfs: Window[Ctf]) -> Iterator[Alert]: ..."),
        _INSPECT + "`Typo.inspect` calls it `ctfs`",
    ),
    "monitor: returns one": (
        typo("Look", "def inspect(self, window: Window[Ctf]) -> Alert: ..."),
        _INSPECT
        + "`Typo.inspect` returns `Alert`, not an iterator of `Alert`, `Figure` and `Sample`",
    ),
    "monitor: takes items": (
        typo("Look", "def inspect(self, window: Sequence[Ctf]) -> Iterator[Alert]: ..."),
        _INSPECT + "the parameter `window` of `Typo.inspect` is `Sequence[Ctf]`, "
        "not a `Window[<Type>]` of items, or a `Window`",
    ),
}
"""Signatures that keep a protocol from being called: it is broken, and never begins."""

UNREAD: dict[str, tuple[str, str]] = {
    "trigger: no return annotation": (
        typo("Gate", "def ready(self, counts: Mapping[str, int]): ..."),
        _READY + "`Typo.ready` has no return annotation",
    ),
    "trigger: no annotation": (
        typo("Gate", "def ready(self, counts) -> bool: ..."),
        _READY + "the parameter `counts` of `Typo.ready` has no annotation",
    ),
    "batch: state without annotation": (
        typo("Sums", "def update(self, state, new: Batch[Ctf]) -> float: ..."),
        _UPDATE + "the parameter `state` of `Typo.update` has no annotation",
    ),
    "source: no return annotation": (
        typo("Source", "def discover(self, cursor: Cursor): ..."),
        _DISCOVER + "`Typo.discover` has no return annotation",
    ),
}
"""Annotations that are missing and that only people read: it works, and is no good plugin."""

ATTRIBUTES: dict[str, tuple[str, str]] = {
    "misspelt title": (
        'class Typo(ItemProtocol[Parameters]):\n    """Slip."""\n    name = "test.typo"\n'
        '    tittle = "Typo"\n    def process(self, ctf: Ctf) -> Ctf: ...\n',
        "has no title (it has tittle); say in a few words what people will read: "
        "title = 'CTF estimation'",
    ),
    "no name": (
        'class Typo(ItemProtocol[Parameters]):\n    """Slip."""\n    title = "Typo"\n'
        "    def process(self, ctf: Ctf) -> Ctf: ...\n",
        "has no name; write name = '<what>.<how>'",
    ),
    "title is no text": (
        typo(_G, "title = 3"),
        "title is 3 (int); say in a few words what people will read: title = 'CTF estimation'",
    ),
    "version in words": (typo(_G, "version = '2'"), "version is '2' (str); use 1, 2, 3 ..."),
    "version yes": (typo(_G, "version = True"), "version is True (bool); use 1, 2, 3 ..."),
    "cites text": (
        typo(_G, "cites = 'doi:10.1/x'"),
        "cites is 'doi:10.1/x' (str); write a tuple: cites = ('doi:10.1/x',)",
    ),
    "resources as a mapping": (
        typo(_G, "resources = {'cores': 2}"),
        "resources is {'cores': 2} (dict); write resources = Resources(cores=1, memory=2 * 2**30)",
    ),
    "resources as the class": (
        typo(_G, "resources = Resources"),
        "resources is the class Resources; write resources = Resources(cores=1, memory=2 * 2**30)",
    ),
    "no core": (
        typo(_G, "resources = Resources(cores=0)"),
        "needs 0 (int) as cores; write a whole number, at least 1",
    ),
    "half a gigabyte": (
        typo(_G, "resources = Resources(memory=0.5e9)"),
        "needs 500000000.0 (float) as memory; write a whole number, at least 0",
    ),
    "tokens as text": (
        typo(_G, "resources = Resources(tokens='relion')"),
        "needs 'relion' (str) as tokens; write a tuple: tokens=('relion',)",
    ),
    "source: no item": (
        typo(
            "SourceProtocol[Parameters]",
            "items = Movie\ndef discover(self, cursor: Cursor) -> Discovery: ...",
        ),
        "has no item (it has items); name the type of the items that it brings: item = Movie",
    ),
    "source: item in words": (
        typo("Source", "item = 'Movie'"),
        "item is 'Movie' (str); name the type of the items that it brings: item = Movie",
    ),
    "trigger: item is no item": (
        typo("Gate", "item = dict"),
        "item is the class dict; name the type of the items that it holds: item = Movie",
    ),
    "program in words": (
        typo("Echo", "program = 'relion_refine'"),
        "program is 'relion_refine' (str); write program = Program('relion_refine', "
        "package='where to get it')",
    ),
    "no program": (
        typo(
            "ProgramProtocol[Parameters]",
            "def command(self, movie: Movie, work: Work) -> Command: ...\n"
            "def collect(self, movie: Movie, work: Work) -> Micrograph: ...",
        ),
        "has no program; write program = Program('MotionCor3', package='where to get it')",
    ),
    "probe is no expression": (
        typo("Echo", "program = Program('sh', probe=Probe(pattern='('))"),
        "the probe of its program has '(', which is no regular expression: missing ), unterminated "
        "subpattern at position 0; fix it",
    ),
    "failure is no expression": (
        typo("Echo", "failures = (Failure(code='x', when='*', advice='y'),)"),
        "failure 'x' has '*', which is no regular expression: nothing to repeat at position 0; "
        "fix it",
    ),
    "one failure": (
        typo("Echo", "failures = Failure(code='x', when='y', advice='z')"),
        "failures is Failure(code='x', when='y', advice='z', retry=False) (Failure); write a "
        "tuple: failures = (Failure(code=..., when=..., advice=...),)",
    ),
    "interval in words": (
        typo("Source", "every = 'often'"),
        "every is 'often' (str); write seconds: every = 10.0",
    ),
    "no last": (
        typo("Look", "last = 0"),
        "last is 0 (int); write how many results to look at: last = 50",
    ),
    "minimum in words": (
        typo("Agree", "minimum = 'two'"),
        "minimum is 'two' (str); write how many must be there: minimum = 2",
    ),
    "parameters of another kind": (
        typo(
            "ItemProtocol[Limits]",
            "def process(self, ctf: Ctf) -> Ctf: ...",
            "@dataclass(frozen=True)\nclass Limits:\n    most: int = 3\n\n\n",
        ),
        "its parameters Limits are no Parameters; write class Limits(Parameters)",
    ),
}
"""Class attributes that cannot be read: it is broken, and never begins."""


def _attribute(
    name: str, what: str, advice: str = "make it a constant, or a local variable"
) -> str:
    return f"the class attribute {name} is {what}; {_NOTHING}: {advice}"


CONSTANTS: dict[str, tuple[str, str]] = {
    "a list": (typo(_G, "seen = []"), _attribute("seen", "a list", "write a tuple")),
    "a mapping": (
        typo(_G, "cache: ClassVar[dict[str, int]] = {}"),
        _attribute("cache", "a dict", "write types.MappingProxyType({...})"),
    ),
    "a set": (typo(_G, "seen = set()"), _attribute("seen", "a set", "write a frozenset")),
    "bytes": (
        typo(_G, "buffer = bytearray(8)"),
        _attribute("buffer", "a bytearray", "write bytes"),
    ),
    "an array": (typo(_G, "total = np.zeros(3)"), _attribute("total", "a ndarray")),
    "a file": (typo(_G, "log = open('/dev/null', 'w')"), _attribute("log", "an open file")),
    "a list in a tuple": (
        typo(_G, "seen = (1, [2])"),
        _attribute("seen", "a tuple that holds a list"),
    ),
    "a counter": (
        typo(_G, "count = itertools.count()", "import itertools\n\n\n"),
        _attribute("count", "a count"),
    ),
    "random numbers": (
        typo(_G, "draw = np.random.default_rng(1)"),
        _attribute("draw", "a Generator"),
    ),
    "an object": (
        typo(_G, "memory = Memory()", "class Memory:\n    last = 0\n\n\n"),
        _attribute("memory", "a Memory"),
    ),
    "a dataclass": (
        typo(_G, "memory = Memory()", "@dataclass\nclass Memory:\n    last: int = 0\n\n\n"),
        _attribute("memory", "a Memory (a dataclass that is not frozen)"),
    ),
    "a list in a frozen dataclass": (
        typo(
            _G,
            "memory = Memory()",
            "@dataclass(frozen=True)\nclass Memory:\n"
            "    last: list = dataclasses.field(default_factory=list)\n\n\n",
        ),
        _attribute("memory", "a Memory whose last is a list"),
    ),
    "inherited": (
        typo("Base", "pass", "class Base(Item):\n    seen = []\n\n\n"),
        f"the class attribute seen of its base class Base is a list; {_NOTHING}: write a tuple",
    ),
    "mixed in": (
        typo("Mixin, Item", "pass", "class Mixin:\n    seen = {}\n\n\n"),
        f"the class attribute seen of its base class Mixin is a dict; {_NOTHING}: write "
        "types.MappingProxyType({...})",
    ),
}
"""Class attributes that may change from item to item."""

WRITES: dict[str, tuple[str, str]] = {
    "a global": (
        typo(
            _G,
            "def process(self, micrograph: Micrograph) -> Ctf:\n    global count\n    count += 1",
            "count = 0\n\n\n",
        ),
        f"`process` sets the global `count`; {_RESULT}",
    ),
    "a mapping of the module": (
        typo(
            _G,
            "def process(self, micrograph: Micrograph) -> Ctf:\n    CACHE[micrograph.exposure] = 1",
            "CACHE = {}\n\n\n",
        ),
        f"`process` changes `CACHE`, which outlives the item; {_RESULT}",
    ),
    "a list of the module": (
        typo(
            _G,
            "def process(self, micrograph: Micrograph) -> Ctf:\n    SEEN.append(micrograph)",
            "SEEN: list[Micrograph] = []\n\n\n",
        ),
        f"`process` changes `SEEN`, which outlives the item; {_RESULT}",
    ),
    "through a function": (
        typo(
            _G,
            "def process(self, micrograph: Micrograph) -> Ctf:\n    remember(micrograph)",
            "SEEN = set()\n\n\ndef remember(one):\n    SEEN.add(one)\n\n\n",
        ),
        f"`remember` changes `SEEN`, which outlives the item; {_RESULT}",
    ),
    "a part of an object": (
        typo(
            _G,
            "def process(self, micrograph: Micrograph) -> Ctf:\n    del STATE.last[0]",
            "class State:\n    last = [0]\n\n\nSTATE = State()\n\n\n",
        ),
        f"`process` changes `STATE`, which outlives the item; {_RESULT}",
    ),
    "its class": (
        typo(
            _G,
            "asked = 0\ndef process(self, micrograph: Micrograph) -> Ctf:\n"
            "    type(self).asked += 1",
        ),
        f"`process` changes `type(self).asked` of its class; {_RESULT}",
    ),
    "its class by name": (
        typo(_G, "def process(self, micrograph: Micrograph) -> Ctf:\n    Typo.asked = 1"),
        f"`process` changes `Typo`, which outlives the item; {_RESULT}",
    ),
    "its class in a class method": (
        typo(_G, "@classmethod\ndef warm(cls) -> None:\n    cls.model = 1"),
        f"`warm` changes `cls.model` of its class; {_RESULT}",
    ),
    "itself": (
        typo(_G, "def process(self, micrograph: Micrograph) -> Ctf:\n    self.last = micrograph"),
        f"`process` changes `self.last`; {_RESULT}",
    ),
    "itself, item by item": (
        typo(
            _G,
            "def process(self, micrograph: Micrograph) -> Ctf:\n"
            "    self.seen.setdefault(micrograph.exposure, 0)",
        ),
        f"`process` changes `self.seen`; {_RESULT}",
    ),
    "in a base class": (
        typo(
            "Base",
            "pass",
            "class Base(Item):\n    def process(self, micrograph: Micrograph) -> Ctf:\n"
            "        self.last = micrograph\n\n\n",
        ),
        f"`process` changes `self.last`; {_RESULT}",
    ),
}
"""Methods that change what outlives the item."""

OTHERS: dict[str, tuple[str, str]] = {
    "misspelt hook": (
        typo(_G, "def summarise(self, items: Sequence[Ctf]) -> str: ..."),
        "`summarise` is never called; did you mean `summarize`?",
    ),
    "its own abstract method": (
        typo(
            "Base",
            "pass",
            "import abc\n\n\nclass Base(Item):\n    @abc.abstractmethod\n"
            "    def half(self) -> int: ...\n\n\n",
        ),
        "does not define half",
    ),
    "an item that is not frozen": (
        typo(
            _I,
            "def process(self, ctf: Ctf) -> Loose: ...",
            "@dataclass\nclass Loose:\n    exposure: str\n\n\n",
        ),
        "port 'loose': Loose is not frozen; write @dataclass(frozen=True)",
    ),
    "a need that is none": (
        typo(_G, "def need(self) -> Resources:\n    return 3"),
        "need() returns int; return Resources(...)",
    ),
    "one program": (
        typo(_G, "def programs(self) -> Program:\n    return Program('sh')"),
        "programs() returns Program; return a tuple of Program",
    ),
    "one sentence": (
        typo(_G, "def lacking(self) -> str:\n    return 'a model'"),
        "lacking() returns str; return a tuple of str",
    ),
    "parameters that can be changed": (
        typo(
            "ItemProtocol[Loose]",
            "def process(self, ctf: Ctf) -> Ctf: ...",
            'class Loose(Parameters, frozen=False):\n    """Loose."""\n\n\n',
        ),
        "its parameters Loose can be changed; leave them frozen",
    ),
    "a parameter without a default": (
        typo(
            "ItemProtocol[Limits]",
            "def process(self, ctf: Ctf) -> Ctf: ...",
            'class Limits(Parameters):\n    """Limits."""\n\n    most: int\n    """Most."""\n\n\n',
        ),
        "its parameters' defaults are not valid: most: Field required; give each a default that "
        "works",
    ),
}
"""What can be called, and is no good plugin for another reason."""

RAISING: dict[str, tuple[str, str]] = {
    "a sentence that fails": (
        typo(_G, "def summarize(self, items: Sequence[Ctf]) -> str:\n    return items[0]"),
        r"summarize\(\[\]\) raises typo_\w+\.py:\d+: IndexError: list index out of range; "
        "before there is a result, say nothing",
    ),
    "a plot that fails": (
        typo(
            _G,
            "def plot(self, items: Sequence[Ctf]) -> Iterator[Figure]:\n    yield 1 / len(items)",
        ),
        r"plot\(\[\]\) raises typo_\w+\.py:\d+: ZeroDivisionError: division by zero; "
        "before there is a result, say nothing",
    ),
    "a need that fails": (
        typo(_G, "def need(self) -> Resources:\n    raise KeyError('gpus')"),
        r"cannot be made with its default parameters: typo_\w+\.py:\d+: KeyError: 'gpus'",
    ),
    "a program that cannot be named": (
        typo(_G, "def programs(self) -> tuple[Program, ...]:\n    return (Program(self.nothing),)"),
        r"raises while it is checked: typo_\w+\.py:\d+: AttributeError: 'Typo' object has no "
        "attribute 'nothing'",
    ),
    "ends the program": (
        typo(_G, "def need(self) -> Resources:\n    raise SystemExit(3)"),
        r"cannot be made with its default parameters: typo_\w+\.py:\d+: calls sys.exit\(\)",
    ),
}
"""The same, with a place: regular expressions."""

FINE: dict[str, str] = {
    "constants": typo(
        _G,
        "one: ClassVar[int] = 1\nfew = (1, 2.5, 'a', None, frozenset({1}))\n"
        "kind_of = np.float32(1)\n"
        "where = Path('a')\nwhen = datetime.date(2026, 1, 1)\nnumber = re.compile('a')\n"
        "table = types.MappingProxyType({'a': (1, 2)})\nuse = Ctf\nhalve = staticmethod(len)\n"
        "locked = LOCKED\nlisted = tuple[int, ...]\npart = functools.partial(len, (1, 2))\n"
        "exact = decimal.Decimal('1.5')\ndtype = np.dtype('f4')\nlog = logging.getLogger('a')",
        "import datetime, decimal, functools, logging, re, types\n\nLOCKED = np.arange(3)\n"
        "LOCKED.setflags(write=False)\n\n\n",
    ),
    "reads a constant": typo(
        _G,
        "def process(self, micrograph: Micrograph) -> Ctf:\n"
        "    return TABLE['a'] + TABLE.get('b', 0)",
        "TABLE = {'a': 1}\n\n\n",
    ),
    "writes what is its own": typo(
        _G,
        "def process(self, micrograph: Micrograph) -> Ctf:\n"
        "    CACHE = {}\n    CACHE['a'] = 1\n    seen = []\n    seen.append(1)\n"
        "    with open('a', 'w') as file:\n        file.write('b')\n    np.add(1, 2)\n"
        "    for CACHE['b'] in range(3): pass\n    return self.update(seen)\n"
        "def update(self, seen): ...",
        "CACHE = {}\n\n\n",
    ),
    "asks for a model that is loaded once": typo(
        _G,
        "def process(self, micrograph: Micrograph) -> Ctf:\n    return model('a')",
        "import functools\n\n\n@functools.lru_cache\ndef model(name):\n    return object()\n\n\n",
    ),
    "a source that remembers": typo(
        "Source",
        "def discover(self, cursor: Cursor) -> Discovery:\n    self.seen = 1\n"
        "    return Discovery()",
    ),
    "a monitor that remembers": typo(
        "Look",
        "def inspect(self, window: Window) -> Iterator[Alert | Figure | Sample]:\n"
        "    self.before = window\n    yield from ()",
    ),
    "makes two items": typo(
        _I,
        "def process(self, movie: Movie, ctf: Ctf | None, work: Work) -> Two: ...",
        "class Two(NamedTuple):\n    ctf: Ctf\n    picks: Picks\n\n\n",
    ),
    "annotated in text": typo(
        _I, "def process(self, movie: 'Movie', ctf: 'typing.Optional[Ctf]') -> 'Micrograph': ..."
    ),
    **{
        kind: typo(kind, "pass")
        for kind in ("Item", "Echo", "Source", "Judge", "Agree", "Sums", "Gate", "Look")
    },
}
"""What is not wrong, though it looks like what is."""

_numbers = itertools.count()


def load_typo(source: str, folder: Path, patch: pytest.MonkeyPatch) -> type[Protocol[Any]]:
    """The class `Typo` of a source, imported from a module of its own in `folder`."""
    name = f"typo_{next(_numbers)}"
    (folder / f"{name}.py").write_text(HEAD + source)
    patch.syspath_prepend(folder)
    importlib.invalidate_caches()
    module = importlib.import_module(name)
    patch.setitem(sys.modules, name, module)
    found: type[Protocol[Any]] = module.Typo
    return found
