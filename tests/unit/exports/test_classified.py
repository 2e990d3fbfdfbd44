"""Which particles a classification took in; tables of all ages are in relion/test_class2d."""

from pathlib import Path

import duckdb
import numpy as np

from icestream.exports.classified import CutParticles, assigned_particles


def test_particles_are_known_by_where_they_lie(tmp_path: Path) -> None:
    table = tmp_path / "x.parquet"
    rows = "('a', 0, 10.0, 20.0, 2), ('a', 1, 30.0, 40.0, 1), ('gone', 0, 10.0, 20.0, 1)"
    with duckdb.connect() as connection:
        connection.execute(
            f'COPY (SELECT * FROM (VALUES {rows}) AS t(exposure, "index", x, y, class)) '
            f"TO '{table}' (FORMAT parquet)"
        )
    places = np.array([[1, 1], [30, 40], [10, 20]], np.float32)
    found = assigned_particles(table, {"a": CutParticles(places, classified=True)})
    assert found["index"].tolist() == [2, 1]
    assert found["class"].tolist() == [2, 1]
    assert not len(assigned_particles(table, {})["index"])
