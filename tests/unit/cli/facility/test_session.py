"""`icestream session`: begun for somebody, found again, ended."""

import json
from pathlib import Path
from typing import Any

import pytest

from icestream.cli.facility.session import app
from icestream.engine.machine.lock import holder
from icestream.facility.opened import Facility
from icestream.facility.registry.people import keep_project
from icestream.facility.registry.records import PlaceState
from icestream.facility.registry.sessions import UnknownPlace, Whose, keep_session
from icestream.facility.registry.sessions import session as session_named
from toy_session import wait_for


def session(*words: str) -> Any:
    return app(words, result_action="return_value")


def test_a_session_from_its_beginning_to_its_end(
    facility: Facility, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ("--project", "p", "--operator", "lea", "--workflow", "quick-look", "--yes")
    assert session("new", "krios1", *words, "--set", "import.pixel_size=0.83") == 0
    assert "session p-001 runs: " in capsys.readouterr().out
    session("list", "--json")
    (found,) = json.loads(capsys.readouterr().out)
    folder = Path(found["folder"])
    assert (found["state"], found["operator"], found["microscope"]) == ("running", "lea", "krios1")
    assert holder(folder)
    assert session("end", "p-001", "--why", "grid is broken") == 0
    assert "session p-001 is ended" in capsys.readouterr().out
    wait_for(lambda: not holder(folder))
    assert session("end", "p-001") == 0
    assert session("start", str(folder)) == 0
    assert holder(folder)
    assert session("start", "p-001") == 1  # it runs
    assert "already being processed" in capsys.readouterr().out
    assert session("end", "p-001") == 0
    wait_for(lambda: not holder(folder))


def test_sessions_are_listed_and_shown(
    facility: Facility, capsys: pytest.CaptureFixture[str]
) -> None:
    session("list")
    assert "icestream session new MICROSCOPE begins one" in capsys.readouterr().out
    words = ("--no-start", "--workflow", "quick-look", "--sample", "ribosome", "--confidential")
    assert session("new", "krios1", "--project", "p", *words, "--json") == 0
    made = json.loads(capsys.readouterr().out)
    assert (made["state"], made["confidential"]) == ("new", True)
    session("list", "--project", "p")
    assert "p-001" in capsys.readouterr().out
    session("list", "--state", "done")
    assert "there is none" in capsys.readouterr().out
    session("show", made["place"])
    said = capsys.readouterr().out
    assert "sample        ribosome" in said
    assert "confidential  yes" in said
    session("show", "p-001", "--json")
    assert json.loads(capsys.readouterr().out) == made
    with pytest.raises(UnknownPlace, match="icestream session list shows"):
        session("show", "p-002")


@pytest.mark.parametrize("state", ["done", "archived", "gone"])
def test_a_session_that_is_over_stays_what_it_is(
    facility: Facility, capsys: pytest.CaptureFixture[str], state: PlaceState
) -> None:
    with facility.registry.write() as connection:
        keep_session(
            connection, "key", Whose(microscope="krios1"), name="p-001", folder="/nowhere/p-001",
            place="/nowhere", began=1.0, ended=2.0, state=state,
        )  # fmt: skip
    assert session("end", "p-001") == 0
    assert capsys.readouterr().out == f"session p-001 is over already: it is {state}\n"
    with facility.registry.read() as connection:
        found = session_named(connection, "p-001")
    assert (found.state, found.ended) == (state, 2.0)


def test_a_parameter_that_is_none_is_refused(facility: Facility) -> None:
    with pytest.raises(LookupError, match="write it as --set step.name=value"):
        session("new", "krios1", "--set", "voltage=300", "--yes")


def test_a_session_is_made_confidential_and_not(
    facility: Facility, capsys: pytest.CaptureFixture[str]
) -> None:
    session("new", "krios1", "--project", "p", "--no-start", "--workflow", "quick-look", "--yes")
    capsys.readouterr()
    session("confidential", "p-001")
    assert capsys.readouterr().out == "session p-001: it is confidential\n"
    session("confidential", "p-001", "--off")
    assert capsys.readouterr().out == "session p-001: it is not confidential\n"
    with facility.registry.write() as connection:
        keep_project(connection, "p", confidential=True)
    session("confidential", "p-001", "--off")
    assert capsys.readouterr().out == "session p-001: all of project p are confidential\n"
