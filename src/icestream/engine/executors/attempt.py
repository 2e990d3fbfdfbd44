"""Running one attempt of a task, in a worker process."""

import contextlib
import fcntl
import functools
import importlib
import json
import math
import os
import socket
import sys
import time
import traceback
from collections import OrderedDict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

from icestream.engine.executors.contract import Call, Ending, Lease
from icestream.engine.executors.seen import wait_until_seen
from icestream.engine.executors.spending import Spending
from icestream.engine.machine.home import make_below
from icestream.engine.machine.storage import is_full, unread, what_is_away
from icestream.formats.within import OutsideError, inside, read_within
from icestream.model import (
    Accepted,
    Particles,
    Rejected,
    from_document,
    map_paths,
    pictures_of,
    qualities_of,
    to_document,
    type_name,
)
from icestream.protocol import (
    Batch,
    BatchProtocol,
    Group,
    GroupProtocol,
    ItemFailed,
    ProgramProtocol,
    Protocol,
    ProtocolError,
    TryAgain,
    Work,
    named_files,
)
from icestream.store.content import content_hash
from icestream.store.places import state_folder

__all__ = ["run_call", "run_lease", "warm"]

_HOST = socket.gethostname()
_MOST_REASON = 2_000
"""Letters of a reason: it stands in tables, alerts and events."""
_MOST_DETAILS = 20_000

_protocols: dict[tuple[str, str], Protocol[Any]] = {}
_states: OrderedDict[str, Any] = OrderedDict()
"""The state of the last batch that this worker made, by its checkpoint: saves reading it."""


class KeptFile(NamedTuple):
    """A file of a result."""

    final: str
    """Name relative to the session."""
    size: int
    hash: str = ""


def run_lease(lease: Lease, gpus: tuple[int, ...] = ()) -> tuple[Ending, ...]:
    """Run the calls of a lease one after another, in a process that is bound to these GPUs."""
    return tuple(run_call(call, gpus) for call in lease.calls)


def warm(targets: tuple[str, ...]) -> None:
    """Import protocols and let them warm up, so that the first task of each is quick."""
    with _one_first(state_folder() / "warm.lock"):
        for target in targets:
            # What is wrong with it is said, with its traceback, by the first task that needs it.
            with contextlib.suppress(Exception):
                _class(target).warm()


@contextlib.contextmanager
def _one_first(lock: Path) -> Iterator[None]:
    """Let the first of many processes go alone, and the others, when it is done, together.

    The first compiles the kernels of a fresh installation and keeps them for the others, which
    would else all compile the same.
    """
    try:
        lock.parent.mkdir(parents=True, exist_ok=True)
        file = lock.open("a")
    except OSError:  # a state folder that cannot be written only costs time
        yield
        return
    with file:
        with contextlib.suppress(OSError):
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                fcntl.flock(file, fcntl.LOCK_SH)
        yield


def run_call(call: Call, gpus: tuple[int, ...] = ()) -> Ending:
    """Run one attempt; whatever happens in it is in the ending."""
    started, clock, spending = time.time(), time.perf_counter(), Spending()
    try:
        with _left_as_it_was(), read_within(_within(call)):
            _limit(call)
            ending = _perform(call, gpus)
    except BaseException as error:  # an author's sys.exit() is the end of a task, not of a worker
        ending = _failure(call, error)
    seconds, spent = time.perf_counter() - clock, spending.so_far()
    return replace(
        ending, started=started, seconds=seconds, cpu=spent.cpu, memory=spent.memory, host=_HOST
    )


@contextlib.contextmanager
def _left_as_it_was() -> Iterator[None]:
    """Undo what an author's code does to the process, and would be done to all that come after."""
    process, mask, folder = os.getpid(), _mask(), None
    with contextlib.suppress(OSError):  # somebody has deleted it
        folder = Path.cwd()
    try:
        yield
    finally:
        if os.getpid() != process:
            os._exit(1)  # a copy of this process, which nobody waits for
        os.umask(mask)
        if folder is not None:
            with contextlib.suppress(OSError):
                os.chdir(folder)


@functools.cache
def _mask() -> int:
    """Which rights new files are not given; asking for it sets it, so it is asked for once."""
    mask = os.umask(0o077)
    os.umask(mask)
    return mask


def _within(call: Call) -> Sequence[str] | None:
    """Folders below which a call reads, with those in which its session keeps and makes files."""
    return None if call.within is None else (*call.within, call.session, call.scratch)


def _refuse_outside(call: Call, protocol: Protocol[Any]) -> None:
    """Refuse files outside that parameters name; what tables name, their readers refuse."""
    if call.within is None:
        return
    for name, path in named_files(protocol.parameters_type(), call.parameters):
        try:
            inside(Path(call.session) / path)
        except OutsideError as error:
            raise ItemFailed(f"{name}: {error}", code="outside") from None


def _limit(call: Call) -> None:
    """Give the call its cores, and no more."""
    numba = sys.modules.get("numba")
    if numba is not None:
        numba.set_num_threads(min(call.cores, numba.config.NUMBA_NUM_THREADS))


def _failure(call: Call, error: BaseException) -> Ending:
    reason = _said(error)
    if not isinstance(error, ProtocolError | OutsideError):
        reason = f"{type(error).__name__}: {reason}"
    away = file = None
    if isinstance(error, OSError) and not isinstance(error, ItemFailed):
        outside = _outside(call)
        away = what_is_away(Path(call.session), outside, error)
        file = unread(outside, error)
    if isinstance(error, ItemFailed | OutsideError):
        outcome = "item"
    elif away is not None or is_full(error):
        outcome = "storage"
    elif file is not None:
        outcome = "unread"
        reason = f"{file} cannot be read: {getattr(error, 'strerror', None) or error}"
    elif isinstance(error, TryAgain | OSError | MemoryError):
        outcome = "again"
    else:
        outcome = "defect"
    if away is not None:
        reason = f"{away.folder} {away.reason}"
    details = "" if outcome == "item" else "".join(traceback.format_exception(error)[-12:])
    if len(details) > _MOST_DETAILS:
        details = f"...{details[-_MOST_DETAILS:]}"
    logs = ((name, *_keep_log(call, name)) for name in _logs(call))
    return Ending(
        task=call.task,
        outcome=outcome,
        reason=reason,
        details=details,
        files=tuple(logs) if away is None else (),
        away=str(away.folder) if away is not None else str(file) if outcome == "unread" else "",
    )


def _said(error: BaseException) -> str:
    """What an error says of itself, as long as people read; a program's whole output is a log's."""
    try:
        said = str(error) or type(error).__name__
    except Exception:  # an author's own error
        said = "an error that cannot say what it is"
    return said if len(said) <= _MOST_REASON else f"{said[:_MOST_REASON]}..."


def _outside(call: Call) -> list[Path]:
    """Files outside of the session that a call reads, as its inputs name them."""
    inside = Path(call.session)
    words = _words([json.loads(text) for text in call.documents.values()])
    named = (Path(word) for word in words if word.startswith("/") and "\0" not in word)
    return [path for path in named if not path.is_relative_to(inside)]


def _words(value: Any) -> Iterator[str]:
    """All text in a JSON-ready value."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for inner in value.values():
            yield from _words(inner)
    elif isinstance(value, Sequence):
        for inner in value:
            yield from _words(inner)


def _perform(call: Call, gpus: tuple[int, ...]) -> Ending:
    protocol = _protocol(call)
    _refuse_outside(call, protocol)
    scratch = Path(call.scratch)
    seed = int(call.key[:8] or "0", 16)
    work = Work(
        folder=scratch,
        cores=call.cores,
        gpus=gpus,
        exposure=call.exposure,
        seed=seed,
        kept=Path(call.kept) if call.kept else None,
        programs=call.programs,
        session=Path(call.session),
    )
    if isinstance(protocol, BatchProtocol):
        return _batch(call, protocol, work)
    if isinstance(protocol, GroupProtocol):
        return _group(call, protocol, work)
    inputs = json.loads(call.inputs)
    ports = {port.name: port for port in type(protocol).inputs()}
    items: dict[str, Any] = {name: None for name, port in ports.items() if port.optional}
    candidates: dict[str, Any] = {}
    for port, label, result, source_port in inputs:
        if ports[port].many:
            source = f"{label}.{source_port}"
            linked = _item(call, _class(call.kinds[source]), result, source_port)
            items[port] = {**(items[port] or {}), source: linked}
            continue
        item = _item(call, ports[port].item, result, source_port)
        items[port] = item
        candidates[label] = item
    if protocol.passes:
        return _verdict(call, protocol.judge(**items))  # type: ignore[attr-defined]
    if protocol.agrees:
        made = _call(call, protocol.agree, (candidates,), {}, work)  # type: ignore[attr-defined]
    else:
        made = _process(call, protocol, items, work)
    return _ending(call, protocol, made)


def _group(call: Call, protocol: Any, work: Work) -> Ending:
    content = json.loads(call.inputs)
    kind = type(protocol).inputs()[0].item
    items = tuple(_item(call, kind, result, port) for result, port in content["items"])
    group: Group[Any] = Group(content["group"], items)
    return _ending(call, protocol, _call(call, protocol.process, (group,), {}, work))


def _verdict(call: Call, verdict: Any) -> Ending:
    kind = Rejected if isinstance(verdict, Rejected) else Accepted
    reasons = list(verdict.reasons) if isinstance(verdict, Rejected) else []
    said = {"accepted": kind is Accepted, "reasons": reasons}
    return Ending(
        task=call.task,
        outcome="done",
        document=json.dumps({"verdict": said}),
        types=json.dumps({"verdict": type_name(kind)}),
    )


def _process(call: Call, protocol: Any, items: dict[str, Any], work: Work) -> Any:
    """A program takes its items in order; any other protocol by name."""
    if isinstance(protocol, ProgramProtocol):
        make_below(Path(call.session), work.folder)
        given = [items[port.name] for port in type(protocol).inputs() if port.name in items]
        return protocol.process(*given, work=work)
    return _call(call, protocol.process, (), items, work)


def _call(
    call: Call, method: Any, positional: tuple[Any, ...], named: dict[str, Any], work: Work
) -> Any:
    """Call an author's method, with the `Work` when its signature wants it."""
    wanted = _work_name(method)
    if wanted:
        make_below(Path(call.session), work.folder)
        named = {**named, wanted: work}
    return method(*positional, **named)


def _work_name(method: Any) -> str:
    """Name of the parameter that takes the `Work`; empty when there is none."""
    function = getattr(method, "__func__", method)
    if function not in _wants:
        import typing

        hints = typing.get_type_hints(function)
        _wants[function] = next((name for name, hint in hints.items() if hint is Work), "")
    return _wants[function]


_wants: dict[Any, str] = {}


def _batch(call: Call, protocol: Any, work: Work) -> Ending:
    content = json.loads(call.inputs)
    kind = type(protocol).inputs()[0].item
    items = tuple(_item(call, kind, result, port) for result, port in content["items"])
    batch: Batch[Any] = Batch(items, final=content["final"])
    make_below(Path(call.session), work.folder)
    if call.checkpoint:
        # Taken out of memory: an update may change it in place and then fail.
        state = _states.pop(call.checkpoint, None)
        if state is None:
            state = protocol.load(_there(call, Path(call.checkpoint)))
        state = _call(call, protocol.update, (state, batch), {}, work)
    else:
        state = _call(call, protocol.start, (batch,), {}, work)
    protocol.save(state, work.path("state"))
    made = _call(call, protocol.snapshot, (state,), {}, work)
    ending = _ending(call, protocol, made, also=("state",))
    checkpoint = next(final for name, final, _ in ending.files if name == "state")
    _states.clear()
    _states[checkpoint] = state
    return replace(ending, checkpoint=checkpoint)


def _ending(call: Call, protocol: Any, made: Any, also: tuple[str, ...] = ()) -> Ending:
    ports = type(protocol).outputs()
    parts = tuple(made) if isinstance(made, tuple) and hasattr(made, "_fields") else (made,)
    files: dict[str, KeptFile] = {}
    for name in also:
        files[name] = _keep(call, name)
    for name in _logs(call):
        files[name] = KeptFile(*_keep_log(call, name))
    documents, types, qualities = {}, {}, {}
    pictures: list[tuple[str, str, str, str]] = []
    stack, particles = "", -1
    for port, item in zip(ports, parts, strict=True):
        if not isinstance(item, port.item):
            raise TypeError(
                f"{protocol.name}: output {port.name!r} must be {port.item.__name__}, "
                f"it returned {type(item).__name__}"
            )
        final = map_paths(item, lambda path: _final(call, path, files))
        documents[port.name] = to_document(final)
        types[port.name] = type_name(type(item))
        for path, mark in pictures_of(final):
            pictures.append((port.name, str(path), mark.title, mark.description))
        measured = qualities_of(item).items()
        qualities.update({n: float(v) for n, v in measured if math.isfinite(v)})
        if isinstance(item, Particles) and not stack:
            stack, particles = port.name, len(item)
    return Ending(
        task=call.task,
        outcome="done",
        document=json.dumps(documents, separators=(",", ":")),
        types=json.dumps(types),
        pictures=json.dumps(pictures) if pictures else "[]",
        files=tuple((name, kept.final, kept.size) for name, kept in files.items()),
        hashes={kept.final: kept.hash for kept in files.values() if kept.hash},
        qualities=qualities,
        particles=particles,
        particles_port=stack,
    )


def _final(call: Call, path: Path, files: dict[str, KeptFile]) -> Path:
    """Where a path of an item will be: relative to the session for all that is inside it."""
    scratch, session = Path(call.scratch), Path(call.session)
    path = path if path.is_absolute() else scratch / path
    if path.is_relative_to(scratch):
        name = str(path.relative_to(scratch))
        if name not in files:
            files[name] = _keep(call, name)
        return Path(files[name].final)
    return path.relative_to(session) if path.is_relative_to(session) else path


def _keep(call: Call, name: str) -> KeptFile:
    """What is kept of a file in scratch, which is brought to the disk first.

    It is read here, where it has just been written and is still in memory.
    """
    path = Path(call.scratch) / name
    with path.open("rb") as file:
        os.fsync(file.fileno())
        size = os.fstat(file.fileno()).st_size
        said = content_hash(file)
    # Every exposure has names of its own, whatever names a protocol gives to its files.
    own = name if Path(name).name.startswith(call.name) else f"{call.name}_{name.replace('/', '_')}"
    return KeptFile(f"{call.folder}/{own}", size, said)


def _logs(call: Call) -> list[str]:
    scratch = Path(call.scratch)
    return sorted(path.name for path in scratch.glob("*.log")) if scratch.is_dir() else []


def _keep_log(call: Call, name: str) -> tuple[str, int]:
    size = (Path(call.scratch) / name).stat().st_size
    return f"{call.folder}/logs/{call.name}.{call.attempt}.{name}", size


def _item(call: Call, kind: type[Any], result: int, port: str) -> Any:
    """An input, with absolute paths."""
    document = json.loads(call.documents[result])[port]
    return map_paths(from_document(kind, document), functools.partial(_there, call))


def _there(call: Call, path: Path) -> Path:
    """Where a path of an item is; a file of the session that is only on its way is waited for."""
    if path.is_absolute():
        return path
    wait_until_seen([Path(call.session) / path], call.patience)
    return Path(call.session) / path


def _protocol(call: Call) -> Protocol[Any]:
    wanted = (call.target, json.dumps(call.parameters, sort_keys=True))
    if wanted not in _protocols:
        kind = _class(call.target)
        _protocols[wanted] = kind(kind.parameters_type().model_validate(dict(call.parameters)))
    return _protocols[wanted]


def _class(target: str) -> Any:
    """The protocol that ``module:Class`` names."""
    module, _, name = target.partition(":")
    named: Any = importlib.import_module(module)
    for part in name.split("."):
        named = getattr(named, part)
    return named
