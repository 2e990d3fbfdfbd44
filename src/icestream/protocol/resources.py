"""What a task needs of the machine, and where it may write."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from icestream.model import safe_file_name
from icestream.protocol.executable import FoundProgram

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
    exposure: str = ""
    """Name of the exposure, group or batch: files called after it begin alike."""
    seed: int = 0
    """Derived from the task's key: the same task draws the same random numbers."""
    kept: Path | None = None
    """Folder that outlives the attempt, to be made by the task that wants it: what an attempt wrote
    that was ended half way, as by a killed session, is there for the next one to go on from. It is
    removed when the task has a result. None outside of a session."""
    programs: Mapping[str, FoundProgram] = field(default_factory=dict)
    """The programs of the protocol by their names, as the session found them: their versions are
    part of the task's key."""
    session: Path | None = None
    """Folder of the session, where it is now; None outside of one."""

    def to_keep(self, path: Path) -> Path:
        """The name of a file as a state may keep it: that of the session's own from its folder.

        A session may be moved; `kept_file` finds the file then.
        """
        if self.session is not None and path.is_relative_to(self.session):
            return path.relative_to(self.session)
        return path

    def kept_file(self, name: Path) -> Path:
        """The path of a file that `to_keep` named."""
        return name if self.session is None else self.session / name

    def path(self, name: str) -> Path:
        """A path for an output file `name` in the scratch folder.

        A name that programs may not take (blanks, brackets, letters that are not Latin, or very
        long) is made into one that they take, and that no other name is made into.
        """
        *folders, last = Path(name).parts
        if self.exposure and last.startswith(self.exposure):
            last = safe_file_name(self.exposure) + last.removeprefix(self.exposure)
        return self.folder.joinpath(*folders, safe_file_name(last))
