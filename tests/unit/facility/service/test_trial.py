"""A facility to try: made where nothing is, and left as people have changed it."""

import csv
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from icestream.facility.bookings.opening import booking_source
from icestream.facility.check import check_facility
from icestream.facility.duties.all import duties_of
from icestream.facility.file import load_facility
from icestream.facility.projects.opening import project_source
from icestream.facility.service import trial as of_trial
from icestream.facility.service.trial import (
    MICROSCOPES,
    NotATrial,
    TrialFacility,
    book_now,
    trial_facility,
)
from icestream.settings import load


@pytest.fixture
def trial(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> TrialFacility:
    made = trial_facility(tmp_path / 'a "place"')
    for name, value in made.environment.items():
        monkeypatch.setenv(name, value)
    return made


def test_nothing_is_wrong_with_it(trial: TrialFacility) -> None:
    found, where = check_facility(None, load().settings)
    assert [one for one in found if one.stops] == []
    assert where == str(trial.file)
    file = load_facility().file
    names = {duty.name for duty in duties_of(file)}
    assert names >= {"sessions", "bookings", "projects", "backup.disk", "keep", "memory"}
    assert file.registry_place() == str(trial.folder / "state" / "registry.db")
    assert tuple(file.microscopes) == MICROSCOPES
    assert file.projects is not None
    source = project_source(file.projects, "UTC")
    assert source is not None
    assert [one.code for one in source.projects()] == ["CEM00001", "CEM00002"]


def test_it_stays_as_people_have_changed_it(trial: TrialFacility) -> None:
    trial.file.write_text(trial.file.read_text().replace("Titan Krios", "Our Krios"))
    again = trial_facility(trial.folder)
    assert (again.made, trial.made) == (False, True)
    assert "Our Krios" in trial.file.read_text()


def test_one_that_was_killed_while_it_was_made_is_named(tmp_path: Path) -> None:
    folder = tmp_path / "x"
    trial_facility(folder)
    (folder / "facility.toml").unlink()
    with pytest.raises(NotATrial, match="has something that was not made by this command"):
        trial_facility(folder)


def test_without_rsync_it_backs_nothing_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(of_trial, "version", lambda: "")
    assert load_facility(trial_facility(tmp_path / "x").file).file.backup == {}


def test_somebody_s_facility_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "facility.toml").write_text("[facility]\n")
    with pytest.raises(NotATrial, match=r"has facility\.toml, which was not made by this command"):
        trial_facility(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["facility.toml"]
    with pytest.raises(NotATrial, match="something that was not made"):
        trial_facility(tmp_path / "facility.toml")


def test_microscopes_are_booked_now_once(trial: TrialFacility) -> None:
    zone = ZoneInfo("Europe/Madrid")
    trial.file.write_text(
        "\n".join(
            'time_zone = "Europe/Madrid"' if line.startswith("time_zone") else line
            for line in trial.file.read_text().splitlines()
        )
    )
    now = datetime(2026, 11, 30, 14, 20, tzinfo=zone)
    assert book_now(trial, now) == ["krios1", "glacios"]
    assert book_now(trial, now) == []
    assert book_now(trial, now.replace(hour=22)) == ["krios1", "glacios"]
    section = load_facility(trial.file).file.bookings
    assert section is not None
    source = booking_source(section, "Europe/Madrid")
    assert source is not None
    begins = now.replace(minute=0).timestamp()
    found = source.bookings(begins, begins + 60)
    assert [(one.resources, one.project, one.login, one.ends - one.begins) for one in found] == [
        (("krios1",), "CEM00001", "ada", 8 * 3600.0), (("glacios",), "CEM00002", "eve", 8 * 3600.0),
    ]  # fmt: skip
    with (trial.folder / "bookings.csv").open() as table:
        assert len(list(csv.DictReader(table))) == 4


def test_its_times_are_those_of_this_machine(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TZ", "Europe/Madrid")
    file = load_facility(trial_facility(tmp_path / "x").file).file
    assert file.facility.time_zone == "Europe/Madrid"
    monkeypatch.setenv("TZ", "nowhere")
    file = load_facility(trial_facility(tmp_path / "y").file).file
    assert file.facility.time_zone == "UTC"
