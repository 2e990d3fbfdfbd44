"""A file of another program, whichever it is, as a workflow of ours."""

from dataclasses import dataclass
from pathlib import Path

from icestream.engine.graph.workflow import Workflow
from icestream.exchange.foreign import MOST, NotImported
from icestream.exchange.mapped import Mapped
from icestream.exchange.relion_pipeline import read_relion
from icestream.exchange.scipion_file import is_scipion, read_scipion
from icestream.exchange.translate import Prefer, translate
from icestream.protocol import Registry

__all__ = ["Imported", "import_file", "import_text"]


@dataclass(frozen=True, slots=True)
class Imported:
    """A workflow of ours, and what became of each step of theirs."""

    workflow: Workflow
    mapped: tuple[Mapped, ...]
    remarks: tuple[str, ...]
    """What could not be read as it was meant."""


def import_file(path: Path, registry: Registry, *, prefer: Prefer = "program") -> Imported:
    """Import a workflow of another program.

    Parameters
    ----------
    path
        A file of Scipion, or a project of RELION: its folder, or the pipeline in it.
    registry
        Where protocols are found.
    prefer
        As of `icestream.exchange.translate.translate`.

    Raises
    ------
    NotImported
        If the file is none that can be read, with everything that is wrong.
    OSError
        If it is not there.
    """
    if path.is_dir() or path.name.endswith("pipeline.star"):
        foreign = read_relion(path)
        done = translate(foreign, registry, prefer=prefer)
        return Imported(done.workflow, done.mapped, foreign.remarks)
    if path.stat().st_size > MOST:
        raise NotImported(f"{path} is not read", [f"it is larger than {MOST / 1e6:.0f} MB"])
    name = path.name.removesuffix(".template").removesuffix(".json")
    return import_text(path.read_text(errors="replace"), name, registry, prefer=prefer)


def import_text(
    text: str, name: str, registry: Registry, *, prefer: Prefer = "program"
) -> Imported:
    """Import what is in such a file; `name` is what the workflow is to be called."""
    if not is_scipion(text):
        raise NotImported(
            f"{name} is not imported",
            [
                "it is no workflow of Scipion (exported JSON, or .json.template), and no "
                "default_pipeline.star of RELION; a workflow of icestream itself needs no import"
            ],
        )
    foreign = read_scipion(text, name)
    done = translate(foreign, registry, prefer=prefer)
    return Imported(done.workflow, done.mapped, foreign.remarks)
