"""Which sessions are compared, and where one lies among others."""

import time

from icestream.facility.memory.history import Chart, charts, standings
from icestream.facility.memory.kinds import MemorySection
from icestream.facility.opened import Facility
from icestream.facility.registry import figures as rows
from icestream.facility.registry.microscopes import add_occasion
from icestream.facility.registry.records import KnownFigure
from icestream.facility.registry.sessions import Whose, keep_session, sessions
from simulated_histories import remember_history


def kept(facility: Facility, key: str, began: float, **values: object) -> int:
    """A session with a resolution of 3.6 Å, and what else is said of it."""
    told = {"pixel": 0.83, "apart": "", "detector": "K3", "by": "ctf.estimate", "value": 3.6}
    told |= values
    with facility.registry.write() as connection:
        number = keep_session(
            connection, key, Whose(microscope="krios1", detector=str(told["detector"])),
            name=key, place=f"/s/{key}", folder=f"/s/{key}/processing", began=began, state="done",
        )  # fmt: skip
        about = {
            "at": began, "over": True, "exposures": 100, "pixel": told["pixel"],
            "apart": told["apart"],
        }  # fmt: skip
        found = KnownFigure(
            name="resolution",
            value=float(told["value"]),
            count=100,
            by=str(told["by"]),  # type: ignore[arg-type]
        )
        rows.keep_figures(connection, number, about, [found])
    return number


def resolution(facility: Facility) -> tuple[Chart, ...]:
    with facility.registry.read() as connection:
        return charts(connection, MemorySection(), "krios1", ["resolution"])


def test_only_what_is_alike_is_compared(facility: Facility) -> None:
    kept(facility, "a", 1.0)
    kept(facility, "b", 2.0, pixel=0.9)
    kept(facility, "c", 3.0, pixel=1.3)
    kept(facility, "d", 4.0, detector="Falcon")
    kept(facility, "e", 5.0, by="ctf.ctffind")
    kept(facility, "f", 6.0, apart="the specimen was tilted")
    kept(facility, "g", 7.0, pixel=None)
    kept(facility, "h", 8.0)
    found = {one.title: [p.of.session.name for p in one.points] for one in resolution(facility)}
    assert found == {
        "K3, 0.83 Å, ctf.estimate": ["a", "b", "h"],
        "K3, 1.3 Å, ctf.estimate": ["c"],
        "Falcon, 0.83 Å, ctf.estimate": ["d"],
        "K3, 0.83 Å, ctf.ctffind": ["e"],
    }


def test_what_cannot_be_told_as_a_ratio_is_left_out(facility: Facility) -> None:
    kept(facility, "a", 1.0, value=0.0)
    assert resolution(facility) == ()


def test_an_occasion_that_changes_the_microscope_restarts_its_charts(facility: Facility) -> None:
    for number in range(20):
        kept(facility, f"s{number}", float(number))
    with facility.registry.write() as connection:
        add_occasion(connection, "krios1", "note", "x", who="ann", when=(5.5, None))
        add_occasion(connection, "krios1", "service", "gun", who="ann", when=(10.5, None))
        add_occasion(connection, "krios1", "unheard of", "x", who="ann", when=(12.5, None))
    (chart,) = resolution(facility)
    assert [place for place, point in enumerate(chart.points) if point.restart] == [11]
    assert chart.points[10].judged.middle is not None
    assert chart.points[11].judged.known == 0
    assert not chart.reset
    with facility.registry.write() as connection:
        add_occasion(connection, "krios1", "realignment", "x", who="ann", when=(30.0, None))
    assert resolution(facility)[0].reset


def test_what_is_planned_has_changed_nothing_yet(facility: Facility) -> None:
    kept(facility, "a", 1.0)
    with facility.registry.write() as connection:
        when = (time.time() + 9e4, None)
        add_occasion(connection, "krios1", "service", "gun", who="ann", when=when)
    assert not resolution(facility)[0].reset


def test_a_session_has_its_percentile_among_the_others(facility: Facility) -> None:
    for number in range(9):
        kept(facility, f"s{number}", float(number), value=3.0 + 0.1 * number)
    best = kept(facility, "best", 20.0, value=2.5)
    found = resolution(facility)
    (standing,) = standings(found, best, 8)
    assert standing.words == "better than 100 % of 9 others"
    with facility.registry.read() as connection:
        worst = next(one.id for one in sessions(connection) if one.name == "s8")
    (standing,) = standings(found, worst, 8)
    assert (standing.share, standing.others) == (0.0, 9)
    (standing,) = standings(found, worst, 20)
    assert standing.words == "too few sessions to compare (9)"
    assert standings(found, 999, 8) == ()


def test_what_still_runs_does_not_say_that_something_drifts(facility: Facility) -> None:
    remember_history(facility.registry, "krios1", 30, worse={"resolution": (25, 2.0)})
    (chart,) = resolution(facility)
    last = chart.drifting
    assert last is not None
    with facility.registry.write() as connection:
        for point in chart.points[24:]:
            about = {"at": 1.0, "over": False, "exposures": 9, "pixel": 0.83, "apart": ""}
            rows.keep_figures(connection, point.of.session.id, about, [point.figure])
    assert resolution(facility)[0].drifting is None
