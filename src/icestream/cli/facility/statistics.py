"""`icestream facility statistics`: sessions counted by time, microscope, team or project."""

from dataclasses import asdict
from typing import Annotated

from cyclopts import Parameter

from icestream.cli.terminal import print_json, print_table
from icestream.facility.memory.statistics import Group, statistics_csv
from icestream.facility.memory.statistics import statistics as counted
from icestream.facility.opened import open_facility
from icestream.report.numbers import number_text

__all__ = ["statistics"]

_HEADS = ("sessions", "exposures", "hours", "resolution", "astigmatism")


def statistics(
    *,
    by: Group = "month",
    since: str | None = None,
    until: str | None = None,
    confidential: Annotated[bool, Parameter(negative="")] = False,
    csv: Annotated[bool, Parameter(negative="")] = False,
    json: Annotated[bool, Parameter(negative="")] = False,
) -> None:
    """Count sessions, exposures and hours, with median resolution and astigmatism (Å).

    Parameters
    ----------
    by
        What sessions are counted by.
    since
        Sessions that began on this day or later: 2026-01-01.
    until
        Sessions that began before this day.
    confidential
        Count those, too, that are confidential.
    csv
        As CSV, with means beside medians.
    json
        For programs.
    """
    with open_facility() as facility:
        found = counted(
            facility,
            by,
            begins=float("-inf") if since is None else facility.moment(since),
            ends=float("inf") if until is None else facility.moment(until),
            confidential=confidential,
        )
    if json:
        print_json([asdict(one) for one in found])
    elif csv:
        print(statistics_csv(found), end="")
    elif not found:
        print("there is no session")
    else:
        lines = [
            (
                one.group,
                str(one.sessions),
                str(one.exposures),
                number_text(one.hours, 1),
                number_text(one.resolution_median),
                number_text(one.astigmatism_median, 0),
            )
            for one in found
        ]
        print_table((by, *_HEADS), lines)
