"""What comes in has one word, on every screen."""

from icestream.model import Ctf, Micrograph, Movie, Taken, taken_words, type_name


def test_micrographs_are_never_called_movies() -> None:
    assert taken_words([type_name(Movie)] * 2) == Taken("movie", "movies")
    assert taken_words([type_name(Micrograph)]) == Taken("micrograph", "micrographs")


def test_what_has_no_word_of_its_own_or_is_of_two_kinds_is_an_exposure() -> None:
    both = [type_name(Movie), type_name(Micrograph)]
    assert taken_words(both) == taken_words([type_name(Ctf)]) == taken_words([]) == Taken()
    assert Taken().many == "exposures"
