"""What is looked at before a session starts, so that nothing is written in vain."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from icestream.cli.describe import bare_type
from icestream.cli.step_options import PATTERN
from icestream.engine.workflow import Workflow
from icestream.formats.watch import FolderWatch
from icestream.protocol import Parameters, Registry, SourceProtocol

__all__ = ["absent_file", "absent_files"]

_FILES = ("gain", "defects")
"""Paths of sources that are files: a folder under their name is no less wrong."""


def absent_files(workflow: Workflow, registry: Registry) -> Iterator[str]:
    """Files and folders that sources are to read and that are not there.

    The session would ask for them again and again; here a person is told at once. A folder that
    is watched may still come.
    """
    for step in workflow.steps:
        protocol = registry.get(step.protocol)
        if not issubclass(protocol, SourceProtocol):
            continue
        for name, value in step.parameters.items():
            absent = absent_file(protocol.parameters_type(), name, value)
            if absent:
                yield f"step {step.name!r}: {absent}"
            elif name == PATTERN and not step.parameters.get("watch"):
                root = FolderWatch(str(value)).root
                if not root.exists():
                    yield f"step {step.name!r}: {root} is not there; --watch waits for it"


def absent_file(model: type[Parameters], name: str, value: Any) -> str:
    """What is wrong with the path that is given for a parameter; empty when nothing is."""
    field = model.model_fields[name]
    if value is None or bare_type(field.annotation) not in (Path, Path | None):
        return ""
    path, words = Path(value), name.replace("_", " ")
    without = ", or 'none' to do without" if field.default is None else ""
    advice = f"give its right path{without}"
    if not path.exists():
        return f"{words}: {path} is not there; {advice}"
    if name in _FILES and not path.is_file():
        return f"{words}: {path} is no file; {advice}"
    return ""
