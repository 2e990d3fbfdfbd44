"""The forecast of a facility: what came, what is booked, what the rules remove."""

import pytest

from icestream.facility.keep.account import account
from icestream.facility.keep.inventory import kept_inventory
from icestream.facility.keep.kinds import Keep
from icestream.facility.keep.storage import forecast, histories, leaves
from icestream.facility.opened import Facility
from icestream.facility.registry import holds as hold_rows
from icestream.facility.registry.bookings import keep_booking
from kept_session import DAY, RAW, KeptPlace


def test_bytes_are_laid_over_the_days_on_which_they_came(keeping: Facility) -> None:
    kept = KeptPlace(keeping, ended=10.0)
    now = kept.ended + 10.0 * DAY + 1.0
    account(keeping)
    here = kept_inventory(kept.folder)
    assert here is not None
    with keeping.registry.write() as connection:
        keep_booking(
            connection, "cal", "1", microscope="krios1", begins=now + DAY, ends=now + 2.5 * DAY
        )
    krios, glacios = histories(keeping, [(kept.session, here)], now)
    assert len(krios.daily) == 11
    assert sum(krios.daily) == pytest.approx(here.total.disk, rel=1e-3)
    assert sum(day > 0 for day in krios.daily) in (1, 2)
    assert krios.hourly == [pytest.approx(here.total.disk / 24.0)]
    assert list(krios.booked) == [0.0, pytest.approx(24.0), pytest.approx(12.0)]
    assert sum(glacios.daily) == 0.0
    assert list(glacios.booked) == []


def test_what_the_rules_remove_leaves_on_its_day(keeping: Facility) -> None:
    kept = KeptPlace(keeping, ended=10.0)
    now = kept.ended + 10.0 * DAY + 1.0
    account(keeping)
    seen = [(kept.session, kept_inventory(kept.folder))]
    rules = keeping.file.keep
    assert rules is not None
    here = seen[0][1]
    assert here is not None
    size = here.tallies["raw"].disk + here.tallies["micrographs"].disk
    assert leaves(keeping, rules, seen, now) == {25: size}
    assert leaves(keeping, rules.model_copy(update={"act": False}), seen, now) == {}
    assert leaves(keeping, Keep(act=True), seen, now) == {}
    with keeping.registry.write() as connection:
        hold_rows.add_hold(connection, kept.session.id, kind="raw", why="w", who="x")
    assert leaves(keeping, rules, seen, now) == {25: here.tallies["micrographs"].disk}


def test_a_facility_with_little_history_has_no_forecast(keeping: Facility) -> None:
    assert forecast(keeping).note == "0 days of history are too few: a week is needed"
    kept = KeptPlace(keeping, ended=40.0)
    kept.back_up(*RAW)
    account(keeping)
    found = forecast(keeping)
    assert found.past == 41
    assert found.daily > 0
    assert found.leaving > 0
