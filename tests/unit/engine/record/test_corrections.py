"""Results that people correct: where, by which key, and what is known of the micrograph."""

from collections.abc import Callable

from icestream.engine.record.corrections import corrected_port, correction_document, extent_of
from icestream.model import PicksCorrection, ResultId
from toy_picks import CHAIN
from toy_record import Desk


def test_only_picks_that_a_step_found_itself_can_be_corrected(desk: Callable[..., Desk]) -> None:
    made = desk(
        *CHAIN,
        ("held", "toy.hold", {}, {"number": "cut"}),
        ("total", "toy.total", {}, {"number": "cut"}),
    )
    ports = {step.name: corrected_port(step) for step in made.record.plan.steps.values()}
    named = {name: port.name for name, port in ports.items() if port is not None}
    assert list(named) == ["pick"]


def test_a_correction_is_written_the_same_in_whatever_order_it_was_made() -> None:
    one = PicksCorrection(added=((3.00004, 4.0), (1.0, 2.0)), removed=((5.0, 6.0),))
    other = PicksCorrection(added=((1.0, 2.0), (3.0, 4.0)), removed=((5.0, 6.0),))
    assert correction_document(one) == correction_document(other)
    assert (
        correction_document(one) == '{"added": [[1.0, 2.0], [3.0, 4.0]], "removed": [[5.0, 6.0]]}'
    )


def test_the_micrograph_is_found_in_what_the_picks_were_made_of(desk: Callable[..., Desk]) -> None:
    made = desk(*CHAIN)
    made.find(0)
    made.work()
    result = {step: ResultId(made.tasks(step)["e0"].result_id) for step in ("src", "pick", "cut")}
    with made.store.read() as connection:
        assert extent_of(connection, result["pick"]) == (800.0, 400.0)
        assert extent_of(connection, result["cut"]) == (800.0, 400.0)
        assert extent_of(connection, result["src"]) is None
