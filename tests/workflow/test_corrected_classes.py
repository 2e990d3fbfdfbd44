"""Picks that are corrected after the 2D classification: its table holds for those that stayed."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import toys
from icestream.engine.requests.at_rest import carry_out_at_rest
from icestream.engine.requests.models import CorrectPicks
from icestream.exports.relion import export_relion
from icestream.formats import read_star
from icestream.formats.mrc import read_stack
from icestream.formats.parquet import read_columns, write_columns
from icestream.model import Classes, SelectedParticles
from icestream.protocols.classify_particles import ClassifyParticles
from icestream.store import queries
from icestream.store.items import items_of
from toy_picks import FOUND, PIXEL
from toy_session import Session

E0, E1 = "e000000", "e000001"
CLASSIFIED: tuple[Any, ...] = (
    ("src", "toy.count", {"count": 3}, {}),
    ("film", "toy.film", {}, {"number": "src"}),
    ("focus", "toy.focus", {}, {"micrograph": "film"}),
    ("pick", "toy.find", {}, {"micrograph": "film"}),
    ("cut", "particles.extract", {}, {"micrograph": "film", "ctf": "focus", "picks": "pick"}),
    ("classify", "classes2d.online", {"classes": 2, "use_ctf": False}, {"particles": "cut"}),
)
"""Nine particles of three exposures, three in each."""


def chosen_by(table: Path, classes: Sequence[int] = ()) -> tuple[Any, ...]:
    """The same, with particles that are chosen by a table of assignments."""
    wanted = {"assignments": str(table), "classes": list(classes)}
    again = {"micrograph": "film", "ctf": "focus", "particles": "cut"}
    select = {**wanted, "classes": list(classes) or [1, 2]}
    return (
        *CLASSIFIED,
        ("again", "particles.reextract", wanted, again),
        ("choose", "particles.select", select, {"particles": "cut"}),
    )


def item(session: Session, step: str, exposure: str) -> Any:
    store = session.store()
    (found,) = items_of(store, queries.results_of(store, exposure)[step]).values()
    return found


def table_of(session: Session, tmp_path: Path) -> Path:
    """A copy of the table of the last snapshot, as somebody takes it."""
    newest = queries.latest_results(session.store(), "classify", limit=1)[0]
    (classes,) = items_of(session.store(), newest).values()
    assert isinstance(classes, Classes)
    assert classes.particles == 9
    copy = tmp_path / "table.parquet"
    copy.write_bytes(classes.assignments.read_bytes())
    return copy


@pytest.fixture
def table(local: Session, tmp_path: Path) -> Path:
    """Of a classification, after which one pick was taken away, one added and one moved."""
    assert local.run(*CLASSIFIED).state == "done"
    made = table_of(local, tmp_path)
    asked = CorrectPicks(
        exposure=E1, add=((150, 120), (306, 66)), remove=(FOUND[0], FOUND[2]), who="ada"
    )
    state, said = carry_out_at_rest(local.folder, asked, toys.registry())
    assert state == "done"
    assert said.startswith(f"picks of {E1} at pick: 2 added, 2 removed by hand; classify took")
    return made


def test_an_older_table_chooses_the_particles_that_stayed(local: Session, table: Path) -> None:
    assert local.run(*chosen_by(table)).state == "done"
    assert len(item(local, "cut", E1)) == 3  # as many as the table has
    rows = read_columns(table)
    (row,) = np.flatnonzero((rows["exposure"] == E1) & (np.abs(rows["x"] - PIXEL * 200) < 1))
    again = item(local, "again", E1)
    assert isinstance(again, SelectedParticles)
    assert (len(again), again.found, again.left_out, again.gone) == (1, 3, (2, 0), 2)
    center = [200 - rows["shift_x"][row] / PIXEL, 50 - rows["shift_y"][row] / PIXEL]
    assert [again.x[0], again.y[0]] == pytest.approx(center, abs=1e-3)
    chosen, cut = item(local, "choose", E1), item(local, "cut", E1)
    assert [*zip(chosen.x, chosen.y, strict=True)] == [(200.0, 50.0)]
    (place,) = np.flatnonzero(np.asarray(cut.x) == 200.0)
    assert np.array_equal(read_stack(chosen.stack)[0], read_stack(cut.stack)[place])
    for other in (item(local, "again", E0), item(local, "choose", E0)):
        assert (len(other), other.gone, sum(other.left_out)) == (3, 0, 0)


def test_classes_hold_what_the_table_says_of_where_particles_lie(
    local: Session, table: Path
) -> None:
    rows = read_columns(table)
    columns = {name: values for name, values in rows.items() if name != "exposure"}
    names = sorted(set(rows["exposure"].tolist()))
    columns["exposure"] = np.array([names.index(name) for name in rows["exposure"]], np.int32)
    columns["number"] = (1 + rows["index"]).astype(np.int32)  # each of an exposure in its own
    write_columns(table, columns, {"exposure": names})
    assert local.run(*chosen_by(table, (2,))).state == "done"
    for exposure in names:
        chosen = item(local, "choose", exposure)
        assert [*zip(chosen.x, chosen.y, strict=True)] == [FOUND[1]]
    assert local.run(*chosen_by(table, (1,))).state == "done"
    assert len(item(local, "choose", E1)) == 0
    assert item(local, "choose", E0).x.tolist() == [FOUND[0][0]]


def test_exported_classes_hold_for_the_particles_that_stayed(
    local: Session, table: Path, tmp_path: Path
) -> None:
    assert local.run(*CLASSIFIED).state == "done"
    made = export_relion(local.folder, tmp_path / "project", registry=toys.registry())
    assert (made.particles, made.unclassified) == (9, 2)
    data = read_star(made.project / "Class2D/job006/run_it001_data.star")["particles"]
    of_one = [at for at, name in enumerate(data.text("rlnMicrographName")) if E1 in name]
    rows = read_columns(table)
    (row,) = np.flatnonzero((rows["exposure"] == E1) & (np.abs(rows["x"] - PIXEL * 200) < 1))
    assert data.floats("rlnCoordinateX")[of_one].tolist() == [200.0]
    assert data.integers("rlnClassNumber")[of_one].tolist() == [rows["class"][row]]
    (place,) = np.flatnonzero(np.asarray(item(local, "cut", E1).x) == 200.0)
    assert data.text("rlnImageName")[of_one[0]].startswith(f"{place + 1:06d}@")


def test_a_table_of_an_older_icestream_chooses_nothing(local: Session, table: Path) -> None:
    rows = read_columns(table)
    columns = {name: values for name, values in rows.items() if name not in ("exposure", "x", "y")}
    names = sorted(set(rows["exposure"].tolist()))
    columns["exposure"] = np.array([names.index(name) for name in rows["exposure"]], np.int32)
    write_columns(table, columns, {"exposure": names})
    outcome = local.run(*chosen_by(table))
    assert outcome.exposures["failed"] == 3
    reasons = queries.exposure(local.store(), E1).reasons
    assert any("does not say where its particles lie" in reason for reason in reasons)


def test_an_older_classification_begins_anew(
    local: Session, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its state has no places; no checkpoint of its version is read."""
    with monkeypatch.context() as older:
        older.setattr(ClassifyParticles, "version", ClassifyParticles.version - 1)
        assert local.run(*CLASSIFIED).state == "done"
        first = queries.latest_results(local.store(), "classify", limit=1)[0]

    def refuse(*_: object) -> None:
        raise AssertionError("a checkpoint of an older version was read")

    monkeypatch.setattr(ClassifyParticles, "load", refuse)
    assert local.run(*CLASSIFIED).state == "done"
    again = queries.latest_results(local.store(), "classify", limit=1)[0]
    assert again.id != first.id
    assert table_of(local, tmp_path).exists()
