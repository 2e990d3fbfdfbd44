"""`icestream adopt`: take a branch for all, or do what an alert offers."""

from collections.abc import Mapping
from contextlib import closing
from pathlib import Path
from typing import Annotated, Any

from cyclopts import Parameter

from icestream.cli.carried import Run, carried
from icestream.cli.change import print_preview
from icestream.cli.control import ask
from icestream.cli.difference_words import print_costs
from icestream.cli.terminal import called, print_table
from icestream.engine.graph.differences import differences
from icestream.engine.record.revisions import preview
from icestream.engine.record.workflows import session_workflow
from icestream.engine.requests.commands import command
from icestream.engine.requests.models import Adopt, AdoptBranch
from icestream.protocol import Registry
from icestream.protocol.describe import offer_words
from icestream.report.difference_words import difference_lines
from icestream.store import queries
from icestream.store.open import Store, open_store
from icestream.store.records import AlertRecord, BranchRecord

__all__ = ["NoOffer", "adopt"]


class NoOffer(LookupError):
    """The alert that was named offers nothing, or is not there."""


def adopt(
    session: Path,
    which: str | None = None,
    /,
    *,
    only_say: Annotated[bool, Parameter(name="--preview", negative="")] = False,
    run: Run = False,
    why: str = "",
) -> int:
    """Take a branch for all exposures, or do what an alert offers to fix it.

    Of a branch only what it has not done yet runs; what was before rests, and icestream undo takes
    it back. What an alert offers is the same as setting it by hand. What it costs and when it
    would be done is said first.

    Parameters
    ----------
    session
        The session's folder.
    which
        Name of a branch, or number of an alert; without it, what is offered now is listed.
    only_say
        Only say what would run again, for how many exposures, and about how long.
    run
        Where no process runs the session, run it now until that is done.
    why
        Kept with your name and the time; of a branch.
    """
    if which is not None and not which.isdigit():
        return _adopt_branch(session, which, only_say=only_say, run=run, why=why)
    with closing(open_store(session, readonly=True)) as store:
        offers = [raised for raised in queries.alerts(store, open_only=False) if raised.offer]
        if which is None:
            return _list(store, offers)
        alert = int(which)
        chosen = next((raised for raised in offers if raised.id == alert), None)
        if chosen is None or chosen.offer is None:
            now = ", ".join(str(raised.id) for raised in offers if _stands(raised)) or "none"
            raise NoOffer(f"no alert {alert} with an offer in this session; offered now: {now}")
        _preview(store, chosen.offer)
        if only_say:
            return 0
    return ask(session, Adopt(alert=alert))


def _adopt_branch(session: Path, name: str, *, only_say: bool, run: bool, why: str) -> int:
    """Take a branch for all exposures, having said what that costs."""
    with closing(open_store(session, readonly=True)) as store:
        there = any(one.name == name for one in queries.branches(store) if _can_be_adopted(one))
        if only_say or there:  # else the refusal says why
            registry = Registry()
            old, new = session_workflow(store), session_workflow(store, name)
            found = differences(old, new, registry)
            print(*difference_lines(found, new, registry), sep="\n")
            print_costs(store, preview(store, registry, new))
    if only_say:
        return 0
    code = carried(session, AdoptBranch(name=name, why=why), run=run)
    if code == 0:
        with closing(open_store(session, readonly=True)) as store:
            print(f"to take it back, days later, too: {command(store, 'undo', program=called())}")
    return code


def _stands(alert: AlertRecord) -> bool:
    return alert.cleared is None and alert.adopted is None


def _list(store: Store, offers: list[AlertRecord]) -> int:
    tried = [branch for branch in queries.branches(store) if _can_be_adopted(branch)]
    if tried:
        names = ", ".join(branch.name for branch in tried)
        print(f"branches that can be adopted: {names} (icestream branches shows them)")
    standing = [(alert, alert.offer) for alert in offers if alert.offer and _stands(alert)]
    if not standing:
        print("nothing is offered now")
        return 0
    print_table(
        ("alert", "offers", "why"),
        [(str(alert.id), offer_words(offer), alert.message) for alert, offer in standing],
    )
    return 0


def _can_be_adopted(branch: BranchRecord) -> bool:
    return branch.state != "dropped" and not branch.adopted


def _preview(store: Store, offer: Mapping[str, Any]) -> None:
    record = queries.step(store, offer["step"])
    print_preview(store, record, dict(offer["changes"]))
