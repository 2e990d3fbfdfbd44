"""`icestream doctor`: what this machine has, what is missing, and what that costs."""

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from icestream.cli.terminal import print_json, print_table
from icestream.starting.doctor import examine

__all__ = ["doctor"]


def doctor(
    folder: Path | None = None, /, *, json: Annotated[bool, Parameter(negative="")] = False
) -> int:
    """Say what this machine has, what is missing, and what that costs.

    Parameters
    ----------
    folder
        Where sessions will be kept; the current folder when not given.
    json
        For programs.
    """
    findings = list(examine((folder or Path.cwd()).absolute()))
    if json:
        print_json(
            [{"mark": f.mark, "what": f.what, "found": f.found, "cost": f.cost} for f in findings]
        )
    else:
        print_table(
            ("", "what", "found", "what that costs"),
            [(f.mark, f.what, f.found, f.cost) for f in findings],
        )
    return 1 if any(finding.mark == "wrong" for finding in findings) else 0
