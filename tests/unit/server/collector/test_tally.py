"""What a collector keeps."""

import datetime
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from collecting import TODAY, USE, said
from icestream.server.collector import tally as module
from icestream.server.collector.tally import Tally
from icestream.server.errors import Refused
from icestream.usage.statement import UsageStatement, day_of_use

A_DAY = datetime.timedelta(days=1)


@pytest.fixture
def tally(tmp_path: Path) -> Iterator[Tally]:
    with closing(Tally(tmp_path / "collector.db")) as made:
        yield made


def again(statement: UsageStatement, **more: object) -> UsageStatement:
    return said(installation=statement.installation, **more)


def test_a_repeat_counts_once_and_a_fuller_day_replaces_it(tally: Tally) -> None:
    first = said(uses=1)
    tally.take(first, TODAY)
    tally.take(first, TODAY)
    figures = tally.figures(TODAY)
    assert (figures.installations, figures.sessions, figures.exposures) == (1, 1, 100)
    tally.take(again(first, uses=2), TODAY)
    tally.take(again(first, uses=5, ago=3), TODAY)
    figures = tally.figures(TODAY)
    assert (figures.installations, figures.sessions) == (1, 2 + 5)
    assert {one.sessions for one in figures.protocols} == {7}


def test_figures_are_by_country_protocol_and_chain(tally: Tally) -> None:
    for country in ("ES", "ES", "SE", None):
        tally.take(said(country), TODAY)
    figures = tally.figures(TODAY)
    assert [(one.country, one.installations) for one in figures.countries] == [
        ("ES", 2),
        ("SE", 1),
        (None, 1),
    ]
    topaz = next(one for one in figures.protocols if one.name == "picks.topaz")
    assert (topaz.plugin, topaz.versions, topaz.installations) == ("icestream-topaz", ("0.1.0",), 4)
    assert [(one.protocol, one.next, one.installations) for one in figures.chains] == [
        ("ctf.estimate", "picks.topaz", 4),
        ("movies.align", "ctf.estimate", 4),
    ]


def test_all_of_a_statement_is_kept_or_nothing(tally: Tally) -> None:
    good = said().days[0]
    twice = good.model_copy(
        update={"day": (TODAY - A_DAY).isoformat(), "protocols": good.protocols * 2}
    )
    for days, why in (
        ((good, twice), "is said twice"),
        ((good, good), "is said twice"),
        ((good, day_of_use("2020-01-01", [USE])), "not of the last"),
        ((good, day_of_use((TODAY + 2 * A_DAY).isoformat(), [USE])), "not of the last"),
    ):
        with pytest.raises(Refused, match=why):
            tally.take(said(days=days), TODAY)
    assert tally.figures(TODAY).installations == 0


def test_what_is_old_is_not_shown_and_goes(tally: Tally) -> None:
    tally.take(said(), TODAY)
    assert tally.figures(TODAY + 364 * A_DAY).installations == 1
    assert tally.figures(TODAY + 366 * A_DAY).installations == 0
    later = TODAY + 800 * A_DAY
    tally.take(said(days=(day_of_use(later.isoformat(), [USE]),)), later)
    (left,) = tally._connection.execute("SELECT count(*) FROM installation").fetchone()
    assert left == 1
    assert tally._connection.execute("SELECT count(*) FROM protocol").fetchone() == (3,)


def test_there_is_an_end_to_new_installations(
    tally: Tally, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_MOST_NEW_A_DAY", 2)
    first = said()
    tally.take(first, TODAY)
    tally.take(said(), TODAY)
    with pytest.raises(Refused, match="too many installations"):
        tally.take(said(), TODAY)
    tally.take(again(first, uses=2), TODAY)  # which is known
    tally.take(said(), TODAY + A_DAY)


def test_what_was_kept_is_there_after_a_restart(tmp_path: Path) -> None:
    for _ in range(2):
        with closing(Tally(tmp_path / "collector.db")) as tally:
            tally.take(said(), TODAY)
    with closing(Tally(tmp_path / "collector.db")) as tally:
        assert tally.figures(TODAY).installations == 2
