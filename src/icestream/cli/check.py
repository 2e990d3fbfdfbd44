"""`icestream check`: whether the files of a session are there, whole."""

import shlex
from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path
from typing import Annotated, Any

from cyclopts import Parameter

from icestream.cli.control import run_again
from icestream.cli.terminal import called, print_json
from icestream.engine.machine.lock import holder
from icestream.engine.record.remaking import Left, sort_out
from icestream.store.files import Damage, DamagedResult, damaged_results, damaged_sources
from icestream.store.open import open_store

__all__ = ["check"]

_SHOWN = 20
"""Files of each kind that are listed for people; programs get all."""


def check(session: Path, /, *, json: Annotated[bool, Parameter(negative="")] = False) -> int:
    """Look at every file of a session's current results, and list those missing or cut.

    The size of each is compared with what was recorded when it was made, and that of each movie
    with what it had when it was taken in. The exit status is 1 when something is missing.

    Parameters
    ----------
    session
        The session's folder.
    json
        For programs.
    """
    with closing(open_store(session, readonly=True)) as store:
        again, left = sort_out(store, damaged_results(store))
        sources = list(damaged_sources(store))
    if json:
        print_json(_document(again, left, sources))
    else:
        print(*_lines(session, again, left, sources), sep="\n")
    return 1 if again or left or sources else 0


def _document(
    again: Sequence[DamagedResult], left: Sequence[Left], sources: Sequence[tuple[str, Damage]]
) -> dict[str, Any]:
    results = [(result, "") for result in again] + [(one.result, one.why) for one in left]
    return {
        "results": [
            {
                "step": result.step,
                "subject": result.name,
                "files": [{"path": str(one.path), "what": one.what} for one in result.damages],
                "again": not why,
                "why_not": why,
            }
            for result, why in results
        ],
        "sources": [
            {"step": step, "path": str(damage.path), "what": damage.what}
            for step, damage in sources
        ],
    }


def _lines(
    session: Path,
    again: Sequence[DamagedResult],
    left: Sequence[Left],
    sources: Sequence[tuple[str, Damage]],
) -> Iterator[str]:
    if not (again or left or sources):
        yield "every file of the current results is there with the size that was recorded"
        return
    if again:
        yield f"{_lack(len(again))} files, and can be made again:"
        yield from _shown([f"{one.step}: {damage}" for one in again for damage in one.damages])
        if holder(session):
            yield "the session runs; it looks for them when it is run the next time:"
            yield f"  {called()} stop {shlex.quote(str(session.absolute()))}"
        else:
            yield "running the session again makes them again:"
        yield run_again(session)
    if left:
        yield f"{_lack(len(left))} files, and cannot be made again; bring the files back:"
        yield from _shown(
            [
                f"{one.result.step}: {damage} ({one.why})"
                for one in left
                for damage in one.result.damages
            ]
        )
    if sources:
        count = len(sources)
        are = "file that was taken in is" if count == 1 else "files that were taken in are"
        yield f"{count} {are} missing or changed; bring back what is to be processed again:"
        yield from _shown([f"{step}: {damage}" for step, damage in sources])


def _lack(count: int) -> str:
    return "1 result lacks" if count == 1 else f"{count} results lack"


def _shown(lines: Sequence[str]) -> Iterator[str]:
    yield from (f"  {line}" for line in lines[:_SHOWN])
    if lines[_SHOWN:]:
        yield f"  and {len(lines) - _SHOWN} more; --json lists all"
