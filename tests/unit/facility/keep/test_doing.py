"""The duty does what the rules ask for, or says it; staff are told when the disk fills."""

import json
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from icestream.facility.check import check_facility
from icestream.facility.duties.all import duties_of
from icestream.facility.duties.round import do_once
from icestream.facility.keep import doing
from icestream.facility.keep.doing import (
    Done,
    keep_duties,
    keep_flaws,
    keep_house,
    look_after,
    plans,
)
from icestream.facility.keep.filling_up import DiskForecast
from icestream.facility.opened import Facility, open_facility
from icestream.facility.registry import duties as duty_rows
from icestream.facility.registry import removals as rows
from icestream.facility.registry.people import keep_project
from icestream.settings import load
from kept_session import FILES, RAW, KeptPlace, the_removal, there


def told(facility: Facility) -> list[str]:
    log = facility.path.parent / "staff.log"
    lines = log.read_text().splitlines() if log.exists() else []
    return [json.loads(line)["text"] for line in lines]


def test_without_rules_there_is_no_duty(facility: Facility) -> None:
    assert list(keep_duties(facility.file)) == []
    assert list(keep_flaws(given(facility), facility.loaded.settings)) == []


def given(facility: Facility) -> Any:
    from icestream.facility.file import LoadedFacility

    return LoadedFacility(facility.path, facility.file)


def test_the_duty_removes_what_is_due_and_says_what_stays(kept: KeptPlace) -> None:
    kept.back_up("raw/a.tiff")
    (duty,) = (one for one in duties_of(kept.facility.file) if one.name == "keep")
    assert do_once(kept.facility, duty)
    with kept.facility.registry.read() as connection:
        state = duty_rows.duty(connection, "keep")
    assert state.said == "put 2 files (0.0 MB) aside; 2 files stay that are due"
    assert there(kept) == set(FILES) - {"raw/a.tiff", "processing/align/a.mrc"}
    assert duty.act(kept.facility, threading.Event()) == "2 files stay that are due"


def test_where_it_is_not_told_to_act_it_only_says(kept: KeptPlace) -> None:
    kept.back_up(*RAW)
    done = keep_house(kept.facility, act=False)
    assert done.words() == "would put 4 files (0.0 MB) aside: act is not set"
    assert there(kept) == set(FILES)


def test_what_lay_aside_for_long_enough_goes_for_good(kept: KeptPlace) -> None:
    kept.back_up(*RAW)
    keep_house(kept.facility)
    with kept.facility.registry.write() as connection:
        for one in rows.removals(connection):
            rows.change_removal(connection, one.id, until=0.0)
    assert keep_house(kept.facility).words() == "removed 4 files (0.0 MB) for good"
    assert the_removal(kept).state == "gone"


def test_an_undoing_that_was_interrupted_is_finished(kept: KeptPlace) -> None:
    kept.back_up(*RAW)
    keep_house(kept.facility)
    with kept.facility.registry.write() as connection:
        rows.change_removal(connection, the_removal(kept).id, state="undoing")
    keep_house(kept.facility)
    assert the_removal(kept).state == "undone"


def test_one_place_that_cannot_be_read_keeps_no_other_up(
    keeping: Facility, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = KeptPlace(keeping, "p-1"), KeptPlace(keeping, "q-2")
    second.back_up(*RAW)
    whole = doing.look_after

    def broken(facility: Facility, session: Any, *rest: Any, **more: Any) -> None:
        if session.name == "p-1":
            raise OSError(5, "Input/output error", "/disk")
        whole(facility, session, *rest, **more)

    monkeypatch.setattr(doing, "look_after", broken)
    done = keep_house(keeping)
    assert done.busy == ["p-1: /disk: Input/output error"]
    assert there(first) == set(FILES)
    assert "raw/a.tiff" not in there(second)
    stop = threading.Event()
    stop.set()
    assert keep_house(keeping, stop).words() == "nothing is due"


def test_owners_are_told_and_then_it_goes(
    write_facility: Callable[[str], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write_facility('[keep]\nact = true\n[keep.raw]\nafter = "21 d"\nwarn = ["7 d", "1 d"]\n')
    with open_facility(path) as facility:
        kept = KeptPlace(facility, ended=15.0)
        kept.back_up(*RAW)
        done = Done()
        look_after(facility, kept.session, kept.layout, done, act=True)
        assert done.told == 1
        (text,) = told(facility)
        assert "the raw data of session p-1" in text
        look_after(facility, kept.session, kept.layout, done, act=True)
        assert done.told == 1  # once
        (decision, *_) = (one.decision for one in plans(facility, kept.session, kept.layout))
        assert decision.state == "waits"


def test_staff_are_told_once_that_the_disk_fills(
    kept: KeptPlace, monkeypatch: pytest.MonkeyPatch
) -> None:
    def soon(days: float | None) -> Callable[[Facility], DiskForecast]:
        return lambda _: DiskForecast(
            days=days, early=days, late=days, daily=1.0, leaving=0.0, past=70
        )

    for days, messages in ((100.0, 0), (5.0, 1), (5.0, 1), (100.0, 2), (None, 2)):
        monkeypatch.setattr(doing, "forecast", soon(days))
        doing._watch_disk(kept.facility)
        assert len(told(kept.facility)) == messages
    assert "may be full in 5 days (as likely as not in 5 days)" in told(kept.facility)[0]
    assert told(kept.facility)[1].startswith("over since")


def test_rules_that_cannot_work_are_flaws(write_facility: Callable[[str], Path]) -> None:
    path = write_facility(
        '[keep]\nmail = "staff"\nact = true\n[keep.raw]\nafter = "1 d"\nneeds = "nothing"\n'
    )
    text = path.read_text().replace('staff = ["staff"]', "staff = []")
    path.write_text(text.replace('mail = "staff"', 'mail = "none"'))
    found = {one.where: one for one in check_facility(path, load().settings)[0]}
    assert "no channel 'none'; there are staff" in found["keep.mail"].what
    assert "nothing would ever be removed" in found["keep.raw.warn"].what
    assert not found["keep.raw.needs"].stops
    path.write_text(text.replace("act = true", ""))
    found = {one.where: one for one in check_facility(path, load().settings)[0]}
    assert "is no email" in found["keep.mail"].what
    assert "only said" in found["keep.act"].what


def test_a_class_of_which_nothing_is_left_is_not_looked_for_again(
    kept: KeptPlace, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept.back_up(*RAW)
    keep_house(kept.facility)
    looked: list[str] = []
    whole = doing.plan_removal

    def seen(session: Any, layout: Any, decision: Any, *rest: Any, **more: Any) -> Any:
        looked.append(decision.kind)
        return whole(session, layout, decision, *rest, **more)

    monkeypatch.setattr(doing, "plan_removal", seen)
    assert keep_house(kept.facility).words() == "nothing is due"
    assert looked == []


def test_one_ledger_that_is_broken_keeps_no_other_session_up(keeping: Facility) -> None:
    first, second = KeptPlace(keeping, "p-1"), KeptPlace(keeping, "q-2")
    second.back_up(*RAW)
    (first.folder / ".facility" / "transfer.db").write_bytes(b"no database" * 100)
    done = keep_house(keeping)
    assert done.busy == ["p-1: file is not a database"]
    assert "raw/a.tiff" not in there(second)


def test_of_a_confidential_session_no_name_is_said(
    kept: KeptPlace, monkeypatch: pytest.MonkeyPatch
) -> None:
    with kept.facility.registry.write() as connection:
        keep_project(connection, "p", confidential=True)

    def broken(*_: Any, **__: Any) -> None:
        raise OSError(5, "Input/output error", str(kept.place))

    monkeypatch.setattr(doing, "look_after", broken)
    assert keep_house(kept.facility).words() == "waits: a confidential session has trouble"


def test_a_rule_of_what_is_handed_over_is_refused_where_the_area_is_elsewhere(
    write_facility: Callable[[str], Path],
) -> None:
    rule = '\n[keep.handover]\nafter = "30 d"\n'
    with open_facility(write_facility(rule)) as facility:
        found = keep_flaws(given(facility), facility.loaded.settings)
        assert "keep.handover" not in [one.where for one in found]
    with open_facility(write_facility(rule + '[handover]\nfolder = "{folder}/area"\n')) as facility:
        found = keep_flaws(given(facility), facility.loaded.settings)
        (said,) = [one for one in found if one.where == "keep.handover"]
    assert said.stops
    assert "goes by handover.days" in said.what
