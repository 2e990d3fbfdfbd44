"""The area as a whole."""

from dataclasses import replace
from pathlib import Path

import pytest

from icestream.facility.handover.area import AskedOffer, end_offer, end_offers, offer_session
from icestream.facility.handover.filling import OfferedContents
from icestream.facility.handover.kinds import Handover
from icestream.facility.handover.offer import RECORDS, NoArea, offers


@pytest.fixture
def section(tmp_path: Path) -> Handover:
    for name in ("area", "s/align"):
        (tmp_path / name).mkdir(parents=True)
    (tmp_path / "s/align/a.mrc").write_text("a")
    return Handover(folder=tmp_path / "area", names="project", host="data.example.org")


def asked(section: Handover, *, secret: bool = False) -> AskedOffer:
    folder = section.folder.parent / "s"
    contents = OfferedContents(processing=folder)
    return AskedOffer(
        session="s-1", folder=folder, project="p1", confidential=secret, contents=contents
    )


def test_a_session_is_offered_once_and_kept_up_to_date(section: Handover) -> None:
    made = offer_session(section, asked(section))
    assert offer_session(section, asked(section)).name == made.name
    assert len(list(offers(section.folder))) == 1
    text = (section.folder / made.name / "FETCH.txt").read_text()
    assert f"rsync://{made.name}@data.example.org/{made.name}/" in text
    assert f"[{made.name}]" in (section.folder / RECORDS / "rsyncd.conf").read_text()
    secrets = section.folder / RECORDS / "rsyncd.secrets"
    assert secrets.read_text() == f"{made.name}:{made.password}\n"
    assert secrets.stat().st_mode & 0o777 == 0o600


def test_one_that_becomes_confidential_gets_another_name(section: Handover) -> None:
    before = offer_session(section, asked(section))
    after = offer_session(section, asked(section, secret=True))
    assert "p1" in before.name
    assert "p1" not in after.name
    assert not (section.folder / before.name).exists()
    assert before.name not in (section.folder / RECORDS / "rsyncd.conf").read_text()


def test_what_is_over_goes(section: Handover) -> None:
    made = offer_session(section, asked(section))
    assert end_offers(section, made.expires - 1.0) == []
    assert [offer.name for offer in end_offers(section, made.expires + 1.0)] == [made.name]
    assert not (section.folder / made.name).exists()
    assert made.name not in (section.folder / RECORDS / "rsyncd.conf").read_text()
    assert (section.folder.parent / "s/align/a.mrc").exists()
    end_offer(section, offer_session(section, asked(section)))
    assert not list(offers(section.folder))


def test_there_has_to_be_an_area(section: Handover) -> None:
    gone = section.model_copy(update={"folder": section.folder / "none"})
    with pytest.raises(NoArea):
        offer_session(gone, replace(asked(section)))
