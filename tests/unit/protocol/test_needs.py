"""What is missing on the machine is said before anything begins."""

import re
from pathlib import Path
from typing import Annotated

import pytest

from icestream.model import Ctf, Micrograph, Movie
from icestream.protocol import (
    Command,
    InputFile,
    ItemProtocol,
    Parameters,
    Program,
    ProgramProtocol,
    Resources,
    Work,
    missing,
    shown_if,
)


class Model(Parameters):
    """What is read."""

    weights: InputFile | None = None
    """Weights of the network."""

    references: tuple[InputFile, ...] = ()
    """References."""

    masked: bool = False
    """Use a mask."""

    mask: Annotated[InputFile, shown_if("masked")] = Path("/no/such/mask.mrc")
    """The mask."""

    output: Path = Path("/no/such/output.txt")
    """Not read."""

    gpus: int = 0
    """GPUs of a task."""


class Pick(ItemProtocol[Model]):
    """Needs files, and as many GPUs as it is told."""

    name = "test.pick"
    title = "Pick"

    def need(self) -> Resources:
        return Resources(gpus=self.parameters.gpus)

    def process(self, micrograph: Micrograph) -> Ctf: ...


class Run(ProgramProtocol[Parameters]):
    """Needs a program."""

    name = "test.run"
    title = "Run"
    program = Program("no-such-program", package="Debian: nothing", probe=None)

    def command(self, movie: Movie, work: Work) -> Command: ...

    def collect(self, movie: Movie, work: Work) -> Micrograph: ...


def test_nothing_is_missing_where_nothing_is_needed() -> None:
    assert missing(Pick(), gpus=0) == ()


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    file = tmp_path / "weights.bin"
    made = Pick(Model(weights=file))
    assert missing(made) == (
        f"weights: {file} is not there; give its right path, or 'none' to do without",
    )
    file.mkdir()
    assert missing(made) == (
        f"weights: {file} is no file; give its right path, or 'none' to do without",
    )
    file.rmdir()
    file.touch()
    assert missing(made) == ()


def test_each_of_several_files_is_looked_for(tmp_path: Path) -> None:
    (tmp_path / "a").touch()
    made = Pick(Model(references=(tmp_path / "a", tmp_path / "b")))
    assert missing(made) == (f"references: {tmp_path}/b is not there; give its right path",)


def test_a_file_without_effect_is_not_looked_for() -> None:
    assert missing(Pick(Model(masked=True))) == (
        "mask: /no/such/mask.mrc is not there; give its right path",
    )


@pytest.mark.parametrize(
    ("wanted", "there", "said"),
    [
        (1, 0, "a task needs 1 GPU, and this machine has none for it"),
        (2, 1, "a task needs 2 GPUs, and this machine has 1 for it"),
        (2, 2, ""),
        (2, None, ""),
    ],
)
def test_gpus(wanted: int, there: int | None, said: str) -> None:
    found = missing(Pick(Model(gpus=wanted)), gpus=there)
    assert [one.partition("; ")[0] for one in found] == ([said] if said else [])


def test_a_program_for_free(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/no/such/folder")
    assert missing(Run()) == (
        "the program 'no-such-program' is not installed: it is in no folder of the PATH "
        "(/no/such/folder); install it (Debian: nothing); or say where it is: "
        "programs.no-such-program in the settings",
    )


def test_programs_and_more_as_the_author_says() -> None:
    class Both(Pick):
        def programs(self) -> tuple[Program, ...]:
            return (Program("sh", probe=None), Program("/no/such/fit", package="ask them"))

        def lacking(self) -> tuple[str, ...]:
            return ("the licence is not set; export LICENCE",)

    program, licence = missing(Both())
    assert program.startswith("the program '/no/such/fit' is not installed: there is no file")
    assert licence == "the licence is not set; export LICENCE"


def test_an_author_who_raises_is_told_like_what_is_missing() -> None:
    class Raises(Pick):
        def need(self) -> Resources:
            raise KeyError("gpus")

        def lacking(self) -> tuple[str, ...]:
            return ("something",)

    raised, something = missing(Raises(), gpus=0)
    assert raised.startswith("test.pick cannot say what it needs: ")
    assert re.search(r"test_needs\.py:\d+: KeyError: 'gpus'$", raised)
    assert something == "something"
