"""The facility of a server's machine: open once, and anew when its file is changed."""

from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from icestream.facility.registry.microscopes import microscopes
from icestream.server.context import Server
from icestream.server.errors import Refused
from icestream.server.facility.current import CurrentFacility, facility_of, has_facility
from icestream.settings import load

Write = Callable[[str], Path]


@pytest.fixture
def current() -> Iterator[CurrentFacility]:
    with closing(CurrentFacility()) as made:
        yield made


def test_it_is_opened_once_and_again_when_the_file_is_changed(
    write_facility: Write, current: CurrentFacility
) -> None:
    path = write_facility("")
    first = current.now()
    assert current.now() is first
    write_facility("\n[microscopes.talos]\n")
    second = current.now()
    assert list(second.file.microscopes) == ["krios1", "glacios", "talos"]
    with second.registry.read() as connection:
        assert len(microscopes(connection)) == 3
    path.write_text("[facility]\nname = 3\n")
    assert current.now() is second, "what held before holds on"
    path.unlink()
    with pytest.raises(Refused, match="this machine has no facility") as none:
        current.now()
    assert none.value.status == 404
    assert "icestream facility example" in str(none.value.advice)
    assert not has_facility()


def test_a_file_that_could_never_be_used_is_refused_with_all_that_is_wrong(
    write_facility: Write, current: CurrentFacility
) -> None:
    write_facility("\n[tree]\nmode = 3\nfolder = 1\n")
    assert has_facility()
    with pytest.raises(Refused) as refused:
        current.now()
    assert refused.value.status == 409
    assert {one.where for one in refused.value.problems or ()} == {"tree.mode", "tree.folder"}


def test_a_registry_that_cannot_be_opened_is_refused(
    write_facility: Write, current: CurrentFacility, tmp_path: Path
) -> None:
    path = write_facility("")
    (tmp_path / "none").write_text("")
    text = path.read_text().replace("[facility]", f'[facility]\nregistry = "{tmp_path}/none/r.db"')
    path.write_text(text)
    with pytest.raises(Refused, match=r"none/r\.db cannot be opened") as refused:
        current.now()
    assert refused.value.status == 409


def test_the_settings_are_those_of_the_server(write_facility: Write, tmp_path: Path) -> None:
    write_facility("")
    with closing(Server([tmp_path], load(cores=3))) as server:
        assert facility_of(server).loaded.settings.cores == 3
        assert facility_of(server).registry is facility_of(server).registry
