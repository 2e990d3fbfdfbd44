"""Staff are told once of what is wrong, and once that it is over, whatever is away meanwhile."""

import json
from dataclasses import replace
from typing import Any

import pytest

from icestream.facility.duties import troubles as module
from icestream.facility.duties.troubles import tell_troubles
from icestream.facility.opened import Facility
from icestream.facility.registry.people import keep_project
from icestream.facility.registry.sessions import Whose, keep_session
from icestream.facility.registry.troubles import troubles

WRONG = {"facility.x/1": (1000.0, "krios1 is away")}


@pytest.fixture(autouse=True)
def _at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_AGAIN", 0.0)


def told(facility: Facility) -> list[str]:
    log = facility.path.parent / "staff.log"
    if not log.is_file():
        return []
    return [json.loads(line)["subject"] for line in log.read_text().splitlines()]


def away(facility: Facility, is_away: bool) -> None:
    """Nothing can be written where the channel writes."""
    log = facility.path.parent / "staff.log"
    if is_away:
        log.rename(log.with_suffix(".kept")) if log.exists() else None
        log.mkdir()
    else:
        log.rmdir()
        if log.with_suffix(".kept").exists():
            log.with_suffix(".kept").rename(log)


def left(facility: Facility) -> list[Any]:
    with facility.registry.read() as connection:
        return list(troubles(connection, "facility.x"))


def test_once_that_it_is_so_and_once_that_it_is_over(facility: Facility) -> None:
    for _ in range(3):
        tell_troubles(facility, "facility.x", WRONG)
    assert len(told(facility)) == 1
    for _ in range(3):
        tell_troubles(facility, "facility.x", {})
    assert len(told(facility)) == 2
    assert "over" in told(facility)[1]
    assert left(facility) == []
    tell_troubles(facility, "facility.x", WRONG)
    assert len(told(facility)) == 3, "it is wrong anew"


def test_that_it_is_over_is_told_when_the_channel_is_back(facility: Facility) -> None:
    tell_troubles(facility, "facility.x", WRONG)
    away(facility, True)
    for _ in range(2):
        tell_troubles(facility, "facility.x", {})
    (one,) = left(facility)
    assert one.over is not None
    away(facility, False)
    tell_troubles(facility, "facility.x", {})
    assert "over" in told(facility)[1]
    assert left(facility) == []


def test_what_is_wrong_again_before_that_could_be_told_was_never_over(facility: Facility) -> None:
    tell_troubles(facility, "facility.x", WRONG)
    away(facility, True)
    tell_troubles(facility, "facility.x", {})
    tell_troubles(facility, "facility.x", {"facility.x/1": (2000.0, "krios1 is away once more")})
    away(facility, False)
    tell_troubles(facility, "facility.x", {"facility.x/1": (2000.0, "krios1 is away once more")})
    assert len(told(facility)) == 1
    (one,) = left(facility)
    assert (one.since, one.over, one.message) == (1000.0, None, "krios1 is away once more")
    tell_troubles(facility, "facility.x", {})
    assert len(told(facility)) == 2


def test_what_nobody_was_told_of_ends_without_a_word(facility: Facility) -> None:
    away(facility, True)
    tell_troubles(facility, "facility.x", WRONG)
    tell_troubles(facility, "facility.x", {})
    away(facility, False)
    tell_troubles(facility, "facility.x", {})
    assert (told(facility), left(facility)) == ([], [])


def test_a_channel_that_is_away_is_not_tried_all_the_time(
    facility: Facility, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_AGAIN", 60.0)
    asked: list[object] = []

    def unreached(*given: object) -> bool:
        asked.append(given)
        return False

    monkeypatch.setattr(module, "tell_staff", unreached)
    for _ in range(3):
        tell_troubles(facility, "facility.x", WRONG)
    assert len(asked) == 1


def test_a_hiccup_is_told_to_nobody(facility: Facility) -> None:
    own = facility.file.facility.model_copy(update={"patience": 1e12})
    patient = replace(facility, file=facility.file.model_copy(update={"facility": own}))
    tell_troubles(patient, "facility.x", WRONG)
    assert told(facility) == []
    assert len(left(facility)) == 1


def test_a_session_that_became_confidential_is_not_named_in_what_is_over(
    facility: Facility,
) -> None:
    with facility.registry.write() as connection:
        keep_project(connection, "acme")
        keep_session(
            connection, "k", Whose(project="acme"), name="acme-001", began=1.0,
            place="/s/acme/1", folder="/s/acme/1/x", state="running",
        )  # fmt: skip
    tell_troubles(facility, "facility.x", {"facility.x/1": (1000.0, "acme-001 is not delivered")})
    assert "acme-001" in told(facility)[0]
    with facility.registry.write() as connection:
        keep_project(connection, "acme", confidential=True)
    tell_troubles(facility, "facility.x", {})
    assert "acme" not in told(facility)[1]
