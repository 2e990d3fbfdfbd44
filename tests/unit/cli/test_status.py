"""`icestream status`."""

import json
import re
import socket
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import update

from icestream.cli import overview as overview_
from icestream.cli.status import status
from icestream.cli.terminal import called
from icestream.engine.machine.lock import hold
from icestream.engine.record.gating import close_gate
from icestream.engine.requests.models import Pause, Resume, Retry, SetParameters
from icestream.engine.requests.send import send
from icestream.model import StepLoad
from icestream.model.filling import Filling
from icestream.model.forecast import Forecast, Remedy
from icestream.store import tables as t
from icestream.store.newest import newest_particles
from icestream.store.open import NoStore
from micrograph_session import make_micrographs
from report_session import SampleSession
from toy_record import desks


@pytest.fixture
def session(tmp_path: Path) -> SampleSession:
    """Twelve exposures of which some are still going."""
    sample = SampleSession(tmp_path / "session", start=1.7e9)
    sample.grow(12, settle=False)
    return sample


def test_for_people(session: SampleSession, capsys: pytest.CaptureFixture[str]) -> None:
    status(session.folder)
    printed = capsys.readouterr().out
    assert "apoferritin-grid-2: running (as scope said last), workflow single-particle" in printed
    assert "movies found: 12" in printed
    for step in session.step_ids:
        assert f"\n{step}\t" in printed


def test_for_programs(session: SampleSession, capsys: pytest.CaptureFixture[str]) -> None:
    status(session.folder, json=True)
    found = json.loads(capsys.readouterr().out)
    assert found["session"]["state"] == "running"
    assert sum(found["exposures"].values()) == 12
    assert found["steps"][0]["name"] == "import"
    assert found["steps"][0]["counts"]["done"] == 12


def test_a_session_whose_process_was_killed(
    session: SampleSession, capsys: pytest.CaptureFixture[str]
) -> None:
    """The store still says that it runs; nobody holds its lock."""
    with session.store.write() as connection:
        connection.execute(update(t.session).values(holder=f"7@{socket.gethostname()}"))
    status(session.folder)
    told = capsys.readouterr().out
    assert "no process runs it any more" in told
    assert "\trunning\t0" not in told.partition("s each")[2]
    with hold(session.folder):
        status(session.folder)
        status(session.folder, json=True)
    told, _, document = capsys.readouterr().out.partition("{")
    assert "no process" not in told
    assert json.loads("{" + document)["session"]["runs"].startswith("process ")


def test_a_folder_without_a_session(tmp_path: Path) -> None:
    with pytest.raises(NoStore, match="holds no icestream session"):
        status(tmp_path)


def test_what_waits_to_be_run_again_is_said_with_the_command(
    session: SampleSession, capsys: pytest.CaptureFixture[str]
) -> None:
    session.settle()
    session.finish()
    status(session.folder)
    told = capsys.readouterr().out
    particles = next(line for line in told.splitlines() if line.startswith("particles: "))
    assert "again" not in told
    assert "2: done, workflow" in told
    session.change("pick", "extract")
    status(session.folder)
    told = capsys.readouterr().out
    assert "2: stopped, workflow" in told
    assert "pick and extract wait to be run again, for " in told
    assert f"to do so: {called()} " in told
    assert f"{particles} before the change, 0 after it" in told
    assert " to run again)\t" in told
    status(session.folder, json=True)
    found = json.loads(capsys.readouterr().out)
    assert found["session"]["state"] == "stopped"
    assert [step["step"] for step in found["reruns"]["steps"]] == ["pick", "extract"]
    assert found["reruns"]["standing"]["steps"]["pick"] == 1
    assert f"particles: {found['particles']}" == particles


def test_how_large_the_particles_are_is_said_and_whether_anybody_knows(
    session: SampleSession, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    session.settle()
    monkeypatch.setattr(overview_, "count_particles", lambda *_, **__: 38)
    status(session.folder)
    assert "\nparticles: 38; diameter 130 Å\n" in capsys.readouterr().out
    status(session.folder, json=True)
    assert json.loads(capsys.readouterr().out)["diameter"] == 130.0
    roomy = newest_particles(session.store)
    assert roomy is not None
    roomy = replace(roomy, diameter_known=False)
    monkeypatch.setattr(overview_, "newest_particles", lambda *_: roomy)
    status(session.folder)
    assert "\nparticles: 38; diameter not known yet\n" in capsys.readouterr().out
    status(session.folder, json=True)
    assert json.loads(capsys.readouterr().out)["diameter"] is None


def test_a_request_that_waits_is_said(
    session: SampleSession, capsys: pytest.CaptureFixture[str]
) -> None:
    session.settle()
    session.finish()
    send(session.folder, Retry())
    status(session.folder)
    told = capsys.readouterr().out
    assert "2: stopped (1 request waits), workflow" in told
    assert "1 request waits to be carried out" in told


def test_what_people_decided_is_shown_with_who_when_and_why(
    session: SampleSession, capsys: pytest.CaptureFixture[str]
) -> None:
    session.settle()
    status(session.folder)
    assert "has asked" not in capsys.readouterr().out
    send(session.folder, Pause(step="ctf", who="ann", why="look first"))
    send(session.folder, SetParameters(step="ctf", changes={"defocus_max": 3.0}, who="pick"))
    status(session.folder)
    told = capsys.readouterr().out
    assert " ann has asked: pause ctf (waits to be carried out): look first" in told
    assert "pick has asked" not in told  # a step of the session did so by itself
    for _ in range(3):
        send(session.folder, Resume(step="ctf", who="bob"))
    status(session.folder)
    told = capsys.readouterr().out
    assert told.count("bob has asked") == 3
    assert f"all 5 decisions: {called()} history {session.folder}" in told
    status(session.folder, json=True)
    document = json.loads(capsys.readouterr().out)
    assert document["decisions"][0]["why"] == "look first"


def test_a_map_of_uneven_views_may_be_wrong(
    session: SampleSession, capsys: pytest.CaptureFixture[str]
) -> None:
    session.reconstruct(efficiency=0.06)
    status(session.folder)
    told = capsys.readouterr().out
    assert "map: 11.4 Å, in directions that are seen, from 4120 particles, O; views are" in told
    assert f"uneven, it may be wrong: {session.folder / 'pool/map.mrc'}" in told


def test_rates_quality_and_the_map_are_shown(
    session: SampleSession, capsys: pytest.CaptureFixture[str]
) -> None:
    session.grow(40, settle=False)
    session.reconstruct()
    with hold(session.folder):
        status(session.folder)
    told = capsys.readouterr().out
    assert "CTF fit resolution: " in told
    assert " Å (median of the last " in told
    assert "Defocus: 1." in told
    assert "delay: 36 s from found to processed" in told
    assert "; the last movie came " in told
    assert f"map: 11.4 Å from 4120 particles, O: {session.folder / 'pool/map.mrc'}" in told
    assert "report: " not in told  # there is none
    (session.folder / "logs").mkdir(exist_ok=True)
    failing = {"target": "web:/live", "failing": 1e9, "tries": 2, "why": "no route"}
    (session.folder / "logs" / "publish.json").write_text(json.dumps(failing))
    session.settle()
    session.finish()
    status(session.folder)
    told = capsys.readouterr().out
    assert "rate: on average " in told
    assert "last movie" not in told
    assert "report not published to web:/live since 2001-09-09" in told


def test_how_far_behind_it_is_and_what_would_help_is_said(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    remedy = Remedy(kind="cores", cores=3, able=310.0, enough=True)
    said = Forecast(
        outlook="falling behind", behind=400, hours=1.5, able=200.0, slow=0.33, remedies=(remedy,),
        costs=(StepLoad(name="align", seconds=72.0, left=400),),
    )  # fmt: skip
    monkeypatch.setattr("icestream.cli.overview.forecast", lambda _: said)
    session = SampleSession(tmp_path / "session", start=1.7e9)
    session.grow(12, settle=False)
    with hold(session.folder):
        status(session.folder)
        status(session.folder, json=True)
    told, _, document = capsys.readouterr().out.partition("{")
    assert (
        "behind: 400 in progress (1.5 h of acquisition); at this rate it will not catch up: "
        "33 % too slow; the newest go first\n"
        "able: 200 movies/h; each costs 72 core seconds\n"
        "  would help: with 3 cores more, here or on another machine, it would keep up\n"
    ) in told
    found = json.loads("{" + document)["forecast"]
    assert (found["outlook"], found["slow"], found["costs"]) == (
        "falling behind", 0.33, {"align": 72.0}
    )  # fmt: skip
    status(session.folder)  # nobody runs it: nothing is forecast
    assert "behind: " not in capsys.readouterr().out


def test_when_the_disk_is_full_is_said(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def foreseen(_: object, now: float) -> Filling:
        return Filling(
            state="in sight", free=1.234e12, rate=1e8, until=now + 7200.0, soonest=now + 3600.0
        )

    monkeypatch.setattr("icestream.cli.overview.filling", foreseen)
    session = SampleSession(tmp_path / "session", start=1.7e9)
    session.grow(12, settle=False)
    with hold(session.folder):
        status(session.folder)
        status(session.folder, json=True)
    told, _, document = capsys.readouterr().out.partition("{")
    line = next(line for line in told.splitlines() if line.startswith("disk: "))
    assert re.fullmatch(
        r"disk: 1,234 GB free; full at about \d\d:\d\d "
        r"\(not before \d\d:\d\d, perhaps much later\)",
        line,
    )
    disk = json.loads("{" + document)["disk"]
    assert (disk["state"], disk["rate"], disk["latest"]) == ("in sight", 1e8, None)
    status(session.folder)
    assert "disk: " not in capsys.readouterr().out


def test_following_looks_again_until_it_is_ended(
    session: SampleSession, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    looks = []

    def sleep(_: float) -> None:
        looks.append(1)
        session.grow(1)
        if len(looks) == 2:
            raise KeyboardInterrupt

    monkeypatch.setattr("icestream.cli.status.time.sleep", sleep)
    status(session.folder, json=True, follow=True)
    first, second = capsys.readouterr().out.splitlines()
    assert sum(json.loads(first)["exposures"].values()) == 12
    assert sum(json.loads(second)["exposures"].values()) == 13
    looks.clear()
    status(session.folder, follow=True)
    assert capsys.readouterr().out.count("workflow single-particle") == 2


def test_states_are_told_in_the_words_of_the_field(
    session: SampleSession, capsys: pytest.CaptureFixture[str]
) -> None:
    with session.store.write() as connection:
        connection.execute(t.session.update().values(state="draining"))
        ours = t.revision.c.id == session.step_ids["ctf"]
        connection.execute(t.revision.update().where(ours).values(state="draining"))
    with hold(session.folder):
        status(session.folder)
    told = capsys.readouterr().out
    assert "2: finishing, workflow" in told
    assert "movies found: 12, 3 in progress, " in told
    assert "\nctf\tfinishing\t" in told
    assert "going" not in told
    assert "draining" not in told


def test_micrographs_are_called_so_and_a_cs_says_where_it_is_from(
    session: SampleSession, capsys: pytest.CaptureFixture[str]
) -> None:
    make_micrographs(session)
    status(session.folder)
    printed = capsys.readouterr().out
    assert "micrographs found: 12" in printed
    assert "the last micrograph came" in printed
    assert "movie" not in printed.replace("movies.import", "")
    assert "Cs 2.7 mm (preset krios1)" in printed
    status(session.folder, json=True)
    found = json.loads(capsys.readouterr().out)
    assert found["takes"] == "micrographs"
    assert found["optics"]["assumed"] == {"spherical_aberration": "preset krios1"}


def test_what_a_trigger_holds_and_what_has_closed_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for make in desks(tmp_path):
        waits = ("waits", "toy.hold-parts", {"opened_by": "9 items of src"}, {"number": "src"})
        shut = ("shut", "toy.hold-parts", {"closed_by": "1 item of src"}, {"number": "src"})
        desk = make(("src", "toy.count", {}, {}), waits, shut)
        desk.find(1, 2)
        close_gate(desk.record, desk.step("shut").id, "closed by src: 1 item is there")
        status(desk.folder)
        printed = capsys.readouterr().out
        assert "\nwaits\twaiting (holds 2, opens with 9 items of src)\t" in printed
        assert "\nshut\twaiting (closed by src: 1 item is there, holds 2)\t" in printed


def test_which_branch_it_is_where_there_are_several(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source: Any = ("src", "toy.count", {}, {})
    for make in desks(tmp_path):
        made = make(source, ("a", "toy.add", {}, {"number": "src"}))
        made.find(1, 3)
        made.work()
        status(made.folder)
        assert "branches:" not in capsys.readouterr().out
        five: Any = ("a", "toy.add", {"add": 5}, {"number": "src"})
        made.branch("five", source, five, sample=["e1"])
        made.backfill()
        made.work()
        status(made.folder)
        said = capsys.readouterr().out
        assert "branches: main (adopted), five (1 exposure); this is the adopted one" in said
        status(made.folder, branch="five")
        said = capsys.readouterr().out
        assert "steps of the branch five, which is not adopted:" in said
        assert "\na\twaiting\t0\t0\t1\t" in said
        status(made.folder, json=True)
        found = json.loads(capsys.readouterr().out)
        assert (found["branch"], [one["name"] for one in found["branches"]]) == (
            "main",
            ["main", "five"],
        )


@pytest.mark.parametrize(
    ("protocol", "many"),
    [
        ("micrographs.import", "micrographs"),
        ("movies.import", "movies"),
        ("of.a.plugin", "exposures"),
    ],
)
def test_what_would_come_is_called_as_its_source_does_where_nothing_was_taken(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], protocol: str, many: str
) -> None:
    session = SampleSession(tmp_path / "session", start=1.7e9)
    with session.store.write() as connection:
        source = t.revision.c.step_id == session.step_ids["import"]
        connection.execute(t.revision.update().where(source).values(protocol=protocol))
    status(session.folder)
    assert f"\n{many} found: 0" in capsys.readouterr().out
