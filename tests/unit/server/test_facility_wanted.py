"""What is asked for in the browser names no files but those that may be shown."""

from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from icestream.engine.graph.workflow import Workflow, save_workflow
from icestream.facility.begin.begin import WantedSession
from icestream.facility.opened import Facility, open_facility
from icestream.facility.registry.people import keep_project
from icestream.server.context import Server
from icestream.server.errors import Refused
from icestream.server.facility_wanted import checked, held_in, with_booking
from icestream.settings import load


@pytest.fixture
def server(facility: Facility, tmp_path: Path) -> Iterator[Server]:
    (tmp_path / "shown").mkdir()
    with closing(Server([tmp_path / "shown"], load())) as made:
        yield made


def saved(tmp_path: Path, *blanks: dict[str, str], **parameters: Any) -> Workflow:
    step = {"name": "import", "protocol": "movies.import", "parameters": parameters}
    document = {"version": 2, "name": "own", "blanks": list(blanks), "steps": [step]}
    made = Workflow.from_document(document)
    (tmp_path / "state" / "workflows").mkdir(exist_ok=True)
    save_workflow(made, tmp_path / "state" / "workflows" / "own.json")
    return made


def test_a_code_is_taken_as_the_registry_has_it(facility: Facility) -> None:
    with facility.registry.write() as connection:
        keep_project(connection, "CEM00001")
    for given, taken in (("cem00001", "CEM00001"), ("cem00002", "cem00002"), ("", "")):
        wanted = WantedSession(microscope="krios1", project=given)
        assert with_booking(facility, wanted, None).project == taken
    with pytest.raises(Refused, match="cannot begin like this"):
        with_booking(facility, WantedSession(microscope="talos"), None)


def test_a_workflow_that_names_other_files_is_refused(
    server: Server, facility: Facility, tmp_path: Path
) -> None:
    wanted = WantedSession(microscope="krios1", workflow="own")
    saved(tmp_path, gain=f"{tmp_path}/shown/gain.mrc")
    assert checked(server, facility, wanted) == wanted
    saved(tmp_path, gain="/etc/passwd")
    with pytest.raises(Refused, match="files of other folders") as refused:
        checked(server, facility, wanted)
    assert refused.value.status == 403


def test_what_the_facility_file_names_is_taken(
    server: Server, write_facility: Callable[[str], Path], tmp_path: Path
) -> None:
    """Whoever writes it may name any file."""
    save_workflow(saved(tmp_path, gain="/etc/passwd"), tmp_path / "site.json")
    path = write_facility(f'\n[microscopes.talos]\nworkflow = "{tmp_path}/site.json"\n')
    with open_facility(path) as facility:
        for name in ("", f"{tmp_path}/site.json"):
            wanted = WantedSession(microscope="talos", workflow=name)
            assert checked(server, facility, wanted) == wanted
        with pytest.raises(Refused):
            checked(server, facility, WantedSession(microscope="krios1", workflow=name))


def test_steps_read_where_people_may_look_and_microscopes_write(
    server: Server, facility: Facility, tmp_path: Path
) -> None:
    wanted = WantedSession(microscope="krios1", workflow="own")
    (step,) = held_in(server, facility, saved(tmp_path), wanted).steps
    folders = ("shown", "krios1", "glacios", "sessions")
    assert step.within == tuple(f"{tmp_path}/{one}" for one in folders)


def test_what_is_filled_in_names_no_other_files(
    server: Server, facility: Facility, tmp_path: Path
) -> None:
    """Neither does it for a workflow that the facility file names."""
    open_ = saved(tmp_path, {"name": "reference", "kind": "file"}, gain="{{reference}}")
    path = facility.path
    path.write_text(
        path.read_text().replace('"screening"', f'"{tmp_path}/state/workflows/own.json"')
    )
    with open_facility(path) as changed:
        for name, microscope in (("own", "krios1"), ("", "glacios")):
            for gain, taken in (("krios1/gain.mrc", True), ("elsewhere/gain.mrc", False)):
                given = f"{tmp_path}/{gain}"
                wanted = WantedSession(
                    microscope=microscope, workflow=name, fill={"reference": given}
                )
                assert checked(server, changed, wanted) == wanted
                filled = open_.changed("import", {"gain": given})
                if taken:
                    assert held_in(server, changed, filled, wanted).steps[0].within
                else:
                    with pytest.raises(Refused, match="files of other folders") as refused:
                        held_in(server, changed, filled, wanted)
                    assert refused.value.problems[0].where == "import.gain"
