"""The conformance suite says in one sentence what is wrong with a plugin."""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import pytest

import icestream.engine  # noqa: F401  (an import that a protocol may not make)
import malformed
from icestream.model import Ctf, Micrograph, Picture
from icestream.protocol import ANY, Becomes, Counterpart, ItemProtocol, Parameters, shown_if
from icestream.protocol.conformance import class_problems, problems
from icestream.units import Usual


class Good(ItemProtocol[Parameters]):
    """Do good."""

    name = "test.good"
    title = "Good"

    def process(self, micrograph: Micrograph) -> Ctf: ...


class Bad(Parameters):
    """Bad."""

    unhelpful: int = 1
    wrong: Annotated[int, shown_if("nowhere")] = 2
    """Shown if something that is not there."""
    odd: Annotated[float, Usual(0.0, 0.5)] = 7.0
    """A default that people would be asked about."""


@dataclass
class Loose:
    exposure: str
    drawing: Annotated[str, Picture("Drawing")] = ""


class Poor(ItemProtocol[Bad]):
    name = "Poor"
    title = ""
    version = 0
    cites = ("Smith et al.",)

    def __init__(self, parameters: Bad | None = None) -> None:
        super().__init__(parameters)
        self.memory: list[str] = []

    def process(self, micrograph: Micrograph) -> Loose: ...


def test_a_good_protocol_has_no_problem_but_its_module() -> None:
    (found,) = problems(Good)
    assert "imports icestream.engine" in found
    assert class_problems(Good) == []


def test_each_problem_is_named() -> None:
    text = "\n".join(problems(Poor))
    for words in (
        "name is 'Poor'",
        "'drawing' of Loose is marked as a picture and is <class 'str'>; mark the Path of a file",
        "no title",
        "no docstring",
        "version is 0",
        "cites 'Smith et al.'",
        "'unhelpful' has no help",
        "shown if 'nowhere'",
        "the default of parameter 'odd': 7 is unusual (usual: 0 to 0.5); did you mean 0.07 (7 %)?",
        "Loose is not frozen",
        "keeps ['memory']",
        "imports icestream.engine",
    ):
        assert words in text, f"{words!r} not in:\n{text}"


def test_counterparts_elsewhere_name_what_is_there() -> None:
    port = Good.inputs()[0].name
    parameter = "threshold"

    class Limits(Parameters):
        """What it takes."""

        threshold: float = 1.0
        """Least contrast."""

    class Known(ItemProtocol[Limits]):
        """One that is known elsewhere."""

        name = "test.known"
        title = "Known"
        process = Good.process

        elsewhere = (
            Counterpart(
                program="scipion",
                kinds=("ProtX",),
                inputs={"inputX": port, "inputY": f"{port}x", "any": ANY},
                taken=(
                    Becomes("x", parameter),
                    Becomes("y", f"{parameter}y"),
                    Becomes("z", "gain", at="source"),
                ),
            ),
        )

    found = "\n".join(class_problems(Known))
    assert f"elsewhere, ProtX of scipion: it has no input '{port}x'; did you mean {port}?" in found
    assert f"it has no parameter '{parameter}y'; did you mean {parameter}?" in found
    assert found.count(": it has no") == 2
    assert "class attribute elsewhere" not in found, "what stands in it cannot be changed"
    Known.elsewhere = "scipion"  # type: ignore[assignment]
    assert "write a tuple: elsewhere = (Counterpart(...),)" in "\n".join(class_problems(Known))


@pytest.mark.parametrize(
    ("source", "sentence"), malformed.OTHERS.values(), ids=malformed.OTHERS.keys()
)
def test_a_slip_is_said_in_one_sentence(
    source: str, sentence: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = class_problems(malformed.load_typo(source, tmp_path, monkeypatch))
    assert f"Typo: {sentence}" in found
    assert all("\n" not in each for each in found)


@pytest.mark.parametrize(
    ("source", "sentence"), malformed.RAISING.values(), ids=malformed.RAISING.keys()
)
def test_what_raises_is_said_with_its_place(
    source: str, sentence: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (found,) = class_problems(malformed.load_typo(source, tmp_path, monkeypatch))
    assert re.fullmatch(f"Typo: {sentence}", found), found


@pytest.mark.parametrize("source", malformed.FINE.values(), ids=malformed.FINE.keys())
def test_what_is_not_wrong_is_let_be(
    source: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert class_problems(malformed.load_typo(source, tmp_path, monkeypatch)) == []
