"""Staff are told that the registry is away, once, and that it is back."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from icestream.facility.duties import away as module
from icestream.facility.duties.away import RegistryAway
from icestream.facility.duties.duty import Duty
from icestream.facility.duties.round import do_once
from icestream.facility.opened import Facility


def _told(folder: Path) -> list[bool]:
    """Of each message, whether it says that it is over."""
    log = folder / "staff.log"
    lines = log.read_text().splitlines() if log.exists() else []
    return [json.loads(line)["alerts"][0]["over"] is not None for line in lines]


def test_it_is_told_once_and_that_it_is_over(facility: Facility) -> None:
    away, folder = RegistryAway(), facility.path.parent
    for _ in range(3):
        away.failed(facility, "connection refused")
    assert _told(folder) == [False]
    assert "connection refused" in (folder / "staff.log").read_text()
    away.answered(facility)
    away.answered(facility)
    assert _told(folder) == [False, True]
    away.failed(facility, "connection refused")
    assert _told(folder) == [False, True, False]


def test_a_hiccup_is_not_told(facility: Facility) -> None:
    away = RegistryAway()
    own = facility.file.facility.model_copy(update={"patience": 60.0})
    file = facility.file.model_copy(update={"facility": own})
    patient = replace(facility, file=file)
    away.failed(patient, "connection refused")
    away.answered(patient)
    assert _told(facility.path.parent) == []


def test_a_channel_that_is_away_is_tried_again(
    facility: Facility, monkeypatch: pytest.MonkeyPatch
) -> None:
    away, asked, works = RegistryAway(), [], [False]
    monkeypatch.setattr(
        module, "tell_staff", lambda _, told, **__: asked.append(told.over) or works[0]
    )
    away.failed(facility, "x")
    away.failed(facility, "x")
    assert len(asked) == 1  # not at once
    works[0], away.tried = True, 0.0
    away.failed(facility, "x")
    works[0] = False
    away.answered(facility)
    assert away.since is not None  # nobody knows that it is back
    works[0], away.tried = True, 0.0
    away.answered(facility)
    assert away.since is None
    assert [over is None for over in asked] == [True, True, False, False]


def test_a_duty_finds_it(facility: Facility) -> None:
    away = RegistryAway()
    duty = Duty(name="x", what="does x", every=1.0, act=lambda *_: "done")
    with facility.registry.engine.connect() as connection:
        connection.exec_driver_sql("ALTER TABLE duty RENAME TO gone")
        connection.commit()
    do_once(facility, duty, away=away)
    assert "no such table" in (facility.path.parent / "staff.log").read_text()
    with facility.registry.engine.connect() as connection:
        connection.exec_driver_sql("ALTER TABLE gone RENAME TO duty")
        connection.commit()
    assert do_once(facility, duty, away=away)
    assert _told(facility.path.parent) == [False, True]
