"""What a task needs of the machine, and where it may write."""

from dataclasses import dataclass
from pathlib import Path

__all__ = ["Resources", "Work"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Resources:
    """Cores, memory, GPUs and program tokens that one task holds while it runs."""

    cores: int = 1
    memory: int = 512 * 2**20
    """Bytes."""
    gpus: int = 0
    tokens: tuple[str, ...] = ()
    """Names of programs of which only some copies may run at once (a licence, say)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """The place and the means that the engine gives to one attempt of a task."""

    folder: Path
    """Private, empty scratch folder. Files left here whose paths are in the returned item are
    renamed into the session when the task is committed; the rest is swept away."""
    cores: int = 1
    """Threads that the task may use."""
    gpus: tuple[int, ...] = ()
    """GPUs that the task holds, by the numbers of nvidia-smi; CUDA_VISIBLE_DEVICES is set to them,
    so that a library in this process calls them 0, 1 and so on."""
    seed: int = 0
    """Derived from the task's key: the same task draws the same random numbers."""

    def path(self, name: str) -> Path:
        """A path for an output file `name` in the scratch folder."""
        return self.folder / name
