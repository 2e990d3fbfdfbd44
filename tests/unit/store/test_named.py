"""Exposures are found by their names without a look at all the others."""

from pathlib import Path

import pytest
from sqlalchemy import event

from icestream.store import queries
from icestream.store import tables as t
from icestream.store.named import exposure_id
from report_session import SampleSession


def test_an_exposure_is_found_by_its_name(tmp_path: Path) -> None:
    sample = SampleSession(tmp_path / "grid", start=0.0)
    sample.grow(3)
    names = [record.name for record in queries.exposures(sample.store)]
    with sample.store.read() as connection:
        found = [
            connection.execute(
                t.exposure.select().where(t.exposure.c.id == exposure_id(name))
            ).all()
            for name in (names[1], "no such")
        ]
    assert [len(rows) for rows in found] == [1, 0]


@pytest.mark.parametrize(
    "asked", ["exposure", "results_of", "failures_of", "decisions", "qualities"]
)
def test_nothing_is_gone_through_for_one_exposure(tmp_path: Path, asked: str) -> None:
    """What one exposure is asked for costs the same however long the session is."""
    sample = SampleSession(tmp_path / "grid", start=0.0)
    sample.grow(30)
    name = queries.exposures(sample.store)[7].name
    statements: list[tuple[str, object]] = []
    event.listen(
        sample.store.engine, "before_cursor_execute",
        lambda _c, _cursor, said, given, *_: statements.append((said, given)),
    )  # fmt: skip
    ask = getattr(queries, asked)
    if asked in ("decisions", "qualities"):
        ask(sample.store, exposure=name)
    else:
        ask(sample.store, name)
    asked_of_store = [one for one in statements if str(one[0]).startswith(("SELECT", "WITH"))]
    assert asked_of_store
    with sample.store.read() as connection:
        for said, given in asked_of_store:
            plan = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {said}", given).all()
            steps = [row[-1] for row in plan]
            scanned = {one.split()[1] for one in steps if one.startswith("SCAN ")}
            assert not scanned & {"task", "subject", "exposure", "quality", "result", "decision"}
            through = [one for one in steps if one.startswith(("SEARCH task", "SEARCH quality"))]
            assert all("subject_id=?" in one for one in through), steps
