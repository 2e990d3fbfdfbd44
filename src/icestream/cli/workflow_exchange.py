"""`icestream workflow import`, `fetch`, `publish`: workflows of others, and for others."""

import shlex
from pathlib import Path
from typing import Annotated

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
    for step, parameter, path in _named_files(workflow):
        print(printable(f"step {step!r}: {parameter} names {path}", lines=False))
    print(f"{out}: {len(workflow.steps)} steps; look at it with: {called()} workflow show {out}")


def publish(workflow: str, folder: Path, /, *, name: str | None = None) -> None:
    """Put a workflow into the folder of a repository, and into its index.

    Any web server that gives the folder out makes it a repository for others. What a workflow says
    of this machine, such as a path, goes with it, and is told.

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
    for step, parameter, path in _named_files(whole):
        print(printable(f"step {step!r}: {parameter} names {path}", lines=False))
    print(f"{folder}: {entry.name}, release {entry.release}, {entry.steps} steps")


def _named_files(workflow: Workflow) -> list[tuple[str, str, str]]:
    """Absolute paths among the parameters: they are of some machine."""
    return [
        (step.name, name, value)
        for step in workflow.steps
        for name, value in step.parameters.items()
        if isinstance(value, str) and value.startswith(("/", "~"))
    ]


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
