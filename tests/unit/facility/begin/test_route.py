"""Which movies of a microscope are a session's, decided in one way for all that begin."""

import time
from pathlib import Path
from typing import Any

import pytest

from icestream.engine.graph.workflow import InvalidWorkflow, Workflow
from icestream.facility.begin.route import (
    WantedMovies,
    decided_route,
    movies_of,
    routed,
    source_step,
)
from icestream.facility.opened import Facility
from icestream.facility.registry.sessions import Whose, keep_session
from icestream.facility.transfer.session import MovieRoute, NoSource, write_route
from icestream.protocol import Registry

NOW = time.time()
HOUR = 3600.0
SOURCE = {"name": "w", "steps": [{"name": "import", "protocol": "movies.import"}]}


def decided(facility: Facility, tmp_path: Path, **values: Any) -> MovieRoute:
    wanted = {"microscope": "krios1", "pattern": f"{tmp_path}/krios1", "named": False}
    told = {**wanted, "whose": "p", "began": NOW, **values}
    return decided_route(facility, WantedMovies(**told), tmp_path / "raw")


def other(facility: Facility, project: str, **values: Any) -> None:
    folder = facility.sessions / project
    write_route(folder, MovieRoute(source=movies_of(facility, "krios1"), since=1.0))
    with facility.registry.write() as connection:
        keep_session(
            connection, project, Whose(microscope="krios1", project=project),
            name=project, place=str(folder), folder=str(folder), state="running",
            began=NOW - 5 * HOUR, **values,
        )  # fmt: skip


def test_of_the_folder_of_all_movies_count_from_an_hour_before(
    facility: Facility, tmp_path: Path
) -> None:
    assert decided(facility, tmp_path).since == pytest.approx(NOW - HOUR)
    assert decided(facility, tmp_path, named=True).since == pytest.approx(NOW - HOUR)
    assert decided(facility, tmp_path, everything=True).since == 0.0
    own = f"{tmp_path}/krios1/2026_lea"
    assert decided(facility, tmp_path, named=True, pattern=own).since == 0.0


def test_what_others_wrote_within_that_hour_is_theirs(facility: Facility, tmp_path: Path) -> None:
    other(facility, "q", ended=NOW - 600.0)
    assert decided(facility, tmp_path).since == pytest.approx(NOW - 600.0)
    other(facility, "p")  # of the same people
    assert decided(facility, tmp_path).since == pytest.approx(NOW - 600.0)
    other(facility, "r")  # it still runs
    assert decided(facility, tmp_path).since == pytest.approx(NOW)


def test_a_pattern_of_folders_is_its_own(facility: Facility, tmp_path: Path) -> None:
    pattern = f"{tmp_path}/krios1/2026*_lea/**"
    route = decided(facility, tmp_path, named=True, pattern=pattern)
    assert (route.within, route.since) == ("2026*_lea", 0.0)


def test_where_this_machine_cannot_get_is_refused(facility: Facility, tmp_path: Path) -> None:
    with pytest.raises(NoSource, match="mount it"):
        decided(facility, tmp_path, named=True, pattern="camera:/data")
    assert not (tmp_path / "raw").exists()


def test_the_source_is_told_where_they_are_and_since_when() -> None:
    workflow = Workflow.from_document(SOURCE)
    place = MovieRoute(source="/nas", since=5.0)
    whole, taken = routed(workflow, Registry(), place, "/nas/**/*.eer")
    assert taken == "/nas/**/*.eer"
    assert whole.steps[0].parameters == {"pattern": taken, "since": 5.0}
    copy = MovieRoute(source="/nas", copy="/raw", since=5.0)
    whole, taken = routed(workflow, Registry(), copy, "/nas/**/*.eer")
    assert taken == "/raw/**/*.eer"
    assert whole.steps[0].parameters == {"pattern": taken}  # the copy has no others
    with pytest.raises(InvalidWorkflow, match="no step that takes movies"):
        source_step(Workflow.from_document({"name": "w", "steps": []}), Registry())
