"""`icestream clean`: what each revision holds on disk, and removing what nothing needs."""

from contextlib import closing
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from icestream.cli.terminal import called, print_table
from icestream.engine.machine.lock import hold, holder
from icestream.engine.record.cleaning import Holding, holdings
from icestream.engine.record.cleaning import clean as remove
from icestream.engine.requests.commands import command
from icestream.engine.requests.models import Retry
from icestream.store.open import Store, open_store

__all__ = ["BothSaid", "clean"]

Flag = Annotated[bool, Parameter(negative="")]


class BothSaid(ValueError):
    """Told to remove, and to remove nothing."""


def clean(
    session: Path, /, *, branch: str | None = None, dry_run: Flag = False, yes: Flag = False
) -> int:
    """Show what each step and revision holds on disk, and remove what nothing needs any more.

    That is what old revisions made: those that no branch has, unless it was dropped. What newer
    ones took over from them, were made from, or name among their parameters stays, and so do
    results that stand until steps have been run again. Going back to parameters whose results were
    removed makes them anew.

    Parameters
    ----------
    session
        The session's folder; to remove, no process may run it.
    branch
        Remove what this branch alone holds, and nothing else; it may rest or be dropped.
    dry_run
        Only show; so it is without --yes, too.
    yes
        Remove.
    """
    if dry_run and yes:
        raise BothSaid("--dry-run shows what would be removed, --yes removes it; give one of them")
    with closing(open_store(session, readonly=True)) as store:
        found = holdings(store, branch)
        _print(found)
        count = sum(holding.removable_results for holding in found)
        size = _size(sum(holding.removable for holding in found))
        if not count:
            print("nothing can be removed")
            return 0
        if not yes:
            print(f"{count} results, {size}, can be removed; to do so: {_command(store, branch)}")
            return 0
    if runs := holder(session):
        print(f"{runs} runs this session: end it first (icestream stop)")
        return 1
    with hold(session), closing(open_store(session, upgrade=False)) as store:
        removed = remove(store, Retry().who, branch)
    print(f"removed {count} results, {_size(removed)}")
    return 0


def _command(store: Store, branch: str | None) -> str:
    words = () if branch is None else ("--branch", branch)
    return f"{command(store, 'clean', *words, program=called())} --yes"


def _print(found: tuple[Holding, ...]) -> None:
    print_table(
        ("step", "revision", "of", "results", "on disk", "can be removed"),
        [
            (
                holding.step,
                str(holding.revision),
                _whose(holding),
                str(holding.results),
                _size(holding.bytes),
                _size(holding.removable) if holding.removable_results else "",
            )
            for holding in found
            if holding.results or holding.bytes
        ],
    )


def _whose(holding: Holding) -> str:
    if holding.branches:
        return ", ".join(holding.branches)
    return "results that stand" if holding.stands else "no branch"


def _size(count: int) -> str:
    """Bytes as megabytes."""
    return f"{count / 1e6:.1f} MB"
