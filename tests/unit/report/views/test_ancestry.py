"""What a result was made from, as a graph."""

from pathlib import Path

import pytest

from icestream.report.views.ancestry import ancestry
from icestream.store import queries
from icestream.store import tables as t
from report_session import SampleSession


@pytest.fixture
def session(tmp_path: Path) -> SampleSession:
    """Twenty particle stacks went into a batch; of one the log of a program is there."""
    session = SampleSession(tmp_path / "s", start=1.79e9)
    session.grow(20)
    session.classify()
    (session.folder / "align" / "logs").mkdir(parents=True)
    (session.folder / "align" / "logs" / "e.1.mc.command.log").write_text("mc -in a.tiff\n")
    batch = queries.latest_results(session.store, "classify")[0].id
    with session.store.write() as connection:
        stacks = queries.results(session.store, "extract")
        rows = [{"result_id": batch, "port": "particles", "source_id": one.id} for one in stacks]
        first = queries.results_of(session.store, stacks[-1].exposure)
        rows.append(
            {"result_id": stacks[-1].id, "port": "micrograph", "source_id": first["align"].id}
        )
        connection.execute(t.input_.insert(), rows)
        for path in ("align/logs/e.1.mc.command.log", "../elsewhere.command.log"):
            name = {"path": path, "result_id": first["align"].id, "size": 14, "hash": ""}
            connection.execute(t.file.insert().values(**name))
    (tmp_path / "elsewhere.command.log").write_text("secret")
    return session


def test_the_nearest_come_first_and_what_is_left_out_is_said(session: SampleSession) -> None:
    batch = queries.latest_results(session.store, "classify")[0]
    many = len(queries.results(session.store, "extract"))
    found = ancestry(session.store, batch.id, {"classes2d.online": "2D classes"}, each=4)
    assert found.nodes[0].title == "2D classes"
    assert [node.step for node in found.nodes] == ["classify", *["extract"] * 4, "align"]
    assert [node.distance for node in found.nodes] == [0, 1, 1, 1, 1, 2]
    assert {edge.target for edge in found.edges} == {batch.id, found.nodes[1].result}
    (left,) = found.left_out
    assert left.count == many - 4
    assert f"{many - 4} more results came in at particles of classify" in left.words
    assert found.software == {1: {"icestream": "0.1", "numpy": "2.0"}}
    align = found.nodes[-1]
    assert align.command == "mc -in a.tiff"
    assert align.files[0].bytes == 14


def test_no_more_than_there_is_room_for(session: SampleSession) -> None:
    batch = queries.latest_results(session.store, "classify")[0]
    found = ancestry(session.store, batch.id, {}, most=3)
    assert len(found.nodes) == 3
    assert sum(left.count for left in found.left_out) > 0
    with pytest.raises(LookupError, match="no result 99999"):
        ancestry(session.store, 99999, {})
