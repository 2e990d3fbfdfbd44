"""Running a session in the foreground: progress, report, log, and how it ended."""

import os
import shlex
import signal
import sys
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager, suppress
from dataclasses import replace
from functools import partial
from pathlib import Path
from types import FrameType

from icestream import log
from icestream.channels.kinds import Channels
from icestream.cli.alerts import alert_lines
from icestream.cli.buckets import Buckets
from icestream.cli.here import Here
from icestream.cli.progress import Watcher
from icestream.cli.reasons import reason_lines
from icestream.cli.report import kept_up_to_date, publish_target
from icestream.cli.step_options import AS_GIVEN
from icestream.cli.terminal import called, console
from icestream.engine.graph.validation import doubts, validate
from icestream.engine.graph.workflow import InvalidWorkflow, Workflow
from icestream.engine.progress import Outcome
from icestream.engine.record.set_by_people import kept_since
from icestream.engine.record.workflows import session_workflow
from icestream.engine.requests.commands import command
from icestream.engine.session import (
    Machine,
    RunningSession,
    bring_up_to_date,
    machine_of,
    run_session,
)
from icestream.model.states import shown_state
from icestream.protocol import Registry
from icestream.settings import Loaded, Settings, SettingsError, load
from icestream.starting.checks import (
    EACH_TIME,
    changes_since,
    check_folder,
    effectless,
    missing_here,
)
from icestream.starting.presets import with_presets
from icestream.starting.trial import TRIALS
from icestream.store import queries
from icestream.store.open import NoStore, Store, open_store
from icestream.store.records import AlertRecord
from icestream.usage.sending import after_session

__all__ = ["Here", "Stopping", "machine_here", "run_here"]

IMPOSSIBLE = 2
"""Exit status of a session that could not go on, because of what was asked."""
INTERRUPTED = 130
"""Exit status of a session that was ended by Ctrl-C or a signal before it was done."""

_CUT_SHORT = (
    "icestream: the session did not end when it was told to, and was interrupted; what it had "
    "stored is safe, and the same command goes on where it was"
)


def run_here(workflow: Workflow, session: Path, here: Here, *, counted: bool = True) -> int:
    """Run a workflow in the session's folder until it is done or stopped; the exit status.

    What is said as it was when the session was last run takes back nothing that was set since: the
    same command goes on where it was.

    Parameters
    ----------
    workflow
        What it runs.
    session
        Its folder.
    here
        How it runs.
    counted
        Whether it is in the usage statistics, where a person wants them; a demo is not.

    Raises
    ------
    InvalidWorkflow
        If the workflow cannot run; nothing has been written then.
    """
    session = session.absolute()
    registry = Registry()
    _check_folders(session, here)
    settings = (loaded := load(executor=here.executor)).settings
    cluster = settings.cluster()
    machine = machine_of(cluster, settings.tokens) if cluster else machine_here(settings)
    buckets = Buckets(session, workflow, here.put_back)
    _check(buckets.workflow, registry, machine)
    before = _before(session)
    workflow = buckets.reached() if before is None else _kept(session, buckets.workflow)
    workflow = with_presets(workflow, registry, settings.microscopes, before)
    if not here.as_given:
        _ask_about(workflow, registry, before)
    for sentence in effectless(workflow, registry):
        print(f"icestream: {sentence}", file=sys.stderr)
    bring_up_to_date(session)
    changes = list(changes_since(before, workflow, registry, but=EACH_TIME)) if before else []
    os.environ["ICESTREAM_STATE"] = str(settings.state)  # for every process of this session
    level = settings.log_level if here.log_json else "error"
    tell = partial(log.configure, lines=here.log_json or None, level=level)
    tell()
    with ExitStack() as around:
        watcher = None if here.log_json else around.enter_context(Watcher(console()))
        stopping = around.enter_context(Stopping().by_signals())

        def begin(running: RunningSession) -> None:
            """The session is ours: nobody else writes its log and its report."""
            tell(file=session / "logs" / "icestream.log")
            if not here.log_json:
                with _whatever_the_terminal_does():
                    print(*(f"{change}\n" for change in changes), sep="", end="", flush=True)
            around.enter_context(buckets.beside())
            if here.report:
                around.enter_context(kept_up_to_date(session, here.publish))
            stopping.begin(running)

        try:
            outcome = run_session(
                session,
                workflow,
                registry=registry,
                machine=machine,
                cores=here.cores,
                cluster=cluster,
                order=here.order,
                url=settings.store.get_secret_value() if settings.store else None,
                on_start=begin,
                on_progress=watcher.tell if watcher else None,
                silence=settings.worker_silence,
                channels=_channels(loaded, session) if here.alerts else None,
            )
        except KeyboardInterrupt:
            print(_CUT_SHORT, file=sys.stderr)
            return INTERRUPTED
    if not here.log_json:
        with _whatever_the_terminal_does():
            _tell(outcome, session, here)
    if counted:
        _count(session, registry)
    return _status(outcome, interrupted=stopping.asked > 0)


def _channels(loaded: Loaded, session: Path) -> Channels:
    """The channels of the settings, over which a confidential session is not named."""
    from icestream.facility.people.unsaid import unsaid_by_card

    return replace(loaded.channels, secret=partial(unsaid_by_card, session))


def _count(session: Path, registry: Registry) -> None:
    """Count a session that has ended, where the settings want that now: it may have run for days.

    Neither a trial of one exposure is counted, nor anything where the settings cannot be read.
    """
    try:
        settings = load().settings
    except (SettingsError, OSError):
        return
    if not session.resolve().is_relative_to((settings.state / TRIALS).resolve()):
        after_session(session, settings.usage, settings.state, registry)


def _check_folders(session: Path, here: Here) -> None:
    """Say what is wrong with where the session and its report go, before movies come."""
    check_folder(session)
    if here.report:
        publish_target(here.publish, session)


def _check(workflow: Workflow, registry: Registry, machine: Machine) -> None:
    """Refuse a workflow that cannot run, or not here."""
    problems = validate(workflow, registry) or list(
        missing_here(workflow, registry, gpus=len(machine.gpus))
    )
    if problems:
        raise InvalidWorkflow(workflow.name, problems)


@contextmanager
def _whatever_the_terminal_does() -> Iterator[None]:
    """Print, and go on when nobody reads it: a pipe was closed, or the disk behind it is full."""
    try:
        yield
        sys.stdout.flush()
    except OSError:
        # What is left in the buffer would be written, and fail, once more at the very end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _ask_about(workflow: Workflow, registry: Registry, before: Workflow | None) -> None:
    """Refuse values that are hardly meant."""
    asked = list(doubts(workflow, registry, before))
    if asked:
        raise InvalidWorkflow(workflow.name, [*asked, AS_GIVEN])


def _before(session: Path) -> Workflow | None:
    """The workflow of a session that goes on; None for a new one."""
    try:
        store = open_store(session, readonly=True)
    except NoStore:
        return None
    with closing(store):
        if not queries.steps(store):
            return None  # it was ended before it began
        return session_workflow(store)


def _kept(session: Path, workflow: Workflow) -> Workflow:
    """The workflow with what was set since; that is told. What is said each time is as said."""
    with closing(open_store(session, readonly=True)) as store:
        kept = kept_since(store, workflow)
    steps = []
    for old, new in zip(workflow.steps, kept.steps, strict=True):
        again = frozenset() if old.inputs else frozenset(EACH_TIME)
        each_time = {n: v for n, v in old.parameters.items() if n in again}
        others = {n: v for n, v in new.parameters.items() if n not in again}
        steps.append(replace(new, parameters={**others, **each_time}))
        for name in [n for n, v in others.items() if old.parameters.get(n) != v]:
            print(
                f"icestream: {new.name}.{name} stays {new.parameters[name]!r}, as it was set; "
                f"take it back with icestream set {session} {new.name} {name}=...",
                file=sys.stderr,
            )
    return replace(kept, steps=tuple(steps))


def machine_here(settings: Settings) -> Machine:
    """What sessions may use of this machine, as its settings say."""
    has = Machine()
    return replace(
        has,
        cores=settings.cores or has.cores,
        memory=int(settings.memory or has.memory),
        tokens=settings.tokens,
    )


class Stopping:
    """Ctrl-C lets the session finish what it has begun; a second one ends it at once.

    A session that was told to end at once and does not is interrupted where it is, as by a third
    Ctrl-C: a service manager asks only once.

    Parameters
    ----------
    patience
        Seconds from "at once" to the interruption.
    """

    def __init__(self, patience: float = 20.0) -> None:
        self.asked = 0
        self._patience = patience
        self._running: RunningSession | None = None

    def begin(self, running: RunningSession) -> None:
        """Know what to stop."""
        self._running = running
        if self.asked:
            running.request_stop(drain=False)

    @contextmanager
    def by_signals(self) -> Iterator["Stopping"]:
        """Listen to Ctrl-C, and to the signal of service managers, which do not wait for long."""
        heard = (signal.SIGINT, signal.SIGTERM, signal.SIGALRM)
        before = {signal_: signal.signal(signal_, self._hear) for signal_ in heard}
        # A terminal that is closed takes nothing along: the session has its log and its report.
        before[signal.SIGHUP] = signal.signal(signal.SIGHUP, signal.SIG_IGN)
        try:
            yield self
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0)
            for signal_, action in before.items():
                signal.signal(signal_, action)

    def _hear(self, signal_: int, _: FrameType | None) -> None:
        self.asked += 1
        if self.asked > 2 or signal_ == signal.SIGALRM:
            raise KeyboardInterrupt
        gently = self.asked == 1 and signal_ == signal.SIGINT
        if not gently:
            signal.setitimer(signal.ITIMER_REAL, self._patience)
        if self._running is not None:
            self._running.request_stop(drain=gently)


def _tell(outcome: Outcome, session: Path, here: Here) -> None:
    counted = ", ".join(
        f"{count} {shown_state(state)}" for state, count in outcome.exposures.items()
    )
    exposures = sum(outcome.exposures.values())
    print(f"{outcome.state} after {outcome.seconds:.0f} s: {exposures} exposures, {counted}")
    with suppress(NoStore), closing(open_store(session, readonly=True)) as store:
        print(*(f"  {line}\n" for line in reason_lines(store)), sep="", end="")
        print(*(f"{line}\n" for line in _open_alerts(store)), sep="", end="")
    for step in outcome.steps:
        if step.state == "paused":
            resume = f"{called()} resume {shlex.quote(str(session))} {step.name}"
            print(f"{step.name} is paused: {step.reason}\n  when that is fixed: {resume}")
    if outcome.reason:
        print(f"icestream: {outcome.reason}", file=sys.stderr)
    elif outcome.state != "done":
        print("the same command goes on where it was")
    elif not exposures:
        check = "check the pattern, and icestream status for refused files"
        print(f"no {outcome.taken.one} was found: {check}")
    elif not outcome.complete:
        print(f"some exposures are not finished: icestream status {session}")
    elif outcome.lost:
        print(f"nothing that came to {' and '.join(outcome.lost)} could be processed")
        print("what failed is tried again by the same command, once its cause is fixed")
    elif outcome.exposures.get("failed"):
        print("what failed is tried again by the same command, once its cause is fixed")
    if here.report:
        print(f"report: {session / 'report' / 'index.html'}")


def _open_alerts(store: Store) -> Iterator[str]:
    """What still holds when a session has ended, and how to fix what offers a change."""
    alerts = queries.alerts(store)
    yield from alert_lines(
        store,
        (alert for alert in alerts if alert.level != "notice" or _stands(alert)),
        called(),
    )
    critical = sum(alert.level == "critical" for alert in alerts)
    if critical:
        hold = "alert holds" if critical == 1 else "alerts hold"
        listed = command(store, "alerts", program=called())
        yield f"{critical} critical {hold}: the results may be wrong; {listed}"


def _stands(alert: AlertRecord) -> bool:
    return alert.offer is not None and alert.adopted is None


def _status(outcome: Outcome, *, interrupted: bool) -> int:
    if outcome.reason:
        return IMPOSSIBLE
    if outcome.complete and any(outcome.exposures.values()) and not outcome.lost:
        return 0
    return INTERRUPTED if interrupted else 1
