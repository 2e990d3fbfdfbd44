"""What was put aside comes back exactly, or is removed for good when its time is over."""

import os

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from icestream.facility.keep.aside import MANIFEST, Busy, folder_of, put_aside
from icestream.facility.keep.later import TooLate, bring_back, remove_for_good
from icestream.facility.registry import holds as hold_rows
from icestream.facility.registry.records import Removal
from icestream.store.removed import removed_files
from kept_session import FILES, RAW, KeptPlace, plan, the_removal, there


@pytest.fixture
def removed(kept: KeptPlace) -> Removal:
    kept.back_up(*RAW)
    put_aside(kept.facility, plan(kept), "ada")
    return the_removal(kept)


def undo(kept: KeptPlace, removal: Removal) -> list[tuple[str, str]]:
    return bring_back(kept.facility, kept.session, kept.layout, removal, "lea").left


@given(
    modes=st.lists(st.integers(0o400, 0o777), min_size=3, max_size=3),
    times=st.lists(st.integers(0, 2 * 10**18), min_size=3, max_size=3),
)
@settings(
    max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_undoing_restores_exactly(kept: KeptPlace, modes: list[int], times: list[int]) -> None:
    for path, mode, when in zip(RAW, modes, times, strict=True):
        (kept.place / path).chmod(mode)
        os.utime(kept.place / path, ns=(when, when))
    kept.back_up(*RAW)
    with kept.facility.registry.write() as connection:
        hold_rows.release(connection, kept.session.id, who="ada")
    before = kept.state()
    put_aside(kept.facility, plan(kept), "ada")
    assert there(kept) == set(FILES) - set(RAW)
    assert undo(kept, the_removal(kept)) == []
    assert kept.state() == before
    assert removed_files(kept.folder) == {}
    assert the_removal(kept).state == "undone"


def test_what_came_back_is_held(kept: KeptPlace, removed: Removal) -> None:
    undo(kept, removed)
    assert plan(kept).decision.why == f"held by lea: removal {removed.id} was undone"
    with pytest.raises(TooLate, match="was undone already"):
        undo(kept, the_removal(kept))


def test_what_took_a_name_meanwhile_stays(kept: KeptPlace, removed: Removal) -> None:
    kept.write("raw/a.tiff", "another movie")
    assert undo(kept, removed) == [("raw/a.tiff", "something else is in its place now")]
    assert (kept.place / "raw/a.tiff").read_text() == "another movie"
    assert the_removal(kept).state == "removed"
    (kept.place / "raw/a.tiff").unlink()
    assert undo(kept, the_removal(kept)) == []
    assert (kept.place / "raw/a.tiff").read_text() == "movie a"


def test_an_undoing_that_was_killed_between_two_names_goes_on(
    kept: KeptPlace, removed: Removal
) -> None:
    before = kept.place / folder_of(removed.id) / "files" / "raw/a.tiff"
    os.link(before, kept.place / "raw/a.tiff")
    assert undo(kept, removed) == []
    assert not before.exists()
    assert (kept.place / "raw/a.tiff").read_text() == "movie a"


def test_after_its_time_only_the_manifest_stays(kept: KeptPlace, removed: Removal) -> None:
    outcome = remove_for_good(kept.facility, kept.layout, removed)
    assert (outcome.files, outcome.left) == (3, [])
    folder = kept.place / folder_of(removed.id)
    assert [path.name for path in folder.iterdir()] == [MANIFEST]
    gone = the_removal(kept)
    assert gone.state == "gone"
    with pytest.raises(TooLate, match="were removed for good"):
        undo(kept, gone)


def test_nothing_goes_for_good_that_is_held_changed_or_without_its_copy(
    kept: KeptPlace, removed: Removal
) -> None:
    with kept.facility.registry.write() as connection:
        hold_rows.add_hold(connection, kept.session.id, kind="raw", why="a paper", who="ada")
    with pytest.raises(Busy, match="held by ada: a paper"):
        remove_for_good(kept.facility, kept.layout, removed)
    with kept.facility.registry.write() as connection:
        hold_rows.release(connection, kept.session.id, who="ada")
    kept.spoil("raw/a.tiff")
    (kept.place / folder_of(removed.id) / "files/raw/Sq 1/b.xml").write_text("written to")
    outcome = remove_for_good(kept.facility, kept.layout, removed)
    assert dict(outcome.left) == {
        "raw/a.tiff": "its backup has no verified copy any more",
        "raw/Sq 1/b.xml": "it was written to after it was put aside",
    }
    assert the_removal(kept).state == "removed"
    assert undo(kept, the_removal(kept)) == []
    assert (kept.place / "raw/a.tiff").read_text() == "movie a"


def test_a_session_without_its_store_is_archived_until_that_is_back(kept: KeptPlace) -> None:
    keep = kept.facility.file.keep
    assert keep is not None
    for kind in ("micrographs", "particles"):
        for path in (
            kept.folder / {"micrographs": "align", "particles": "extract"}[kind]
        ).iterdir():
            if path.suffix != ".jpg":
                path.unlink()
    rules = {"project": {"after": 1.0, "needs": "nothing", "warn": ()}}
    file = kept.facility.file.model_copy(update={"keep": keep.model_validate(rules)})
    kept.facility = type(kept.facility)(kept.facility.path, file, kept.facility.registry)
    planned = plan(kept, "project")
    assert {"processing/icestream.db", "processing/ctf/a.mrc"} <= {x.path for x in planned.lines}
    put_aside(kept.facility, planned, "ada")
    assert kept.session.state == "archived"
    assert (kept.folder / "mine.txt").exists()
    assert (kept.folder / ".facility" / "transfer.db").exists()
    assert undo(kept, the_removal(kept)) == []
    assert kept.session.state == "done"
    assert (kept.folder / "icestream.db").exists()
