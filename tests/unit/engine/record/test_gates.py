"""Gates: what becomes of items that come to triggers and samplers, in the store."""

from collections.abc import Callable
from typing import Any

from icestream.engine.decisions.state import Lot
from icestream.engine.record import gating
from icestream.engine.record.gates import held_of
from icestream.protocol.triggers import ticket_of
from icestream.store import tables as t
from toy_record import Desk

Desks = Callable[..., Desk]
SRC = ("src", "toy.count", {}, {})
ADD: Any = ("a", "toy.add", {}, {"number": "hold"})


def hold(**parameters: Any) -> Any:
    return ("hold", "toy.hold-parts", parameters, {"number": "src"})


def sample(**parameters: Any) -> Any:
    return ("hold", "toy.sample", parameters, {"number": "src"})


def release(desk: Desk, lot: str, how: str) -> None:
    gating.release(desk.record, desk.step("hold").id, lot, how)


def test_parts_are_released_alone_and_what_comes_later_passes(desk: Desks) -> None:
    made = desk(SRC, hold(), ADD)
    made.find(1, 2, 11)
    release(made, "1", "pass")
    made.find(21, 22)
    assert made.states_of("hold") == {
        "e1": "done", "e2": "held", "e11": "done", "e21": "done", "e22": "held"
    }  # fmt: skip
    assert made.states_of("a") == {"e1": "ready", "e11": "ready", "e21": "ready"}


def test_a_part_that_shuts_again_holds_what_comes(desk: Desks) -> None:
    made = desk(SRC, hold(batches=True), ADD)
    made.find(1)
    release(made, "1", "pass")
    made.find(11)
    assert made.states_of("hold") == {"e1": "done", "e11": "held"}


def test_the_exposure_is_known_when_it_is_found(desk: Desks) -> None:
    made = desk(SRC, hold(parts=0), ADD)
    made.find(1, 2)
    assert made.rows(t.arrival, "lot") == ["e1", "e2"]


def test_only_the_step_that_leaves_an_exposure_out_is_named(desk: Desks) -> None:
    other = ("hold2", "toy.hold", {}, {"number": "hold"})
    made = desk(SRC, hold(), other)
    made.find(1)
    release(made, "1", "leave")
    (reasons,) = made.rows(t.exposure, "reasons")
    assert reasons == '["hold: held back by hold until the stream had ended"]'


def test_a_part_can_be_left_out(desk: Desks) -> None:
    made = desk(SRC, hold(), ADD)
    made.find(1, 2)
    release(made, "1", "leave")
    assert made.tasks("hold")["e1"].reason == "held back by hold until the stream had ended"
    assert made.exposures() == {"e1": "done", "e2": "going"}


def test_what_a_trigger_holds_is_known_again_after_a_restart(desk: Desks) -> None:
    steps = (SRC, hold(), ADD)
    made = desk(*steps)
    made.find(1, 2, 11)
    release(made, "1", "pass")
    made.open(*steps)
    state = made.states[made.step("hold").id]
    first = state.lots["2"].first
    assert first is not None
    assert state.lots == {"1": Lot(0, 0, 2, 2), "2": Lot(1, 1, first=first)}
    assert (state.waiting_items, state.waiting_size, state.unasked) == (1, 1, {"1", "2"})


def test_what_is_held_and_rejected_before_it_goes_no_further(desk: Desks) -> None:
    select = ("sel", "toy.select", {"below": 50}, {"number": "src"})
    held = ("hold", "toy.hold-parts", {}, {"number": "sel"})
    made = desk(SRC, select, held, ADD)
    made.find(1, 11)
    made.work()
    release(made, "1", "pass")
    made.find(21)
    made.work()
    made.judge("e1", "sel", accepted=False)
    assert made.states_of("hold")["e1"] == "skipped"
    made.judge("e1", "sel", accepted=True)
    assert made.states_of("hold")["e1"] == "done"
    assert len(made.rows(t.arrival)) == 3


def test_another_number_makes_no_revision_and_looks_again(desk: Desks) -> None:
    made = desk(SRC, hold(items=5), ADD)
    made.find(1)
    made.record.set_gate(made.step("hold").id, "shut")
    made.backfill("hold")
    made.change("hold", items=1)
    made.backfill("hold")
    assert (made.step("hold").number, made.step("hold").gate) == (1, "held")
    assert made.states_of("hold") == {"e1": "held"}


def test_a_person_lets_one_through_and_opens_nothing(desk: Desks) -> None:
    made = desk(SRC, hold(), ADD)
    made.find(1, 11)
    made.judge("e1", "hold", accepted=True)
    made.find(21)
    assert made.states_of("hold") == {"e1": "done", "e11": "held", "e21": "held"}
    made.judge("e1", "hold", accepted=False, why="dirt")
    assert made.exposures()["e1"] == "rejected"
    assert made.states_of("a") == {"e1": "skipped"}


# -- samples ---------------------------------------------------------------------------------------


def test_the_rest_of_a_sample_is_drawn_by_tickets(desk: Desks) -> None:
    made = desk(SRC, sample(number=3), ADD)
    made.find(*range(10))
    assert set(made.states_of("hold").values()) == {"held"}
    with made.store.read() as connection:
        order = held_of(connection, made.step("hold"), "0", drawn=True)
    release(made, "0", "draw")
    lowest = sorted((ticket_of(f"e{n}", 0), f"e{n}") for n in range(10))[:3]
    done = {name for name, state in made.states_of("hold").items() if state == "done"}
    assert done == {name for _, name in lowest}
    assert len(order) == 10
    rest = next(row for name, row in made.tasks("hold").items() if name not in done)
    assert (rest.state, rest.reason) == ("skipped", "not in the sample: 3 of 0 are there")
    assert set(made.exposures().values()) == {"going", "done"}


def test_a_sampler_that_is_to_be_opened_draws_nothing_before(desk: Desks) -> None:
    made = desk(SRC, sample(first=True, number=1, opened_by="2 items of src"), ADD)
    made.find(1, 2)
    assert made.states_of("hold") == {"e1": "held", "e2": "held"}
    made.record.set_gate(made.step("hold").id, "open")
    made.backfill("hold")
    made.find(3)
    assert made.states_of("hold") == {"e1": "done", "e2": "skipped", "e3": "skipped"}


def test_two_branches_hold_and_draw_for_themselves(desk: Desks) -> None:
    made = desk(SRC, sample(first=True, number=1), ADD)
    made.find(1, 2, 3)
    made.branch("try", SRC, sample(first=True, number=2), ADD)
    made.backfill("src")
    for name in ("hold", "a"):
        step = made.step(name, "try")
        while len(made.record.backfill(step.id)) > 1:
            pass
    assert made.states_of("hold") == {"e1": "done", "e2": "skipped", "e3": "skipped"}
    assert made.states_of(made.step("hold", "try")) == {
        "e1": "done", "e2": "done", "e3": "skipped"
    }  # fmt: skip
