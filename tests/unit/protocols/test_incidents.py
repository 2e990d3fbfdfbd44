"""Incidents: planted faults are found in time with the right cause, and end when all is as before.

The seeds are those of this test alone.
"""

from dataclasses import replace

import pytest

from icestream.model import MeasuredExposure
from icestream.processing.simulate.measurements import Fault, simulate_measurements
from icestream.protocols.incidents import Incident, Tracker

WITHIN = 10


def follow(shots: list[MeasuredExposure], first: int, tracker: Tracker) -> list[Incident]:
    """What holds at the end, of a session that is followed from one exposure on."""
    found: list[Incident] = []
    for end in range(first, len(shots) + 1):
        found = list(tracker.look(shots[:end]))
    return found


@pytest.mark.parametrize(
    ("fault", "cause"),
    [
        (Fault(kind="astigmatism", first=250, size=700.0), "realigned"),
        (Fault(kind="dose", first=250, size=0.12), "dose fell"),
        (Fault(kind="gain", first=250, size=0.03), "gain"),
        (Fault(kind="defocus", first=250, size=5000.0), "focus"),
        (Fault(kind="coherence", first=250, size=1.5), "coherence"),
        (Fault(kind="slow", first=250, size=2.5), "slow"),
    ],
    ids=lambda value: value.kind if isinstance(value, Fault) else value,
)
def test_a_fault_is_found_with_its_cause(fault: Fault, cause: str) -> None:
    shots = simulate_measurements(31, fault.first + WITHIN, [fault])
    tracker = Tracker()
    assert follow(shots[: fault.first], fault.first - 30, tracker) == []
    (incident,) = follow(shots, fault.first + 1, tracker)
    assert incident.cause is not None
    assert incident.cause.name == cause
    assert abs(int(incident.first.removeprefix("exposure_")) - fault.first) <= 4


def test_motion_of_one_square_is_of_that_square_and_ends_with_it() -> None:
    fault = Fault(kind="square motion", first=250, size=3.0)
    shots = simulate_measurements(32, 400, [fault])
    squares = [shot.grid_square for shot in shots]
    start = next(i for i in range(250, 400) if squares[i] != squares[250])
    end = next(i for i in range(start, 400) if squares[i] != squares[start])
    tracker = Tracker()
    (incident,) = follow(shots[: start + WITHIN], start, tracker)
    assert incident.cause is not None
    assert incident.cause.name == "square moves"
    assert incident.grid_square == squares[start]
    assert follow(shots[: end + 20], start + WITHIN + 1, tracker) == []


def test_a_clean_session_has_no_incident() -> None:
    shots = simulate_measurements(33, 420)
    tracker = Tracker()
    for end in range(60, len(shots) + 1, 3):
        assert list(tracker.look(shots[:end])) == []


def test_a_pause_is_no_incident() -> None:
    fault = Fault(kind="slow", first=250, size=1.0)
    shots = simulate_measurements(34, 280, [fault])
    late = [
        MeasuredExposure(
            exposure=shot.exposure,
            taken=shot.taken + (36000.0 if i >= 250 else 0.0),
            grid_square=shot.grid_square,
            group=shot.group,
            nominal_defocus=shot.nominal_defocus,
            qualities=shot.qualities,
        )
        for i, shot in enumerate(shots)
    ]
    assert follow(late, 245, Tracker()) == []


def test_exposures_that_are_processed_late_raise_nothing() -> None:
    shots = simulate_measurements(39, 300, [Fault(kind="defocus", first=200, size=6000.0)])
    tracker = Tracker()
    newest = shots[220:]
    assert tracker.look(newest) == []
    for more in range(10, 221, 30):
        assert tracker.look([*shots[220 - more : 220], *newest]) == []


def test_a_change_is_found_again_after_a_restart() -> None:
    fault = Fault(kind="dose", first=250, size=0.15)
    shots = simulate_measurements(35, 275, [fault])
    (incident,) = Tracker().look(shots)
    assert incident.cause is not None
    assert incident.cause.name == "dose fell"


def test_values_that_are_made_otherwise_are_no_change() -> None:
    shots = simulate_measurements(36, 275, [Fault(kind="dose", first=250, size=0.15)])
    tracker = Tracker()
    assert tracker.look(shots[:250]) == []
    tracker.forget(["dose"])
    assert tracker.look(shots) == []


def test_a_lasting_change_becomes_usual() -> None:
    shots = simulate_measurements(37, 330, [Fault(kind="defocus", first=230, size=6000.0)])
    tracker = Tracker(settled=40)
    assert len(follow(shots[:250], 225, tracker)) == 1
    assert follow(shots[:290], 251, tracker) == []


def test_a_change_of_one_exposure_group_is_of_that_group() -> None:
    shots = simulate_measurements(38, 330)
    turned = [
        MeasuredExposure(
            exposure=shot.exposure,
            taken=shot.taken,
            grid_square=shot.grid_square,
            group=shot.group % 3,
            nominal_defocus=shot.nominal_defocus,
            qualities={**shot.qualities, "ctf.astigmatism": 1800.0, "ctf.angle": 20.0}
            if i >= 270 and shot.group % 3 == 1
            else shot.qualities,
        )
        for i, shot in enumerate(shots)
    ]
    for incident in Tracker().look(turned):  # found or not, it is never said of all
        assert incident.evidence.where != "all"


def faulty(shots: list[MeasuredExposure]) -> list[MeasuredExposure]:
    """The same with faults that begin and end: astigmatism, a weak beam, defocus; and one stays."""
    made = []
    for i, shot in enumerate(shots):
        qualities = dict(shot.qualities)
        if 120 <= i < 145:
            qualities |= {"ctf.astigmatism": 1500.0, "ctf.angle": 30.0}
        if 230 <= i < 255 and "dose.counted" in qualities:
            qualities["dose.counted"] *= 0.85
        if 330 <= i < 350 and "ctf.defocus" in qualities:
            qualities["ctf.defocus"] += 7000.0
        if i >= 440 and "dose.counted" in qualities:
            qualities["dose.counted"] *= 0.85
        made.append(replace(shot, qualities=qualities))
    return made


Told = tuple[str, str, str, str | None, bool]


def told_in(shots: list[MeasuredExposure], width: int) -> tuple[list[Told], list[Told]]:
    """What was and what holds at the end, of a session that is looked at in steps of a width."""
    tracker, over = Tracker(), []
    for end in range(width, len(shots) + 1, width):
        tracker.look(shots[max(0, end - 500) : end])
        over += [told(incident) for incident in tracker.over]
    return over, [told(incident) for incident in tracker.incidents]


def told(incident: Incident) -> Told:
    assert incident.cause is not None
    return (
        incident.key,
        incident.cause.name,
        incident.first,
        incident.last if incident.ended is not None else None,
        incident.ended is None,
    )


@pytest.fixture(scope="module")
def eventful() -> list[MeasuredExposure]:
    """More than a window holds: the last looks do not see the first exposures."""
    return faulty(simulate_measurements(40, 600))[:600]


@pytest.fixture(scope="module")
def in_forties(eventful: list[MeasuredExposure]) -> tuple[list[Told], list[Told]]:
    return told_in(eventful, 40)


def test_what_began_and_ended_is_told_with_its_first_and_last_exposure(
    in_forties: tuple[list[Told], list[Told]],
) -> None:
    over, holding = in_forties
    planted = [("realigned", 120, 144), ("dose fell", 230, 254), ("focus", 330, 349)]
    assert [cause for _, cause, *_ in over] == [cause for cause, *_ in planted]
    for (_, _, first, last, _), (_, begins, ends) in zip(over, planted, strict=True):
        assert last is not None
        assert abs(int(first.removeprefix("exposure_")) - begins) <= 4
        assert abs(int(last.removeprefix("exposure_")) - ends) <= 4
    assert [(cause, open_) for _, cause, _, _, open_ in holding] == [("dose fell", True)]


@pytest.mark.parametrize("width", [15, 200, pytest.param(1, marks=pytest.mark.slow)])
def test_it_does_not_matter_how_many_come_at_once(
    width: int, eventful: list[MeasuredExposure], in_forties: tuple[list[Told], list[Told]]
) -> None:
    assert told_in(eventful, width) == in_forties


def test_a_change_that_was_is_told_once(eventful: list[MeasuredExposure]) -> None:
    tracker = Tracker()
    assert tracker.look(eventful[:200]) == []
    assert [incident.key for incident in tracker.over] == ["astigmatism"]
    assert tracker.look(eventful[:201]) == []
    assert tracker.over == []


def test_a_restart_finds_the_same_again(eventful: list[MeasuredExposure]) -> None:
    over, holding = told_in(eventful[60:560], 500)
    assert [cause for _, cause, *_ in over] == ["realigned", "dose fell", "focus"]
    assert [cause for _, cause, *_ in holding] == ["dose fell"]


def test_times_of_another_clock_are_no_change(eventful: list[MeasuredExposure]) -> None:
    tracker = Tracker()
    tracker.look(eventful[:100])
    later = [replace(shot, taken=shot.taken + 7200.0) for shot in eventful[:110]]
    assert tracker.look(later) == []
    assert tracker.over == []


def test_what_comes_at_once_is_no_part_of_what_grows() -> None:
    shots = simulate_measurements(46, 290, [Fault(kind="dose", first=275, size=0.15)])
    ends = len(shots)
    drifting = [
        replace(
            shot,
            qualities={
                name: value * (1.0 + max(0, i - 215) / 25.0 if name.startswith("motion.") else 1.0)
                for name, value in shot.qualities.items()
            },
        )
        for i, shot in enumerate(shots)
    ]
    found = follow(drifting, ends, Tracker())
    causes = {incident.cause.name for incident in found if incident.cause is not None}
    assert "dose fell" in causes
    assert len(found) == 2
