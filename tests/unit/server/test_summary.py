"""A session at a glance, also one that cannot be read."""

from icestream.server.archive import archive, unarchive
from icestream.server.context import Server
from icestream.server.people.gate import visitors_of
from icestream.server.summary import summary_of
from icestream.store.open import FILE
from people_of_tests import add_people
from report_session import SampleSession


def test_a_session_is_summed_up(server: Server, sample: SampleSession) -> None:
    (entry,) = server.catalogue.entries()
    summary = summary_of(server, entry)
    assert (summary.id, summary.folder) == (entry.id, str(sample.folder))
    assert summary.counts.found == 30
    assert summary.problem is None


def test_one_that_cannot_be_read_says_why(server: Server, sample: SampleSession) -> None:
    (entry,) = server.catalogue.entries()
    (sample.folder / FILE).rename(sample.folder / "elsewhere")
    assert "holds no icestream session" in (summary_of(server, entry).problem or "")


def test_one_that_was_put_away_says_so_at_once(server: Server, sample: SampleSession) -> None:
    (entry,) = server.catalogue.entries()
    for put, away in ((lambda: archive(entry.folder, "ann"), True),
                      (lambda: unarchive(entry.folder), False)):  # fmt: skip
        put()
        assert summary_of(server, entry).archived is away


def test_its_people_are_those_of_now(server: Server, sample: SampleSession) -> None:
    (entry,) = server.catalogue.entries()
    visitors = visitors_of(server)
    assert summary_of(server, entry).people == ()
    add_people(visitors)
    for name in ("vic", "oli"):
        visitors.members.add(entry.key, name, "ada")
    assert summary_of(server, entry).people == ("oli", "vic")
    visitors.members.remove(entry.key, "oli")
    assert summary_of(server, entry).people == ("vic",)


def test_one_that_cannot_be_read_can_be_put_away(server: Server, sample: SampleSession) -> None:
    (entry,) = server.catalogue.entries()
    (sample.folder / FILE).rename(sample.folder / "elsewhere")
    archive(entry.folder, "ann")
    assert summary_of(server, entry).archived
