"""What lies nearest to a movie is its own."""

from pathlib import Path

import pytest

from icestream.formats.nearby import NearbyFiles

MOVIE = Path("/x/a.tif")


def _known(*names: str, movies: tuple[str, ...] = ()) -> NearbyFiles:
    files = NearbyFiles()
    for name in names:
        files.notice(Path("/x") / name)
    for name in movies:
        files.notice_movie(Path("/x") / name)
    return files


def test_files_are_found_whatever_their_case() -> None:
    files = _known("Defects_1.TXT", "A.TIF.MDOC")
    assert files.named(["none.txt", "defects_1.txt"], MOVIE) == Path("/x/Defects_1.TXT")
    assert files.named(["none.txt"], MOVIE) is None
    assert files.of(Path("/y/a.tif"), "{name}.mdoc") == [Path("/x/A.TIF.MDOC")]


@pytest.mark.parametrize(
    ("movie", "there", "found"),
    [
        ("g1/m.tif", ["g1/m.xml", "g2/m.xml"], "g1/m.xml"),
        ("frames/g1/m.tif", ["meta/g2/m.xml", "meta/g1/m.xml"], "meta/g1/m.xml"),
        ("g2/frames/m.tif", ["g1/m.xml", "g2/m.xml"], "g2/m.xml"),
        ("g1/Data/m_Fractions.tiff", ["m.xml"], "m.xml"),
        ("deep/er/m_EER.eer", ["else/where/M.XML"], "else/where/M.XML"),
    ],
)
def test_of_several_the_nearest(movie: str, there: list[str], found: str) -> None:
    assert _known(*there).of(Path("/x") / movie, "{stem}.xml")[0] == Path("/x") / found


def test_which_one_is_meant_may_be_impossible_to_tell() -> None:
    files = _known("g1/m.xml", "g2/m.xml")
    movie = Path("/x/g3/m.tif")
    assert files.of(movie, "{stem}.xml") == []
    assert files.unclear(movie, "{stem}.xml") == (
        "which m.xml is meant cannot be told: there is one in /x/g1, /x/g2"
    )
    assert files.unclear(Path("/x/g1/m.tif"), "{stem}.xml") == ""


def test_what_lies_beside_another_movie_of_the_name_is_that_movies() -> None:
    files = _known("g1/m.xml", movies=("g1/m_fractions.tiff", "g2/m_fractions.tiff"))
    assert files.of(Path("/x/g2/m_fractions.tiff"), "{stem}.xml") == []
    assert files.of(Path("/x/g1/m_fractions.tiff"), "{stem}.xml") == [Path("/x/g1/m.xml")]


@pytest.mark.parametrize(
    ("movie", "xml"),
    [
        ("FoilHole_1_Data_2_3_20171206_1012-144975.mrc", "FoilHole_1_Data_2_3_20171206_1012.xml"),
        (
            "FoilHole_1_Data_2_3_20171206_1012_Fractions.mrc",
            "FoilHole_1_Data_2_3_20171206_1012-144975.xml",
        ),
        (
            "FoilHole_1_Data_2_3_20171206_1012-144975_Fractions.mrc",
            "FoilHole_1_Data_2_3_20171206_1012-144976.xml",
        ),
    ],
)
def test_numbers_that_epu_puts_behind_the_time(movie: str, xml: str) -> None:
    assert _known(xml).of(Path("/x") / movie, "{stem}.xml") == [Path("/x") / xml]


@pytest.mark.parametrize(
    ("names", "there", "found"),
    [
        (["CountRef_1.mrc"], ["CountRef_1.mrc", "CountRef_2.mrc"], "CountRef_1.mrc"),
        (["CountRef_1.mrc"], ["g/CountRef_1.mrc", "CountRef_1.mrc"], "CountRef_1.mrc"),
        (["CountRef_1.dm4"], ["CountRef_1.tif"], "CountRef_1.tif"),
        (["CountRef_1.dm4"], ["CountRef_1.tif", "CountRef_1.dm4"], "CountRef_1.dm4"),
        (["CountRef_1.mrc"], ["CountRef_1.tif"], None),
        (["gain.txt"], ["gain.txt"], None),
        ([], ["gain.mrc"], None),
    ],
)
def test_a_gain_reference_is_found_by_its_name_or_converted(
    names: list[str], there: list[str], found: str | None
) -> None:
    assert _known(*there).gain_named(names, MOVIE) == (
        None if found is None else Path("/x") / found
    )


def test_each_gain_reference_counts_once_and_the_nearest_first() -> None:
    files = _known("gain_1.dm4", "gain_1.mrc", "gain_2.tif", "gain.xml", "movie.tif", "g/gain.mrc")
    assert files.gains(MOVIE) == [
        [Path("/x/gain_1.mrc"), Path("/x/gain_2.tif")],
        [Path("/x/g/gain.mrc")],
    ]
    for names in (["gain.mrc", "gain.tif"], ["gain.tif", "gain.mrc"]):
        assert _known(*names).gains(MOVIE) == [[Path("/x/gain.tif")]], "the same in every run"


def test_pictures_beside_movies_are_known_by_their_names() -> None:
    files = _known(movies=("m_Fractions.mrc", "m.mrc", "n.mrc", "n.tif"))
    assert files.is_sum(Path("/x/m.mrc"))
    assert not files.is_sum(Path("/x/m_Fractions.mrc"))
    assert not files.is_sum(Path("/x/n.mrc"))
