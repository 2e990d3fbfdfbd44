"""The ledger of a session and a sink."""

from pathlib import Path

import pytest

from icestream.facility.sinks.ledger import SinkLedger, ledger_path
from icestream.facility.sinks.parcels import Parcel, VerdictContent


def parcels(*numbers: int, state: str = "done") -> dict[str, Parcel]:
    made = [
        Parcel(f"verdict:{one}", VerdictContent(number=one, exposure=f"e{one}", state=state))
        for one in numbers
    ]
    return {one.id: one for one in made}


@pytest.fixture
def ledger(tmp_path: Path) -> SinkLedger:
    return SinkLedger(tmp_path, "lims")


def test_keys_and_versions_of_what_was_delivered(ledger: SinkLedger, tmp_path: Path) -> None:
    first = parcels(1, 2, 10)
    ledger.record(first, {"verdict:1": "7", "verdict:10": "41"}, {"verdict:2": ("too long", "")})
    assert ledger.key("verdict:10") == "41" and ledger.key("verdict:2") is None
    assert (ledger.newest("verdict"), ledger.newest("ctf")) == (41, 0)
    assert ledger.first("verdict") == "7" and ledger.first("ctf") is None
    assert ledger.versions(first) == {
        one: first[one].version for one in ("verdict:1", "verdict:10")
    }
    assert ledger.count() == {"verdict": 2} and ledger.ids("verdict") == ["verdict:1", "verdict:10"]
    later = parcels(1, state="rejected")
    ledger.record(later, {"verdict:1": "7"}, {})
    assert ledger.versions(["verdict:1"]) == {"verdict:1": later["verdict:1"].version}
    ledger.close()
    assert ledger_path(tmp_path, "lims").exists()


def test_what_is_set_aside_is_tried_when_somebody_asks(ledger: SinkLedger) -> None:
    own = parcels(1, 2)
    ledger.record(own, {}, {"verdict:1": ("too long", ""), "verdict:2": ("it waits", "motion:2")})
    assert ledger.refused_versions(own) == {"verdict:1": own["verdict:1"].version}
    assert [one.again for one in ledger.asides()] == [False, False]
    assert ledger.retry() == 2 and ledger.refused_versions(own) == {}
    ledger.record(own, {"verdict:2": "5"}, {"verdict:1": ("still too long", "")})
    (aside,) = ledger.asides()
    assert (aside.reason, aside.tries, aside.again) == ("still too long", 2, False)
    ledger.retry()
    ledger.tried()
    assert not ledger.asides()[0].again


def test_what_is_under_way_outlives_a_process(ledger: SinkLedger, tmp_path: Path) -> None:
    own = parcels(1, 2)
    ledger.send_out(list(own.values()))
    ledger.close()
    again = SinkLedger(tmp_path, "lims")
    assert again.outgoing() == list(own.values())
    again.record(own, dict.fromkeys(own, ""), {})
    assert again.outgoing() == []


def test_what_people_choose_comes_before_the_booking(ledger: SinkLedger, tmp_path: Path) -> None:
    assert ledger.chosen == ""
    ledger.keep(booked="cm1-1")
    assert ledger.chosen == "cm1-1"
    ledger.keep(chosen="cm1-2")
    assert SinkLedger(tmp_path, "lims", readonly=True).chosen == "cm1-2"


def test_all_is_told_again_under_its_keys(ledger: SinkLedger) -> None:
    own = parcels(1)
    ledger.record(own, {"verdict:1": "7"}, {})
    ledger.keep(setting="known")
    ledger.forget_versions()
    assert ledger.versions(own) == {"verdict:1": ""} and ledger.key("verdict:1") == "7"
    assert ledger.fact("setting") == ""
