"""Which of a session's results an export is of, and what is said about that."""

import time
from dataclasses import dataclass

from icestream.engine.machine.lock import holder
from icestream.engine.requests.commands import run_again
from icestream.store import queries
from icestream.store.current import as_standing, told_branch
from icestream.store.open import Store
from icestream.store.records import StandingRecord
from icestream.store.standing import Reruns, rerun_words, reruns

__all__ = ["Chosen", "chosen_results"]


@dataclass(frozen=True, slots=True)
class Chosen:
    """Results of a branch, of now or of before a change."""

    standing: StandingRecord | None
    """What is read in the place of the session's present results."""
    words: tuple[str, ...]
    """Which these are, where there are several branches or steps wait."""


def chosen_results(store: Store, branch: str | None = None, *, incomplete: bool = False) -> Chosen:
    """The last complete results of a branch, by default of the adopted one.

    Parameters
    ----------
    store
        Of the session.
    branch
        Its name. One that is not adopted is taken as it is.
    incomplete
        The present results although steps wait to be run again.

    Raises
    ------
    LookupError
        If there is no such branch.
    """
    again = reruns(store)
    standing = None if incomplete else again.standing
    adopted = queries.session(store).branch
    if branch is not None and branch != adopted:
        return Chosen(as_standing(store, branch), branch_words(store, branch))
    said = branch_words(store, branch or adopted)
    return Chosen(standing, (*said, *state_words(store, again, standing)))


def branch_words(store: Store, branch: str) -> tuple[str, ...]:
    """Which branch an export is of, where the session has more than one."""
    adopted = told_branch(store)
    if branch == adopted:
        return (f"these are the results of the branch {branch}, which is adopted",)
    there = {one.name: one for one in queries.branches(store)}
    if not adopted and len(there) < 2:
        return ()
    sample = there[branch].sample
    only = "" if sample is None else f"; it is for {sample} exposures only"
    return (f"these are the results of the branch {branch}, which is not adopted{only}",)


def state_words(store: Store, again: Reruns, standing: StandingRecord | None) -> tuple[str, ...]:
    """Which of a session's results an export has, and what waits; nothing where nothing does."""
    if not again:
        return ()
    waits = f"{rerun_words(again, runs=bool(holder(store.folder)))}; {{}}"
    if standing is None:
        waits = waits.format("what has not been run again is missing here")
    else:
        steps = ", ".join(f"{name}@{number}" for name, number in standing.steps.items())
        until = time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(standing.until))
        who = f" by {standing.who}" if standing.who else ""
        waits = waits.format(
            f"these are the last complete results, from before the change of {until}{who}: {steps}"
        )
    return (
        waits,
        f"for the new results, run the session and export again: {run_again(store)}",
    )
