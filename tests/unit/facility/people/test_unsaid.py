"""What is confidential is taken out of texts, and nothing else."""

from dataclasses import replace
from pathlib import Path

import pytest

from icestream.facility.begin.card import CARD, Card, write_card
from icestream.facility.people.unsaid import CONFIDENTIAL, unsaid_by_card, without


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("session p1-001 (lost)", f"{CONFIDENTIAL} (lost)"),
        ("P1-001: no room", f"{CONFIDENTIAL}: no room"),
        ("p1-0012 and xp1-001 are others", "p1-0012 and xp1-001 are others"),
        ("/s/a/raw/m 1.tif is gone", f"{CONFIDENTIAL} 1.tif is gone"),
        ("/s/a, /s/ab and /s/a-2/raw", f"{CONFIDENTIAL}, /s/ab and /s/a-2/raw"),
        ("all is well", "all is well"),
    ],
)
def test_names_and_folders_are_taken_out_whole(text: str, said: str) -> None:
    assert without(["/s/a", "/", ""], ["p1-001", ""])(text) == said


def test_where_nothing_is_hidden_all_is_said() -> None:
    assert without([], [])("p1-001") == "p1-001"


def test_a_session_is_named_as_its_card_allows(tmp_path: Path) -> None:
    assert unsaid_by_card(tmp_path) is None
    card = Card(
        session="p1-7", key="k", place="/s/p1", folder=str(tmp_path), project="p1", began=1.0,
        movies="/data/krios/p1/**/*.tiff",
    )  # fmt: skip
    write_card(card)
    assert unsaid_by_card(tmp_path) is None
    write_card(replace(card, confidential=True))
    take_out = unsaid_by_card(tmp_path)
    assert take_out is not None
    text = f"{tmp_path}/logs: p1-7 of p1 waits for /data/krios/p1/m.tiff"
    assert (
        take_out(text)
        == f"{CONFIDENTIAL}: {CONFIDENTIAL} of {CONFIDENTIAL} waits for {CONFIDENTIAL}"
    )
    (tmp_path / CARD).write_text("{")
    assert unsaid_by_card(tmp_path) is not None
