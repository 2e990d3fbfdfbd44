"""A workflow as another program wrote it, whichever that is."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from icestream.engine.graph.document import Blank

__all__ = ["MOST", "ForeignLink", "ForeignStep", "ForeignWorkflow", "NotImported"]

MOST = 10_000_000
"""Bytes of a file that is read."""


class NotImported(ValueError):
    """A file that is no workflow of the program; `problems` lists everything that is wrong."""

    def __init__(self, what: str, problems: Sequence[str]) -> None:
        super().__init__(f"{what}:" + "".join(f"\n  - {problem}" for problem in problems))
        self.problems = tuple(problems)


@dataclass(frozen=True, slots=True)
class ForeignLink:
    """An output of another step there."""

    step: str
    """Its id."""
    output: str
    """The output's name; empty: the step as a whole."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ForeignStep:
    """A protocol or job, with what was said of it."""

    id: str
    kind: str
    label: str = ""
    values: Mapping[str, Any]
    """Its parameters, with blanks of ours in the place of fields of theirs."""
    raw: Mapping[str, Any]
    """Everything that its file says, as it says it."""
    links: Mapping[str, tuple[ForeignLink, ...]] = field(default_factory=dict)
    """Parameters that lead to other steps of the file."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ForeignWorkflow:
    """All steps of a file."""

    program: Literal["scipion", "relion"]
    form: str
    """Of the file: ``json``, ``template``, ``pipeline``."""
    name: str
    steps: tuple[ForeignStep, ...]
    about: str = ""
    blanks: tuple[Blank, ...] = ()
    values: Mapping[str, Any] = field(default_factory=dict)
    """What the file says beside its steps."""
    remarks: tuple[str, ...] = ()
    """What could not be read as it was meant, in sentences."""

    def step(self, id_: str) -> ForeignStep | None:
        """The step with an id."""
        return next((step for step in self.steps if step.id == id_), None)
