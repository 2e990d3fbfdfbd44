"""`icestream status`: where a session stands."""

import dataclasses
import shutil
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

from cyclopts import Parameter

from icestream.cli.adopt import offer_words
from icestream.cli.reasons import reason_lines
from icestream.cli.terminal import called, print_json, print_table
from icestream.engine.machine.lock import holder
from icestream.engine.requests.commands import command, run_again
from icestream.store import queries
from icestream.store.history import asked, decided_words
from icestream.store.open import Store, open_store
from icestream.store.records import HistoryRecord, StepRecord
from icestream.store.requests import requests
from icestream.store.standing import Reruns, rerun_words, reruns, told_state

__all__ = ["status"]

_UNDER_WAY = ("running", "draining", "paused")
_ROOM = 1 << 20
"""Bytes without which nothing can be written."""
_LAST = 3
"""Decisions of people that are shown."""
_SHOWN = 10
"""Kinds of reasons listed for people; programs get each failure."""


def status(session: Path, /, *, json: Annotated[bool, Parameter(negative="")] = False) -> None:
    """Say where a session stands: its state, steps, exposures, failures and alerts.

    Parameters
    ----------
    session
        The session's folder.
    json
        For programs.
    """
    store = open_store(session, readonly=True)
    try:
        if json:
            print_json(_document(store))
        else:
            _print(store)
    finally:
        store.close()


def _document(store: Store) -> dict[str, Any]:
    session, again, left = queries.session(store), reruns(store), requests(store, state="new")
    state, reason = told_state(session.state, session.reason, again, len(left))
    told = {"state": state, "reason": reason, "runs": holder(store.folder)}
    return {
        "session": dataclasses.asdict(session) | told,
        "exposures": queries.count_exposures(store),
        "particles": queries.particles(store, branch=again.standing),
        "reruns": _reruns_document(store, again),
        "asked": [dataclasses.asdict(request) for request in left],
        "decisions": [dataclasses.asdict(record) for record in asked(store)],
        "steps": [dataclasses.asdict(step) for step in queries.steps(store)],
        "alerts": [dataclasses.asdict(alert) for alert in queries.alerts(store)],
        "failures": [dataclasses.asdict(failure) for failure in _all_failures(store)],
    }


def _reruns_document(store: Store, again: Reruns) -> dict[str, Any] | None:
    """What waits to be run again, the command that does so, and what stands until then."""
    if not again:
        return None
    standing = again.standing
    return {
        "steps": [dataclasses.asdict(step) for step in again.steps],
        "exposures": again.exposures,
        "command": run_again(store, called()),
        "standing": None
        if standing is None
        else {"steps": standing.steps, "until": standing.until, "who": standing.who},
    }


def _all_failures(store: Store) -> list[Any]:
    failures: list[Any] = []
    while True:
        page = queries.failures(store, after=failures[-1].serial if failures else 0)
        failures += page
        if not page:
            return [failure for failure in failures if failure.state == "failed"]


def _waiting(store: Store, again: Reruns, asked: int, runs: str) -> Iterator[str]:
    """What has to be run again, or was asked and not answered, and how to have it done."""
    if again:
        yield rerun_words(again, runs=bool(runs))
        if again.standing is not None:
            since = time.strftime("%Y-%m-%d %H:%M", time.localtime(again.standing.until))
            yield f"  results and exports are those of before the change of {since} until then"
    if asked:
        yield f"{asked} {'request waits' if asked == 1 else 'requests wait'} to be carried out"
    if (again or asked) and not runs:
        yield f"  to do so: {run_again(store, called())}"


def _notes(folder: Path, state: str, runs: str) -> Iterator[str]:
    """What the state that the store holds does not say."""
    if not runs:
        if state in _UNDER_WAY:
            yield "no process runs it any more: it was ended before it could say so"
        if state != "done":
            yield "the command that it was started with goes on where it was"
        return
    if state == "paused":
        yield f"nothing new starts until: icestream resume {folder}"
    if shutil.disk_usage(folder).free < _ROOM:
        yield "its disk is full: processing is held, and goes on by itself when there is room"


def _step_state(step: StepRecord, runs: str, again: Reruns) -> str:
    state = "stopped" if step.state in ("running", "draining") and not runs else step.state
    waiting = next((each.waiting for each in again.steps if each.step == step.name), 0)
    notes = [step.reason, f"{waiting} to run again" if waiting else ""]
    said = ", ".join(filter(None, notes))
    return f"{state} ({said})" if said else state


def _print(store: Store) -> None:
    session, again = queries.session(store), reruns(store)
    left = len(requests(store, state="new"))
    exposures = queries.count_exposures(store)
    since = time.strftime("%Y-%m-%d %H:%M", time.localtime(session.created))
    runs = holder(store.folder)
    state, reason = told_state(session.state, session.reason, again, left)
    why = f" ({reason})" if reason and not again else ""
    print(f"{session.name}: {state}{why}, workflow {session.workflow}, begun {since}")
    for note in _waiting(store, again, left, runs):
        print(note)
    for note in _notes(store.folder, session.state, runs):
        print(note)
    counted = ", ".join(f"{count} {state}" for state, count in exposures.items())
    print(f"exposures: {sum(exposures.values())} found, {counted}")
    particles = queries.particles(store, branch=again.standing)
    anew = f", {queries.particles(store)} after it" if again.standing is not None else ""
    print(f"particles: {particles}{f' before the change{anew}' if anew else ''}")
    print()
    print_table(
        ("step", "state", "ready", "running", "done", "rejected", "failed", "skipped", "s each"),
        [
            (
                step.name,
                _step_state(step, runs, again),
                str(step.counts.ready + step.counts.held),
                str(step.counts.running),
                str(step.counts.done),
                str(step.counts.rejected),
                str(step.counts.failed),
                str(step.counts.skipped),
                f"{step.counts.mean_seconds:.2f}",
            )
            for step in queries.steps(store)
        ],
    )
    for alert in queries.alerts(store):
        print(f"\n{alert.level}: {alert.message}")
        if alert.offer and alert.adopted is None:
            adopt = command(store, "adopt", alert.id, program=called())
            print(f"  offered: {offer_words(alert.offer)}; to do so: {adopt}")
        elif alert.offer:
            print(f"  {alert.adopted_by} has set {offer_words(alert.offer)}")
    reasons = list(reason_lines(store, most=_SHOWN))
    if reasons:
        print("", *reasons, sep="\n")
    decided = [record for record in asked(store) if not record.by_session]
    if decided:
        print("", *(decided_line(record) for record in decided[-_LAST:]), sep="\n")
        if len(decided) > _LAST:
            print(f"all {len(decided)} decisions: {command(store, 'history', program=called())}")


def decided_line(record: HistoryRecord) -> str:
    """What somebody decided, in a line: when, who, what and why."""
    when = time.strftime("%Y-%m-%d %H:%M", time.localtime(record.time))
    why = f": {record.why}" if record.why else ""
    return f"{when} {record.who} has asked: {decided_words(record)}{why}"
