"""A session is begun for somebody: checked whole first, then made, written down and run."""

import threading
import time
from contextlib import closing
from pathlib import Path

import pytest

from icestream.engine.graph.workflow import InvalidWorkflow
from icestream.engine.machine.lock import holder
from icestream.engine.record.workflows import session_workflow
from icestream.engine.requests.models import Abort
from icestream.engine.requests.send import send
from icestream.facility.begin import begin as begin_module
from icestream.facility.begin.begin import (
    Begun,
    NoMovies,
    WantedSession,
    begin_session,
    workflow_named,
)
from icestream.facility.begin.card import read_card
from icestream.facility.opened import Facility
from icestream.facility.registry.microscopes import UnknownInstrument
from icestream.facility.registry.people import keep_project
from icestream.facility.registry.sessions import change_session, session, sessions
from icestream.facility.transfer.session import NoSource, route_of
from icestream.protocol import Registry
from icestream.store.open import open_store
from toy_session import wait_for


def begin(facility: Facility, **values: object) -> Begun:
    wanted = WantedSession(**{"microscope": "krios1", "start": False, **values})  # type: ignore[arg-type]
    return begin_session(facility, Registry(), wanted)


def test_place_card_store_and_registry_agree(facility: Facility) -> None:
    with facility.registry.write() as connection:
        keep_project(connection, "cem00123", team="cori")
    begun = begin(facility, project="cem00123", operator="lea", sample="ribosome", note="grid 3")
    folder = Path(begun.card.folder)
    assert folder.name == begun.card.session == "cem00123-001"
    assert read_card(folder) == begun.card
    assert (begun.card.team, begun.card.detector, begun.card.booking) == ("cori", "K3", None)
    with facility.registry.read() as connection:
        known = session(connection, "cem00123-001")
    assert (known.key, known.operator, known.team) == (begun.card.key, "lea", "cori")
    assert (known.state, known.sample, known.note) == ("new", "ribosome", "grid 3")
    store = open_store(folder, readonly=True)
    source = session_workflow(store).steps[0].parameters
    store.close()
    assert source["pattern"] == f"{facility.path.parent}/krios1"
    assert source["watch"] is True
    assert source["microscope"] == "krios1"


def test_the_next_one_has_a_place_of_its_own(facility: Facility) -> None:
    names = [begin(facility, project="p").card.session for _ in range(2)]
    assert names == ["p-001", "p-002"]
    assert begin(facility).card.session == "unassigned-001"
    taken = Path(begin(facility, project="p").card.place).with_name("p-004")
    taken.mkdir()
    assert begin(facility, project="p").card.session == "p-005"


def test_many_at_once_have_places_of_their_own(facility: Facility) -> None:
    names: list[str] = []

    def one() -> None:
        names.append(begin(facility, project="p", workflow="quick-look").card.session)

    threads = [threading.Thread(target=one) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(names)) == 4


def test_a_confidential_projects_sessions_are_all_so(facility: Facility) -> None:
    with facility.registry.write() as connection:
        keep_project(connection, "secret", confidential=True)
    assert begin(facility, project="secret").card.confidential
    assert begin(facility, project="secret", confidential=False).card.confidential
    assert begin(facility, project="p", confidential=True).card.confidential
    assert not begin(facility, project="p").card.confidential


@pytest.mark.parametrize(
    ("values", "error", "says"),
    [
        ({"microscope": "krios2"}, UnknownInstrument, "no microscope 'krios2'; it has krios1, gl"),
        ({"workflow": "defualt"}, LookupError, "no workflow 'defualt'"),
        ({"parameters": {"aling": {}}}, InvalidWorkflow, "there is no step 'aling'"),
        ({"parameters": {"import": {"voltage": 3}}}, InvalidWorkflow, "voltage"),
        ({"fill": {"x": 1}}, InvalidWorkflow, "x"),
        ({"movies": "camera:/data"}, NoSource, "is on another machine: mount it"),
    ],
)
def test_what_cannot_be_is_refused_before_anything_is_made(
    facility: Facility, values: dict[str, object], error: type[Exception], says: str
) -> None:
    with pytest.raises(error, match=says):
        begin(facility, **values)
    assert not list(facility.sessions.iterdir())
    with facility.registry.read() as connection:
        assert sessions(connection) == ()


def test_movies_are_where_somebody_says(facility: Facility, tmp_path: Path) -> None:
    assert begin(facility, movies="/x/*.eer").card.movies == "/x/*.eer"
    assert begin(facility, movies="/x/").card.movies == "/x"
    krios1 = facility.file.microscopes["krios1"]
    facility.file.microscopes["krios1"] = krios1.model_copy(update={"pattern": "*_f.tiff"})
    assert begin(facility, movies="/x/").card.movies == "/x/*_f.tiff"
    instrument = krios1.model_copy(update={"movies": None})
    facility.file.microscopes["krios1"] = instrument
    with pytest.raises(NoMovies, match=r"microscopes\.krios1\.movies"):
        begin(facility)


def test_a_saved_workflow_goes_before_a_shipped_one(tmp_path: Path) -> None:
    folder = tmp_path / "workflows"
    folder.mkdir()
    shipped = workflow_named("quick-look", tmp_path)
    text = Path(workflow_named.__code__.co_filename).parents[2] / "engine/graph/workflows"
    (folder / "quick-look.json").write_text((text / "screening.json").read_text())
    saved = workflow_named("quick-look", tmp_path)
    assert [step.name for step in saved.steps] != [step.name for step in shipped.steps]
    assert workflow_named(str(folder / "quick-look.json"), tmp_path) == saved


def test_it_runs_in_a_process_of_its_own(facility: Facility) -> None:
    begun = begin(facility, start=True, workflow="quick-look")
    folder = Path(begun.card.folder)
    try:
        assert begun.running
        assert holder(folder)
        with facility.registry.read() as connection:
            assert session(connection, begun.card.key).state == "running"
    finally:
        send(folder, Abort())
        wait_for(lambda: not holder(folder))


def test_a_name_that_another_session_has_is_left_to_it(facility: Facility) -> None:
    first = begin(facility, project="P 1")
    assert first.card.session == "P-1-001"
    assert begin(facility, microscope="glacios", project="P-1").card.session == "P-1-002"


def test_the_folder_of_all_sessions_has_movies_of_those_before(facility: Facility) -> None:
    before = begin(facility, project="p")
    route = route_of(Path(before.card.folder))
    assert route is not None
    assert route.since == pytest.approx(before.card.began - 3600.0, abs=1.0)
    ended = time.time() - 600.0
    with facility.registry.write() as connection:
        change_session(connection, before.number, state="done", ended=ended)
    after = route_of(Path(begin(facility, project="q").card.folder))
    assert after is not None
    assert after.since == ended
    same = route_of(Path(begin(facility, project="p").card.folder))
    assert same is not None
    assert same.since > ended  # q has it


def test_a_pattern_right_below_the_microscope_takes_no_other_folders(facility: Facility) -> None:
    krios1 = facility.file.microscopes["krios1"].movies
    route = route_of(Path(begin(facility, movies=f"{krios1}/2026*_lea/**/*.eer").card.folder))
    assert route is not None
    assert (route.source, route.within, route.since) == (str(krios1), "2026*_lea", 0.0)
    all_of_it = route_of(Path(begin(facility, movies=f"{krios1}/**/*.eer").card.folder))
    assert all_of_it is not None
    assert all_of_it.since > 0


def test_a_folder_with_brackets_is_meant_as_it_is(facility: Facility) -> None:
    folder = Path(facility.file.microscopes["krios1"].movies or "") / "x_[lea]_3"
    folder.mkdir()
    route = route_of(Path(begin(facility, movies=str(folder)).card.folder))
    assert route is not None
    assert route.source == str(folder)


def source_of(begun: Begun) -> dict[str, object]:
    with closing(open_store(Path(begun.card.folder), readonly=True)) as store:
        return dict(session_workflow(store).steps[0].parameters)


def test_of_a_folder_of_all_what_was_before_is_left_and_said(
    facility: Facility, tmp_path: Path
) -> None:
    begun = begin(facility, project="p")
    since = source_of(begun)["since"]
    assert since == pytest.approx(begun.card.began - 3600.0)
    (said,) = begun.said
    assert said.startswith(f"what was written into {tmp_path}/krios1 before 20")
    whole = begin(facility, project="p", all_movies=True)
    assert "since" not in source_of(whole)
    assert whole.said == ()
    own = tmp_path / "elsewhere" / "grid1"
    own.mkdir(parents=True)
    assert "since" not in source_of(begin(facility, project="p", movies=str(own)))


def test_nothing_is_left_of_a_session_that_cannot_be_written_down(
    facility: Facility, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> int:
        raise OSError(28, "No space left on device")

    (facility.sessions / "2020").mkdir()
    monkeypatch.setattr(begin_module, "keep_card", broken)
    with pytest.raises(OSError, match="No space"):
        begin(facility, project="p")
    assert [one.name for one in facility.sessions.iterdir()] == ["2020"]
