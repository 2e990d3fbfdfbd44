"""Running a call: whatever happens in an author's code is in the ending."""

import errno
import fcntl
import json
import os
import shutil
import sys
import threading
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from types import ModuleType
from typing import Annotated, Any, NamedTuple

import numba
import pytest

import toys
from icestream.engine.executors import attempt as work
from icestream.engine.executors.attempt import run_call, run_lease
from icestream.engine.executors.contract import Call, Ending, Lease
from icestream.formats.text import read_lines
from icestream.model import Accepted, Optics, Particles, Picture, Rejected, Verdict, column
from icestream.protocol import (
    Command,
    ConsensusProtocol,
    ItemProtocol,
    Parameters,
    Program,
    ProgramProtocol,
    SelectionProtocol,
    Work,
)
from icestream.store.places import state_folder

HERE = "toy_work_protocols"


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    exposure: str
    path: Annotated[Path, Picture("Map", "A map")]
    beside: Path | None = None

    def qualities(self) -> dict[str, float]:
        return {"toy.good": 1.0, "toy.unknown": float("nan")}


class Two(NamedTuple):
    number: toys.Number
    measured: Measured


class Write(ItemProtocol[Parameters]):
    """Leaves two files that its items name, and one that they do not."""

    name = "toy.write"
    title = "Write"

    def process(self, number: toys.Number, work: Work) -> Two:
        for name in ("map.mrc", "e1_mask.mrc", "rest.tmp"):
            work.path(name).write_text("x" * 5)
        work.path("tool.log").write_text("said")
        measured = Measured(
            exposure="e1", path=work.path("map.mrc"), beside=work.path("e1_mask.mrc")
        )
        return Two(number, measured)


class Optional(ItemProtocol[Parameters]):
    """The second input may be left unconnected."""

    name = "toy.optional"
    title = "Optional"

    def process(self, number: toys.Number, other: toys.Number | None) -> toys.Number:
        assert other is None
        return number


class Run(ProgramProtocol[Parameters]):
    """Runs a program on a number, whose second input is not connected, and on a third."""

    name = "toy.run"
    title = "Run"
    program = Program("true", probe=None)

    def command(
        self, number: toys.Number, other: toys.Number | None, third: toys.Number, work: Work
    ) -> Command:
        return Command(("true",))

    def collect(
        self, number: toys.Number, other: toys.Number | None, third: toys.Number, work: Work
    ) -> toys.Number:
        assert other is None and third.exposure == "e3"
        return number


class Wrong(ItemProtocol[Parameters]):
    """Returns something else than it says."""

    name = "toy.wrong"
    title = "Wrong"

    def process(self, number: toys.Number) -> toys.Number:
        return "a number"  # type: ignore[return-value]


class Look(ItemProtocol[Parameters]):
    """Says what the call was given."""

    name = "toy.look"
    title = "Look"

    def process(self, number: toys.Number, work: Work) -> toys.Number:
        assert number.path is None or number.path.is_absolute()
        said = f"{work.gpus}|{work.cores}|{work.seed}|{numba.get_num_threads()}|{number.path}"
        return toys.Number(exposure=said, value=1.0)


class Judge(SelectionProtocol[Parameters]):
    name = "toy.judge"
    title = "Judge"

    def judge(self, number: toys.Number) -> Verdict:
        return Rejected(("ice", "drift"))


class First(ConsensusProtocol[Parameters, toys.Number]):
    name = "toy.first"
    title = "First"

    def agree(self, candidates: dict[str, toys.Number]) -> toys.Number:
        return toys.Number(exposure="-".join(sorted(candidates)), value=0.0)


class Reading(Parameters):
    table: Path | None = None
    """What is read."""


class Read(ItemProtocol[Reading]):
    """Reads the file that its item names."""

    name = "toy.read"
    title = "Read"

    def process(self, number: toys.Number) -> toys.Number:
        assert number.path is not None
        return toys.Number(exposure=read_lines(number.path)[0], value=0.0)


Make = Callable[..., Call]


@pytest.fixture
def call(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Make:
    """Makes a call of a protocol of this file, or of the toys."""
    module = ModuleType(HERE)
    monkeypatch.setitem(sys.modules, HERE, module)
    for protocol in (Write, Optional, Run, Wrong, Look, Judge, First, Extract, Read):
        setattr(module, protocol.__name__, protocol)
    monkeypatch.setattr(work, "_protocols", {})
    monkeypatch.setattr(work, "_states", work.OrderedDict())

    def make(kind: str, parameters: dict[str, Any] | None = None, **values: Any) -> Call:
        where = HERE if hasattr(module, kind) else "toys"
        number = {"exposure": "e3", "value": 3.0, "path": "src/e3.txt"}
        given: dict[str, Any] = {
            "task": 7,
            "attempt": 2,
            "inputs": json.dumps([["number", "src", 1, "number"]]),
            "documents": {1: json.dumps({"number": number})},
            "session": str(tmp_path),
            "scratch": str(tmp_path / ".scratch" / "7.2"),
            "folder": "step",
            "name": "e1",
            "key": "0000000a",
        }
        return Call(target=f"{where}:{kind}", parameters=parameters or {}, **(given | values))

    return make


def document(ending: Ending) -> Any:
    assert ending.outcome == "done", ending.details
    return json.loads(ending.document)


# -- what comes out --------------------------------------------------------------------------------


def test_each_output_port_has_its_document(call: Make) -> None:
    ending = run_call(call("Write"))
    assert document(ending).keys() == {"number", "measured"}
    assert ending.task == 7
    assert ending.seconds > 0
    assert ending.cpu is not None
    assert 0 <= ending.cpu < 10
    assert ending.memory is not None
    assert ending.memory > 2**20
    assert ending.host


def test_each_output_says_what_it_is(call: Make) -> None:
    ending = run_call(call("Write"))
    here = f"{Measured.__module__}:Measured"
    assert json.loads(ending.types) == {"number": "toys:Number", "measured": here}


def test_an_output_that_is_more_than_its_port_says_says_so(
    call: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    @dataclass(frozen=True, slots=True, kw_only=True)
    class Whole(toys.Number):
        pass

    def process(self: object, number: toys.Number) -> toys.Number:
        return Whole(exposure="e", value=1.0)

    monkeypatch.setattr(toys.Add, "process", process)
    (kind,) = json.loads(run_call(call("Add")).types).values()
    assert kind.endswith("Whole")


def test_pictures_are_told_by_their_final_names(call: Make) -> None:
    ending = run_call(call("Write"))
    assert json.loads(ending.pictures) == [["measured", "step/e1_map.mrc", "Map", "A map"]]


@pytest.mark.parametrize(
    ("verdict", "kind"), [(Accepted(), "Accepted"), (Rejected(("ice",)), "Rejected")]
)
def test_a_verdict_says_what_it_is(
    call: Make, monkeypatch: pytest.MonkeyPatch, verdict: Verdict, kind: str
) -> None:
    def judge(self: object, number: toys.Number) -> Verdict:
        return verdict

    monkeypatch.setattr(Judge, "judge", judge)
    ending = run_call(call("Judge"))
    assert json.loads(ending.types) == {"verdict": f"icestream.model:{kind}"}


class Cut(NamedTuple):
    number: toys.Number
    kept: Particles
    left: Particles


class Extract(ItemProtocol[Parameters]):
    """Cuts two stacks."""

    name = "toy.extract"
    title = "Extract"

    def process(self, number: toys.Number, work: Work) -> Cut:
        return Cut(number, *(stack(count) for count in (2, 3)))


def stack(count: int) -> Particles:
    values = column(range(count))
    return Particles(
        exposure="e1", stack=Path("/x.mrcs"), box=8, optics=Optics(pixel_size=1.0, voltage=300.0),
        micrograph=Path("/x.mrc"), micrograph_pixel_size=1.0, x=values, y=values, score=values,
        defocus_u=values, defocus_v=values, defocus_angle=values,
    )  # fmt: skip


def test_particles_are_counted_where_they_are(call: Make) -> None:
    ending = run_call(call("Extract"))
    assert (ending.particles, ending.particles_port) == (2, "kept")
    ending = run_call(call("Write"))
    assert (ending.particles, ending.particles_port) == (-1, "")


def test_files_that_items_name_will_be_in_the_steps_folder_under_the_exposures_name(
    call: Make,
) -> None:
    ending = run_call(call("Write"))
    assert document(ending)["measured"]["path"] == "step/e1_map.mrc"
    assert document(ending)["measured"]["beside"] == "step/e1_mask.mrc"  # has the name already
    assert sorted(ending.files) == [
        ("e1_mask.mrc", "step/e1_mask.mrc", 5),
        ("map.mrc", "step/e1_map.mrc", 5),
        ("tool.log", "step/logs/e1.2.tool.log", 4),  # logs are kept; the rest is swept
    ]


def test_a_path_that_was_there_before_stays_what_it_is(call: Make) -> None:
    ending = run_call(call("Write"))
    assert document(ending)["number"]["path"] == "src/e3.txt"


def test_a_quality_that_is_no_number_is_left_out(call: Make) -> None:
    assert run_call(call("Write")).qualities == {"toy.value": 3.0, "toy.good": 1.0}


def test_a_verdict_has_its_reasons(call: Make) -> None:
    said = document(run_call(call("Judge")))
    assert said == {"verdict": {"accepted": False, "reasons": ["ice", "drift"]}}


def test_a_consensus_gets_its_candidates_by_the_names_of_their_steps(call: Make) -> None:
    inputs = json.dumps([["number", "b", 1, "number"], ["number", "a", 1, "number"]])
    assert document(run_call(call("First", inputs=inputs)))["number"]["exposure"] == "a-b"


def test_an_input_that_is_not_connected_is_none(call: Make) -> None:
    assert document(run_call(call("Optional")))


def test_a_program_takes_its_items_in_order_whether_they_are_connected_or_not(call: Make) -> None:
    inputs = [["number", "src", 1, "number"], ["third", "src", 1, "number"]]
    assert document(run_call(call("Run", inputs=json.dumps(inputs))))


# -- what goes in ----------------------------------------------------------------------------------


@pytest.mark.parametrize("gpus", [(), (0,), (1, 3)])
def test_a_call_is_told_the_gpus_of_its_process(
    call: Make, monkeypatch: pytest.MonkeyPatch, gpus: tuple[int, ...]
) -> None:
    """Which cannot be changed any more: once CUDA is up, it does not look at the environment."""
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "as it was started")
    (ending,) = run_lease(Lease(id="l;", calls=(call("Look", gpus=len(gpus)),), timeout=1.0), gpus)
    assert document(ending)["number"]["exposure"].split("|")[0] == str(gpus)
    assert os.environ["CUDA_VISIBLE_DEVICES"] == "as it was started"


def test_numba_has_the_calls_threads_and_no_more(call: Make) -> None:
    before = numba.get_num_threads()
    try:
        for cores in (1, 10_000):
            said = document(run_call(call("Look", cores=cores)))["number"]["exposure"]
            threads = min(cores, numba.config.NUMBA_NUM_THREADS)
            assert said.split("|")[1:4:2] == [str(cores), str(threads)]
    finally:
        numba.set_num_threads(before)


def test_the_seed_is_the_tasks_own(call: Make) -> None:
    seeds = [
        document(run_call(call("Look", key=key)))["number"]["exposure"].split("|")[2]
        for key in ("0000000a", "0000000a", "0000000b")
    ]
    assert seeds == ["10", "10", "11"]


def test_paths_in_the_session_come_in_absolute(call: Make, tmp_path: Path) -> None:
    said = document(run_call(call("Look")))["number"]["exposure"]
    assert said.endswith(str(tmp_path / "src" / "e3.txt"))


# -- what goes wrong -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("how", "outcome", "reason", "traced"),
    [
        ("item", "item", "3.0 is no good: take another", False),
        ("again", "again", "not now", True),
        ("defect", "defect", "RuntimeError: a defect", True),
        ("full", "storage", "OSError: [Errno 28] No space left on device", True),
    ],
)
def test_what_an_author_raises_is_classified(
    call: Make, how: str, outcome: str, reason: str, traced: bool
) -> None:
    ending = run_call(call("Add", {"fail": how}))
    assert (ending.outcome, ending.reason) == (outcome, reason)
    assert ("Traceback" in ending.details) is traced


@pytest.mark.parametrize(
    ("error", "outcome"),
    [
        (FileNotFoundError(2, "gone"), "again"),  # a network file system may be late
        (MemoryError(), "again"),
        (OSError(30, "Read-only file system"), "storage"),
        (OSError("1048576 requested and 77568 written"), "storage"),
        (KeyError("x"), "defect"),
    ],
)
def test_errors_of_the_world_may_pass_and_errors_of_code_do_not(
    call: Make, monkeypatch: pytest.MonkeyPatch, error: Exception, outcome: str
) -> None:
    def process(self: object, number: toys.Number) -> toys.Number:
        raise error

    monkeypatch.setattr(toys.Add, "process", process)
    assert run_call(call("Add")).outcome == outcome


@pytest.mark.parametrize("then", ["gone", "empty", "unreadable"])
def test_a_source_that_is_away_is_no_fault_of_an_item(
    call: Make,
    tmp_path_factory: pytest.TempPathFactory,
    monkeypatch: pytest.MonkeyPatch,
    then: str,
) -> None:
    nas = tmp_path_factory.mktemp("nas") / "grid"
    nas.mkdir(parents=True)
    (nas / "e3.txt").write_text("3")
    (nas / "e4.txt").write_text("4")

    def process(self: object, number: toys.Number) -> toys.Number:
        assert number.path is not None
        return replace(number, value=float(number.path.read_text()), path=None)

    monkeypatch.setattr(toys.Add, "process", process)
    number = {"exposure": "e3", "value": 3.0, "path": str(nas / "e3.txt")}
    made = call("Add", documents={1: json.dumps({"number": number})})
    assert run_call(made).outcome == "done"
    (nas / "e3.txt").unlink()  # one that lacks is a matter of its item
    assert (run_call(made).outcome, run_call(made).away) == ("unread", str(nas / "e3.txt"))
    said = "is not there"
    if then == "unreadable":
        said = "cannot be read: Stale file handle"

        def stale(folder: Path) -> bool:
            raise OSError(errno.ESTALE, "Stale file handle", str(folder))

        monkeypatch.setattr("icestream.engine.machine.storage._has_entries", stale)
    else:
        shutil.rmtree(nas)
        if then == "empty":
            nas.mkdir()
            said = "is empty"
    ending = run_call(made)
    assert (ending.outcome, ending.away) == ("storage", str(nas))
    assert ending.reason.startswith(f"{nas} {said}")


@pytest.mark.parametrize("named", [True, False])
@pytest.mark.parametrize("code", [errno.EIO, errno.ESTALE])
def test_one_file_that_cannot_be_read_holds_no_other(
    call: Make,
    tmp_path_factory: pytest.TempPathFactory,
    monkeypatch: pytest.MonkeyPatch,
    code: int,
    named: bool,
) -> None:
    """Its folder is well: what holds a session would be over at once, again and again."""
    movie = tmp_path_factory.mktemp("nas") / "e3.txt"
    movie.touch()

    def process(self: object, number: toys.Number) -> toys.Number:
        raise OSError(code, os.strerror(code), *([str(movie)] if named else []))

    monkeypatch.setattr(toys.Add, "process", process)
    document = {"number": {"exposure": "e3", "value": 3.0, "path": str(movie)}}
    ending = run_call(call("Add", documents={1: json.dumps(document)}))
    assert (ending.outcome, ending.away) == ("unread", str(movie))
    assert ending.reason == f"{movie} cannot be read: {os.strerror(code)}"


def test_a_session_that_cannot_be_written_is_no_fault_of_an_item(
    call: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever the error says: a library has its own words for it."""

    def process(self: object, number: toys.Number) -> toys.Number:
        raise OSError("cannot save the picture")

    def locked(folder: Path) -> None:
        raise PermissionError(errno.EACCES, "Permission denied", str(folder))

    monkeypatch.setattr(toys.Add, "process", process)
    assert run_call(call("Add")).outcome == "again"
    monkeypatch.setattr("icestream.engine.machine.storage._write", locked)
    ending = run_call(call("Add"))
    assert ending.outcome == "storage"
    assert "cannot be written: Permission denied" in ending.reason


def test_a_protocol_that_returns_something_else_is_told_what(call: Make) -> None:
    ending = run_call(call("Wrong"))
    assert ending.outcome == "defect"
    assert "output 'number' must be Number, it returned str" in ending.reason


def test_a_protocol_that_cannot_be_imported_fails_its_task_alone(call: Make) -> None:
    ending = run_call(replace(call("Add"), target="nowhere:X"))
    assert ending.outcome == "defect"
    assert "No module named 'nowhere'" in ending.reason


def test_the_log_of_a_failed_program_is_kept(call: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    def command(self: object, number: toys.Number, work: Work) -> Command:
        return Command(("sh", "-c", "echo broken; exit 3"))

    monkeypatch.setattr(toys.Echo, "command", command)
    ending = run_call(call("Echo"))
    assert ending.outcome == "item"
    assert ending.reason.startswith("sh ended with exit status 3; its last lines:\nbroken")
    line = f"{shutil.which('sh')} -c 'echo broken; exit 3'\n"
    assert ending.files == (
        ("sh.command.log", "step/logs/e1.2.sh.command.log", len(line)),
        ("sh.log", "step/logs/e1.2.sh.log", len("broken\n")),
    )


def test_the_calls_of_a_lease_run_one_after_another_whatever_happens(call: Make) -> None:
    calls = (call("Add", {"fail": "defect"}), call("Add"))
    endings = run_lease(Lease(id="l;", calls=calls, timeout=1.0))
    assert [one.outcome for one in endings] == ["defect", "done"]


def test_warming_warms_what_can_be_imported(monkeypatch: pytest.MonkeyPatch) -> None:
    warmed: list[type] = []

    def fail(cls: type) -> None:
        raise RuntimeError("no kernel")

    monkeypatch.setattr(toys.Sum2, "warm", classmethod(fail))
    monkeypatch.setattr(toys.Add, "warm", classmethod(warmed.append))
    work.warm(("nowhere:X", "toys:Sum2", "toys:Add", "toys:Echo"))
    assert warmed == [toys.Add]


class Gate:
    """Warming that begins, and goes on when it is told."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.begun, self.go = threading.Semaphore(0), threading.Event()

        def warm(cls: type) -> None:
            self.begun.release()
            assert self.go.wait(20)

        monkeypatch.setattr(toys.Add, "warm", classmethod(warm))

    def start(self, count: int) -> list[threading.Thread]:
        workers = [threading.Thread(target=work.warm, args=(("toys:Add",),)) for _ in range(count)]
        for worker in workers:
            worker.start()
        return workers


def test_the_first_worker_warms_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    gate = Gate(monkeypatch)
    workers = gate.start(3)
    assert gate.begun.acquire(timeout=20)
    assert not gate.begun.acquire(timeout=0.2)
    gate.go.set()
    for worker in workers:
        worker.join(20)
    assert gate.begun.acquire(timeout=20)
    assert gate.begun.acquire(timeout=20)


def _lock() -> Path:
    state_folder().mkdir(parents=True, exist_ok=True)
    return state_folder() / "warm.lock"


def test_the_others_warm_together(monkeypatch: pytest.MonkeyPatch) -> None:
    gate = Gate(monkeypatch)
    with _lock().open("a") as another:
        fcntl.flock(another, fcntl.LOCK_SH)
        workers = gate.start(2)
        assert gate.begun.acquire(timeout=20)
        assert gate.begun.acquire(timeout=20)
        gate.go.set()
        for worker in workers:
            worker.join(20)


def test_warming_goes_on_where_no_state_can_be_kept(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    warmed: list[type] = []
    monkeypatch.setattr(toys.Add, "warm", classmethod(warmed.append))
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("ICESTREAM_STATE", str(tmp_path / "file" / "state"))
    work.warm(("toys:Add",))
    assert warmed == [toys.Add]


# -- batches ---------------------------------------------------------------------------------------


def fold(call: Make, tmp_path: Path, checkpoint: str = "", name: str = "batch_1") -> Ending:
    """Run a batch of one item, and put its files into place."""
    inputs = json.dumps({"items": [[1, "number"]], "previous": None, "final": False})
    scratch = tmp_path / ".scratch" / name
    ending = run_call(
        call("AddUp", inputs=inputs, checkpoint=checkpoint, name=name, scratch=str(scratch))
    )
    for source, final, _ in ending.files:
        (tmp_path / final).parent.mkdir(exist_ok=True)
        (scratch / source).replace(tmp_path / final)
    return ending


def test_a_first_batch_starts_a_state_and_leaves_it_as_a_file(call: Make, tmp_path: Path) -> None:
    ending = fold(call, tmp_path)
    assert document(ending)["total"]["value"] == 3.0
    assert ending.checkpoint == "step/batch_1_state"
    assert (tmp_path / ending.checkpoint).exists()


@pytest.mark.parametrize("same_worker", [True, False])
def test_the_next_batch_goes_on_from_the_state_in_memory_or_in_its_file(
    call: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, same_worker: bool
) -> None:
    first = fold(call, tmp_path)
    if not same_worker:
        work._states.clear()
    loads: list[Path] = []
    load = toys.AddUp.load
    monkeypatch.setattr(
        toys.AddUp, "load", lambda self, path: loads.append(path) or load(self, path)
    )
    ending = fold(call, tmp_path, first.checkpoint, "batch_2")
    assert document(ending)["total"]["value"] == 6.0
    assert bool(loads) is not same_worker


def test_an_update_that_failed_does_not_leave_its_state_in_memory(
    call: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = fold(call, tmp_path)

    def update(self: object, state: dict[str, float], new: object, work: Work) -> None:
        state["value"] = 1000.0  # changes it in place, and fails
        raise RuntimeError("half way")

    with monkeypatch.context() as patch:
        patch.setattr(toys.AddUp, "update", update)
        assert fold(call, tmp_path, first.checkpoint, "batch_2").outcome == "defect"
    again = fold(call, tmp_path, first.checkpoint, "batch_3")
    assert document(again)["total"]["value"] == 6.0


class Mute(Exception):
    """An error of an author who made a mistake in it."""

    def __str__(self) -> str:
        raise ValueError("no")


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (SystemExit(3), "SystemExit: 3"),
        (KeyboardInterrupt(), "KeyboardInterrupt: KeyboardInterrupt"),
        (BaseException("odd"), "BaseException: odd"),
        (Mute(), "Mute: an error that cannot say what it is"),
    ],
)
def test_whatever_is_raised_ends_the_task_and_no_worker(
    call: Make, monkeypatch: pytest.MonkeyPatch, error: BaseException, said: str
) -> None:
    def process(self: object, number: toys.Number) -> toys.Number:
        raise error

    monkeypatch.setattr(toys.Add, "process", process)
    ending = run_call(call("Add"))
    assert (ending.outcome, ending.reason) == ("defect", said)


def test_what_an_error_says_is_kept_as_far_as_people_read(
    call: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    def process(self: object, number: toys.Number) -> toys.Number:
        raise RuntimeError("begin " + "x" * 10_000_000)

    monkeypatch.setattr(toys.Add, "process", process)
    ending = run_call(call("Add"))
    assert ending.reason.startswith("RuntimeError: begin x")
    assert len(ending.reason) + len(ending.details) < 25_000


def test_a_folder_and_rights_that_were_changed_are_for_that_task_alone(
    call: Make, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    here, elsewhere = Path.cwd(), tmp_path / "elsewhere"
    elsewhere.mkdir()

    def process(self: object, number: toys.Number) -> toys.Number:
        os.chdir(elsewhere)
        os.umask(0o777)
        elsewhere.rmdir()
        return number

    monkeypatch.setattr(toys.Add, "process", process)
    assert run_call(call("Add")).outcome == "done"
    assert Path.cwd() == here
    file = tmp_path / "file"
    file.touch()
    assert file.stat().st_mode & 0o400


def test_a_copy_of_the_worker_that_an_author_left_ends(
    call: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It would answer for the same task, and read the next lease."""

    def process(self: object, number: toys.Number) -> toys.Number:
        os.fork()
        return number

    monkeypatch.setattr(toys.Add, "process", process)
    assert run_call(call("Add")).outcome == "done"
    _, status = os.wait()
    assert os.waitstatus_to_exitcode(status) == 1


def test_a_call_reads_below_its_folders_and_its_session_only(call: Make, tmp_path: Path) -> None:
    session = tmp_path / "session"
    for name in ("session/src/e3.txt", "root/in.txt", "outside/secret.txt"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(name)
    (tmp_path / "root" / "link.txt").symlink_to(tmp_path / "outside" / "secret.txt")
    within = (str(tmp_path / "root"),)

    def ended(path: str, within: tuple[str, ...] | None, table: str = "") -> Ending:
        number = {"exposure": "e3", "value": 3.0, "path": path}
        given = {"table": str(tmp_path / table)} if table else {}
        documents = {1: json.dumps({"number": number})}
        return run_call(
            call("Read", given, session=str(session), documents=documents, within=within)
        )

    link, secret = str(tmp_path / "root" / "link.txt"), str(tmp_path / "outside" / "secret.txt")
    assert ended("src/e3.txt", within).outcome == "done"
    assert ended(str(tmp_path / "root" / "in.txt"), within, "root/in.txt").outcome == "done"
    for path in (link, secret, str(tmp_path / "outside" / "nothing.txt")):
        said = ended(path, within)
        assert (said.outcome, said.details) == ("item", "")
        assert "one outside of them" in said.reason and said.reason.startswith(path)
    assert ended(link, None).outcome == "done"  # afterwards, nothing is left of it
    for table in ("root/link.txt", "outside/nothing.txt"):
        assert ended("src/e3.txt", within, table).reason.startswith("table: ")
    assert ended("src/e3.txt", None, "outside/secret.txt").outcome == "done"
