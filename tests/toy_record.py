"""A session's record without a coordinator: tests do its turns by hand, one after another."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from sqlalchemy import select

import toys
from icestream.engine.decisions.actions import Start
from icestream.engine.decisions.events import Backfilling, Event
from icestream.engine.decisions.ready import Ready
from icestream.engine.decisions.state import StepState
from icestream.engine.executors.attempt import run_lease
from icestream.engine.executors.contract import Ended, Lease
from icestream.engine.graph.plan import PlannedStep
from icestream.engine.graph.workflow import Workflow
from icestream.engine.messages import Discovered
from icestream.engine.record.record import Record
from icestream.protocol import Discovery, Refusal
from icestream.store import tables as t
from icestream.store.open import open_store

Step = tuple[str, str, dict[str, Any], dict[str, Any]]
Run = Callable[[Lease], Ended]


def run(lease: Lease) -> Ended:
    """Run a lease here and now."""
    return Ended(lease.id, run_lease(lease))


class Desk:
    """A record that is open, and what a coordinator would do with it."""

    def __init__(self, folder: Path, *steps: Step, order: str = "oldest") -> None:
        self.folder = folder
        self.store = open_store(folder)
        self.record = Record(self.store, order, 60.0)
        self.states: dict[int, StepState] = {}
        self._leases = 0
        self._cursor = 0
        if steps:
            self.open(*steps)

    def open(self, *steps: Step) -> None:
        """Take the session over with this workflow."""
        made = Workflow.from_document(toys.workflow(*steps))
        self.states = self.record.open(made, toys.registry())

    def step(self, name: str) -> PlannedStep:
        return self.record.plan.step(name)

    def find(self, *values: float, step: str = "src", refused: tuple[str, ...] = ()) -> list[Event]:
        """A source finds numbers: exposure ``e5`` has the value 5."""
        items = [toys.Number(exposure=f"e{value:g}", value=value) for value in values]
        wrong = [Refusal(Path(name), "is bad", name) for name in refused]
        self._cursor += 1
        found = Discovery(items, wrong, state=self._cursor)
        source = self.step(step)
        return self.record.take_in([], [Discovered(source.id, source.revision_id, found)])

    def ready(self, step: str) -> tuple[Ready, ...]:
        """Ready tasks of a step, the first to start first."""
        return self.record.refill(self.step(step).id, set()).tasks

    def start(self, step: str, most: int = 1000) -> list[Lease]:
        """Start ready tasks of a step, each in a lease of its own."""
        starts = []
        for task in self.ready(step)[:most]:
            self._leases += 1
            starts.append(Start(f"lease{self._leases};", task.step, (task,)))
        return self.record.start(starts)

    def work(self, run: Run = run) -> None:
        """Run everything that is ready, shallow steps first, until nothing is."""
        while True:
            leases = [
                lease
                for step in self.record.plan.by_depth()
                if step.kind not in ("source", "monitor", "trigger")
                for lease in self.start(step.name)
            ]
            if not leases:
                return
            self.record.take_in([run(lease) for lease in leases], [])

    def backfill(self, *names: str) -> None:
        """Look at all that was there before steps were added or changed; all steps by default."""
        steps = [self.step(name) for name in names] or self.record.plan.by_depth()
        for step in steps:
            while Backfilling(step.id, active=False) not in self.record.backfill(step.id):
                pass

    def rows(self, table: Any, *columns: str, **where: Any) -> list[Any]:
        """Rows of a table of the store, or their `columns`, in order of their numbers."""
        chosen = select(*(table.c[name] for name in columns)) if columns else select(table)
        for name, value in where.items():
            chosen = chosen.where(table.c[name] == value)
        chosen = chosen.order_by(*(column for column in table.primary_key))
        with self.store.read() as connection:
            rows = connection.execute(chosen).all()
        return [row[0] for row in rows] if len(columns) == 1 else list(rows)

    def states_of(self, step: str) -> dict[str, str]:
        """State of the current task of each exposure at a step; batches are numbered."""
        return {name: row.state for name, row in self.tasks(step).items()}

    def tasks(self, step: str) -> dict[str, Any]:
        """Current tasks of a step by exposure, or by number of the batch."""
        names = {row.id: row.name for row in self.rows(t.exposure)}
        rows = self.rows(t.task, revision_id=self.step(step).revision_id)
        return {names.get(row.exposure_id, str(-row.exposure_id)): row for row in rows}

    def counts(self, step: str) -> dict[str, int]:
        """The counters of a step that are not 0."""
        (row,) = self.rows(t.counter, revision_id=self.step(step).revision_id)
        found = row._asdict()
        return {n: v for n, v in found.items() if v and n not in ("revision_id", "seconds")}

    def exposures(self) -> dict[str, str]:
        """State of each exposure."""
        return {row.name: row.state for row in self.rows(t.exposure)}

    def close(self) -> None:
        self.store.close()


def desks(folder: Path) -> Iterator[Callable[..., Desk]]:
    """Makes desks in folders below `folder`, and closes them: the body of a fixture."""
    made: list[Desk] = []

    def make(*steps: Step, order: str = "oldest") -> Desk:
        made.append(Desk(folder / f"session{len(made)}", *steps, order=order))
        return made[-1]

    yield make
    for desk in made:
        desk.close()
