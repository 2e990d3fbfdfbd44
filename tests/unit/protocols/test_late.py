"""What was measured late is known when it has come, and what was measured in its turn is not."""

from icestream.model import MeasuredExposure
from icestream.protocols.late import Backlog


def shots(*numbers: int) -> list[MeasuredExposure]:
    return [
        MeasuredExposure(
            exposure=f"e{number}", taken=10.0 * number, grid_square=None, group=1,
            nominal_defocus=None, qualities={},
        )
        for number in numbers
    ]  # fmt: skip


def names(found: list[MeasuredExposure]) -> list[str]:
    return [shot.exposure for shot in found]


def test_a_session_that_keeps_up_misses_nothing() -> None:
    backlog = Backlog()
    for end in range(10, 50, 10):
        assert backlog.note(shots(*range(end)), waiting=5) == 0


def test_what_waited_while_newer_ones_were_measured_is_late() -> None:
    backlog = Backlog()
    assert backlog.note(shots(*range(100)), waiting=3) == 0
    assert backlog.note(shots(*range(100), *range(180, 200)), waiting=80) == 0
    assert backlog.note(shots(*range(100), *range(180, 240)), waiting=70) == 0
    reach = backlog.note(shots(*range(140, 250)), waiting=0)
    everything = shots(*range(250))
    assert reach >= len(everything)
    assert names(backlog.late(everything)[0]) == [f"e{number}" for number in range(100, 180)]
    about = backlog.late(shots(*range(2000)))[1]
    assert (about[0].exposure, len(about)) == ("e0", 2000), "all that came since is late, too"
    assert backlog.note(shots(*range(140, 260)), waiting=0) == 0, "it is told once"


def test_with_the_oldest_first_all_are_measured_in_their_turn() -> None:
    backlog = Backlog()
    backlog.note(shots(*range(100)), waiting=3)
    for end in range(110, 300, 10):
        backlog.note(shots(*range(end)), waiting=400 - end)
    assert backlog.note(shots(*range(300)), waiting=0) > 0
    assert backlog.late(shots(*range(300))) == ([], ())


def test_a_backlog_that_is_there_at_the_beginning_counts_too() -> None:
    backlog = Backlog()
    backlog.note(shots(*range(150, 200)), waiting=150)
    assert backlog.note(shots(*range(200)), waiting=0) > 0
    assert names(backlog.late(shots(*range(200)))[0]) == [f"e{number}" for number in range(150)]


def test_what_is_about_the_late_ones_is_bounded() -> None:
    backlog = Backlog()
    backlog.note(shots(*range(1500)), waiting=3)
    backlog.note(shots(*range(1500), *range(1550, 2050)), waiting=80)
    assert backlog.note(shots(*range(2050)), waiting=0) > 0
    late, about = backlog.late(shots(*range(2050)))
    assert (names(late)[0], names(late)[-1]) == ("e1500", "e1549")
    assert (about[0].exposure, about[-1].exposure) == ("e1000", "e1609")
