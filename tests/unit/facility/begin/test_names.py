"""Names of sessions, and the folders where they are put."""

from datetime import datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from icestream.facility.begin.kinds import Tree
from icestream.facility.begin.names import folder_name, group_name, place_of, session_name

NOW = datetime(2026, 11, 30, 9, 5)
FACTS = {"microscope": "krios1", "project": "cem 123/7", "team": "Cori Lab", "operator": "lea"}


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("cem00123", "cem00123"),
        ("Müller, Ana", "Muller-Ana"),
        ("../../etc/passwd", "etc-passwd"),
        ("a\nb\x00c", "a-b-c"),
        ("$(rm -rf ~)", "rm-rf"),
        ("--", ""),
        ("漢字", ""),
        ("x" * 100, "x" * 64),
    ],
)
def test_any_text_is_a_plain_name(text: str, name: str) -> None:
    assert folder_name(text) == name


@given(st.text())
def test_no_text_leads_anywhere_else(text: str) -> None:
    name = folder_name(text)
    assert name not in (".", "..")
    assert "/" not in name
    assert not name.startswith(("-", "."))
    root = Path("/sessions")
    place = place_of(Tree(), root, {"project": text}, (name or "s", 1), NOW)
    assert root in place.folder.parents
    assert place.folder in place.raw.parents
    assert place.folder in place.processing.parents
    assert ".." not in place.processing.parts


def test_a_template_is_filled_in() -> None:
    tree = Tree(place="{microscope}/{year}-{month}-{day}/{team}/{session}", group="em-{team}")
    name = session_name(tree, FACTS, 7, NOW)
    assert name == "cem-123-7-007"
    place = place_of(tree, Path("/s"), FACTS, (name, 7), NOW)
    assert place.folder == Path("/s/krios1/2026-11-30/Cori-Lab/cem-123-7-007")
    assert place.raw == place.folder / "raw"
    assert place.processing == place.folder / "cem-123-7-007"
    assert group_name(tree, FACTS, NOW) == "em-cori-lab"


def test_what_nobody_knows_has_a_name() -> None:
    place = place_of(Tree(), Path("/s"), {"microscope": "k"}, ("unassigned-001", 1), NOW)
    assert place.folder == Path("/s/k/2026/unassigned/unassigned-001")
    assert session_name(Tree(unknown="nobody"), {}, 12, NOW) == "nobody-012"
    assert group_name(Tree(), FACTS, NOW) == ""
