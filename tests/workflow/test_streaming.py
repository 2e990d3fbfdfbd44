"""Whole sessions of toy protocols: every kind of step, on SQLite and PostgreSQL."""

import itertools
import time
from pathlib import Path
from typing import Any

import pytest

import toys
from icestream.engine.coordinator import findings
from icestream.engine.graph.workflow import InvalidWorkflow
from icestream.engine.machine.lock import SessionBusy
from icestream.engine.record import record
from icestream.engine.record.discoveries import record_discovery
from icestream.engine.requests.models import Pause, Resume, SetParameters, read_request
from icestream.engine.requests.send import answer_of, send
from icestream.store import queries
from icestream.store.lineage import lineage
from toy_session import Session, wait_for

COUNT = ("src", "toy.count", {"count": 10}, {})


def add(name: str, after: str, **parameters: Any) -> Any:
    return (name, "toy.add", parameters, {"number": after})


def test_items_flow_through_a_chain_and_joins(session: Session) -> None:
    outcome = session.run(
        COUNT,
        add("a", "src", write=True),
        add("b", "a", add=10),
        ("s", "toy.sum2", {}, {"first": "a", "second": "b"}),
    )
    assert outcome.complete
    assert session.values("s") == {f"e{n:06d}": 2 * n + 12 for n in range(10)}
    record = queries.results_of(session.store(), "e000004")["a"]
    path = session.folder / record.outputs["number"]["path"]
    assert path.read_text().startswith("5.0\n")
    assert path == session.folder / "a" / "e000004_number.txt"


def test_lineage_names_everything_that_a_result_was_made_from(session: Session) -> None:
    session.run(
        COUNT, add("a", "src", add=7), ("s", "toy.sum2", {}, {"first": "a", "second": "src"})
    )
    store = session.store()
    made = lineage(store, queries.results_of(store, "e000003")["s"].id)
    assert {one.step for one in made} == {"s", "a", "src"}
    assert dict(made[0].inputs).keys() == {"first", "second"}
    assert next(one for one in made if one.step == "a").parameters["add"] == 7.0


def test_a_selection_holds_back_and_says_why(session: Session) -> None:
    outcome = session.run(
        COUNT, ("sel", "toy.select", {"below": 4}, {"number": "src"}), add("a", "sel.number")
    )
    assert outcome.complete
    assert dict(outcome.exposures) == {"going": 0, "done": 4, "rejected": 6, "failed": 0}
    rejected = queries.exposure(session.store(), "e000007")
    assert rejected.reasons == ("sel: 7 is not below 4",)
    assert rejected.steps == {"src": "done", "sel": "done", "a": "skipped"}


def test_a_clock_that_is_set_back_delays_nothing(
    local: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each time that somebody asks for the time of day it is earlier."""
    earlier, real = itertools.count(), time.time
    monkeypatch.setattr(time, "time", lambda: real() - 60.0 * next(earlier))
    outcome = local.start(COUNT, add("a", "src", fail="once")).join()
    assert dict(outcome.exposures)["done"] == 10
    (again,) = [one for one in queries.results(local.store(), "a") if one.attempt > 1]
    assert again.exposure == "e000003"


def test_tasks_run_while_what_was_found_is_still_taken_in(
    local: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However many files a folder has when it is first looked at."""
    monkeypatch.setattr(findings, "_PIECE", 20)
    recorded: list[Any] = []

    def slowly(cascade: Any, step: Any, discovery: Any, *given: Any) -> list[str]:
        recorded.append(discovery)
        if len(recorded) > 1:  # not before a task that could start has run
            wait_for(lambda: log.exists() and len(log.read_text().splitlines()) > len(recorded) - 2)
        return record_discovery(cascade, step, discovery, *given)

    log = local.folder.parent / "log"
    monkeypatch.setattr(record, "record_discovery", slowly)
    outcome = local.run(("src", "toy.count", {"count": 200}, {}), add("a", "src", log=log))
    assert outcome.complete
    assert outcome.exposures["done"] == 200
    assert len(recorded) == 10
    assert [discovery.closed for discovery in recorded] == 9 * [False] + [True]
    events = queries.events(local.store(), limit=5000)
    last = max(one.seq for one in events if one.kind == "exposure.found")
    ran = [one for one in events if one.kind == "task.done" and one.step == "a" and one.seq < last]
    assert len(ran) >= 7


def test_a_request_is_answered_while_what_was_found_is_still_taken_in(
    local: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(findings, "_PIECE", 1)
    recorded: list[Any] = []

    def counted(*given: Any) -> list[str]:
        recorded.append(given)
        return record_discovery(*given)

    monkeypatch.setattr(record, "record_discovery", counted)
    run = local.start(("src", "toy.count", {"count": 5000}, {}), add("a", "src"))
    wait_for(lambda: recorded)
    token = send(local.folder, Pause(step="a"))
    assert answer_of(local.folder, token, timeout=60.0)[0] == "done"
    assert len(recorded) < 5000
    run.stop(drain=False)


@pytest.mark.parametrize("how", ["item", "defect", "exit"])
def test_a_failed_item_has_a_reason_and_the_stream_goes_on(working: Session, how: str) -> None:
    local = working
    outcome = local.run(COUNT, add("a", "src", fail=how), add("b", "a"))
    assert outcome.complete
    assert outcome.exposures["failed"] == 1
    assert outcome.exposures["done"] == 9
    (failed,) = [f for f in queries.failures(local.store()) if f.state == "failed"]
    assert failed.exposure == "e000003"
    reasons = {
        "item": "3.0 is no good: take another",
        "defect": "RuntimeError: a defect",
        "exit": "the worker process ended with signal 9",
    }
    assert failed.reason == reasons[how]
    assert ("Traceback" in failed.details) is (how == "defect")
    assert failed.attempt == (3 if how == "exit" else 1)


def test_a_failure_that_may_pass_is_tried_again(local: Session) -> None:
    outcome = local.run(COUNT, add("a", "src", fail="once"))
    assert outcome.exposures["done"] == 10
    assert queries.results_of(local.store(), "e000003")["a"].attempt == 2


def test_a_consensus_goes_on_without_a_failed_candidate(session: Session) -> None:
    session.run(
        COUNT,
        add("a", "src", add=1),
        add("b", "src", add=2),
        add("c", "src", add=6, fail="item"),
        ("mean", "toy.agree", {}, {"number": ["a", "b", "c"]}),
    )
    values = session.values("mean")
    assert values["e000002"] == 2 + 3
    assert values["e000003"] == 3 + 1.5
    assert queries.exposure(session.store(), "e000003").state == "done"


def test_a_consensus_with_too_few_candidates_says_which_failed(local: Session) -> None:
    outcome = local.run(
        COUNT,
        add("a", "src"),
        add("c", "src", fail="item"),
        ("mean", "toy.agree", {}, {"number": ["a", "c"]}),
    )
    assert outcome.complete
    (skipped,) = [one for one in queries.failures(local.store()) if one.state == "skipped"]
    assert skipped.reason == "1 of the 2 candidates it needs: c failed"
    assert queries.exposure(local.store(), "e000003").state == "failed"


def test_batches_fold_a_stream_and_snapshots_flow_on(session: Session) -> None:
    outcome = session.run(
        COUNT,
        ("total", "toy.total", {"full": 4}, {"number": "src"}),
        ("twice", "toy.double", {}, {"total": "total"}),
    )
    assert outcome.complete
    totals = [one.outputs["total"] for one in queries.results(session.store(), "total")]
    assert [one["count"] for one in totals] == [4, 8, 10]
    assert [one["final"] for one in totals] == [False, False, True]
    assert totals[-1]["value"] == sum(range(10))
    twice = [one.outputs["total"]["value"] for one in queries.results(session.store(), "twice")]
    assert sorted(twice) == sorted(2 * one["value"] for one in totals)


def test_a_batch_that_failed_is_made_again_when_its_step_is_resumed(
    session: Session, tmp_path: Path
) -> None:
    broken = tmp_path / "broken"
    broken.touch()
    steps = COUNT, ("total", "toy.total", {"full": 4, "broken": broken}, {"number": "src"})
    left = session.run(*steps)
    assert (left.state, left.complete) == ("stopped", False)  # nothing else can be done
    (alert,) = queries.alerts(session.store())
    assert (alert.step, alert.key) == ("total", "step.paused")
    assert alert.message.startswith("total is paused: batch_00001 failed: RuntimeError: a defect;")
    assert f"icestream resume {session.folder} total" in alert.message
    assert queries.step(session.store(), "total").state == "paused"
    broken.unlink()
    send(session.folder, Resume(step="total"))
    assert session.run(*steps).complete
    totals = [one.outputs["total"] for one in queries.results(session.store(), "total")]
    assert [(one["count"], one["final"]) for one in totals] == [(4, 0), (8, 0), (10, 1)]
    assert totals[-1]["value"] == sum(range(10))
    assert queries.alerts(session.store()) == ()


def test_a_trigger_holds_until_there_is_enough(session: Session) -> None:
    outcome = session.run(
        ("src", "toy.count", {"count": 7, "pace": 0.02}, {}),
        ("hold", "toy.hold", {"enough": 5}, {"number": "src"}),
        add("a", "hold"),
    )
    assert outcome.complete
    assert len(session.values("a")) == 7


def test_a_trigger_that_is_never_ready_gives_its_items_up_with_a_reason(local: Session) -> None:
    outcome = local.run(
        COUNT, ("hold", "toy.hold", {"enough": 50}, {"number": "src"}), add("a", "hold")
    )
    assert outcome.complete
    assert (outcome.exposures["done"], outcome.exposures["rejected"]) == (10, 0)
    assert "held back by hold" in queries.exposure(local.store(), "e000001").reasons[0]


def test_a_monitor_raises_an_alert_once_and_samples_are_kept(local: Session) -> None:
    local.run(COUNT, add("a", "src"), ("watch", "toy.watch", {"below": 5}, {"number": "a"}))
    store = local.store()
    (alert,) = queries.alerts(store)
    assert (alert.step, alert.key, alert.message) == ("watch", "toy.large", "10 is large")
    assert queries.samples(store)[-1].value == 10.0
    assert queries.figures(store)["watch"][0]["title"] == "Values"


def test_a_program_runs_and_its_output_is_kept(local: Session) -> None:
    outcome = local.run(COUNT, ("p", "toy.echo", {}, {"number": "src"}))
    assert outcome.exposures["done"] == 10
    assert local.values("p")["e000005"] == 5.0
    assert (local.folder / "p" / "logs" / "e000005.1.sh.log").read_text() == "said\n"


def test_refused_files_fail_with_their_reason(local: Session, tmp_path: Path) -> None:
    files = tmp_path / "files"
    files.mkdir()
    for name, text in {"x1": "1", "x2": "bad", "closed": ""}.items():
        (files / name).write_text(text)
    outcome = local.run(("src", "toy.count", {"folder": files}, {}), add("a", "src"))
    assert outcome.complete
    assert queries.exposure(local.store(), "x2").reasons == ("src: x2: is bad",)


# -- running again -------------------------------------------------------------------------------


def test_a_closed_session_goes_on_when_more_comes(session: Session, tmp_path: Path) -> None:
    files = tmp_path / "files"
    files.mkdir()
    (files / "x1").write_text("1")
    (files / "closed").write_text("")
    log = tmp_path / "log"
    steps = (
        ("src", "toy.count", {"folder": files}, {}),
        add("a", "src", log=log),
        ("total", "toy.total", {}, {"number": "a"}),
    )
    assert session.run(*steps).exposures["done"] == 1
    (files / "x2").write_text("5")
    assert session.run(*steps).exposures["done"] == 2
    assert session.values("a") == {"x1": 2.0, "x2": 6.0}
    assert len(log.read_text().splitlines()) == 2  # nothing was done twice
    totals = [one.outputs["total"] for one in queries.results(session.store(), "total")]
    assert [one["value"] for one in totals] == [2.0, 8.0]


def test_a_step_can_be_added_to_a_session(local: Session) -> None:
    local.run(COUNT, add("a", "src"))
    outcome = local.run(COUNT, add("a", "src"), add("b", "a", add=100))
    assert outcome.complete
    assert local.values("b")["e000002"] == 103.0


def test_a_session_cannot_be_linked_otherwise(local: Session) -> None:
    local.run(COUNT, add("a", "src"), add("b", "a"))
    with pytest.raises(InvalidWorkflow, match="'b' is linked otherwise"):
        local.run(COUNT, add("a", "src"), add("b", "src"))


def test_a_second_coordinator_is_told_who_the_first_is(local: Session) -> None:
    background = local.start(("src", "toy.count", {"count": 3, "close": False}, {}))
    wait_for(lambda: local.running is not None)
    with pytest.raises(SessionBusy, match=r"already being processed by process \d+ on"):
        local.run(COUNT)
    assert background.stop().state == "stopped"


# -- what people ask -----------------------------------------------------------------------------

OPEN = ("src", "toy.count", {"count": 6, "close": False}, {})


def ask(session: Session, verb: str, **arguments: Any) -> str:
    token = send(session.folder, read_request(arguments, verb=verb))
    state, answer = answer_of(session.folder, token, timeout=60.0)
    assert state == "done", answer
    return answer


def test_a_change_reruns_what_depends_on_it_and_taking_it_back_costs_nothing(
    session: Session, tmp_path: Path
) -> None:
    logs = [tmp_path / "a", tmp_path / "b"]
    background = session.start(
        OPEN, add("a", "src", log=logs[0]), add("b", "a", add=10, log=logs[1])
    )
    wait_for(lambda: len(session.values("b")) == 6)
    ask(session, "set", step="b", changes={"add": 20})
    wait_for(lambda: session.values("b").get("e000005") == 26.0 and len(session.values("b")) == 6)
    assert len(logs[0].read_text().splitlines()) == 6
    assert len(logs[1].read_text().splitlines()) == 12
    ask(session, "set", step="b", changes={"add": 10})
    wait_for(lambda: session.values("b").get("e000005") == 16.0)
    assert len(session.values("b")) == 6
    assert len(logs[1].read_text().splitlines()) == 12
    assert [one.number for one in queries.revisions(session.store(), "b")] == [1, 2]
    background.stop()


def test_a_change_of_limits_does_not_rerun_what_was_accepted(
    session: Session, tmp_path: Path
) -> None:
    log = tmp_path / "log"
    background = session.start(
        OPEN,
        ("sel", "toy.select", {"below": 3}, {"number": "src"}),
        add("a", "sel.number", log=log),
    )
    wait_for(lambda: len(session.values("a")) == 3)
    ask(session, "set", step="sel", changes={"below": 5})
    wait_for(lambda: len(session.values("a")) == 5)
    assert len(log.read_text().splitlines()) == 5
    background.stop()


def test_a_person_overrules_a_selection_either_way(session: Session) -> None:
    background = session.start(
        OPEN, ("sel", "toy.select", {"below": 3}, {"number": "src"}), add("a", "sel.number")
    )
    wait_for(lambda: len(session.values("a")) == 3)
    ask(session, "accept", exposures=["e000004"], why="looks fine")
    wait_for(lambda: "e000004" in session.values("a"))
    ask(session, "reject", exposures=["e000001"], why="ice")
    wait_for(lambda: "e000001" not in session.values("a"))
    assert queries.exposure(session.store(), "e000001").reasons == ("sel: ice",)
    ask(session, "accept", exposures=["e000001"])
    wait_for(lambda: "e000001" in session.values("a"))
    words = [(one.exposure, one.accepted, one.why) for one in queries.decisions(session.store())]
    assert words == [
        ("e000004", True, "looks fine"),
        ("e000001", False, "ice"),
        ("e000001", True, ""),
    ]
    background.stop()


def test_without_a_selection_a_rejection_holds_at_the_source(local: Session) -> None:
    background = local.start(OPEN, add("a", "src"))
    wait_for(lambda: len(local.values("a")) == 6)
    ask(local, "reject", exposures=["e000002"])
    wait_for(lambda: queries.exposure(local.store(), "e000002").state == "rejected")
    assert "e000002" not in local.values("a")
    background.stop()


def test_a_step_is_paused_and_resumed(local: Session, tmp_path: Path) -> None:
    files = tmp_path / "files"
    files.mkdir()
    background = local.start(("src", "toy.count", {"folder": files}, {}), add("a", "src"))
    wait_for(lambda: queries.steps(local.store()))
    ask(local, "pause", step="a")
    (files / "x1").write_text("1")
    wait_for(lambda: queries.step(local.store(), "a").counts.ready == 1)
    time.sleep(0.1)
    assert local.values("a") == {}
    ask(local, "resume", step="a")
    wait_for(lambda: local.values("a") == {"x1": 2.0})
    background.stop()


def test_abort_ends_a_running_program_at_once(working: Session) -> None:
    local = working
    background = local.start(OPEN, ("p", "toy.echo", {"seconds": 4321}, {"number": "src"}))
    wait_for(lambda: toys.programs_of("sleep 4321"))
    began = time.monotonic()
    ask(local, "abort", step="p")
    wait_for(lambda: not toys.programs_of("sleep 4321"))
    assert time.monotonic() - began < 1.0
    assert wait_for(lambda: queries.step(local.store(), "p").counts.ready == 6)
    background.stop()


def test_commands_wait_for_the_next_coordinator(local: Session) -> None:
    local.run(COUNT, add("a", "src"))
    token = send(local.folder, SetParameters(step="a", changes={"add": 5}))
    assert answer_of(local.folder, token)[0] == "new"
    background = local.start(OPEN, add("a", "src"))
    assert answer_of(local.folder, token, timeout=60.0)[0] == "done"
    background.stop()


@pytest.mark.parametrize(
    ("verb", "arguments", "said"),
    [
        ("set", {"step": "nope", "changes": {}}, "no step 'nope'"),
        ("set", {"step": "a", "changes": {"ad": 1}}, "Extra inputs are not permitted"),
        ("accept", {"exposures": ["nope"]}, "no exposure nope"),
        ("acknowledge", {"alert": 99}, "no alert 99"),
    ],
)
def test_a_command_that_cannot_be_done_is_refused(
    local: Session, verb: str, arguments: dict[str, Any], said: str
) -> None:
    background = local.start(OPEN, add("a", "src"))
    wait_for(lambda: queries.steps(local.store()))
    token = send(local.folder, read_request(arguments, verb=verb))
    state, answer = answer_of(local.folder, token, timeout=60.0)
    assert state == "refused"
    assert said in answer
    background.stop()


def test_a_parameter_that_decides_nothing_makes_nothing_run_again(session: Session) -> None:
    """How long to wait between items is no part of what they are: not even a new revision."""
    after = add("a", "src", add=1)
    session.run(("src", "toy.count", {"count": 6}, {}), after)
    before = {step.name: step for step in queries.steps(session.store())}
    session.run(("src", "toy.count", {"count": 6, "pace": 0.001}, {}), after)
    steps = {step.name: step for step in queries.steps(session.store())}
    assert steps["src"].revision == 1
    assert steps["src"].changed["pace"] == 0.001
    assert steps["a"].counts == before["a"].counts


def test_what_a_source_says_of_the_same_thing_is_made_anew(session: Session) -> None:
    """The same file read with another pixel size, say, is another item."""
    after = add("a", "src", add=1)
    session.run(("src", "toy.count", {"count": 4, "outside": True}, {}), after)
    session.run(("src", "toy.count", {"count": 4, "outside": True, "offset": 10}, {}), after)
    assert session.values("a") == {f"e{n:06d}": n + 11 for n in range(4)}
