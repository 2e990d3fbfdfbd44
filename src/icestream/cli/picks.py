"""`icestream picks`: correct the picks of an exposure by hand."""

from contextlib import closing
from pathlib import Path
from typing import Annotated, Any

from cyclopts import Parameter
from cyclopts.types import ExistingFile

from icestream.cli.carried import Run, carried
from icestream.engine.requests.models import InvalidRequest, read_request
from icestream.engine.requests.named import check_names
from icestream.formats.coordinates import read_coordinates
from icestream.store.chosen import chosen_exposures
from icestream.store.open import open_store

__all__ = ["picks"]

_Places = Annotated[tuple[str, ...], Parameter(negative="", consume_multiple=True)]


def picks(  # noqa: PLR0913 - each option is one thing that may be said of them
    session: Path,
    exposure: str,
    /,
    *,
    add: _Places = (),
    remove: _Places = (),
    from_: Annotated[ExistingFile | None, Parameter(name="--from")] = None,
    undo: Annotated[bool, Parameter(negative="")] = False,
    step: str | None = None,
    branch: str | None = None,
    run: Run = False,
    why: str = "",
) -> int:
    """Correct the picks of one exposure by hand. What was cut from them is cut again.

    What you change is added to what was changed before, and holds when the step is run again with
    other parameters. The step's own picks stay, and come back with --undo.

    Parameters
    ----------
    session
        The session's folder.
    exposure
        Its number as the report shows it, its name, or a part of it.
    add
        X,Y of a particle, pixels of the micrograph; several, if you like.
    remove
        X,Y of a pick that is none: the nearest goes, within half a particle diameter.
    from_
        STAR file with all coordinates of the micrograph, as RELION has them: what is there and not
        in the file is removed, what is in the file alone is added.
    undo
        Take back all that was changed by hand: the step's own picks return.
    step
        The step whose picks they are; by default the last that gives picks.
    branch
        Name of the branch whose picks are meant; by default the adopted one. The correction holds
        in all.
    run
        Where no process runs the session, run it now until that is done.
    why
        Kept with your name and the time.
    """
    with closing(open_store(session, readonly=True)) as store:
        names = chosen_exposures(store, [exposure])
        if len(names) != 1:
            print(f"{exposure} names {len(names)} exposures; picks are corrected one by one")
            return 1
        places = {"add": [_place(one) for one in add], "remove": [_place(one) for one in remove]}
        asked: dict[str, Any] = {name: given for name, given in places.items() if given}
        if from_ is not None:
            asked["only"] = read_coordinates(from_, names[0])
        request = read_request(
            {**asked, "step": step, "branch": branch, "undo": undo, "why": why},
            verb="picks",
            exposure=names[0],
        )
        check_names(store, request)
    return carried(session, request, run=run)


def _place(text: str) -> tuple[float, float]:
    """X and Y, from ``X,Y``."""
    try:
        x, y = (float(part) for part in text.split(","))
    except ValueError:
        raise InvalidRequest(
            f"{text!r} is no place; give X,Y in pixels, such as 812,1034"
        ) from None
    return x, y
