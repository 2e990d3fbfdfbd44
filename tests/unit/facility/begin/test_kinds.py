"""Microscopes and the tree, as the facility file has them."""

import pytest
from pydantic import ValidationError

from icestream.facility.begin.kinds import Instrument, Tree


def test_a_tree_has_a_place_for_each_session_by_default() -> None:
    tree = Tree()
    assert "{session}" in tree.place
    assert tree.mode == 0o2750
    assert Tree(session="x-{number}", place="{year}/{number}").session == "x-{number}"


def test_a_sessions_name_is_no_folder_and_does_not_name_itself() -> None:
    for template in ("{project}/{number}", "{session}-{number}", "{project}"):
        with pytest.raises(ValidationError, match="name {number} in it"):
            Tree(session=template)


def test_folders_are_names() -> None:
    for name in ("..", "a/b", ""):
        with pytest.raises(ValidationError):
            Tree(raw=name)


def test_a_microscope_needs_nothing_but_its_name() -> None:
    assert Instrument().workflow == "default"
    with pytest.raises(ValidationError):
        Instrument(cores=0)
