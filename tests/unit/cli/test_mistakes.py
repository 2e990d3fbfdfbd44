"""What is wrong with a command line, in words."""

from pathlib import Path
from typing import Literal

import pytest
from cyclopts import App, CycloptsError

from icestream.cli.mistakes import mistake_words


def work(
    movies: str, /, *, out: Path, size: int = 1, mode: Literal["fast", "good"] = "good"
) -> None:
    """Work.

    Parameters
    ----------
    movies
        Which movies.
    out
        Folder of the session.
    """


def _told(*words: str) -> str:
    app = App()
    app.default(work)
    with pytest.raises(CycloptsError) as mistake:
        app(list(words), print_error=False, exit_on_error=False)
    return mistake_words(mistake.value)


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("a",), "--out is missing: folder of the session"),
        (("a", "--out"), "--out needs a value: folder of the session"),
        (("--out", "b"), "MOVIES is missing: which movies"),
        (("a", "--out", "b", "--size", "x"), "--size: expected a whole number, found 'x'"),
        (
            ("a", "--out", "b", "--mode", "god"),
            "--mode: no 'god'; choose from fast, good; did you mean good?",
        ),
        (("a", "--out", "b", "c"), "not understood: c"),
    ],
)
def test_mistakes(words: tuple[str, ...], told: str) -> None:
    assert _told(*words) == told


def test_a_pattern_without_quotes(tmp_path: Path) -> None:
    """The shell has put the files in its place."""
    files = [str(tmp_path / f"{number}.tiff") for number in range(5)]
    for file in files:
        Path(file).touch()
    told = _told(*files, "--out", "b")
    assert files[1] in told
    assert "and 1 more" in told
    assert "put a pattern in quotes" in told


def test_other_mistakes_are_told_by_the_library() -> None:
    assert "--szie" in _told("a", "--out", "b", "--szie", "3")
