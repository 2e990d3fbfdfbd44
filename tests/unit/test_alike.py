import pytest

from icestream.alike import hint, meant, nearest

KNOWN = ("defocus_min", "defocus_max", "tile_size", "voltage")


@pytest.mark.parametrize(
    ("name", "near"),
    [
        ("defocusmax", ["defocus_max"]),
        ("Defocus-Max", ["defocus_max"]),
        ("volatge", ["voltage"]),
        ("defocus_mix", ["defocus_min", "defocus_max"]),
        ("banana", []),
        ("", []),
    ],
)
def test_the_nearest_names_are_found_however_they_are_written(name: str, near: list[str]) -> None:
    assert sorted(nearest(name, KNOWN)) == sorted(near)


def test_names_that_differ_in_their_signs_alone_are_all_meant() -> None:
    assert nearest("ab", ["a_b", "a-b", "a.b"]) == ["a_b", "a-b"]

    assert nearest("Micrographs", ["micrograph", "Micrograph"], most=1) == ["Micrograph"]


def test_a_question_is_asked_only_where_a_name_is_near() -> None:
    assert meant("tilesize", KNOWN) == "did you mean tile_size?"
    assert hint("tilesize", KNOWN) == "; did you mean tile_size?"
    assert meant("banana", KNOWN) == meant("banana", ()) == hint("banana", KNOWN) == ""
