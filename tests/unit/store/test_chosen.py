"""Exposures by number, range, name, part of a name, grid square."""

from pathlib import Path

import pytest

from icestream.report.follow import Follower
from icestream.store import queries
from icestream.store.chosen import UnknownExposure, chosen_exposures
from report_session import SampleSession

SQUARE = "8999138"


@pytest.fixture
def session(tmp_path: Path) -> SampleSession:
    """Seventy exposures on two grid squares, with a batch among them."""
    sample = SampleSession(tmp_path / "session", start=1.7e9, documents=False)
    sample.grow(70)
    return sample


@pytest.fixture
def names(session: SampleSession) -> list[str]:
    return [exposure.name for exposure in queries.exposures(session.store)]


@pytest.mark.parametrize(
    ("words", "places"),
    [
        (["12"], [12]),
        (["#12"], [12]),
        (["12-15"], [12, 13, 14, 15]),
        (["3,1", "12-13,13"], [1, 3, 12, 13]),
        (["9015883_Data_9017347_1"], [2]),
        (["foilhole_9015883_data_9017347_1"], [2]),
        (["FoilHole_9015883_Data_9017347_2", "1"], [1, 3]),
    ],
)
def test_they_are_found(
    session: SampleSession, names: list[str], words: list[str], places: list[int]
) -> None:
    found = chosen_exposures(session.store, words)
    assert list(found) == [names[place - 1] for place in places]


def test_a_number_is_that_of_the_report(session: SampleSession) -> None:
    follower = Follower(session.store)
    follower.read()
    (found,) = chosen_exposures(session.store, ["61"])
    assert follower.table.order[found] + 1 == 61


def test_a_grid_square_is_all_of_its_exposures(session: SampleSession, names: list[str]) -> None:
    assert list(chosen_exposures(session.store, [], SQUARE)) == names[:60]
    assert list(chosen_exposures(session.store, ["70"], "9138")) == [*names[:60], names[69]]


@pytest.mark.parametrize(
    ("words", "square", "message"),
    [
        (["71"], None, "no exposure 71 in this session: they are numbered from 1 to 70"),
        (["5-71"], None, "no exposure 5-71 .* from 1 to 70"),
        (["9-5"], None, "no exposure 9-5"),
        (["0"], None, "no exposure 0 "),
        (["9015883"], None, "3 names have '9015883' in them: FoilHole_9015883_Data_9017347_0, "),
        (["Data"], None, "70 names have .* and 67 more; give more of the one that is meant"),
        (
            ["FoilHole_9015883_Dta_9017347_1"],
            None,
            r"no exposure '.*'.*; did you mean FoilHole_9015883_Data_9017347_1",
        ),
        (["x", "99"], None, "no exposure 'x' in this session; no exposure 99"),
        ([], "8999139", "no grid square '8999139'.*did you mean 8999138"),
        ([], "89991", "2 names have '89991'"),
        ([], None, "say which exposures"),
    ],
)
def test_what_is_not_understood_says_what_may_be_meant(
    session: SampleSession, words: list[str], square: str | None, message: str
) -> None:
    with pytest.raises(UnknownExposure, match=message):
        chosen_exposures(session.store, words, square)


def test_an_exposure_that_is_called_by_a_number_or_with_a_comma(session: SampleSession) -> None:
    """The very name wins over what it would mean otherwise."""
    from icestream.store import tables as t

    with session.store.write() as connection:
        for number, name in ((70, "12"), (69, "a,b"), (68, "1-3")):
            subject = t.subject.c.number == number
            connection.execute(t.subject.update().where(subject).values(name=name))
    found = chosen_exposures(session.store, ["12", "a,b", "1-3"])
    assert found == ("1-3", "a,b", "12")
