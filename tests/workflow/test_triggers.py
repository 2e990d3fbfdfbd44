"""Sessions whose streams are held, sampled, and opened or closed by a later step."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from icestream.engine.graph.workflow import InvalidWorkflow
from icestream.engine.requests.models import Accept, SetParameters
from icestream.engine.requests.send import send
from icestream.protocol.triggers import ticket_of
from icestream.store import queries
from icestream.store.open import Store, open_store
from toy_session import Session, wait_for


def add(name: str, after: str, **parameters: Any) -> Any:
    return (name, "toy.add", parameters, {"number": after})


def count(number: int, **parameters: Any) -> Any:
    return ("src", "toy.count", {"count": number, **parameters}, {})


def gates(session: Session) -> list[tuple[str, str]]:
    events = queries.events(session.store(), kinds=("step.gate",), limit=5000)
    return [(one.document["gate"], one.document["lot"]) for one in events]


def reasons(session: Session, name: str) -> tuple[str, ...]:
    return queries.exposure(session.store(), name).reasons


# -- holding ---------------------------------------------------------------------------------------


def test_each_part_of_a_stream_opens_alone(local: Session) -> None:
    """Numbers by their last digit: those of a digit pass when two of them are there."""
    held = ("hold", "toy.hold-parts", {"items": 3, "at_end": "leave out"}, {"number": "src"})
    outcome = local.run(count(22), held, add("a", "hold"))
    assert outcome.complete
    # Of 0 and 1 there are three, of the others two.
    assert sorted(local.values("a")) == [f"e{n:06d}" for n in (0, 1, 10, 11, 20, 21)]
    assert [one for one in gates(local) if one[0] == "open"] == [("open", "0"), ("open", "1")]
    assert outcome.exposures["rejected"] == 0
    assert reasons(local, "e000005") == ("hold: held back by hold until the stream had ended",)


def test_batches_pass_when_there_are_so_many_more(local: Session) -> None:
    held = ("hold", "toy.hold-parts", {"items": 4, "batches": True, "parts": 1}, {"number": "src"})
    local.run(count(10, pace=0.02), held, add("a", "hold"))
    assert len(local.values("a")) == 10
    assert gates(local) == [("open", "0")] * 3  # four, four, and two at the end


def test_what_is_held_passes_when_it_has_waited(local: Session) -> None:
    """Half a second, over a restart: the first run holds, the second lets through."""
    held = ("hold", "toy.hold-parts", {"wait": 0.02, "parts": 1}, {"number": "src"})
    steps = (count(3, close=False), held, add("a", "hold"))
    running = local.start(*steps)
    wait_for(lambda: len(local.values("a")) == 3)
    running.stop()
    assert gates(local) == [("open", "0")]


# -- samples ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("parameters", [{"share": 0.3}, {"number": 5}, {"share": 0.1, "number": 7}])
def test_a_sample_is_the_same_in_any_order_and_with_any_number_of_workers(
    local: Session, tmp_path: Path, parameters: dict[str, Any]
) -> None:
    pick = ("pick", "toy.sample", parameters, {"number": "first"})
    found = []
    for run, (paces, cores) in enumerate([(0.0, 1), (0.003, 3)]):
        one = Session(tmp_path / f"s{run}", cores=cores, workers=cores > 1)
        # Newest first, the other way round, and with delays that mix what arrives.
        order = "newest" if run else "oldest"
        source = count(40, pace=paces)
        one.run(source, add("first", "src", add=0), pick, add("a", "pick"), order=order)
        found.append(set(one.values("a")))
        one.close()
    assert found[0] == found[1]
    assert 4 <= len(found[0]) < 25


def test_what_is_not_in_a_sample_is_done_and_says_why_and_a_person_lets_it_through(
    local: Session,
) -> None:
    pick = ("pick", "toy.sample", {"number": 2, "first": True, "parts": 2}, {"number": "src"})
    outcome = local.run(count(10), pick, add("a", "pick"))
    assert sorted(local.values("a")) == ["e000000", "e000001", "e000002", "e000003"]
    assert dict(outcome.exposures) == {"going": 0, "done": 10, "rejected": 0, "failed": 0}
    assert reasons(local, "e000006") == ("pick: not in the sample: 2 of 0 are there",)
    send(local.folder, Accept(exposures=("e000006",), step="pick", who="ann"))
    local.run(count(10), pick, add("a", "pick"))
    assert sorted(local.values("a"))[-1] == "e000006"
    assert reasons(local, "e000006") == ()


def test_another_share_runs_only_what_is_new(local: Session, tmp_path: Path) -> None:
    log = tmp_path / "log"
    for share in (0.5, 0.8):
        pick = ("pick", "toy.sample", {"share": share}, {"number": "src"})
        local.run(count(20), pick, add("a", "pick", log=str(log)))
    ran = log.read_text().splitlines()
    assert (
        len(ran) == len(set(ran)) == len(local.values("a"))
    )  # a larger share has all of a smaller


# -- feedback --------------------------------------------------------------------------------------


def closed_by(text: str) -> Any:
    return ("hold", "toy.hold-parts", {"closed_by": text, "parts": 1}, {"number": "src"})


def test_a_step_closes_an_earlier_stream_and_a_larger_number_opens_it_again(
    local: Session,
) -> None:
    steps = (count(30, pace=0.01), closed_by("5 items of a"), add("a", "hold"))
    outcome = local.run(*steps)
    assert outcome.complete
    made = len(local.values("a"))
    assert 5 <= made < 30
    said = "closed by a: 5 items are there"
    assert queries.steps(local.store())[1].closed == said
    assert reasons(local, "e000029") == (f"hold: {said}",)
    # Parameters that decide when: no revision, and nothing runs again.
    send(local.folder, SetParameters(step="hold", changes={"closed_by": "25 items of a"}))
    local.run(*steps)
    assert 25 <= len(local.values("a")) <= 30
    assert queries.steps(local.store())[1].revision == 1
    assert [one[0] for one in gates(local) if one[0] != "open"][:2] == ["closed", "held"]


def test_a_number_is_raised_and_lowered_while_the_session_runs(local: Session) -> None:
    source = ("src", "toy.count", {"count": 30, "close": False}, {})
    running = local.start(source, closed_by("5 items of a"), add("a", "hold", seconds=0.01))
    wait_for(lambda: queries.steps(local.store())[1].closed == "closed by a: 5 items are there")
    for text in ("500 items of a", "3 items of a"):
        send(local.folder, SetParameters(step="hold", changes={"closed_by": text}))
        if text.startswith("500"):
            wait_for(lambda: len(local.values("a")) == 30)  # the backlog, at once
            assert queries.steps(local.store())[1].closed == ""
    wait_for(lambda: queries.steps(local.store())[1].closed == "closed by a: 3 items are there")
    running.stop()
    assert len(local.values("a")) == 30  # what has passed stays
    assert queries.steps(local.store())[1].revision == 1


def test_what_was_let_through_at_once_is_left_out_where_nothing_has_begun_with_it(
    local: Session,
) -> None:
    """All numbers come before the first is made: the stream is closed behind those that run."""
    steps = (count(200), closed_by("5 items of a"), add("a", "hold", seconds=0.02))
    outcome = local.run(*steps)
    assert outcome.complete
    assert 5 <= len(local.values("a")) <= 60
    assert dict(outcome.exposures) == {"going": 0, "done": 200, "rejected": 0, "failed": 0}


def test_a_step_opens_another_when_it_has_made_enough(local: Session) -> None:
    held = ("hold", "toy.hold-parts", {"opened_by": "6 items of a", "parts": 1}, {"number": "src"})
    outcome = local.run(count(12, pace=0.01), add("a", "src"), held, add("b", "hold"))
    assert outcome.complete
    assert len(local.values("b")) == 12
    events = queries.events(local.store(), kinds=("step.gate", "task.done"), limit=5000)
    before = [one for one in events if one.kind == "task.done"
              and one.seq < next(e.seq for e in events if e.kind == "step.gate")]  # fmt: skip
    assert sum(one.step == "a" for one in before) >= 6
    assert not any(one.step == "b" for one in before)


def test_what_is_never_opened_passes_at_the_end(local: Session) -> None:
    held = ("hold", "toy.hold-parts", {"opened_by": "60 items of a", "parts": 1}, {"number": "src"})
    outcome = local.run(count(5), add("a", "src"), held, add("b", "hold"))
    assert outcome.complete
    assert len(local.values("b")) == 5


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("5 items of aa", "no step 'aa'; did you mean a?"),
        ("5 items of a", "neither can ever begin"),
        ("5 items of hold", "waits for itself"),
    ],
)
def test_a_workflow_that_cannot_begin_is_refused(local: Session, text: str, said: str) -> None:
    held = ("hold", "toy.hold-parts", {"opened_by": text}, {"number": "src"})
    with pytest.raises(InvalidWorkflow, match=said.replace("?", r"\?")):
        local.run(count(5), held, add("a", "hold"))


def test_a_closed_stream_stays_closed_over_a_restart(local: Session) -> None:
    steps = (count(40, pace=0.01), closed_by("5 items of a"), add("a", "hold"))
    running = local.start(*steps)
    wait_for(lambda: queries.steps(local.store())[1].closed)
    running.stop()
    made = len(local.values("a"))
    outcome = local.run(*steps)
    assert outcome.complete
    assert len(local.values("a")) <= made + 3  # what was on its way
    assert json.dumps(gates(local)).count("closed") == 1


KILLED = (
    ("src", "toy.count", {"count": 300}, {}),
    ("sel", "toy.hold-parts", {"closed_by": "100 items of p", "parts": 1}, {"number": "src"}),
    ("pick", "toy.sample", {"share": 0.5, "number": 20}, {"number": "sel"}),
    ("p", "toy.add", {}, {"number": "pick"}),
)


def test_kill_9_loses_no_gate_and_changes_no_sample(tmp_path: Path) -> None:
    folder = tmp_path / "killed"
    for kill in (True, True, False):
        run = _run(folder)
        if kill:
            store = wait_for(lambda: open_store(folder, readonly=True))
            before = _done(store)
            wait_for(lambda store=store, n=before: _done(store) > n)
            run.kill()
        run.wait(120)
    assert run.returncode == 0
    store = open_store(folder, readonly=True)
    assert queries.count_exposures(store) == {"going": 0, "done": 300, "rejected": 0, "failed": 0}
    assert {one.exposure for one in queries.results(store, "p", limit=999)} <= {
        f"e{n:06d}" for n in range(300) if ticket_of(f"e{n:06d}", 0) < 0.5
    }
    assert queries.steps(store)[1].closed == "closed by p: 100 items are there"
    store.close()


def _run(folder: Path) -> "subprocess.Popen[bytes]":
    tests = Path(__file__).parents[1]
    command = [sys.executable, str(tests / "kill_target.py"), str(folder), json.dumps(KILLED)]
    return subprocess.Popen(command, env={**os.environ, "PYTHONPATH": str(tests)})


def _done(store: Store) -> int:
    return sum(step.counts.ended for step in queries.steps(store) if step.name == "p")
