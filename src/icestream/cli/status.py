"""`icestream status`: where a session stands."""

import json as json_
import shutil
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from icestream.cli.alerts import alert_lines
from icestream.cli.history import who_words
from icestream.cli.nodes import print_nodes
from icestream.cli.overview import SHOWN, Overview, document_of, overview
from icestream.cli.reasons import reason_lines
from icestream.cli.terminal import called, console, print_json, print_table
from icestream.engine.requests.commands import command, run_again
from icestream.model import QUALITIES, optics_words
from icestream.model.outlook import FIRST, behind_words, filling_words, outlook_words, remedy_words
from icestream.model.states import shown_state
from icestream.report.node_words import duration
from icestream.store.history import decided_words
from icestream.store.open import Store, open_store
from icestream.store.published import published_words
from icestream.store.records import BranchRecord, HistoryRecord, StepRecord
from icestream.store.standing import rerun_words

__all__ = ["status"]

_ROOM = 1 << 20
"""Bytes without which nothing can be written."""
_LAST = 3
"""Decisions of people that are shown."""
_SHOWN = 10
"""Kinds of reasons listed for people; programs get each failure."""
_EVERY = 5.0
"""Seconds between two looks."""


def status(
    session: Path,
    /,
    *,
    branch: str | None = None,
    json: Annotated[bool, Parameter(negative="")] = False,
    follow: Annotated[bool, Parameter(negative="")] = False,
) -> None:
    """Say where a session stands: state, rates, quality, steps, exposures, failures and alerts.

    Parameters
    ----------
    session
        The session's folder.
    branch
        Show the steps of this branch; those of the adopted one by default.
    json
        For programs; with --follow one line of JSON for each look.
    follow
        Go on looking, until Ctrl-C.
    """
    with closing(open_store(session, readonly=True)) as store:
        if not follow:
            _show(store, branch, json=json)
            return
        try:
            while True:
                _show(store, branch, json=json, follow=True)
                time.sleep(_EVERY)
        except KeyboardInterrupt:
            return


def _show(store: Store, branch: str | None, *, json: bool, follow: bool = False) -> None:
    """Look once, and say what there is."""
    now = time.time()
    found = overview(store, now, branch)
    if json:
        document = document_of(store, found, called())
        if follow:
            print(json_.dumps(document, ensure_ascii=False, default=str), flush=True)
        else:
            print_json(document)
        return
    if follow:
        screen = console()
        if screen.is_terminal:
            screen.clear()
        else:
            print(time.strftime("--- %Y-%m-%d %H:%M:%S", time.localtime(now)))
    _print(store, found, now)
    print(end="", flush=True)


def _print(store: Store, found: Overview, now: float) -> None:
    print(*_head(store, found), sep="\n")
    print(*_figures(found, now), sep="\n")
    print()
    if found.branch != found.session.branch:
        print(f"steps of the branch {found.branch}, which is not adopted:")
    print_table(
        ("step", "state", "ready", "running", "done", "rejected", "failed", "skipped", "s each"),
        [
            (
                step.name,
                _step_state(step, found),
                str(step.counts.ready + step.counts.held),
                str(step.counts.running),
                str(step.counts.done),
                str(step.counts.rejected),
                str(step.counts.failed),
                str(step.counts.skipped),
                f"{step.counts.mean_seconds:.2f}",
            )
            for step in found.steps
        ],
    )
    if found.nodes is not None:
        print()
        print_nodes(found.nodes)
    for lines in (
        list(alert_lines(store, found.alerts, called())),
        list(reason_lines(store, most=_SHOWN)),
        list(_decided(store, found)),
    ):
        if lines:
            print("", *lines, sep="\n")


def _head(store: Store, found: Overview) -> Iterator[str]:
    """State, and what the state does not say."""
    session = found.session
    since = time.strftime("%Y-%m-%d %H:%M", time.localtime(session.created))
    why = f" ({session.reason})" if session.reason and not found.again else ""
    state = f"{shown_state(session.state)}{why}"
    yield f"{session.name}: {state}, workflow {session.workflow}, begun {since}"
    if len(found.branches) > 1:
        yield f"branches: {', '.join(map(_branch, found.branches))}; this is the adopted one"
    yield from _waiting(store, found)
    yield from _notes(store.folder, session.state, found.runs)
    if found.report is not None:
        yield f"report: {found.report}"
    if found.published is not None:
        yield f"report {published_words(found.published)}"
    if (store.folder / ".facility").is_dir():
        from icestream.cli.buckets import bucket_lines  # slow to load, and for few sessions

        yield from bucket_lines(store)


def _branch(branch: BranchRecord) -> str:
    count = branch.sample
    which = "" if count is None else f"{count} exposure{'' if count == 1 else 's'}"
    state = "adopted" if branch.adopted else "rests" if branch.state == "resting" else ""
    said = ", ".join(filter(None, (state, which)))
    return f"{branch.name} ({said})" if said else branch.name


def _waiting(store: Store, found: Overview) -> Iterator[str]:
    """What has to be run again, or was asked and not answered, and how to have it done."""
    again, asked = found.again, len(found.asked)
    if again:
        yield rerun_words(again, runs=bool(found.runs))
        if again.standing is not None:
            since = time.strftime("%Y-%m-%d %H:%M", time.localtime(again.standing.until))
            yield f"  results and exports are those of before the change of {since} until then"
    if asked:
        yield f"{asked} {'request waits' if asked == 1 else 'requests wait'} to be carried out"
    if found.waits and not found.runs:
        yield f"  to do so: {run_again(store, called())}"


def _notes(folder: Path, state: str, runs: str) -> Iterator[str]:
    """What the state that the store holds does not say."""
    if not runs:
        if state != "done":
            yield "the command that it was started with goes on where it was"
        return
    if state == "paused":
        yield f"nothing new starts until: icestream resume {folder}"
    if shutil.disk_usage(folder).free < _ROOM:
        yield "its disk is full: processing is held, and goes on by itself when there is room"


def _figures(found: Overview, now: float) -> Iterator[str]:
    """How much there is, how fast it comes, and how good it is."""
    counts = found.exposures
    counted = ", ".join(f"{count} {shown_state(state)}" for state, count in counts.items())
    last, pace = found.pace.last, found.pace
    taken = found.taken
    ago = (
        f"; the last {taken.one} came {duration(now - last)} ago"
        if last and not found.ended
        else ""
    )
    yield f"{taken.many} found: {sum(counts.values())}, {counted}{ago}"
    yield from _outlook(found, now)
    if found.disk is not None:
        words = filter(
            None, (f"{found.disk.free * 1e-9:,.0f} GB free", filling_words(found.disk, now))
        )
        yield f"disk: {'; '.join(words)}"
    if found.newest is not None:
        yield f"optics: {optics_words(found.newest.optics, found.newest.assumed)}"
    mean = "on average " if found.ended else ""
    rates = [
        f"{rate:.0f} {taken.many}/h {what}"
        for rate, what in ((pace.found, "found"), (pace.processed, "processed"))
        if rate is not None
    ]
    if rates:
        yield f"rate: {mean}{', '.join(rates)}"
    if pace.delay is not None:
        yield f"delay: {duration(pace.delay)} from found to processed"
    for name in SHOWN:
        if name in found.medians:
            quality, median = QUALITIES[name], found.medians[name]
            value = f"{median.value * quality.scale:.3g} {quality.shown_unit}".strip()
            yield f"{quality.title}: {value} (median of the last {median.count})"
    anew = "" if found.particles_anew is None else f", {found.particles_anew} after it"
    size = "" if found.cut is None or not found.particles else "; diameter not known yet"
    if size and found.diameter is not None:
        size = f"; diameter {found.diameter:.3g} Å"
    yield f"particles: {found.particles}{f' before the change{anew}' if anew else ''}{size}"
    if found.map is not None:
        yield f"map: {_map(found)}"


def _outlook(found: Overview, now: float) -> Iterator[str]:
    """How far behind it is, when it will have caught up, and what would help."""
    said = found.forecast
    if said is None or not (said.behind or said.able):
        return
    parts = [behind_words(said, "in progress"), outlook_words(said, now)]
    yield f"behind: {'; '.join(filter(None, parts))}; {FIRST[found.session.order]}"
    if said.able:
        yield f"able: {said.able:.0f} {found.taken.many}/h; each costs {said.cost:.3g} core seconds"
    for remedy in said.remedies:
        yield f"  would help: {remedy_words(remedy)}"


def _map(found: Overview) -> str:
    volume = found.map
    if volume is None or volume.map is None:
        return volume.note if volume is not None else ""
    symmetry = f", {volume.symmetry}" if volume.symmetry else ""
    made = f"from {volume.particles} particles{symmetry}"
    if not volume.even:
        return f"{volume.reached}, {made}; views are uneven, it may be wrong: {volume.map}"
    return f"{volume.reached} {made}: {volume.map}"


def _step_state(step: StepRecord, found: Overview) -> str:
    over = not found.runs and found.session.state in ("stopped", "done")
    state = "stopped" if over and step.state in ("running", "draining") else shown_state(step.state)
    waiting = next((each.waiting for each in found.again.steps if each.step == step.name), 0)
    notes = [step.reason, step.closed, f"{waiting} to run again" if waiting else "", _holds(step)]
    said = ", ".join(filter(None, notes))
    return f"{state} ({said})" if said else state


def _holds(step: StepRecord) -> str:
    """What a trigger or a sampler holds, and what has to open it."""
    if step.kind != "trigger" or not step.counts.held:
        return ""
    opener = step.parameters.get("opened_by")
    wait = f", opens with {opener}" if opener else ""
    return f"holds {step.counts.held}{wait}"


def _decided(store: Store, found: Overview) -> Iterator[str]:
    """The last that people decided."""
    people = [record for record in found.decisions if not record.by_session]
    shown = people[-_LAST:]
    yield from map(_decided_line, shown)
    if len(found.decisions) > len(shown):
        every = command(store, "history", program=called())
        yield f"all {len(found.decisions)} decisions: {every}"


def _decided_line(record: HistoryRecord) -> str:
    when = time.strftime("%Y-%m-%d %H:%M", time.localtime(record.time))
    why = f": {record.why}" if record.why else ""
    return f"{when} {who_words(record)} has asked: {decided_words(record)}{why}"
