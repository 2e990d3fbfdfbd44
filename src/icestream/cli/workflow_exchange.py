"""`icestream workflow import`: workflows of other programs."""

import shlex
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from icestream.cli.terminal import called, print_json
from icestream.engine.graph.blanks import needed
from icestream.engine.graph.workflow import placeholder_of, save_workflow
from icestream.exchange.importing import import_file
from icestream.exchange.mapped import Mapped, report_lines
from icestream.protocol import Registry
from icestream.shown import printable

__all__ = ["import_"]


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
