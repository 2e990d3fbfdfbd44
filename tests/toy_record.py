"""A session's record without a coordinator: tests do its turns by hand, one after another."""

import json
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

from sqlalchemy import insert, select

import toys
from icestream.engine.decisions.actions import Start
from icestream.engine.decisions.events import Backfilling, BatchFormed, Event
from icestream.engine.decisions.ready import Order, Ready
from icestream.engine.decisions.state import StepState
from icestream.engine.executors.attempt import run_lease
from icestream.engine.executors.contract import Ended, Lease
from icestream.engine.graph.plan import PlannedStep
from icestream.engine.graph.workflow import Workflow
from icestream.engine.messages import Discovered
from icestream.engine.record import branches
from icestream.engine.record.record import Record
from icestream.engine.record.revisions import with_parameters
from icestream.engine.record.workflows import branch_called, session_workflow
from icestream.engine.requests.carry_out import judge
from icestream.model import RevisionId
from icestream.protocol import Discovery, Refusal
from icestream.store import tables as t
from icestream.store.open import Store, open_store

Step = tuple[str, str, dict[str, Any], dict[str, Any]]
Run = Callable[[Lease], Ended]


def run(lease: Lease) -> Ended:
    """Run a lease here and now."""
    return Ended(lease.id, run_lease(lease))


def begin(store: Store) -> None:
    """Enter a session."""
    with store.write() as connection:
        row = {"id": 1, "name": "s", "workflow": "w", "order": "newest", "state": "running"}
        connection.execute(insert(t.session).values(epoch=1, created=0.0, changed=0.0, **row))


class Desk:
    """A record that is open, and what a coordinator would do with it."""

    def __init__(self, folder: Path, *steps: Step, order: Order = "oldest") -> None:
        self.folder = folder
        self.store = open_store(folder)
        self.record = Record(self.store, toys.registry(), order, 60.0)
        self.states: dict[RevisionId, StepState] = {}
        self._leases = 0
        self._cursor = 0
        if steps:
            self.open(*steps)

    def open(self, *steps: Step) -> None:
        """Take the session over with this workflow."""
        made = Workflow.from_document(toys.workflow(*steps))
        self.states = self.record.open(made)

    def step(self, name: str, branch: str | None = None) -> PlannedStep:
        return self.record.plan.step(name, branch)

    # -- what people do ------------------------------------------------------------------------

    def branch(self, name: str, *steps: Step, sample: Iterable[str] | None = None) -> list[Event]:
        """Make a branch with this workflow, for all exposures or for those that are named."""
        chosen = None
        if sample is not None:
            names = {row.name: row.id for row in self.rows(t.subject, kind="exposure")}
            chosen = [names[one] for one in sample]
        workflow = Workflow.from_document(toys.workflow(*steps))
        with self.record.transaction() as (connection, writes):
            branches.create_branch(
                connection, writes, workflow, name=name, who="ann", sample=chosen
            )
        return self.bring(workflow, branch=name)

    def bring(self, workflow: Workflow | Iterable[Step], branch: str | None = None) -> list[Event]:
        """Bring a branch to a workflow, the adopted one by default."""
        if not isinstance(workflow, Workflow):
            workflow = Workflow.from_document(toys.workflow(*workflow))
        registry = self.record.registry
        with self.record.transaction() as (connection, writes):
            number = branch_called(connection, branch or self.record.plan.adopted)
            entered = branches.Entered(number, workflow, "ann")
            branches.enter_workflow(connection, writes, entered, registry)
        return self.record.replan()

    def change(self, step: str, branch: str | None = None, /, **changes: Any) -> list[Event]:
        """Change parameters of a step in a branch, the adopted one by default."""
        old = session_workflow(self.store, branch)
        return self.bring(with_parameters(old, self.record.registry, step, changes), branch)

    def adopt(self, branch: str) -> list[Event]:
        """Make a branch the one that people mean."""
        with self.record.transaction() as (connection, writes):
            looking = branches.adopt_branch(connection, writes, branch, "ann")
        return self.record.replan(looking)

    def drop(self, branch: str) -> list[Event]:
        """Process a branch no more."""
        with self.record.transaction() as (connection, writes):
            branches.drop_branch(connection, writes, branch, "ann")
        return self.record.replan()

    def judge(
        self, exposure: str, *steps: str, accepted: bool = False, why: str = ""
    ) -> list[Event]:
        """Accept or reject an exposure at these steps, by default at all selections."""
        every = self.record.plan.by_depth()
        at = [self.step(name) for name in steps] or [s for s in every if s.kind == "selection"]
        said = {"accepted": accepted, "who": "ann", "why": why}
        events, unknown = judge(self.record, at, [exposure], **said)  # type: ignore[arg-type]
        assert not unknown
        return events

    # -- what a coordinator does ---------------------------------------------------------------

    def find(self, *values: float, step: str = "src", refused: tuple[str, ...] = ()) -> list[Event]:
        """A source finds numbers: exposure ``e5`` has the value 5."""
        items = [toys.Number(exposure=f"e{value:g}", value=value) for value in values]
        wrong = [Refusal(Path(name), "is bad", name) for name in refused]
        self._cursor += 1
        found = Discovery(items, wrong, state=self._cursor)
        source = self.step(step)
        return self.record.take_in([], [Discovered(source.id, found)])

    def ready(self, step: str | PlannedStep) -> tuple[Ready, ...]:
        """Ready tasks of a step, the first to start first."""
        return self.record.refill(self._of(step).id, set()).tasks

    def start(self, step: str | PlannedStep, most: int = 1000) -> list[Lease]:
        """Start ready tasks of a step, each in a lease of its own; empty leases are left out."""
        starts = []
        for task in self.ready(step)[:most]:
            self._leases += 1
            starts.append(Start(f"lease{self._leases};", task.step, (task,)))
        return [lease for lease in self.record.start(starts)[0] if lease.calls]

    def work(self, run: Run = run) -> None:
        """Run everything that is ready in all branches, shallow steps first, until nothing is."""
        while True:
            steps = [
                step
                for step in self.record.plan.by_depth()
                if step.kind not in ("source", "monitor", "trigger") and self.ready(step)
            ]
            leases = [lease for step in steps for lease in self.start(step)]
            if not steps:
                return
            self.record.take_in([run(lease) for lease in leases], [])

    def work_at(self, *names: str) -> None:
        """Run what is ready at these steps of the adopted branch, one after another."""
        for name in names:
            self.record.take_in([run(lease) for lease in self.start(name)], [])

    def gather(self, step: str | PlannedStep, *, final: bool = False) -> bool:
        """Form the next batch of a step, or the groups that are left; True when there is one."""
        (*_, formed) = self.record.gather(self._of(step).id, final=final)
        assert isinstance(formed, BatchFormed)
        return formed.formed

    def backfill(self, *names: str) -> None:
        """Look at all that was there before steps were added or changed; all steps by default."""
        steps = [self.step(name) for name in names] or self.record.plan.by_depth()
        for step in steps:
            while Backfilling(step.id, active=False) not in self.record.backfill(step.id):
                pass

    def _of(self, step: str | PlannedStep) -> PlannedStep:
        return self.step(step) if isinstance(step, str) else step

    # -- what the store has --------------------------------------------------------------------

    def rows(self, table: Any, *columns: str, **where: Any) -> list[Any]:
        """Rows of a table of the store, or their `columns`, in order of their numbers."""
        chosen = select(*(table.c[name] for name in columns)) if columns else select(table)
        for name, value in where.items():
            chosen = chosen.where(table.c[name] == value)
        chosen = chosen.order_by(*(column for column in table.primary_key))
        with self.store.read() as connection:
            rows = connection.execute(chosen).all()
        return [row[0] for row in rows] if len(columns) == 1 else list(rows)

    def states_of(self, step: str | PlannedStep) -> dict[str, str]:
        """State of the current task of each subject at a step; batches are numbered."""
        return {name: row.state for name, row in self.tasks(step).items()}

    def tasks(self, step: str | PlannedStep) -> dict[str, Any]:
        """Current tasks of a step by name, or by number of the batch."""
        names = {
            row.id: str(row.number) if row.kind == "batch" else row.name
            for row in self.rows(t.subject)
        }
        rows = self.rows(t.task, revision_id=self._of(step).id)
        return {names[row.subject_id]: row for row in rows}

    def counts(self, step: str | PlannedStep) -> dict[str, int]:
        """The counters of a step that are not 0, but for what its tasks took."""
        took = ("seconds", "cpu", "metered", "memory")
        (row,) = self.rows(t.counter, revision_id=self._of(step).id)
        found = row._asdict()
        return {n: v for n, v in found.items() if v and n not in ("revision_id", *took)}

    def values(self, step: str | PlannedStep, port: str = "number") -> dict[str, float]:
        """Value of what each subject's task made."""
        documents = {row.id: json.loads(row.document) for row in self.rows(t.result)}
        return {
            name: documents[row.result_id][port]["value"]
            for name, row in self.tasks(step).items()
            if row.state == "done"
        }

    def exposures(self) -> dict[str, str]:
        """State of each exposure."""
        names = {row.id: row.name for row in self.rows(t.subject)}
        return {names[row.id]: row.state for row in self.rows(t.exposure)}

    def close(self) -> None:
        self.store.close()


def desks(folder: Path) -> Iterator[Callable[..., Desk]]:
    """Makes desks in folders below `folder`, and closes them: the body of a fixture."""
    made: list[Desk] = []

    def make(*steps: Step, order: Order = "oldest") -> Desk:
        made.append(Desk(folder / f"session{len(made)}", *steps, order=order))
        return made[-1]

    yield make
    for desk in made:
        desk.close()
