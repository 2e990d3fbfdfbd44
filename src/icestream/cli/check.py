"""`icestream check`: whether the files of a session are there, whole."""

import shlex
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

from cyclopts import Parameter

from icestream.cli.control import run_again
from icestream.cli.terminal import called, print_json
from icestream.engine.coordinator.taken import taken_words
from icestream.engine.machine.lock import holder
from icestream.engine.record.remaking import Left, sort_out
from icestream.store.files import (
    Contents,
    Damage,
    DamagedResult,
    DamagedSegment,
    damaged_results,
    damaged_segments,
    damaged_sources,
)
from icestream.store.open import Store, open_store
from icestream.store.removed import removed_files

__all__ = ["check"]

_SHOWN = 20
"""Files of each kind that are listed for people; programs get all."""
_ALTERED = "delete the altered file, and running the session again makes it again"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Found:
    """What is wrong with a session's files."""

    again: Sequence[DamagedResult]
    altered: Sequence[DamagedResult]
    """Those with files that hold something else, and which are there all the same."""
    left: Sequence[Left]
    segments: Sequence[DamagedSegment]
    sources: Sequence[tuple[str, Damage]]
    taken: str
    """What was removed on purpose, in words."""

    def __bool__(self) -> bool:
        return any((self.again, self.altered, self.left, self.segments, self.sources))


def check(
    session: Path,
    /,
    *,
    hashes: Annotated[bool, Parameter(negative="")] = False,
    json: Annotated[bool, Parameter(negative="")] = False,
) -> int:
    """Look at every file of a session's current results, and list those missing or cut.

    The size of each is compared with what was recorded when it was made, and that of each movie
    with what it had when it was taken in. The exit status is 1 when something is missing.

    Parameters
    ----------
    session
        The session's folder.
    hashes
        Read every file of the results too, and list those that hold something else than when they
        were made. Movies are not read.
    json
        For programs.
    """
    contents = Contents() if hashes else None
    with closing(open_store(session, readonly=True)) as store:
        found = _look(store, contents)
    if json:
        unknown = {"without_hash": contents.unknown} if contents is not None else {}
        print_json({**_document(found), **unknown})
    else:
        print(*_lines(session, found, contents), sep="\n")
    return 1 if found else 0


def _look(store: Store, contents: Contents | None) -> _Found:
    again, left = sort_out(store, damaged_results(store, contents))
    altered = [one for one in again if all(damage.altered for damage in one.damages)]
    return _Found(
        again=[one for one in again if one not in altered],
        altered=altered,
        left=left,
        segments=list(damaged_segments(store, contents)),
        sources=list(damaged_sources(store)),
        taken=taken_words(removed_files(store.folder)),
    )


def _document(found: _Found) -> dict[str, Any]:
    results = [
        *((result, "") for result in found.again),
        *((result, _ALTERED) for result in found.altered),
        *((one.result, one.why) for one in found.left),
    ]
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
        "segments": [
            {
                "step": one.step,
                "path": str(one.damage.path),
                "what": one.damage.what,
                "particles": one.rows,
                "exposures": list(one.exposures),
            }
            for one in found.segments
        ],
        **({"removed": found.taken} if found.taken else {}),
        "sources": [
            {"step": step, "path": str(damage.path), "what": damage.what}
            for step, damage in found.sources
        ],
    }


def _lines(session: Path, found: _Found, contents: Contents | None) -> Iterator[str]:
    if not found:
        also = ", and holds what it held then" if contents is not None else ""
        rest = " of those that were not removed" if found.taken else ""
        which = f"every file of the current results{rest}"
        yield f"{which} is there with the size that was recorded{also}"
    if found.taken:
        yield found.taken
    if contents is not None and contents.unknown:
        yield (
            f"{_files(contents.unknown)} made before hashes were kept, and only the size was "
            "compared"
        )
    if found.again:
        yield f"{_lack(len(found.again))} files, and can be made again:"
        yield from _shown(
            [f"{one.step}: {damage}" for one in found.again for damage in one.damages]
        )
    if found.altered:
        yield f"{_results(len(found.altered))} altered after being made; {_ALTERED}:"
        yield from _shown(
            [f"{one.step}: {damage}" for one in found.altered for damage in one.damages]
        )
    if found.segments:
        many = len(found.segments)
        of = "segment of particles is" if many == 1 else "segments of particles are"
        yield f"{many} {of} not whole, and can be made again:"
        yield from _shown([_segment(one) for one in found.segments])
    if found.again or found.altered or found.segments:
        yield from _advice(session)
    if found.left:
        yield f"{_lack(len(found.left))} files, and cannot be made again; bring the files back:"
        yield from _shown(
            [
                f"{one.result.step}: {damage} ({one.why})"
                for one in found.left
                for damage in one.result.damages
            ]
        )
    if found.sources:
        count = len(found.sources)
        are = "file that was taken in is" if count == 1 else "files that were taken in are"
        yield f"{count} {are} missing or changed; bring back what is to be processed again:"
        yield from _shown([f"{step}: {damage}" for step, damage in found.sources])


def _advice(session: Path) -> Iterator[str]:
    if holder(session):
        yield "the session runs; it looks for them when it is run the next time:"
        yield f"  {called()} stop {shlex.quote(str(session.absolute()))}"
    else:
        yield "running the session again makes them again:"
    yield run_again(session)


def _segment(one: DamagedSegment) -> str:
    of = one.exposures
    held = f"{one.rows} particles of {len(of)} exposures"
    return f"{one.step}: {one.damage} ({held}{f', {of[0]} to {of[-1]}' if of else ''})"


def _files(count: int) -> str:
    return "1 file of the results was" if count == 1 else f"{count} files of the results were"


def _results(count: int) -> str:
    return "1 result was" if count == 1 else f"{count} results were"


def _lack(count: int) -> str:
    return "1 result lacks" if count == 1 else f"{count} results lack"


def _shown(lines: Sequence[str]) -> Iterator[str]:
    yield from (f"  {line}" for line in lines[:_SHOWN])
    if lines[_SHOWN:]:
        yield f"  and {len(lines) - _SHOWN} more; --json lists all"
