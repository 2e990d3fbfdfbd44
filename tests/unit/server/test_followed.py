"""Sessions as their reports know them, read on from where they were."""

from contextlib import closing

from icestream.server.context import Server
from icestream.server.followed import SessionFollowers, followed_of
from report_session import SampleSession


def test_read_on_and_begun_anew(server: Server, sample: SampleSession) -> None:
    followed = followed_of(server)
    (entry,) = server.catalogue.entries()
    with followed.reading(entry) as first:
        assert len(first.table) == 30
        followed.beside(first)["kept"] = 1
    sample.grow(1)
    with followed.reading(entry) as again:
        assert again is first
        assert len(again.table) == 31
        assert followed.beside(again) == {"kept": 1}
    sample.change("ctf")
    with followed.reading(entry) as anew:
        assert anew is not first
        assert len(anew.table) == 31
        assert followed.beside(anew) == {}


def test_a_session_that_is_closed_can_be_read_again(server: Server, sample: SampleSession) -> None:
    (entry,) = server.catalogue.entries()
    with closing(SessionFollowers()) as followed:
        with followed.reading(entry) as one:
            followed.close()  # while somebody reads
            assert len(one.table) == 30
        with followed.reading(entry) as two:
            assert two is not one
    assert sample.total == 30


def test_another_session_in_the_same_folder_is_followed_anew(
    server: Server, sample: SampleSession
) -> None:
    followed = followed_of(server)
    (entry,) = server.catalogue.entries()
    with followed.reading(entry) as first:
        assert len(first.table) == 30
    sample.store.close()
    sample.folder.rename(sample.folder.with_name("before"))
    other = SampleSession(sample.folder, start=sample.now, documents=False)
    other.grow(2)
    with closing(other.store), followed.reading(entry) as second:
        assert len(second.table) == 2
