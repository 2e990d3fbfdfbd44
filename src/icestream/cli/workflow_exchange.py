"""`icestream workflow import`, `fetch`, `publish`: workflows of others, and for others."""

import shlex
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any

from cyclopts import Parameter

from icestream.cli.terminal import called, print_json
from icestream.engine.graph.blanks import needed
from icestream.engine.graph.validation import validate
from icestream.engine.graph.workflow import (
    InvalidWorkflow,
    Workflow,
    load_workflow,
    placeholder_of,
    save_workflow,
)
from icestream.exchange.importing import import_file
from icestream.exchange.mapped import Mapped, report_lines
from icestream.exchange.repository import fetch as fetch_one
from icestream.exchange.repository import open_repository
from icestream.exchange.repository import publish as publish_one
from icestream.protocol import Registry
from icestream.shown import printable

__all__ = ["fetch", "import_", "publish"]

_SHOWN = 200
"""Letters of a text of others that are told."""


def import_(
    file: Path,
    /,
    *,
    out: Path,
    own: Annotated[bool, Parameter(negative="")] = False,
    json: Annotated[bool, Parameter(negative="")] = False,
) -> None:
    """Make a workflow of another program a workflow of icestream, and say what became of it.

    A protocol that icestream or an installed plugin has is mapped, with its parameters in our
    units. Others stay as placeholders, with all their values: they can be replaced (icestream
    workflow replace), and a session leaves them out where that is asked (--without-placeholders).
    Of Scipion nothing is lost: icestream workflow export --to scipion writes what was imported.

    Parameters
    ----------
    file
        Scipion's exported workflow (.json) or template (.json.template), or a project of RELION:
        its folder, or the default_pipeline.star in it.
    out
        Workflow file to write.
    own
        Take icestream's own protocols before plugins that run the very programs.
    json
        The report as JSON.
    """
    imported = import_file(file, Registry(), prefer="own" if own else "program")
    save_workflow(imported.workflow, out)
    if json:
        print_json([_document(one) for one in imported.mapped])
        return
    for line in report_lines(imported.mapped, imported.remarks):
        print(printable(line, lines=False))
    held = any(map(placeholder_of, imported.workflow.steps))
    fill = "".join(f" --fill {one.name}=VALUE" for one in needed(imported.workflow))
    without = " --without-placeholders" if held else ""
    command = f"{called()} run {shlex.quote(str(out))} --session DIR{fill}{without}"
    print(f"{out}: {len(imported.workflow.steps)} steps; run it with: {command}")


def fetch(name: str, /, *, from_: Annotated[str, Parameter(name="--from")], out: Path) -> None:
    """Fetch a workflow of a repository into a file; its hash is checked against the index.

    What is wrong with it here, and the files that it names, are told; nothing is run.

    Parameters
    ----------
    name
        Of the workflow: icestream workflow list --from.
    from_
        The repository: a folder, or an address such as https://example.org/workflows.
    out
        Workflow file to write.
    """
    workflow = fetch_one(open_repository(from_), name)
    save_workflow(workflow, out)
    for problem in validate(workflow, Registry(), unfinished=True):
        print(printable(problem, lines=False))
    for said in _named_files(workflow):
        print(printable(said, lines=False))
    print(f"{out}: {len(workflow.steps)} steps; look at it with: {called()} workflow show {out}")


def publish(workflow: str, folder: Path, /, *, name: str | None = None) -> None:
    """Put a workflow into the folder of a repository, and into its index.

    Any web server that gives the folder out makes it a repository for others. What a workflow says
    of this machine or of people, such as a path or an address, goes with it, and is told, also what
    the file said that it was imported from.

    Parameters
    ----------
    workflow
        A workflow file, or name of a shipped workflow.
    folder
        Of the repository; made when it is not there.
    name
        By which others fetch it; that of the file by default.
    """
    whole, registry = load_workflow(workflow), Registry()
    problems = validate(whole, registry, unfinished=True)
    if problems:
        raise InvalidWorkflow(whole.name, problems)
    entry = publish_one(folder, name or Path(workflow).stem, whole)
    for said in _named_files(whole):
        print(printable(said, lines=False))
    print(f"{folder}: {entry.name}, release {entry.release}, {entry.steps} steps")


def _named_files(workflow: Workflow) -> Iterator[str]:
    """What a workflow says that is of some machine or person: absolute paths, addresses."""
    parts: list[tuple[str, Mapping[str, Any]]] = [
        ("blank", {blank.name: blank.default for blank in workflow.blanks})
    ]
    if workflow.origin:
        parts.append(("the file that it was imported from:", workflow.origin.values))
    for step in workflow.steps:
        parts.append((f"step {step.name!r}:", step.parameters))
        if step.origin:
            parts.append((f"step {step.name!r}, as it was imported:", step.origin.values))
    for where, values in parts:
        for name, value in values.items():
            for text in _own_texts(value):
                yield f"{where} {name} names {text[:_SHOWN]}"


def _own_texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        if value.startswith(("/", "~/")) or "@" in value:
            yield value
    elif isinstance(value, Mapping):
        for part in value.values():
            yield from _own_texts(part)
    elif isinstance(value, list | tuple):
        for part in value:
            yield from _own_texts(part)


def _document(mapped: Mapped) -> dict[str, object]:
    return {
        "id": mapped.id,
        "protocol": mapped.kind,
        "mapped": mapped.verdict,
        "steps": list(mapped.steps),
        "protocols": list(mapped.protocols),
        "remarks": list(mapped.remarks),
        "values": [
            {
                "theirs": one.theirs,
                "value": one.value,
                "ours": one.ours or None,
                "became": one.became,
                "remark": one.remark,
            }
            for one in mapped.values
        ],
    }
