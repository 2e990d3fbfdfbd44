"""Sessions are found, named and opened, also those that cannot be read."""

import os
import shutil
import threading
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from icestream.server import catalogue as module
from icestream.server.catalogue import Catalogue, UnknownSession, UnreadableSession
from icestream.store import queries
from icestream.store import tables as t
from report_session import SampleSession

START = 1_790_000_000.0


def session(folder: Path, uid: str = "", url: str | None = None) -> SampleSession:
    made = SampleSession(folder, start=START, documents=False, url=url)
    with made.store.write() as connection:
        connection.execute(t.session.update().values(uid=uid))
        connection.execute(t.epoch.update().values(folder=str(folder)))
    return made


@pytest.fixture
def found(tmp_path: Path) -> Iterator[Catalogue]:
    with closing(Catalogue([tmp_path])) as catalogue:
        yield catalogue


def test_sessions_are_found_in_both_kinds_of_store(
    tmp_path: Path, url: str | None, found: Catalogue
) -> None:
    with closing(session(tmp_path / "titan" / "grid 1", "aa", url).store):
        (entry,) = found.entries()
        assert (entry.id, entry.folder, entry.problem) == ("aa", tmp_path / "titan" / "grid 1", "")
        with found.store(entry) as store:
            assert store.readonly
            assert queries.session(store).uid == "aa"


def test_a_new_session_is_found_and_one_that_is_gone_is_not(
    tmp_path: Path, found: Catalogue
) -> None:
    assert found.entries() == []
    session(tmp_path / "a", "aa").store.close()
    assert [entry.id for entry in found.entries(fresh=True)] == ["aa"]
    shutil.rmtree(tmp_path / "a")
    with pytest.raises(UnknownSession, match="no session aa here that you may see"):
        found.entry("aa")


def test_a_copy_gets_an_id_of_its_own_wherever_it_sorts(tmp_path: Path, found: Catalogue) -> None:
    session(tmp_path / "m", "aa").store.close()
    shutil.copytree(tmp_path / "m", tmp_path / "a")
    by_id = {entry.id: entry for entry in found.entries()}
    assert by_id["aa"].folder == tmp_path / "m"
    assert by_id["aa~2"].folder == tmp_path / "a"
    assert by_id["aa~2"].copy_of == str(tmp_path / "m")
    assert by_id["aa"].copy_of == ""


def test_an_unreadable_session_is_listed_with_what_is_wrong(
    tmp_path: Path, found: Catalogue
) -> None:
    (tmp_path / "broken").mkdir()
    (tmp_path / "broken" / "icestream.db").write_bytes(b"this is no database" * 100)
    (tmp_path / "lost").mkdir()
    (tmp_path / "lost" / "store.json").write_text("{}")
    broken, lost = found.entries()
    assert "not a database" in broken.problem
    assert "store.json" in lost.problem
    assert broken.id.startswith("folder-")
    with pytest.raises(UnreadableSession), found.store(lost):
        pass


def test_a_folder_is_listed_again_only_when_something_was_made_there(
    tmp_path: Path, found: Catalogue, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("a", "b", "c"):
        (tmp_path / name).mkdir()
    for folder in (tmp_path, *tmp_path.iterdir()):
        os.utime(folder, (time.time() - 60, time.time() - 60))
    listed: list[Path] = []
    scandir = os.scandir
    monkeypatch.setattr(
        module.os, "scandir", lambda folder: (listed.append(Path(folder)), scandir(folder))[1]
    )
    found.entries(fresh=True)
    assert len(listed) == 4
    listed.clear()
    found.entries(fresh=True)
    assert listed == []
    (tmp_path / "b" / "d").mkdir()
    found.entries(fresh=True)
    assert set(listed) == {tmp_path / "b", tmp_path / "b" / "d"}


def test_links_and_hidden_folders_lead_nowhere(tmp_path: Path) -> None:
    session(tmp_path / "else" / "a", "aa").store.close()
    session(tmp_path / "root" / ".trash", "bb").store.close()
    (tmp_path / "root" / "link").symlink_to(tmp_path / "else")
    with closing(Catalogue([tmp_path / "root"])) as catalogue:
        assert catalogue.entries() == []


def test_a_store_stays_open_and_is_opened_anew_when_it_was_replaced(
    tmp_path: Path, found: Catalogue
) -> None:
    session(tmp_path / "a", "aa").store.close()
    entry = found.entry("aa")
    with found.store(entry) as first, found.store(entry) as second:
        assert second is first
    session(tmp_path / "b", "bb").store.close()
    (tmp_path / "b" / "icestream.db").replace(tmp_path / "a" / "icestream.db")
    with found.store(entry) as third:
        assert third is not first
        assert queries.session(third).uid == "bb"


def test_what_nobody_reads_is_closed_and_what_is_read_is_not(
    tmp_path: Path, found: Catalogue, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_MOST_OPEN", 1)
    for name in ("a", "b", "c"):
        session(tmp_path / name, name).store.close()
    entries = {entry.id: entry for entry in found.entries()}
    with found.store(entries["a"]) as kept:
        for name in ("b", "c", "b", "c"):
            with found.store(entries[name]):
                pass
        with found.store(entries["a"]) as again:
            assert again is kept


def test_many_threads_open_one_store(tmp_path: Path, found: Catalogue) -> None:
    session(tmp_path / "a", "aa").store.close()
    entry, seen, wrong = found.entry("aa"), set(), []

    def read() -> None:
        try:
            for _ in range(20):
                with found.store(entry) as store:
                    seen.add(id(store))
                    queries.session(store)
        except Exception as error:
            wrong.append(error)

    threads = [threading.Thread(target=read) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong
    assert len(seen) == 1


def test_what_is_hidden_is_found_by_its_id_alone(tmp_path: Path) -> None:
    for name in ("a", "state/trials/b"):
        session(tmp_path / name, name[-1] * 2).store.close()
    with closing(Catalogue([tmp_path], hidden=[tmp_path / "state" / "trials"])) as found:
        assert [entry.id for entry in found.entries()] == ["aa"]
        assert found.entry("bb").folder == tmp_path / "state/trials/b"
        there = found.at(tmp_path / "state/trials/b")
        assert there is not None
        assert there.hidden
        assert found.at(tmp_path / "nothing") is None
