"""Workflows that people keep for later sessions: files in the state of the machine."""

import json
import os
import re
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from icestream.engine.graph.workflow import (
    InvalidWorkflow,
    Workflow,
    load_workflow,
    near,
    shipped_workflows,
)
from icestream.server.errors import Refused

__all__ = ["Template", "Templates"]

_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,60}")


@dataclass(frozen=True, slots=True)
class Template:
    """A workflow to begin with."""

    name: str
    """By which it is asked for: of the file."""
    origin: Literal["shipped", "saved"]
    workflow: Workflow


class Templates:
    """Those that come with icestream, and those that were saved in a folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def names(self) -> list[tuple[str, Literal["shipped", "saved"]]]:
        """All of them, the shipped ones first; each name once.

        What was saved before a workflow of that name was shipped stays, and hides that one.
        """
        saved = [path.stem for path in self._folder.glob("*.json") if _NAME.fullmatch(path.stem)]
        shipped: list[tuple[str, Literal["shipped", "saved"]]]
        shipped = [(name, "shipped") for name in shipped_workflows() if name not in saved]
        return [*shipped, *((name, "saved") for name in sorted(saved))]

    def read(self, name: str) -> Template:
        """The workflow of a name.

        Raises
        ------
        Refused
            If there is none, or its file cannot be read.
        """
        known = dict(self.names())
        if name not in known:
            raise Refused(404, f"there is no workflow {name!r};{near(name, known)}")
        try:
            shipped = known[name] == "shipped"
            workflow = load_workflow(name if shipped else self._path(name))
        except (InvalidWorkflow, OSError, UnicodeDecodeError) as error:
            raise Refused(409, f"the workflow {name!r} cannot be read: {error}") from None
        return Template(name, known[name], workflow)

    def save(self, name: str, workflow: Workflow) -> bool:
        """Keep a workflow; whether it took the place of another.

        Raises
        ------
        Refused
            If its name is none, or that of a shipped one.
        """
        if not _NAME.fullmatch(name):
            raise Refused(
                422, f"{name!r} is no name of a workflow", "small letters, digits, - and _"
            )
        if self._is_shipped(name):
            raise Refused(409, f"{name} is a workflow of icestream itself", "choose another name")
        self._folder.mkdir(parents=True, exist_ok=True)
        there = self._path(name).exists()
        text = json.dumps(workflow.to_document(), indent=2, ensure_ascii=False) + "\n"
        with tempfile.NamedTemporaryFile("w", dir=self._folder, delete=False) as written:
            written.write(text)
        os.replace(written.name, self._path(name))  # noqa: PTH105 - whole, or not at all
        return there

    def delete(self, name: str) -> None:
        """Keep it no more.

        Raises
        ------
        Refused
            If there is none, or it is one of the shipped.
        """
        if self._is_shipped(name):
            raise Refused(409, f"{name} is a workflow of icestream itself, and stays")
        if name not in dict(self.names()):
            raise Refused(404, f"there is no workflow {name!r}")
        self._path(name).unlink(missing_ok=True)

    def _is_shipped(self, name: str) -> bool:
        return (name, "shipped") in self.names()

    def _path(self, name: str) -> Path:
        return self._folder / f"{name}.json"
