"""One reader under test, and what it does with one input."""

import contextlib
import resource
import time
import traceback
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

__all__ = ["MOST_BYTES", "MOST_MEMORY", "MOST_SECONDS", "Finding", "Target", "tried"]

MOST_BYTES = 65_536
"""Of an input."""
MOST_MEMORY = 2**30
"""Bytes beyond what the process has already, for an input of at most `MOST_BYTES`."""
MOST_SECONDS = 10.0
"""Of a processor, likewise."""


class TooSlow(Exception):
    """A small input took long."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """A reader."""

    name: str
    read: Callable[[Path], object]
    """Reads a file as whoever uses the reader does."""
    allowed: tuple[type[Exception], ...]
    """With what it says that an input is bad."""
    seeds: Callable[[Path], object]
    """Writes good inputs into a folder, each a file."""
    file: str = "given"
    """How the file is called that is read; it may be in a folder."""
    kind: Literal["bytes", "text", "json"] = "bytes"
    """What mutations make of it."""
    modules: tuple[str, ...] = ()
    """What is instrumented, for the coverage that guides the campaign."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """An input that a reader does not take as it should."""

    target: str
    key: str
    """What is the same of the same defect: the error, and where in our code."""
    told: str
    """The traceback."""


def tried(target: Target, given: bytes, folder: Path) -> Finding | None:
    """Have an input read; None where it was read, or refused as it should be."""
    path = folder / target.file
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(given)
    before = time.process_time()
    try:
        with _bounded():
            target.read(path)
    except target.allowed as error:
        if not str(error).strip():
            return _finding(target, error)  # a refusal that says nothing helps nobody
    except Exception as error:
        return _finding(target, error)
    spent = time.process_time() - before
    if len(given) <= MOST_BYTES and spent > MOST_SECONDS:
        return _finding(target, TooSlow(f"{spent:.1f} s of a processor for {len(given)} bytes"))
    return None


@contextlib.contextmanager
def _bounded() -> Iterator[None]:
    """Allow so much more memory than there is: who asks for more gets a `MemoryError`."""
    soft, hard = resource.getrlimit(resource.RLIMIT_AS)
    pages = int(Path("/proc/self/statm").read_bytes().split()[0])
    resource.setrlimit(resource.RLIMIT_AS, (pages * resource.getpagesize() + MOST_MEMORY, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_AS, (soft, hard))


def _finding(target: Target, error: Exception) -> Finding:
    frames = traceback.extract_tb(error.__traceback__)
    ours = [one for one in frames if "/tests/" not in one.filename and "icestream" in one.filename]
    last = ours[-1] if ours else None
    where = f"{Path(last.filename).name}:{last.name}:{last.lineno}" if last else target.name
    told = "".join(traceback.format_exception(error))
    return Finding(target=target.name, key=f"{type(error).__name__} in {where}", told=told)
