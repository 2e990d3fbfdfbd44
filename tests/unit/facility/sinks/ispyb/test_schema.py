"""What fits into the columns of a site."""

from typing import Any

import pytest
from sqlalchemy import Column, Enum, MetaData, Table
from sqlalchemy.dialects import mysql

from icestream.facility.sinks.ispyb.schema import Misfit, fit, read_schema
from icestream.facility.sinks.sink import SinkDown


def table(name: str = "Movie", charset: str = "latin1") -> Table:
    return Table(
        name, MetaData(),
        Column("movieId", mysql.INTEGER(unsigned=True), primary_key=True),
        Column("movieFullPath", mysql.VARCHAR(20)),
        Column("comments", mysql.VARCHAR(20)),
        Column("imageNumber", mysql.SMALLINT(unsigned=True)),
        Column("movieNumber", mysql.MEDIUMINT()),
        Column("nominalDefocus", mysql.FLOAT(unsigned=True)),
        Column("type", Enum("2D", "3D")),
        Column("title", mysql.VARCHAR(20, charset="utf8mb4")),
        **{"mysql_default charset": charset},
    )  # fmt: skip


def fitted(**values: Any) -> tuple[dict[str, Any], list[str]]:
    made = fit(table(), values)
    return made.values, made.said


def test_what_fits_goes_in_as_it_is() -> None:
    values = {"movieFullPath": "/d/Größe.tiff", "imageNumber": 65535, "nominalDefocus": 0.0,
              "type": "2D", "title": "氷", "comments": None}  # fmt: skip
    assert fitted(**values) == (values, [])
    assert fitted(imageNumber=True)[0] == {"imageNumber": 1}


@pytest.mark.parametrize(
    ("values", "why"),
    [
        ({"movieFullPath": "/d/" + 18 * "x"}, "movieFullPath: 21 characters, where 20 is the most"),
        ({"movieFullPath": "/d/氷.tiff"}, "'氷' in '/d/氷.tiff' is no letter of cp1252"),
        ({"movieNumber": 2**23}, "8388608 is not between -8388608 and 8388607"),
        ({"type": "1D"}, "'1D' is none of 2D, 3D"),
        ({"nominalDefocus": float("nan")}, "nan is no number"),
    ],
)
def test_a_row_that_means_nothing_without_a_value_is_refused(
    values: dict[str, Any], why: str
) -> None:
    with pytest.raises(Misfit, match=why):
        fit(table(), values)


def test_words_are_cut_and_what_can_be_done_without_is_left_out() -> None:
    values, said = fitted(
        comments="rejected: select: ice 氷 and more", imageNumber=65536, nominalDefocus=-1.0
    )
    assert values == {"comments": "rejected: select:...", "imageNumber": None,
                      "nominalDefocus": None}  # fmt: skip
    assert [one.partition(" is left")[0] for one in said] == [
        "Movie.imageNumber", "Movie.nominalDefocus",
    ]  # fmt: skip


def test_a_column_that_is_not_there_is_left_out_and_said_once() -> None:
    made = fit(table(), {"movieId": 1, "fluence": 40.0, "angle": None})
    assert made.values == {"movieId": 1}
    assert made.said == ["Movie has no column fluence here: it is left out"]
    assert fit(table(), {"fluence": 41.0}, made.said).said == []


def test_letters_are_those_of_the_column_or_its_table() -> None:
    made = table(charset="utf8mb4")
    assert fit(made, {"movieFullPath": "/d/氷"}).values == {"movieFullPath": "/d/氷"}


def test_the_tables_of_a_site_are_read(other_ispyb: Any) -> None:
    schema = read_schema(other_ispyb.engine)
    assert "Movie" in schema and "ExperimentType" in schema
    with pytest.raises(Misfit, match="cp1252"):
        fit(schema["Movie"], {"movieFullPath": "/d/氷"})
    other_ispyb.run("SET FOREIGN_KEY_CHECKS = 0", "DROP TABLE ExperimentType")
    assert "ExperimentType" not in read_schema(other_ispyb.engine)
    other_ispyb.run("ALTER TABLE Movie DROP COLUMN movieFullPath")
    with pytest.raises(SinkDown, match=r"this ISPyB lacks Movie\.movieFullPath"):
        read_schema(other_ispyb.engine)
