"""Running a session: what the machine has, what is refused, and that everything is given back."""

import contextlib
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import structlog

import old_session
import toys
from icestream.engine import session as module
from icestream.engine.executors.cluster.kinds import DaskCluster, NodeKind
from icestream.engine.executors.contract import Ended, Gpus
from icestream.engine.graph.workflow import InvalidWorkflow, Workflow
from icestream.engine.machine.ledger import Ledger
from icestream.engine.machine.lock import SessionBusy, hold
from icestream.engine.progress import Progress
from icestream.engine.record.leases import KEPT, SCRATCH
from icestream.engine.record.opening import mark_of
from icestream.engine.session import (
    Machine,
    RunningSession,
    bring_up_to_date,
    gpus_of_machine,
    machine_of,
    run_session,
)
from icestream.protocol import Resources
from icestream.store import queries
from icestream.store.migrate import OlderStore
from icestream.store.open import open_store
from icestream.store.places import state_folder
from toy_session import InlineExecutor, wait_for

SRC = ("src", "toy.count", {"count": 4}, {})
A = ("a", "toy.add", {}, {"number": "src"})


def workflow(*steps: Any) -> Workflow:
    return Workflow.from_document(toys.workflow(*steps))


@pytest.fixture(autouse=True)
def _quiet(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("ICESTREAM_STATE", str(tmp_path / "state"))
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(50))
    yield
    structlog.reset_defaults()


class Watched(InlineExecutor):
    """Remembers whether it was started and stopped."""

    def __init__(self) -> None:
        super().__init__()
        self.lived: list[str] = []

    def start(self, inbox: Callable[..., None]) -> None:
        self.lived.append("started")
        super().start(inbox)

    def stop(self) -> None:
        super().stop()
        self.lived.append("stopped")


def run(folder: Path, *steps: Any, **options: Any) -> Any:
    given = {"machine": Machine(cores=2), "executor": Watched(), "registry": toys.registry()}
    return run_session(folder, workflow(*steps), **(given | options))


# -- the machine -----------------------------------------------------------------------------------


def test_a_machine_has_its_amounts_by_the_kinds_of_the_ledger() -> None:
    machine = Machine(cores=8, memory=100, gpus=(0, 3), tokens={"relion": 2})
    assert machine.amounts() == {
        "cores": 8, "memory": 100, "gpu:0": 1, "gpu:3": 1, "token:relion": 2
    }  # fmt: skip


@pytest.mark.parametrize(("limit", "cores"), [(None, 8), (3, 3), (99, 8)])
def test_a_session_may_wish_for_fewer_cores_never_for_more(limit: int | None, cores: int) -> None:
    assert Machine(cores=8, memory=1).amounts(limit)["cores"] == cores


def test_a_machine_is_what_this_one_has() -> None:
    machine = Machine()
    assert machine.cores >= 1
    assert machine.memory > 2**20
    assert machine.gpus == gpus_of_machine()


def test_gpus_are_those_that_the_driver_lists(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    listed = tmp_path / "gpus"
    monkeypatch.setattr(module, "Path", lambda name: listed)
    assert gpus_of_machine() == ()
    for place in ("0000:01:00.0", "0000:41:00.0"):
        (listed / place).mkdir(parents=True)
    assert gpus_of_machine() == (0, 1)


# -- what is refused -------------------------------------------------------------------------------


def test_a_workflow_that_cannot_run_makes_no_folder(tmp_path: Path) -> None:
    with pytest.raises(InvalidWorkflow, match="no protocol 'toy.nope'"):
        run(tmp_path / "session", ("a", "toy.nope", {}, {}))
    assert not (tmp_path / "session").exists()


def test_an_order_that_is_none_is_refused_with_those_there_are(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="order is 'random'; it can be 'newest', 'oldest', 'both'"):
        run(tmp_path / "session", SRC, order="random")
    assert not (tmp_path / "session").exists()


# -- sharing the machine ---------------------------------------------------------------------------


@pytest.mark.parametrize(("idle", "granted"), [(False, 8), (True, 2)])
def test_a_session_without_work_leaves_the_machine_to_others(
    tmp_path: Path, idle: bool, granted: int
) -> None:
    """It keeps what its leases hold."""
    coordinator: Any = SimpleNamespace(
        is_idle=lambda: idle, used=lambda: {"cores": 2}, tell=lambda message: None
    )
    ledger = Ledger(tmp_path, {"cores": 8})
    executor = InlineExecutor()
    with module._sharing(ledger, "ours", {"cores": 8}, coordinator, executor) as share:
        assert share.granted == {"cores": granted}
        others = ledger.share("other", {"cores": 8}, {})
        assert others == {"cores": 8 - granted}
    assert ledger.share("other", {"cores": 8}, {}) == {"cores": 8}


class OnGpus(Watched):
    """Holds the GPUs that it was allowed; remembers what it was told about them."""

    def __init__(self) -> None:
        super().__init__()
        self.told: list[tuple[int, ...]] = []

    def allow(self, gpus: Iterable[int]) -> None:
        self.told.append(tuple(gpus))

    def gpus(self) -> Gpus:
        return Gpus(held=frozenset(self.told[-1] if self.told else ()))


def test_an_executor_is_told_which_gpus_the_session_was_granted(tmp_path: Path) -> None:
    machine = Machine(cores=2, gpus=(0, 3))
    executor = OnGpus()
    assert run(tmp_path / "session", SRC, A, machine=machine, executor=executor).complete
    assert executor.told[0] == (0, 3)


def test_what_attempts_kept_is_there_until_the_session_is_complete(tmp_path: Path) -> None:
    left = tmp_path / "session" / KEPT / "0123" / "half.mrc"
    left.parent.mkdir(parents=True)
    left.write_text("half")
    failing = ("a", "toy.add", {"fail": "item"}, {"number": "src"})
    assert run(tmp_path / "session", SRC, failing).complete
    assert left.is_file()  # the one that failed may go on from it when the session is run again
    assert run(tmp_path / "session", SRC, A).complete
    assert not (tmp_path / "session" / KEPT).exists()


def test_what_is_left_of_an_earlier_run_is_swept_before_the_session_starts(tmp_path: Path) -> None:
    left = tmp_path / "session" / SCRATCH / "1" / "7.1" / "half.mrc"
    left.parent.mkdir(parents=True)
    left.write_text("half")
    swept: list[str] = []

    class Sweeping(Watched):
        def sweep(self, mark: str, scratch: Path) -> None:
            swept.append(mark)
            assert left.exists()
            super().sweep(mark, scratch)
            assert not left.exists()

        def start(self, inbox: Callable[..., None]) -> None:
            assert len(swept) == 1
            super().start(inbox)

    assert run(tmp_path / "session", SRC, A, executor=Sweeping()).complete
    with contextlib.closing(open_store(tmp_path / "session", readonly=True)) as store:
        assert swept == [mark_of(queries.session(store).uid, tmp_path / "session")]


@pytest.mark.parametrize("busy", [0, 1])
def test_an_idle_session_gives_back_the_gpus_that_nothing_runs_on(
    tmp_path: Path, busy: int
) -> None:
    """Those on which its executor may place something or has a worker still are kept for it."""
    coordinator: Any = SimpleNamespace(is_idle=lambda: True, used=dict, tell=lambda message: None)
    executor: Any = SimpleNamespace(
        gpus=lambda: Gpus(busy=frozenset(range(busy)), held=frozenset({0, 1}))
    )
    wishes = {"gpu:0": 1, "gpu:1": 1}
    ledger = Ledger(tmp_path, wishes)
    with module._sharing(ledger, "ours", wishes, coordinator, executor) as share:
        assert share.granted == {"gpu:0": busy, "gpu:1": 0}
        assert ledger.share("other", wishes, {}) == {"gpu:0": 0, "gpu:1": 0}
        executor.gpus = lambda: Gpus(busy=frozenset(range(busy)), held=frozenset(range(busy)))
        wait_for(lambda: ledger.share("other", wishes, {}) == {"gpu:0": 1 - busy, "gpu:1": 1})


def everything_is_free() -> bool:
    """Whether no session has a share of the machine: another gets all that it wishes."""
    wish = {"cores": 8}
    return Ledger(state_folder(), wish).share("other", wish, {}) == wish


# -- from beginning to end -------------------------------------------------------------------------


def test_a_session_is_processed_and_everything_is_given_back(tmp_path: Path) -> None:
    executor = Watched()
    outcome = run(tmp_path / "session", SRC, A, executor=executor)
    assert outcome.complete
    assert outcome.exposures["done"] == 4
    assert executor.lived == ["started", "stopped"]
    with hold(tmp_path / "session"):  # the lock is free
        assert everything_is_free()


def test_everything_is_given_back_after_a_defect_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    executor = Watched()
    monkeypatch.setattr("icestream.engine.record.endings.record_done", lambda *_: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        run(tmp_path / "session", SRC, A, executor=executor)
    assert executor.lived == ["started", "stopped"]
    with hold(tmp_path / "session"):
        assert everything_is_free()


def test_who_runs_it_gets_the_means_to_stop_it(tmp_path: Path) -> None:
    running: list[RunningSession] = []

    def started(one: RunningSession) -> None:
        running.append(one)
        one.request_stop()  # also before its first turn

    outcome = run(
        tmp_path / "session", ("src", "toy.count", {"close": False}, {}), on_start=started
    )
    assert outcome.state == "stopped"
    assert len(running) == 1
    assert isinstance(running[0].progress(), Progress)


def test_the_folder_may_be_relative(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert run(Path("session"), SRC, A).complete
    store = open_store(tmp_path / "session", readonly=True)
    assert queries.session(store).name == "session"
    store.close()


def test_no_more_runs_at_once_than_the_machine_has(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A program of which one copy may run, on a machine with room for two leases."""
    monkeypatch.setattr(toys.Add, "resources", Resources(tokens=("licence",)))
    most = [0]

    class Counting(Watched):
        out = 0

        def submit(self, lease: Any) -> None:
            self.out += 1
            most[0] = max(most[0], self.out)
            super().submit(lease)

        def start(self, inbox: Callable[..., None]) -> None:
            def heard(one: Any) -> None:
                self.out -= isinstance(one, Ended)
                inbox(one)

            super().start(heard)

    machine = Machine(cores=8, tokens={"licence": 1})
    assert run(tmp_path / "s", SRC, A, machine=machine, executor=Counting()).complete
    assert most == [1]


def test_an_old_session_is_brought_up_to_date_before_it_is_looked_into(tmp_path: Path) -> None:
    folder = tmp_path / "session"
    bring_up_to_date(folder)
    assert not folder.exists()  # nothing is made
    old_session.restore(folder)
    with hold(folder), pytest.raises(SessionBusy):  # the version of before runs it
        bring_up_to_date(folder)
    with pytest.raises(OlderStore):
        open_store(folder, readonly=True, older=False)
    bring_up_to_date(folder)
    with contextlib.closing(open_store(folder, readonly=True)) as store:
        assert len(queries.exposures(store)) == 6
    bring_up_to_date(folder)


def test_a_cluster_is_all_its_nodes_and_no_task_is_larger_than_one() -> None:
    nodes = {
        "cpu": NodeKind(cores=8, memory=10**9, most=3),  # type: ignore[arg-type]
        "gpu": NodeKind(cores=2, memory=10**10, gpus=2, most=2),  # type: ignore[arg-type]
    }
    machine = machine_of(DaskCluster(nodes=nodes), {"relion": 1})
    assert (machine.cores, machine.memory, machine.gpus) == (28, 23 * 10**9, (0, 1, 2, 3))
    assert machine.licences() == {"token:relion": 1}
    assert machine.node == Machine(cores=8, memory=10**10, gpus=(0, 1))


def test_of_nodes_that_join_by_themselves_nothing_is_a_limit() -> None:
    machine = machine_of(DaskCluster(address="tcp://head:8786"), {})
    assert machine.node is None
    assert machine.cores > 10**5
    assert len(machine.gpus) > 100
